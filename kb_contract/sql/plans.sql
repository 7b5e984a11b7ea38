-- name: step_history
-- Every step that ended well in the last runs: its seconds as its event says them, its tokens and money
-- as the usage ledger has them. The middle of each, so that one hanging call does not decide.
with recent as (
  select r.run_id from ops.runs r join ops.threads t using (thread_id)
  where t.workspace_id = %(workspace)s order by r.created_at desc limit 500
), begun as (
  select distinct on (e.run_id, e.data->>'step')
         e.run_id, e.data->>'step' as step, e.data->>'agent' as agent,
         e.data->>'capability' as capability
  from ops.events e join recent using (run_id)
  where e.event like 'custom%%' and e.data->>'type' = 'step_started'
  order by e.run_id, e.data->>'step', e.seq desc
), ended as (
  select distinct on (e.run_id, e.data->>'step')
         e.run_id, e.data->>'step' as step, (e.data->>'seconds')::float as seconds
  from ops.events e join recent using (run_id)
  where e.event like 'custom%%' and e.data->>'type' = 'step_finished' and e.data->>'status' = 'done'
  order by e.run_id, e.data->>'step', e.seq desc
), paid as (
  select run_id, step_id, sum(prompt_tokens + completion_tokens) as tokens, sum(cost) as cost
  from ops.usage join recent using (run_id) where step_id is not null group by run_id, step_id
)
select agent, capability, count(*)::int as steps,
       percentile_cont(0.5) within group (order by seconds) as seconds,
       percentile_disc(0.5) within group (order by coalesce(paid.tokens, 0)) as tokens,
       percentile_disc(0.5) within group (order by coalesce(paid.cost, 0)) as cost
from begun join ended using (run_id, step)
left join paid on paid.run_id = begun.run_id and paid.step_id = begun.step
where agent is not null and capability is not null
group by agent, capability;

-- name: run_of_graph
select r.run_id, r.thread_id, r.status from ops.runs r join ops.threads t using (thread_id)
where r.run_id = %(run_id)s and ops.may_see(t, %(workspace)s, %(scope)s::text[]);

-- name: plan_events
select r.run_id, e.data from ops.events e join ops.runs r using (run_id)
where r.thread_id = %(thread_id)s and e.event like 'custom%%'
  and r.created_at <= (select created_at from ops.runs where run_id = %(run_id)s)
  and e.data->>'type' in ('plan', 'step_started', 'step_finished', 'step_failed', 'approval_asked',
                          'approval_answered')
order by r.created_at, e.run_id, e.seq;
