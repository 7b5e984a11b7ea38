-- What the server and its workers do with runs. Lock order: thread, then run, then the rest.
-- Every statement is given %(workspace)s, %(caller)s and %(scope)s: the tenant, who calls, and the agents that
-- they may ask (null: all). What others own is not there: no statement that takes an id from a caller leaves them out.

-- name: thread
select thread_id, status, metadata, config, created_at, updated_at
from ops.threads t
where thread_id = %(thread_id)s and ops.may_see(t, %(workspace)s, %(scope)s::text[]);

-- name: lock_thread
select thread_id, status, metadata, owner from ops.threads t
where thread_id = %(thread_id)s and ops.may_see(t, %(workspace)s, %(scope)s::text[]) for update;

-- name: thread_owner
select owner from ops.threads t
where thread_id = %(thread_id)s and ops.may_see(t, %(workspace)s, %(scope)s::text[]);

-- name: new_thread
insert into ops.threads (thread_id, metadata, workspace_id, agents, owner)
values (%(thread_id)s, %(metadata)s, %(workspace)s, %(scope)s::text[], %(caller)s)
on conflict (thread_id) do nothing
returning thread_id, status, metadata, config, created_at, updated_at;

-- name: change_thread
update ops.threads t set metadata = metadata || %(metadata)s, updated_at = now()
where thread_id = %(thread_id)s and ops.may_see(t, %(workspace)s, %(scope)s::text[])
returning thread_id, status, metadata, config, created_at, updated_at;

-- name: delete_thread
delete from ops.threads t
where thread_id = %(thread_id)s and ops.may_see(t, %(workspace)s, %(scope)s::text[]) returning thread_id;

-- name: search_threads
select thread_id, status, metadata, config, created_at, updated_at
from ops.threads t
where ops.may_see(t, %(workspace)s, %(scope)s::text[])
  and metadata @> %(metadata)s
  and (%(status)s::text is null or status = %(status)s)
  and (%(ids)s::text[] is null or thread_id = any(%(ids)s))
order by
  case when %(descending)s and %(sort_by)s = 'created_at' then created_at end desc,
  case when not %(descending)s and %(sort_by)s = 'created_at' then created_at end,
  case when %(descending)s and %(sort_by)s = 'updated_at' then updated_at end desc,
  case when not %(descending)s and %(sort_by)s = 'updated_at' then updated_at end,
  case when %(descending)s and %(sort_by)s = 'status' then status end desc,
  case when not %(descending)s and %(sort_by)s = 'status' then status end,
  case when %(descending)s then thread_id end desc, thread_id
limit %(limit)s offset %(offset)s;

-- name: count_threads
select count(*) as found from ops.threads t
where ops.may_see(t, %(workspace)s, %(scope)s::text[]) and metadata @> %(metadata)s and (%(status)s::text is null or status = %(status)s);

-- name: settle_thread
update ops.threads t set updated_at = now(), status = case
  when exists (select from ops.runs r
               where r.thread_id = t.thread_id and r.status in ('pending', 'running')) then 'busy'
  when %(status)s::text is not null then %(status)s
  when exists (select from ops.approvals a
               where a.thread_id = t.thread_id and a.status = 'pending') then 'interrupted'
  else 'idle' end
where thread_id = %(thread_id)s
returning status;

-- name: run
select r.run_id, r.thread_id, r.assistant_id, r.status, r.kwargs, r.metadata, r.multitask_strategy,
       r.attempt, r.cancel, r.cancelled_by, r.job_id, r.error, r.created_at, r.updated_at
from ops.runs r join ops.threads t using (thread_id)
where r.run_id = %(run_id)s and ops.may_see(t, %(workspace)s, %(scope)s::text[]);

-- name: context_before
select kwargs->'context' as context from ops.runs where thread_id = %(thread_id)s
order by created_at desc, run_id limit 1;

-- name: lock_run
select run_id, thread_id, status, attempt, cancel, job_id, metadata->>'requested_by' as requested_by from ops.runs
where run_id = %(run_id)s and thread_id = %(thread_id)s for update;

-- name: runs_of_thread
select run_id, thread_id, assistant_id, status, kwargs, metadata, multitask_strategy, cancel, error, created_at,
       updated_at
from ops.runs
where thread_id = %(thread_id)s and (%(status)s::text is null or status = %(status)s)
order by created_at desc, run_id limit %(limit)s offset %(offset)s;

-- name: active_runs
select run_id, thread_id, status, attempt, job_id from ops.runs
where thread_id = %(thread_id)s and status in ('pending', 'running') order by created_at for update;

-- name: new_run
insert into ops.runs
  (run_id, thread_id, assistant_id, kwargs, metadata, multitask_strategy, trace_id)
values (%(run_id)s, %(thread_id)s, %(assistant_id)s, %(kwargs)s, %(metadata)s,
        %(multitask_strategy)s, %(trace_id)s)
returning run_id, thread_id, assistant_id, status, kwargs, metadata, multitask_strategy, cancel,
          created_at, updated_at;

-- name: set_job
update ops.runs set job_id = %(job_id)s where run_id = %(run_id)s;

-- name: busy_thread
update ops.threads set status = 'busy', updated_at = now(), metadata = metadata || %(metadata)s
where thread_id = %(thread_id)s;

-- name: delete_run
delete from ops.runs where run_id = %(run_id)s and (%(attempt)s::int is null or attempt = %(attempt)s)
returning run_id;

-- name: ask_to_cancel
update ops.runs set cancel = %(action)s, cancelled_by = %(cancelled_by)s, updated_at = now()
where run_id = %(run_id)s;

-- name: claim_run
update ops.runs set status = 'running', attempt = attempt + 1, updated_at = now()
where run_id = %(run_id)s and status in ('pending', 'running')
returning run_id, thread_id, assistant_id, kwargs, metadata, attempt, cancel, trace_id,
  (select t.agents from ops.threads t where t.thread_id = runs.thread_id) as agents;

-- name: finish_run
update ops.runs set status = %(status)s, error = %(error)s, updated_at = now()
where run_id = %(run_id)s and attempt = %(attempt)s and status in ('pending', 'running')
returning run_id;

-- name: watch_runs
select run_id, attempt, cancel, status from ops.runs where run_id = any(%(run_ids)s);

-- name: append_events
-- A worker that was taken for dead writes nothing: its attempt is no longer the newest.
with mine as (
  select run_id from ops.runs
  where run_id = %(run_id)s and attempt = %(attempt)s and status = 'running' for share
)
insert into ops.events (run_id, event, data, checkpoint_id)
select mine.run_id, one.event, one.data::json, one.checkpoint_id
from mine, unnest(%(events)s::text[], %(data)s::text[], %(checkpoints)s::text[])
  with ordinality as one (event, data, checkpoint_id, place)
order by one.place
returning seq;

-- name: append_end
insert into ops.events (run_id, event, data) values (%(run_id)s, 'end', null);

-- name: events_after
select seq, event, data::text as data from ops.events
where run_id = %(run_id)s and seq > %(after)s order by seq limit 500;

-- name: events_to_repeat
-- What another attempt may say again: everything since the checkpoint that it continues from, and the
-- last state before it.
select event, data::text as data from ops.events
where run_id = %(run_id)s
  and (%(checkpoint_id)s::text is null or checkpoint_id >= %(checkpoint_id)s or seq = (
    select max(seq) from ops.events where run_id = %(run_id)s and event = 'values'));

-- name: notify
select pg_notify(%(channel)s, %(payload)s);

-- name: cancel_job
select procrastinate.procrastinate_cancel_job_v1(%(job_id)s, false, false);

-- name: revive_stalled_jobs
with stalled as (
  select job.id from procrastinate.procrastinate_jobs job
  left join procrastinate.procrastinate_workers worker on worker.id = job.worker_id
  where job.status = 'doing' and job.queue_name = %(queue)s
    and (worker.id is null or worker.last_heartbeat < now() - make_interval(secs => %(seconds)s))
  for update of job skip locked
)
select id, procrastinate.procrastinate_retry_job_v2(id, now(), null, null, null) from stalled;

-- name: runs_without_job
select run_id, thread_id from ops.runs r
where status in ('pending', 'running')
  and thread_id in (select t.thread_id from ops.threads t where t.workspace_id = %(workspace)s)
  and updated_at < now() - make_interval(secs => %(seconds)s)
  and not exists (select from procrastinate.procrastinate_jobs job
                  where job.id = r.job_id and job.status in ('todo', 'doing'))
order by created_at limit 100 for update skip locked;

-- name: as_reader
set local role kb_reader;

-- name: generations
select g.generation_id, g.number, g.state, g.git_sha, g.tree_sha, g.uncommitted, g.documents, g.chunks,
       g.quarantined, g.colour, g.collection, g.checks, g.reason, g.run_id::text as run_id,
       g.dagster_run_id, r.trigger, r.requested_by, g.created_at, g.checked_at, g.live_at, g.ended_at
from kb.generations g left join kb.pipeline_runs r using (run_id)
where g.workspace_id = %(workspace_id)s and g.agent_id = %(agent_id)s
order by g.number desc limit %(limit)s offset %(offset)s;

-- name: record_push
-- A delivery that was heard is known by its id, and by what was signed of it under another id.
insert into ops.pushes (delivery_id, provider, repository, ref, after_sha, pusher, signed_digest, workspace_id)
values (%(delivery_id)s, %(provider)s, %(repository)s, %(ref)s, %(after_sha)s, %(pusher)s, %(signed_digest)s, %(workspace)s)
on conflict do nothing returning delivery_id;

-- name: push
select delivery_id, provider, repository, ref, after_sha, pusher, received_at, taken_at, dagster_runs
from ops.pushes
where delivery_id = %(delivery_id)s and workspace_id = %(workspace)s and %(scope)s::text[] is null;

-- name: request_operation
insert into ops.requested_operations (key, action, arguments, requested_by, trace_id, workspace_id)
values (%(key)s, %(action)s, %(arguments)s, %(by)s, %(trace_id)s, %(workspace)s)
on conflict (workspace_id, key) do nothing returning key;

-- name: operation
select key, action, arguments, status, requested_by, result, created_at, updated_at
from ops.requested_operations where key = %(key)s and workspace_id = %(workspace)s;

-- name: workers
select count(*) filter (where last_heartbeat > now() - make_interval(secs => %(seconds)s)) as alive
from procrastinate.procrastinate_workers;

-- name: queue_length
select count(*) filter (where r.status = 'pending') as pending,
       count(*) filter (where r.status = 'running') as running
from ops.runs r join ops.threads t using (thread_id)
where r.status in ('pending', 'running') and t.workspace_id = %(workspace)s;

-- name: work_under_way
-- Of one caller, and of everybody who waits in the same queue.
select count(*) filter (where r.metadata->>'requested_by' = %(caller)s)::int as callers,
       count(*) filter (where r.status = 'pending')::int as waiting
from ops.runs r join ops.threads t using (thread_id)
where r.status in ('pending', 'running') and t.workspace_id = %(workspace)s;

-- name: last_in_line
select min(priority) as priority from procrastinate.procrastinate_jobs
where lock = %(thread_id)s and status = 'todo';

-- name: transcript_after
-- What runs of a thread said of themselves, in the order in which they said it.
select e.seq, e.run_id, e.event, e.data::text as data, e.at
from ops.events e join ops.runs r using (run_id)
where r.thread_id = %(thread_id)s and e.seq > %(after)s
  and split_part(e.event, '|', 1) in ('custom', 'story', 'error')
order by e.seq limit 500;

-- name: thread_events_after
select e.seq, e.run_id, e.event, e.data::text as data
from ops.events e join ops.runs r using (run_id)
where r.thread_id = %(thread_id)s and e.seq > %(after)s order by e.seq limit 500;

-- name: newest_event_of_thread
select e.seq from ops.events e join ops.runs r using (run_id)
where r.thread_id = %(thread_id)s order by e.seq desc limit 1;

-- name: thread_standing
-- The newest run, and whether more will come: work is under way, or people are asked.
select newest.run_id,
  exists (select from ops.runs r
          where r.thread_id = t.thread_id and r.status in ('pending', 'running'))
  or exists (select from ops.approvals a
             where a.thread_id = t.thread_id and a.status = 'pending') as goes_on
from ops.threads t
left join lateral (
  select run_id from ops.runs r
  where r.thread_id = t.thread_id order by created_at desc, run_id limit 1
) newest on true
where t.thread_id = %(thread_id)s;

-- name: sessions
select t.thread_id as session_id, t.status, t.created_at, t.updated_at, newest.run_id,
       coalesce(newest.question, '') as question, newest.requested_by
from ops.threads t
left join lateral (
  select r.run_id, r.metadata->>'requested_by' as requested_by,
         coalesce(r.kwargs#>>'{input,question}', '') as question
  from ops.runs r
  where r.thread_id = t.thread_id and r.kwargs->'command' = 'null'
  order by r.created_at desc, r.run_id limit 1
) newest on true
where ops.may_see(t, %(workspace)s, %(scope)s::text[])
order by t.updated_at desc, t.thread_id limit %(limit)s offset %(offset)s;

-- name: answer
select a.answer_id, a.thread_id, a.run_id, a.question, a.query_type, a.status, a.answer, a.coverage,
       a.conflicts, a.as_of, a.generations, a.created_at, a.cached_from, a.stale_at, a.stale_why
from ops.answers a join ops.threads t using (thread_id)
where a.answer_id = %(answer_id)s and ops.may_see(t, %(workspace)s, %(scope)s::text[]);

-- name: citations_shown
-- What an answer quoted, in its order.
select c.ordinal, c.agent_id, c.generation, c.chunk_id, c.path, c.git_sha as sha,
       c.start_offset as start, c.end_offset as "end", c.quote, c.heading_path, c.page, c.score,
       c.dagster_run_id as run_id
from ops.citations c join ops.answers a using (answer_id) join ops.threads t using (thread_id)
where c.answer_id = %(answer_id)s and ops.may_see(t, %(workspace)s, %(scope)s::text[])
order by c.ordinal;
