-- What is over its age: each statement takes a batch away, and gives back every row that went, whole.
-- Rows that others hold are left to the next round. Conditions that decide stand on the locked row itself, so
-- that they are looked at again when somebody changed it meanwhile.

-- name: whose_turn
-- One at a time: two would wait for each other's rows, each of which other rows follow.
select pg_try_advisory_xact_lock(hashtextextended('retention ' || %(workspace)s, 0)) as mine;

-- name: forget_sessions
-- With everything that a session wrote down; what it answered has an age of its own.
with going as (
  select thread_id from ops.threads t
  where workspace_id = %(workspace)s and ops.may_be_forgotten(t, %(before)s)
  order by updated_at limit %(limit)s for update of t skip locked
), checkpoints as (
  delete from langgraph.checkpoints c using going where c.thread_id = going.thread_id returning to_json(c) as said
), blobs as (
  delete from langgraph.checkpoint_blobs b using going where b.thread_id = going.thread_id returning to_json(b) as said
), writes as (
  delete from langgraph.checkpoint_writes w using going where w.thread_id = going.thread_id returning to_json(w) as said
), events as (
  delete from ops.events e using ops.runs r, going
  where e.run_id = r.run_id and r.thread_id = going.thread_id returning to_json(e) as said
), runs as (
  delete from ops.runs r using going where r.thread_id = going.thread_id returning to_json(r) as said
), approvals as (
  delete from ops.approvals a using going where a.thread_id = going.thread_id returning to_json(a) as said
), threads as (
  delete from ops.threads t using going where t.thread_id = going.thread_id returning to_json(t) as said
)
select 'ops.threads' as place, said::text as said from threads
union all select 'ops.runs', said::text from runs
union all select 'ops.events', said::text from events
union all select 'ops.approvals', said::text from approvals
union all select 'langgraph.checkpoints', said::text from checkpoints
union all select 'langgraph.checkpoint_blobs', said::text from blobs
union all select 'langgraph.checkpoint_writes', said::text from writes;

-- name: sessions_over_age
select count(*)::int as rows from ops.threads t
where workspace_id = %(workspace)s and ops.may_be_forgotten(t, %(before)s);

-- name: forget_answers
-- What reports tell by an answer is noted where it was paid.
with going as (
  select answer_id, thread_id, created_at from ops.answers
  where workspace_id = %(workspace)s and created_at < %(before)s
  order by created_at limit %(limit)s for update skip locked
), noted as (
  update ops.usage u set query_type = (
    select a.query_type from ops.answers a
    where a.thread_id = u.thread_id and a.created_at >= u.at order by a.created_at limit 1)
  where u.query_type is null and u.thread_id in (select thread_id from going)
    and u.at <= (select max(created_at) from going where going.thread_id = u.thread_id)
), feedback as (
  delete from ops.feedback f using going where f.answer_id = going.answer_id returning to_json(f) as said
), citations as (
  delete from ops.citations c using going where c.answer_id = going.answer_id returning to_json(c) as said
), answers as (
  delete from ops.answers a using going where a.answer_id = going.answer_id returning to_json(a) as said
)
select 'ops.answers' as place, said::text as said from answers
union all select 'ops.citations', said::text from citations
union all select 'ops.feedback', said::text from feedback;

-- name: answers_over_age
select count(*)::int as rows from ops.answers where workspace_id = %(workspace)s and created_at < %(before)s;

-- name: forget_approvals
-- Decided ones, also of sessions that go on; not while their thread works on them or waits for more.
with going as (
  select approval_id, thread_id from ops.approvals a
  where status <> 'pending' and decided_at < %(before)s
    and ops.is_at_rest(thread_id, %(workspace)s)
  order by decided_at limit %(limit)s for update skip locked
)
delete from ops.approvals a using going
where (a.approval_id, a.thread_id) = (going.approval_id, going.thread_id)
returning 'ops.approvals' as place, to_json(a)::text as said;

-- name: approvals_over_age
select count(*)::int as rows from ops.approvals
where status <> 'pending' and decided_at < %(before)s and ops.is_at_rest(thread_id, %(workspace)s);

-- name: forget_tool_outputs
delete from ops.tool_outputs o where workspace_id = %(workspace)s and sha256 in (
  select sha256 from ops.tool_outputs where workspace_id = %(workspace)s and kept_at < %(before)s
  order by kept_at limit %(limit)s for update skip locked)
returning 'ops.tool_outputs' as place, to_json(o)::text as said;

-- name: tool_outputs_over_age
select count(*)::int as rows from ops.tool_outputs where workspace_id = %(workspace)s and kept_at < %(before)s;

-- name: forget_gaps
-- Questions that nobody asked again for so long, answered by now or not.
delete from ops.knowledge_gaps p where gap_id in (
  select gap_id from ops.knowledge_gaps
  where workspace_id = %(workspace)s and greatest(asked_at, closed_at) < %(before)s
  order by gap_id limit %(limit)s for update skip locked)
returning 'ops.knowledge_gaps' as place, to_json(p)::text as said;

-- name: gaps_over_age
select count(*)::int as rows from ops.knowledge_gaps
where workspace_id = %(workspace)s and greatest(asked_at, closed_at) < %(before)s;

-- name: forget_evaluations
-- The newest of each kind stays: the next one is compared with it.
delete from ops.evaluations e where evaluation_id in (
  select o.evaluation_id from ops.evaluations o
  where o.workspace_id = %(workspace)s and o.at < %(before)s and exists (
    select from ops.evaluations n
    where (n.workspace_id, n.kind, n.data) = (o.workspace_id, o.kind, o.data)
      and n.agent_id is not distinct from o.agent_id and n.at > o.at)
  order by o.evaluation_id limit %(limit)s for update of o skip locked)
returning 'ops.evaluations' as place, to_json(e)::text as said;

-- name: evaluations_over_age
select count(*)::int as rows from ops.evaluations o
where o.workspace_id = %(workspace)s and o.at < %(before)s and exists (
  select from ops.evaluations n
  where (n.workspace_id, n.kind, n.data) = (o.workspace_id, o.kind, o.data)
    and n.agent_id is not distinct from o.agent_id and n.at > o.at);

-- name: forget_usage
-- Summed up by day first.
with going as (
  delete from ops.usage where usage_id in (
    select usage_id from ops.usage
    where usage_id in (select ops.usage_to_sum_up(%(workspace)s, %(before)s)) and outcome <> 'open'
    order by usage_id limit %(limit)s for update skip locked)
  returning *
), typed as (
  select going.*, coalesce(query_type, ops.type_of_request(thread_id, at, step_id)) as type,
         (select t.thread_id from ops.threads t where t.thread_id = going.thread_id) as session
  from going
), summed as (
  insert into ops.usage_days as known
    (workspace_id, at, user_id, thread_id, agent_id, model, step_id, query_type, source, outcome, requests,
     prompt_tokens, completion_tokens, cost, squares)
  select workspace_id, date_trunc('day', at, 'UTC'), user_id, session, agent_id, model,
         case step_id when 'extract' then step_id end, type, source, outcome, count(*),
         sum(prompt_tokens), sum(completion_tokens), sum(cost), sum(spread ^ 2)
  from typed group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
  on conflict (workspace_id, at, user_id, thread_id, agent_id, model, step_id, query_type, source, outcome)
  do update set requests = known.requests + excluded.requests,
    prompt_tokens = known.prompt_tokens + excluded.prompt_tokens,
    completion_tokens = known.completion_tokens + excluded.completion_tokens,
    cost = known.cost + excluded.cost, squares = known.squares + excluded.squares
)
select 'ops.usage' as place, to_json(going)::text as said from going;

-- name: usage_over_age
select count(*)::int as rows from ops.usage_to_sum_up(%(workspace)s, %(before)s);

-- name: forget_balances
delete from ops.budget_balances b where (budget, subject, begins) in (
  select budget, subject, begins from ops.budget_balances o
  where ops.balance_is_old(o, %(workspace)s, %(before)s, %(of_sessions)s)
  order by budget, subject, begins limit %(limit)s for update skip locked)
returning 'ops.budget_balances' as place, to_json(b)::text as said;

-- name: balances_over_age
select count(*)::int as rows from ops.budget_balances o
where ops.balance_is_old(o, %(workspace)s, %(before)s, %(of_sessions)s);

-- name: forget_notices
delete from ops.notices o where notice_id in (
  select notice_id from ops.notices where status <> 'waiting' and created_at < %(before)s
  order by notice_id limit %(limit)s for update skip locked)
returning 'ops.notices' as place, to_json(o)::text as said;

-- name: notices_over_age
select count(*)::int as rows from ops.notices where status <> 'waiting' and created_at < %(before)s;

-- name: forget_pushes
delete from ops.pushes p where workspace_id = %(workspace)s and delivery_id in (
  select delivery_id from ops.pushes where workspace_id = %(workspace)s and taken_at < %(before)s
  order by taken_at limit %(limit)s for update skip locked)
returning 'ops.pushes' as place, to_json(p)::text as said;

-- name: pushes_over_age
select count(*)::int as rows from ops.pushes where workspace_id = %(workspace)s and taken_at < %(before)s;

-- name: forget_operations
delete from ops.requested_operations o where workspace_id = %(workspace)s and key in (
  select key from ops.requested_operations
  where workspace_id = %(workspace)s and status in ('done', 'failed') and updated_at < %(before)s
  order by updated_at limit %(limit)s for update skip locked)
returning 'ops.requested_operations' as place, to_json(o)::text as said;

-- name: operations_over_age
select count(*)::int as rows from ops.requested_operations
where workspace_id = %(workspace)s and status in ('done', 'failed') and updated_at < %(before)s;

-- name: forget_audit
-- By a person alone: it is one chain for all workspaces.
select place, said from ops.cut_audit(%(before)s, %(limit)s, %(caller)s);

-- name: audit_over_age
select count(*)::int as rows from ops.audit where (entry->>'at')::timestamptz < %(before)s;
