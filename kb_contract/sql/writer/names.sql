-- Agents whose folder is gone or has another name.

-- name: end_of_agent
insert into kb.retirements (workspace_id, agent_id, reason, withdrawn)
values (%(workspace)s, %(agent)s, %(reason)s, %(withdrawn)s)
on conflict (workspace_id, agent_id) do update set
  reason = excluded.reason, withdrawn = excluded.withdrawn, ended_at = now(), dropped_at = null;

-- name: retirement_of_agent
select * from kb.retirements where workspace_id = %(workspace)s and agent_id = %(agent)s;

-- name: agents_at_rest
-- Not served any more, and not dropped yet; `over` says whether the grace has passed.
select agent_id, reason, withdrawn, ended_at,
       ended_at < now() - make_interval(hours => %(hours)s) as over
from kb.retirements r
where workspace_id = %(workspace)s and dropped_at is null
  and not exists (select from kb.generations g where g.workspace_id = r.workspace_id
                  and g.agent_id = r.agent_id and g.state = 'live')
order by agent_id;

-- name: agent_dropped
update kb.retirements set dropped_at = now()
where workspace_id = %(workspace)s and agent_id = %(agent)s and dropped_at is null;

-- name: keep_agent_name
insert into kb.agent_names (workspace_id, former, agent_id, git_sha)
values (%(workspace)s, %(former)s, %(agent)s, %(git_sha)s)
on conflict (workspace_id, former) do update set
  agent_id = excluded.agent_id, git_sha = excluded.git_sha,
  renamed_at = case when kb.agent_names.agent_id = excluded.agent_id
                    then kb.agent_names.renamed_at else now() end;

-- name: line_of_agent
-- The agent with every name that its folder had before or has now, however often it was renamed.
with recursive line as (
  select %(agent)s::text as agent_id
  union
  select case when n.former = line.agent_id then n.agent_id else n.former end
  from kb.agent_names n join line on line.agent_id in (n.former, n.agent_id)
  where n.workspace_id = %(workspace)s
)
select agent_id from line order by agent_id;

-- name: name_now
-- What the folder is called now; a renaming that was taken back leads nowhere new.
select agent_id from kb.names_after(%(workspace)s, %(agent)s) order by steps desc limit 1;

-- name: names_after
select agent_id from kb.names_after(%(workspace)s, %(agent)s) order by steps;

-- name: hand_on_pause
-- What a person held back does not go live because its folder has another name.
insert into kb.pauses as held (workspace_id, agent_id, reason, paused_by)
select workspace_id, %(agent)s, reason, paused_by from kb.pauses
where workspace_id = %(workspace)s and agent_id = %(former)s and resumed_at is null
on conflict (workspace_id, agent_id) do update set
  reason = excluded.reason, paused_by = excluded.paused_by, paused_at = now(),
  resumed_by = null, resumed_at = null
where held.resumed_at is not null;

-- name: hand_on_tombstones
-- What was deleted from a folder by hand does not come back because it has another name.
insert into kb.tombstones as held
  (workspace_id, agent_id, chunk_id, text_sha256, path, git_sha, reason, created_by, created_at,
   chunk_ids, incident_id, sentences, lines, telling, place, parts_served, reconciled_at,
   reconciled_by)
select workspace_id, %(agent)s, chunk_id, text_sha256, path, git_sha, reason, created_by,
       created_at, chunk_ids, incident_id, sentences, lines, telling, place, parts_served,
       reconciled_at, reconciled_by
from kb.tombstones where workspace_id = %(workspace)s and agent_id = %(former)s
on conflict (workspace_id, agent_id, text_sha256) do update set
  incident_id = excluded.incident_id, reconciled_at = null, reconciled_by = null
where held.reconciled_at is not null and excluded.reconciled_at is null;

-- name: hand_on_buried_chunks
insert into kb.buried_chunks (tombstone_id, document_id, chunk_index, part)
select new.tombstone_id, b.document_id, b.chunk_index, b.part
from kb.tombstones old
join kb.buried_chunks b using (tombstone_id)
join kb.tombstones new on new.workspace_id = old.workspace_id
  and new.text_sha256 = old.text_sha256 and new.agent_id = %(agent)s
where old.workspace_id = %(workspace)s and old.agent_id = %(former)s
on conflict do nothing;

-- name: agent_name
select * from kb.agent_names where workspace_id = %(workspace)s and former = %(agent)s;

-- name: renamed_long_ago
select from kb.agent_names
where workspace_id = %(workspace)s and former = %(agent)s
  and renamed_at < now() - make_interval(hours => %(hours)s);

-- name: forget_agent_name
-- A folder of that name is there again, so the name is its own.
delete from kb.agent_names where workspace_id = %(workspace)s and former = %(agent)s;

-- name: forget_names_taken_back
-- A folder is there that had another name: its renaming was taken back before the new name was
-- built, or it is another agent's that took a name which was free. While neither is sure, as when
-- the new name went again and the old one is not built yet, its aliases follow the new one.
with recursive line as (
  select former, agent_id from kb.agent_names
  where workspace_id = %(workspace)s and former = any(%(there)s)
  union
  select line.former, n.agent_id
  from line join kb.agent_names n on n.former = line.agent_id
  where n.workspace_id = %(workspace)s
)
delete from kb.agent_names n
where n.workspace_id = %(workspace)s and n.former = any(%(there)s)
  and (exists (select from line where line.former = n.former and line.agent_id <> n.former
               and line.agent_id = any(%(there)s))
       or exists (select from kb.generations g where g.workspace_id = n.workspace_id
                  and g.agent_id = n.former and g.state = 'live'))
returning n.former, n.agent_id;

-- name: take_back_pause
-- What waited only because another folder did that was called so for a while, and is not there.
update kb.pauses handed set resumed_by = 'writer', resumed_at = now()
from kb.pauses own
where own.workspace_id = %(workspace)s and own.agent_id = %(former)s
  and handed.workspace_id = own.workspace_id and handed.agent_id = %(agent)s
  and handed.resumed_at is null
  and handed.reason = own.reason and handed.paused_by = own.paused_by
  and not exists (select from kb.generations g where g.workspace_id = handed.workspace_id
                  and g.agent_id = handed.agent_id and g.state = 'live');

-- name: former_names
-- Names before the agent's, the newest first, through every renaming.
with recursive names as (
  select former, git_sha, renamed_at, 1 as steps from kb.agent_names
  where workspace_id = %(workspace)s and agent_id = %(agent)s
  union all
  select older.former, older.git_sha, older.renamed_at, names.steps + 1
  from kb.agent_names older join names on older.agent_id = names.former
  where older.workspace_id = %(workspace)s
) cycle former set seen using path
select former, git_sha, renamed_at from names where former <> %(agent)s and not seen
order by steps, renamed_at desc;

-- name: names_to_serve
-- Former names whose aliases still follow the agent: for as long as their grace lasts.
with recursive names as (
  select n.former from kb.agent_names n
  where n.workspace_id = %(workspace)s and n.agent_id = %(agent)s
  union
  select older.former from kb.agent_names older join names on older.agent_id = names.former
  where older.workspace_id = %(workspace)s
)
select names.former from names
join kb.retirements r on r.workspace_id = %(workspace)s and r.agent_id = names.former
where names.former <> %(agent)s and r.dropped_at is null
  and not exists (select from kb.generations g where g.workspace_id = r.workspace_id
                  and g.agent_id = r.agent_id and g.state = 'live')
order by names.former;
