-- What went wrong and what a person must do; and which agents wait for a person.

-- name: same_open_incident
-- Told twice (a command that was killed and run again), it is one incident.
select incident_id from kb.incidents
where workspace_id = %(workspace)s and agent_id = %(agent)s and kind = %(kind)s
  and summary = %(summary)s and closed_at is null
order by incident_id limit 1;

-- name: keep_incident
insert into kb.incidents
  (workspace_id, agent_id, kind, summary, next_step, facts, generation_id, opened_by)
values (%(workspace)s, %(agent)s, %(kind)s, %(summary)s, %(next_step)s, %(facts)s, %(generation)s,
        %(by)s)
returning incident_id;

-- name: add_incident_facts
update kb.incidents set facts = facts || %(facts)s, next_step = %(next_step)s
where incident_id = %(incident)s;

-- name: add_facts
update kb.incidents set facts = facts || %(facts)s where incident_id = %(incident)s;

-- name: close_incident
update kb.incidents set closed_by = %(by)s, closed_at = now()
where workspace_id = %(workspace)s and incident_id = %(incident)s and closed_at is null
returning *;

-- name: deletions_told_by
-- Words that git still has, as far as is known, and of which nobody said that the rest may be read.
select t.path from kb.tombstones t join kb.incidents i using (incident_id)
where i.workspace_id = %(workspace)s and i.incident_id = %(incident)s and i.closed_at is null
  and t.reconciled_at is null and not t.parts_served
order by t.path limit 1;

-- name: serve_parts
-- A person says that what else stood there holds nothing private.
update kb.tombstones set parts_served = true
where workspace_id = %(workspace)s and incident_id = %(incident)s;

-- name: close_incidents_of_runs
-- Of an agent that ended no run is missed any more.
update kb.incidents set closed_by = %(by)s, closed_at = now()
where workspace_id = %(workspace)s and agent_id = %(agent)s and kind = 'run_failed'
  and closed_at is null;

-- name: open_incidents_of_kind
select incident_id, agent_id, facts from kb.incidents
where workspace_id = %(workspace)s and kind = %(kind)s and closed_at is null
order by incident_id;

-- name: incident
select * from kb.incidents where workspace_id = %(workspace)s and incident_id = %(incident)s;

-- name: incidents
-- Of an agent with those of the names that its folder had before.
select i.*, g.number as generation
from kb.incidents i left join kb.generations g using (generation_id)
where i.workspace_id = %(workspace)s
  and (%(agent)s::text is null
       or i.agent_id in (select b.agent_id from kb.names_before(%(workspace)s, %(agent)s) b))
  and (i.closed_at is null or not %(open_only)s)
order by i.incident_id desc limit %(limit)s;

-- name: pause_agent
-- A second reason is added to the first: both must be gone before a person resumes. Whatever the
-- folder is called now waits too: it is built of the same text.
insert into kb.pauses as held (workspace_id, agent_id, reason, paused_by)
select %(workspace)s, agent_id, %(reason)s, %(by)s
from kb.names_after(%(workspace)s, %(agent)s) order by agent_id
on conflict (workspace_id, agent_id) do update set
  reason = case when held.resumed_at is not null then excluded.reason
                when position(excluded.reason in held.reason) > 0 then held.reason
                else held.reason || '; ' || excluded.reason end,
  paused_by = case when held.resumed_at is null then held.paused_by else excluded.paused_by end,
  paused_at = case when held.resumed_at is null then held.paused_at else now() end,
  resumed_by = null, resumed_at = null;

-- name: resume_agent
-- With every name that its folder had before or got since: an incident may tell of any of them.
with ended as (
  update kb.pauses set resumed_by = %(by)s, resumed_at = now()
  where workspace_id = %(workspace)s and resumed_at is null
    and agent_id in (select b.agent_id from kb.names_before(%(workspace)s, %(agent)s) b
                     union select a.agent_id from kb.names_after(%(workspace)s, %(agent)s) a)
  returning *
)
select * from ended order by agent_id <> %(agent)s, agent_id;

-- name: pause_of_agent
select * from kb.pauses
where workspace_id = %(workspace)s and agent_id = %(agent)s and resumed_at is null;

-- name: pauses
select * from kb.pauses where workspace_id = %(workspace)s and resumed_at is null
order by agent_id;

-- name: resumed_since
select agent_id, resumed_at from kb.pauses
where workspace_id = %(workspace)s and resumed_at > %(since)s;
