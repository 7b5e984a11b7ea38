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

-- name: hand_on_tombstones
-- What was deleted from a folder by hand does not come back because it has another name.
insert into kb.tombstones
  (workspace_id, agent_id, chunk_id, text_sha256, path, git_sha, reason, created_by, created_at,
   chunk_ids, incident_id, sentences)
select workspace_id, %(agent)s, chunk_id, text_sha256, path, git_sha, reason, created_by,
       created_at, chunk_ids, incident_id, sentences
from kb.tombstones where workspace_id = %(workspace)s and agent_id = %(former)s
on conflict (workspace_id, agent_id, text_sha256) do nothing;

-- name: hand_on_buried_chunks
insert into kb.buried_chunks (tombstone_id, document_id, chunk_index)
select new.tombstone_id, b.document_id, b.chunk_index
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

-- name: former_names
-- Names before the agent's, the newest first, through every renaming.
with recursive names as (
  select former, git_sha, renamed_at, 1 as steps from kb.agent_names
  where workspace_id = %(workspace)s and agent_id = %(agent)s
  union
  select older.former, older.git_sha, older.renamed_at, names.steps + 1
  from kb.agent_names older join names on older.agent_id = names.former
  where older.workspace_id = %(workspace)s and names.steps < 50
)
select former, git_sha, renamed_at from names where former <> %(agent)s
order by steps, renamed_at desc;

-- name: names_to_serve
-- Former names whose aliases still follow the agent: for as long as their grace lasts.
with recursive names as (
  select n.former, 1 as steps from kb.agent_names n
  where n.workspace_id = %(workspace)s and n.agent_id = %(agent)s
  union
  select older.former, names.steps + 1
  from kb.agent_names older join names on older.agent_id = names.former
  where older.workspace_id = %(workspace)s and names.steps < 50
)
select names.former from names
join kb.retirements r on r.workspace_id = %(workspace)s and r.agent_id = names.former
where names.former <> %(agent)s and r.dropped_at is null
  and not exists (select from kb.generations g where g.workspace_id = r.workspace_id
                  and g.agent_id = r.agent_id and g.state = 'live')
order by names.former;
