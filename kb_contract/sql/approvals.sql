-- What people are asked and what they decide. Lock order: thread, then run, then approvals (which
-- append to the audit, and so hold its lock until the end of the transaction).

-- name: keep_approval
-- Whoever is asked again (the answer never reached the graph) may answer again.
insert into ops.approvals as a
  (approval_id, thread_id, run_id, ordinal, step_id, agent_id, digest, request, requested_by, policy,
   approvers, deadline, warn_at)
values (%(approval_id)s, %(thread_id)s, %(run_id)s, %(ordinal)s, %(step_id)s, %(agent_id)s,
        %(digest)s, %(request)s, %(requested_by)s, %(policy)s, %(approvers)s, %(deadline)s, %(warn_at)s)
on conflict (approval_id, thread_id) do update set
  status = 'pending', decision = null, decided_by = null, decided_at = null, resume_run_id = null,
  on_behalf_of = null, decided_digest = null, warned_at = null, level = 0,
  run_id = excluded.run_id, ordinal = excluded.ordinal, digest = excluded.digest,
  request = excluded.request, policy = excluded.policy, approvers = excluded.approvers,
  deadline = excluded.deadline, warn_at = excluded.warn_at
where (a.status = 'cancelled' or (a.status <> 'pending' and %(asked_again)s)) and not exists (
  select from ops.runs r where r.run_id = a.resume_run_id and r.run_id <> excluded.run_id
    and r.status in ('pending', 'running'));

-- name: asker_of_thread
-- Who asked what the thread works on; whoever answered, or let it go on, did not ask.
select coalesce(
  (select metadata->>'requested_by' from ops.runs
   where thread_id = %(thread_id)s and (
     coalesce(kwargs->'input', 'null') <> 'null'
     or (coalesce(kwargs->'command', 'null') <> 'null'
         and coalesce(kwargs->'command'->'resume', 'null') = 'null'))
   order by created_at desc limit 1),
  (select config->>'requested_by' from ops.threads where thread_id = %(thread_id)s)) as requested_by;

-- name: keep_asker
-- A copy has no run that asked; nobody changes this column through the API.
update ops.threads set config = config || jsonb_build_object('requested_by', %(requested_by)s::text)
where thread_id = %(thread_id)s;

-- name: copy_approvals
-- All that the copy waits for, as it was asked, whatever was answered in the thread.
insert into ops.approvals
  (approval_id, thread_id, run_id, ordinal, step_id, agent_id, digest, request, requested_by, policy,
   approvers, deadline, warn_at, level)
select approval_id, %(copy_id)s, run_id, ordinal, step_id, agent_id, digest, request, requested_by,
       policy, approvers, deadline, warn_at, level
from ops.approvals where thread_id = %(thread_id)s and approval_id = any(%(asked)s);

-- name: drop_approvals
-- Pending ones that the thread no longer waits for.
update ops.approvals set status = 'cancelled', decided_at = now(), decided_by = %(decided_by)s
where thread_id = %(thread_id)s and status = 'pending' and not approval_id = any(%(keep)s)
returning approval_id;

-- name: approvals_of_thread
select * from ops.approvals where thread_id = %(thread_id)s order by created_at, ordinal for update;

-- name: decide_approval
update ops.approvals set status = %(status)s, decision = %(decision)s, decided_by = %(decided_by)s,
  on_behalf_of = %(on_behalf_of)s, decided_digest = %(decided_digest)s, decided_at = now(),
  resume_run_id = %(resume_run_id)s
where thread_id = %(thread_id)s and approval_id = %(approval_id)s and status = 'pending'
returning approval_id;

-- name: revoke_decisions
-- All that one run would have carried to the graph.
update ops.approvals set status = 'pending', decision = null, decided_by = null, decided_at = null,
  on_behalf_of = null, decided_digest = null, resume_run_id = null, revoked_by = %(by)s,
  revoked_at = clock_timestamp()
where thread_id = %(thread_id)s and resume_run_id = %(run_id)s and status <> 'pending'
returning approval_id;

-- name: approval
select * from ops.approvals
where approval_id = %(approval_id)s and (%(thread_id)s::text is null or thread_id = %(thread_id)s)
  and thread_id in (select t.thread_id from ops.threads t
                    where ops.may_see(t, %(workspace)s, %(scope)s::text[]))
order by status = 'pending' desc, created_at desc;

-- name: pending_approvals
select * from ops.approvals
where status = 'pending' and (%(thread_id)s::text is null or thread_id = %(thread_id)s)
  and thread_id in (select t.thread_id from ops.threads t
                    where ops.may_see(t, %(workspace)s, %(scope)s::text[]))
order by created_at, ordinal limit %(limit)s offset %(offset)s;

-- name: approvals_waiting
select count(*) as waiting from ops.approvals
where status = 'pending'
  and thread_id in (select t.thread_id from ops.threads t where t.workspace_id = %(workspace)s);

-- name: decided_approvals
select * from ops.approvals
where status <> 'pending' and (%(thread_id)s::text is null or thread_id = %(thread_id)s)
  and thread_id in (select t.thread_id from ops.threads t
                    where ops.may_see(t, %(workspace)s, %(scope)s::text[]))
order by decided_at desc, ordinal limit %(limit)s offset %(offset)s;

-- name: chunks_now
-- What became of chunks since they were cited: the same chunk is live, or its document says
-- something else now, or it is gone.
select c.agent_id, c.chunk_id, gc.chunk_id is not null as same, gd.path is not null as document_lives
from unnest(%(agents)s::text[], %(chunks)s::uuid[], %(paths)s::text[]) as c (agent_id, chunk_id, path)
left join kb.generations g
  on g.workspace_id = %(workspace)s and g.agent_id = c.agent_id and g.state = 'live'
left join kb.generation_chunks gc on gc.generation_id = g.generation_id and gc.chunk_id = c.chunk_id
left join kb.generation_documents gd on gd.generation_id = g.generation_id and gd.path = c.path
  and gd.status = 'published';

-- name: pin_cited
-- What a paused thread stands on is kept from retention, as `kb pin` does it.
insert into kb.generation_pins (generation_id, holder, reason, ends_at)
select g.generation_id, %(holder)s, 'cited by an approval', %(ends_at)s
from kb.generations g
where g.workspace_id = %(workspace)s and g.pruned_at is null and exists (
  select from unnest(%(agents)s::text[], %(numbers)s::int[]) as c (agent_id, number)
  where c.agent_id = g.agent_id and c.number = g.number)
order by g.generation_id for update
on conflict (generation_id, holder) do update
set ends_at = greatest(excluded.ends_at, kb.generation_pins.ends_at), pinned_at = now();

-- name: unpin_answered
-- A thread that waits for nobody any more reads what it cites within the day.
update kb.generation_pins p set ends_at = %(now)s + interval '1 day'
where p.reason = 'cited by an approval' and (p.ends_at is null or p.ends_at > %(now)s + interval '1 day')
  and not exists (select from ops.approvals a
                  where a.status = 'pending' and p.holder = 'thread:' || a.thread_id);

-- name: warn_approvals
update ops.approvals set warned_at = %(now)s
where status = 'pending' and warned_at is null and warn_at <= %(now)s and deadline > %(now)s
  and thread_id in (select t.thread_id from ops.threads t where t.workspace_id = %(workspace)s)
returning approval_id, thread_id;

-- name: overdue_approvals
select * from ops.approvals where status = 'pending' and deadline <= %(now)s
  and thread_id in (select t.thread_id from ops.threads t where t.workspace_id = %(workspace)s)
order by deadline limit 200;

-- name: escalate_approval
update ops.approvals set level = level + 1, deadline = %(deadline)s, warn_at = %(warn_at)s,
  warned_at = null,
  approvers = case when cardinality(approvers) = 0 or %(person)s = any(approvers) then approvers
                   else approvers || %(person)s::text end
where thread_id = %(thread_id)s and approval_id = %(approval_id)s and status = 'pending'
  and level = %(level)s
returning *;

-- name: people_of_deputy
select distinct person from ops.delegations
where workspace_id = %(workspace)s and deputy = %(deputy)s and ended_at is null and starts_at <= %(now)s and ends_at > %(now)s
order by person;

-- name: new_delegation
insert into ops.delegations (person, deputy, reason, starts_at, ends_at, workspace_id)
values (%(person)s, %(deputy)s, %(reason)s, %(starts_at)s, %(ends_at)s, %(workspace)s) returning *;

-- name: delegations
select *, ended_at is null and starts_at <= %(now)s and ends_at > %(now)s as in_force
from ops.delegations
where workspace_id = %(workspace)s
  and (%(scope)s::text[] is null or %(caller)s in (person, deputy))
order by created_at desc, delegation_id desc limit %(limit)s offset %(offset)s;

-- name: end_delegation
update ops.delegations set ended_at = %(now)s
where delegation_id = %(delegation_id)s and workspace_id = %(workspace)s and person = %(person)s
  and ended_at is null
returning *;

-- name: audit_after
-- Without a workspace: everything, for whoever has the database itself.
select n, entry::text as entry, previous, digest from ops.audit
where n > %(after)s and (%(approval_id)s::text is null or entry->>'approval_id' = %(approval_id)s)
  and (%(workspace)s::text is null or coalesce(entry->>'workspace_id', 'default') = %(workspace)s)
  and (%(scope)s::text[] is null or exists (
    select from ops.threads t where t.thread_id = entry->>'thread_id' and t.agents <@ %(scope)s::text[]))
order by n limit %(limit)s;

-- name: audit_start
select n, digest from ops.audit_start;

-- name: approval_events
-- Of the audit what is about approvals and deputies; the rest is for those who have the database.
select n, entry::text as entry, previous, digest from ops.audit
where n > %(after)s and coalesce(entry->>'workspace_id', 'default') = %(workspace)s
  and coalesce(entry->>'approval_id', entry->>'delegation_id') is not null
  and (%(scope)s::text[] is null or exists (
    select from ops.threads t where t.thread_id = entry->>'thread_id' and t.agents <@ %(scope)s::text[]))
order by n limit %(limit)s;

-- name: newest_entry
select coalesce(max(n), 0) as n from ops.audit;

-- name: begin_notices
insert into ops.notice_cursor (n, workspace_id)
values ((select coalesce(max(n), 0) from ops.audit), %(workspace)s) on conflict do nothing;

-- name: notice_cursor
select n from ops.notice_cursor where workspace_id = %(workspace)s for update skip locked;

-- name: move_notice_cursor
update ops.notice_cursor set n = %(n)s where workspace_id = %(workspace)s;

-- name: new_notice
insert into ops.notices (n, channel, target) values (%(n)s, %(channel)s, %(target)s)
on conflict (n, channel, target) do nothing returning notice_id;

-- name: notice
select o.notice_id, o.channel, o.target, o.status, o.attempts, o.n, a.entry::text as entry
from ops.notices o join ops.audit a using (n) where o.notice_id = %(notice_id)s;

-- name: notice_tried
update ops.notices set attempts = attempts + 1, status = %(status)s, error = %(error)s,
  sent_at = case when %(status)s = 'sent' then now() end
where notice_id = %(notice_id)s;

-- name: notices
select notice_id, n, channel, target, status, attempts, error, created_at, sent_at
from ops.notices order by notice_id desc limit %(limit)s;

-- name: new_approval_link
with old as (delete from ops.approval_links where expires_at < now() - interval '30 days')
insert into ops.approval_links (digest, workspace_id, approval_id, thread_id, person, shown, expires_at)
values (%(link)s, %(workspace)s, %(approval_id)s, %(thread_id)s, %(person)s, %(shown)s,
        least(coalesce(%(deadline)s::timestamptz, 'infinity'), now() + interval '7 days'));

-- name: approval_link
select approval_id, thread_id, person, shown from ops.approval_links
where digest = %(link)s and workspace_id = %(workspace)s and used_at is null and expires_at > now();

-- name: use_approval_link
update ops.approval_links set used_at = now()
where digest = %(link)s and workspace_id = %(workspace)s and used_at is null and expires_at > now()
returning approval_id, thread_id, person, shown;
