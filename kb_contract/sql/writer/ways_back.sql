-- The way back to a generation that was live before, and what a person should know of it.

-- name: previous_generation
-- The one that was served last, of those before this one that nobody ever went back from: one that
-- was gone back to is served later than those that were skipped then. What was taken away on purpose
-- since (a withdrawal, an end) comes back only where it is asked for (past_ends).
select g.* from kb.generations g
where g.workspace_id = %(workspace)s and g.agent_id = %(agent)s and g.state = 'retired'
  and g.number < %(before)s and g.live_at is not null and g.chunks > 0
  and g.manifest_digest is not null and g.pruned_at is null
  and not exists (
    select from kb.incidents i
    where i.generation_id = g.generation_id and i.kind in ('rollback', 'automatic_rollback'))
  and (%(past_ends)s or not exists (
    select from kb.alias_moves m
    where m.workspace_id = g.workspace_id and m.agent_id = g.agent_id and m.moved_at > g.live_at
      and m.to_collection is null and m.moved_by <> 'reconcile'))
order by g.live_at desc, g.number desc limit 1;

-- name: generation_by_number
select * from kb.generations
where workspace_id = %(workspace)s and agent_id = %(agent)s and number = %(number)s;

-- name: begun_rollback
-- A way back that was begun and did not end: it is finished, not begun again.
select * from kb.incidents
where workspace_id = %(workspace)s and agent_id = %(agent)s and closed_at is null
  and kind in ('rollback', 'automatic_rollback') and facts ->> 'done' = 'false'
order by incident_id desc limit 1;

-- name: end_rollback
update kb.incidents set facts = facts || '{"done": true}'
where workspace_id = %(workspace)s and incident_id = %(incident)s;

-- name: end_begun_rollbacks
-- Something else went live or ended since: there is nothing left to finish.
update kb.incidents set facts = facts || '{"done": true}'
where workspace_id = %(workspace)s and agent_id = %(agent)s and closed_at is null
  and kind in ('rollback', 'automatic_rollback') and facts ->> 'done' = 'false';

-- name: end_live_generation
update kb.generations set state = %(state)s, ended_at = now(), reason = %(reason)s
where generation_id = %(generation)s and state = 'live' returning *;

-- name: revive_generation
-- It is the same generation with the same number; the alias moves tell when it was served.
update kb.generations
set state = 'live', live_at = now(), ended_at = null, colour = %(colour)s,
    collection = %(collection)s, reason = %(reason)s
where generation_id = %(generation)s and state = 'retired' returning *;

-- name: fail_run_of_generation
update kb.pipeline_runs set status = 'FAILED', error_summary = %(reason)s
where run_id = %(run)s and status <> 'FAILED';

-- name: alias_moves_of_agent
select m.*, g.number as generation
from kb.alias_moves m left join kb.generations g using (generation_id)
where m.workspace_id = %(workspace)s and m.agent_id = any(%(agents)s)
order by m.move_id desc limit %(limit)s;

-- name: pin_generation
-- The row is locked, so that retention takes either the pin or the chunks into account.
insert into kb.generation_pins (generation_id, holder, reason, ends_at)
select generation_id, %(holder)s, %(reason)s, %(ends_at)s from kb.generations
where generation_id = %(generation)s and pruned_at is null for update
on conflict (generation_id, holder) do update
set reason = excluded.reason, ends_at = excluded.ends_at, pinned_at = now()
returning *;

-- name: unpin_generation
delete from kb.generation_pins where generation_id = %(generation)s and holder = %(holder)s
returning *;

-- name: pins_of_agent
select p.*, g.number as generation, g.agent_id
from kb.generation_pins p join kb.generations g using (generation_id)
where g.workspace_id = %(workspace)s and g.agent_id = any(%(agents)s)
  and (p.ends_at is null or p.ends_at > now())
order by g.number, p.holder;

-- name: history
-- Every generation with the run that made it: who asked for it, by which way, when, what came of it.
select g.agent_id, g.number, g.state, g.git_sha, g.tree_sha, g.uncommitted, g.documents, g.chunks,
       g.quarantined, g.manifest_digest, g.config_digest, g.space, g.colour, g.collection,
       g.checks, g.reason, g.run_id, g.dagster_run_id, g.created_at, g.checked_at, g.live_at,
       g.ended_at, g.pruned_at, g.generation_id, r.trigger, r.requested_by, r.status as run_status,
       r.started_at, r.finished_at, r.error_summary
from kb.generations g left join kb.pipeline_runs r using (run_id)
where g.workspace_id = %(workspace)s and g.agent_id = any(%(agents)s)
order by array_position(%(agents)s::text[], g.agent_id), g.number desc limit %(limit)s;
