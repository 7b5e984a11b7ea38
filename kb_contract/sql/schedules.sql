-- What the server does by the clock: crons, webhooks of runs, threads that are kept for a while.

-- name: new_cron
insert into ops.crons
  (cron_id, workspace_id, owner, agents, key_id, thread_id, assistant_id, schedule, timezone, payload,
   metadata, on_run_completed, enabled, end_time, next_run_date)
values (%(cron_id)s, %(workspace)s, %(caller)s, %(scope)s::text[], %(key_id)s, %(thread_id)s,
        %(assistant_id)s, %(schedule)s, %(timezone)s, %(payload)s, %(metadata)s, %(on_run_completed)s,
        %(enabled)s, %(end_time)s, %(next_run_date)s)
returning *;

-- name: cron
select * from ops.crons c
where cron_id = %(cron_id)s and ops.may_see(c, %(workspace)s, %(scope)s::text[]) for update;

-- name: crons_of_owner
select count(*)::int as found from ops.crons
where workspace_id = %(workspace)s and owner = %(caller)s;

-- name: change_cron
update ops.crons set
  schedule = %(schedule)s, timezone = %(timezone)s, payload = %(payload)s, metadata = %(metadata)s,
  on_run_completed = %(on_run_completed)s, enabled = %(enabled)s, end_time = %(end_time)s,
  next_run_date = %(next_run_date)s, last_error = null, updated_at = now()
where cron_id = %(cron_id)s returning *;

-- name: delete_cron
delete from ops.crons where cron_id = %(cron_id)s returning cron_id;

-- name: search_crons
select * from ops.crons c
where ops.may_see(c, %(workspace)s, %(scope)s::text[]) and metadata @> %(metadata)s
  and (%(assistant_id)s::text is null or assistant_id = %(assistant_id)s)
  and (%(thread_id)s::text is null or thread_id = %(thread_id)s)
  and (%(enabled)s::boolean is null or enabled = %(enabled)s)
order by
  case when %(descending)s then case %(sort_by)s
    when 'created_at' then to_char(created_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
    when 'updated_at' then to_char(updated_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
    when 'next_run_date' then to_char(next_run_date at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
    when 'end_time' then to_char(end_time at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
    when 'assistant_id' then assistant_id when 'thread_id' then thread_id else cron_id end end desc nulls last,
  case when not %(descending)s then case %(sort_by)s
    when 'created_at' then to_char(created_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
    when 'updated_at' then to_char(updated_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
    when 'next_run_date' then to_char(next_run_date at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
    when 'end_time' then to_char(end_time at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
    when 'assistant_id' then assistant_id when 'thread_id' then thread_id else cron_id end end nulls last,
  cron_id
limit %(limit)s offset %(offset)s;

-- name: count_crons
select count(*)::int as found from ops.crons c
where ops.may_see(c, %(workspace)s, %(scope)s::text[]) and metadata @> %(metadata)s
  and (%(assistant_id)s::text is null or assistant_id = %(assistant_id)s)
  and (%(thread_id)s::text is null or thread_id = %(thread_id)s);

-- name: due_cron
-- One that is due and that no other worker is at.
select c.*, c.key_id is null or ops.key_lives(c.key_id) as key_lives,
       exists (select from ops.approvals a where a.thread_id = c.thread_id and a.status = 'pending') as waits
from ops.crons c
where c.workspace_id = %(workspace)s and c.enabled and c.next_run_date <= %(now)s
order by c.next_run_date for update of c skip locked limit 1;

-- name: cron_fired
update ops.crons set next_run_date = %(next_run_date)s, enabled = %(enabled)s,
  last_run_id = coalesce(%(run_id)s, last_run_id), last_error = %(error)s
where cron_id = %(cron_id)s;

-- name: keep_thread_until
update ops.threads t set forget_at = %(at)s
where thread_id = %(thread_id)s and ops.may_see(t, %(workspace)s, %(scope)s::text[]) returning thread_id;

-- name: forget_after_run
-- Not at once: whoever follows the run still reads its end and its values.
update ops.threads set forget_at = now() + interval '5 minutes'
where thread_id = %(thread_id)s and exists (
  select from ops.runs where run_id = %(run_id)s and kwargs->>'on_completion' = 'delete');

-- name: threads_to_forget
-- Never one that works, or that waits for a person.
select thread_id from ops.threads
where workspace_id = %(workspace)s and forget_at <= %(now)s and status in ('idle', 'error')
order by forget_at limit 100;

-- name: new_run_webhook
insert into ops.run_webhooks (run_id, url) values (%(run_id)s, %(url)s);

-- name: due_webhook
-- Taken for a while: a worker that dies in between leaves it to the next one.
update ops.run_webhooks w set attempts = attempts + 1, next_at = %(now)s + make_interval(secs => %(again)s)
where run_id = (
  select w.run_id from ops.run_webhooks w
  join ops.runs r using (run_id) join ops.threads t using (thread_id)
  where w.status = 'waiting' and w.next_at <= %(now)s and t.workspace_id = %(workspace)s
    and r.status not in ('pending', 'running')
  order by w.next_at for update of w skip locked limit 1)
returning run_id, url, attempts;

-- name: webhook_tried
update ops.run_webhooks set status = %(status)s, error = %(error)s,
  next_at = %(now)s + make_interval(secs => %(again)s)
where run_id = %(run_id)s;
