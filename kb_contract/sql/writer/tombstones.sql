-- Chunks that a person deleted: gone from every manifest, and their text from the ledger.

-- name: agent_of_chunk
-- Every generation is asked by its key, so that no index over all chunks of all time is needed.
select g.agent_id, g.git_sha, gc.path, c.text_sha256, c.text, c.heading_path,
       array(select beside.text from kb.chunks beside
             where beside.document_id = c.document_id and beside.chunk_index <> c.chunk_index
               and beside.purged_at is null) as beside
from kb.generations g
cross join lateral (
  select document_id, chunk_index, path from kb.generation_chunks
  where generation_id = g.generation_id and chunk_id = %(chunk)s
) gc
join kb.chunks c using (document_id, chunk_index)
where g.workspace_id = %(workspace)s order by g.number desc limit 1;

-- name: kept_parts_of_chunk
-- Chunks that were kept out for a part of them when the chunk was: its text may be kept yet.
select t.agent_id, placed.git_sha, placed.path, c.text_sha256, c.text, c.heading_path,
       array(select beside.text from kb.chunks beside
             where beside.document_id = c.document_id and beside.chunk_index <> c.chunk_index
             ) as beside
from kb.tombstones t
join kb.buried_chunks b using (tombstone_id)
join kb.chunks c using (document_id, chunk_index)
cross join lateral (
  select distinct on (gd.path) gd.path, g.git_sha
  from kb.generation_documents gd join kb.generations g using (generation_id)
  where gd.document_id = b.document_id
    and g.workspace_id = t.workspace_id and g.agent_id = t.agent_id
  order by gd.path, g.number desc
) placed
where t.workspace_id = %(workspace)s and %(chunk)s = any(t.chunk_ids)
  and b.part and c.purged_at is null
order by t.tombstone_id, c.document_id, c.chunk_index, placed.path;

-- name: tombstone_of_chunk
select * from kb.tombstones
where workspace_id = %(workspace)s and %(chunk)s = any(array_append(chunk_ids, chunk_id))
order by tombstone_id desc limit 1;

-- name: keep_tombstone
insert into kb.tombstones as held
  (workspace_id, agent_id, chunk_id, text_sha256, path, git_sha, reason, created_by, sentences,
   lines, telling, place, incident_id)
values (%(workspace)s, %(agent)s, %(chunk)s, %(text)s, %(path)s, %(git_sha)s, %(reason)s, %(by)s,
        %(sentences)s, %(lines)s, %(telling)s, %(place)s, %(incident)s)
on conflict (workspace_id, agent_id, text_sha256) do update set
  incident_id = excluded.incident_id, reconciled_at = null, reconciled_by = null,
  parts_served = false
returning *;

-- name: tombstones_to_match
-- The agent's own, and those of agents that ended or withdrew not long ago and go on under no other
-- name that is known: what was theirs may come as this one's.
select t.tombstone_id, t.agent_id, t.text_sha256, t.sentences, t.lines, t.telling, t.place
from kb.tombstones t
where t.workspace_id = %(workspace)s
  and (t.agent_id = %(agent)s or (
    exists (select from kb.retirements r where r.workspace_id = t.workspace_id
            and r.agent_id = t.agent_id and r.dropped_at is null)
    and not exists (select from kb.agent_names n where n.workspace_id = t.workspace_id
                    and n.former = t.agent_id)
    and not exists (select from kb.generations g where g.workspace_id = t.workspace_id
                    and g.agent_id = t.agent_id and g.state = 'live')));

-- name: last_under_a_former_name
select g.generation_id, g.agent_id
from kb.names_before(%(workspace)s, %(agent)s) n
join kb.generations g on g.workspace_id = %(workspace)s and g.agent_id = n.agent_id
where n.agent_id <> %(agent)s and g.manifest_digest is not null and g.pruned_at is null
order by n.steps, (g.state = 'live') desc, g.number desc limit 1;

-- name: tombstones_whose_file_went
-- It may have got another name: in files that are new what is left of the words is looked for too.
-- Nothing of what was gone from git before: by chance any file may have a line of it.
with places as (
  select g.generation_id, substr('/' || gd.path, strpos('/' || gd.path, folder) + length(folder)) as place
  from kb.generation_documents gd join kb.generations g using (generation_id)
  cross join lateral concat('/', g.agent_id, '/') as folder
  where g.generation_id in (%(generation)s, %(before)s))
select t.tombstone_id from kb.tombstones t
where t.workspace_id = %(workspace)s and t.agent_id = %(agent)s
  and t.place not in (select place from places where generation_id = %(generation)s)
  and (t.reconciled_at is null
       or t.place in (select place from places where generation_id = %(before)s));

-- name: files_of_parts
-- Documents in files that had the words before, under whatever name.
select now.document_id, t.tombstone_id
from kb.generation_documents now
join kb.generation_documents old on old.generation_id = %(before)s
  and old.path = regexp_replace(now.path, '(^|/)' || %(agent)s || '/', '\1' || %(former)s || '/')
join kb.buried_chunks b on b.document_id = old.document_id
join kb.tombstones t on t.tombstone_id = b.tombstone_id
  and t.workspace_id = %(workspace)s and t.agent_id = %(agent)s
where now.generation_id = %(generation)s and now.document_id = any(%(documents)s);

-- name: documents_of_new_files
select now.document_id from kb.generation_documents now
where now.generation_id = %(generation)s and now.document_id = any(%(documents)s)
  and not exists (
    select from kb.generation_documents old where old.generation_id = %(before)s
    and old.path = regexp_replace(now.path, '(^|/)' || %(agent)s || '/', '\1' || %(former)s || '/'));

-- name: texts_of_agent
-- All that any document of the agent says, in any generation that is kept, and where it stood.
select c.document_id, c.chunk_index, c.text, c.text_sha256, placed.paths
from (
  select gd.document_id, array_agg(distinct gd.path) as paths
  from kb.generation_documents gd join kb.generations g using (generation_id)
  where g.workspace_id = %(workspace)s and g.agent_id = %(agent)s
  group by gd.document_id) placed
join kb.chunks c using (document_id)
where c.purged_at is null;

-- name: texts_of_documents
select document_id, chunk_index, text, text_sha256 from kb.chunks
where document_id = any(%(documents)s) and purged_at is null;

-- name: bury_chunk
insert into kb.buried_chunks as held (tombstone_id, document_id, chunk_index, part)
values (%(tombstone)s, %(document)s, %(index)s, %(part)s)
on conflict (tombstone_id, document_id, chunk_index) do update set part = held.part and excluded.part;

-- name: manifests_to_clear
select distinct gc.generation_id, gc.chunk_id
from kb.buried_chunks b
join kb.generation_chunks gc using (document_id, chunk_index)
join kb.generations g using (generation_id)
where b.tombstone_id = %(tombstone)s and g.workspace_id = %(workspace)s and g.agent_id = %(agent)s;

-- name: name_buried_chunks
update kb.tombstones set
  chunk_ids = (select array_agg(distinct one) from unnest(chunk_ids || %(chunks)s::uuid[]) one)
where tombstone_id = %(tombstone)s
returning chunk_ids;

-- name: clear_manifests
delete from kb.generation_chunks gc
using kb.buried_chunks b, kb.generations g
where b.tombstone_id = %(tombstone)s
  and gc.document_id = b.document_id and gc.chunk_index = b.chunk_index
  and g.generation_id = gc.generation_id
  and g.workspace_id = %(workspace)s and g.agent_id = %(agent)s;

-- name: doubt_colours
-- They are about to change: nobody builds upon them before they are looked at again.
update kb.colours set state = 'writing', updated_at = now()
where workspace_id = %(workspace)s and agent_id = %(agent)s;

-- name: buried_texts
-- What is buried for the agent, in no manifest of anybody, and still there.
select distinct c.document_id, c.chunk_index, c.start_offset, c.end_offset
from kb.tombstones t
join kb.buried_chunks b using (tombstone_id)
join kb.chunks c using (document_id, chunk_index)
where t.workspace_id = %(workspace)s and t.agent_id = %(agent)s and c.purged_at is null
  and not b.part and not exists (
    select from kb.generation_chunks gc
    where gc.document_id = c.document_id and gc.chunk_index = c.chunk_index);

-- name: purge_chunk
update kb.chunks set text = '', heading_path = '{}', purged_at = now()
where document_id = %(document_id)s and chunk_index = %(chunk_index)s;

-- name: mask_extracted_text
-- As long as it was, so that every other offset stays right.
update kb.documents
set extracted_text = overlay(extracted_text
  placing repeat('█', %(end_offset)s - %(start_offset)s)
  from %(start_offset)s + 1 for %(end_offset)s - %(start_offset)s)
where document_id = %(document_id)s and extracted_text is not null;

-- name: forget_buried_vectors
-- The vectors of purged texts that no other chunk shares.
delete from kb.embeddings e
using kb.buried_chunks b
join kb.chunks gone using (document_id, chunk_index)
where b.tombstone_id = any(%(tombstones)s) and gone.purged_at is not null
  and e.embed_sha256 = gone.embed_sha256
  and not exists (select from kb.chunks other
                  where other.embed_sha256 = gone.embed_sha256 and other.purged_at is null);

-- name: others_with_text
-- Who else serves or keeps the same words: chunks of other agents.
select distinct on (g.agent_id, gc.chunk_id) g.agent_id, gc.chunk_id, gc.path
from kb.chunks c
join kb.generation_chunks gc using (document_id, chunk_index)
join kb.generations g using (generation_id)
where g.workspace_id = %(workspace)s and g.agent_id <> all(%(agents)s) and c.purged_at is null
  and (c.text_sha256 = %(text)s
       or exists (select from kb.buried_chunks b where b.tombstone_id = any(%(tombstones)s) and not b.part
                  and b.document_id = c.document_id and b.chunk_index = c.chunk_index))
order by g.agent_id, gc.chunk_id;

-- name: chunks_beside
-- Chunks that overlap a deleted place in its own document: part of the words may be in them.
select distinct gc.chunk_id, gc.path
from kb.buried_chunks b
join kb.chunks gone using (document_id, chunk_index)
join kb.chunks near on near.document_id = gone.document_id and near.chunk_index <> gone.chunk_index
  and near.start_offset < gone.end_offset and near.end_offset > gone.start_offset
join kb.generation_chunks gc on gc.document_id = near.document_id
  and gc.chunk_index = near.chunk_index
join kb.generations g on g.generation_id = gc.generation_id
where b.tombstone_id = any(%(tombstones)s) and not b.part
  and g.workspace_id = %(workspace)s and g.agent_id = any(%(agents)s)
order by gc.path, gc.chunk_id;

-- name: answers_that_quoted
select answer_id, min(created_at) as created_at, array_agg(distinct chunk_id::text) as chunk_ids
from ops.citations join ops.answers using (answer_id)
where agent_id = any(%(agents)s) and chunk_id = any(%(chunks)s)
group by answer_id order by min(created_at) desc limit %(limit)s;

-- name: reconcile_tombstones
-- What the source of this generation does not say any more is no drift any more.
update kb.tombstones t set reconciled_at = now(), reconciled_by = %(generation)s
where t.workspace_id = %(workspace)s and t.agent_id = %(agent)s and t.reconciled_at is null
  and not exists (
    select from kb.generation_documents gd join kb.kept_out k using (document_id)
    where gd.generation_id = %(generation)s and gd.status = 'published'
      and k.tombstone_id = t.tombstone_id)
returning t.*;

-- name: follow_tombstones
-- To the file that has the words now, where theirs got another name.
with moved as (
  select distinct on (t.tombstone_id) t.tombstone_id, t.incident_id, t.path as was, gd.path
  from kb.generation_documents gd
  join kb.kept_out k using (document_id)
  join kb.tombstones t using (tombstone_id)
  where gd.generation_id = %(generation)s and gd.status = 'published'
    and t.workspace_id = %(workspace)s and t.agent_id = %(agent)s and t.reconciled_at is null
    and not exists (select from kb.generation_documents there
                    where there.generation_id = %(generation)s and there.path = t.path)
  order by t.tombstone_id, gd.path
), told as (
  update kb.incidents i
  set next_step = replace(i.next_step, moved.was, moved.path),
      facts = i.facts || jsonb_build_object('path', moved.path)
  from moved where i.incident_id = moved.incident_id and i.closed_at is null
)
update kb.tombstones t set path = moved.path from moved where moved.tombstone_id = t.tombstone_id;

-- name: settle_all_tombstones
update kb.tombstones set reconciled_at = now()
where workspace_id = %(workspace)s and agent_id = %(agent)s and reconciled_at is null;

-- name: settle_tombstones_of_ended
-- A name that no folder has is no source that still says it.
update kb.tombstones t set reconciled_at = now()
where t.workspace_id = %(workspace)s and t.agent_id = any(%(agents)s) and t.reconciled_at is null
  and exists (select from kb.retirements r where r.workspace_id = t.workspace_id
              and r.agent_id = t.agent_id and not r.withdrawn)
  and not exists (select from kb.generations g where g.workspace_id = t.workspace_id
                  and g.agent_id = t.agent_id and g.state = 'live');

-- name: close_settled_incidents
-- Of deletions by hand that no source says any more, under none of the folder's names.
update kb.incidents i set closed_by = %(by)s, closed_at = now()
where i.workspace_id = %(workspace)s and i.closed_at is null
  and i.incident_id in (select t.incident_id from kb.tombstones t
                        where t.workspace_id = %(workspace)s and t.agent_id = %(agent)s)
  and not exists (select from kb.tombstones t
                  where t.incident_id = i.incident_id and t.reconciled_at is null);

-- name: tombstones_taken_along
-- Of documents that lay in another agent's folder, with words that were deleted there and purged.
select distinct tombstone_id from kb.buried_chunks b
join kb.chunks c using (document_id, chunk_index)
join kb.tombstones t using (tombstone_id)
where b.document_id = any(%(documents)s) and c.purged_at is not null
  and t.workspace_id = %(workspace)s and t.agent_id <> %(agent)s;

-- name: take_along_tombstones
-- What was deleted elsewhere is missing here as well, and who looks after this agent is told by an
-- incident of its own.
insert into kb.tombstones
  (workspace_id, agent_id, chunk_id, text_sha256, path, git_sha, reason, created_by, created_at,
   chunk_ids, sentences, lines, telling, place)
select distinct on (t.text_sha256) t.workspace_id, %(agent)s, t.chunk_id, t.text_sha256, t.path,
       t.git_sha, t.reason, t.created_by, t.created_at, t.chunk_ids, t.sentences, t.lines, t.telling,
       t.place
from kb.tombstones t
where t.workspace_id = %(workspace)s and t.tombstone_id = any(%(tombstones)s)
order by t.text_sha256, t.tombstone_id
on conflict (workspace_id, agent_id, text_sha256) do nothing;

-- name: bury_as_elsewhere
insert into kb.buried_chunks (tombstone_id, document_id, chunk_index)
select mine.tombstone_id, b.document_id, b.chunk_index
from kb.buried_chunks b
join kb.tombstones t using (tombstone_id)
join kb.tombstones mine on mine.workspace_id = t.workspace_id and mine.text_sha256 = t.text_sha256
where b.document_id = any(%(documents)s) and not b.part and t.tombstone_id = any(%(tombstones)s)
  and mine.workspace_id = %(workspace)s and mine.agent_id = %(agent)s
on conflict do nothing;

-- name: reopen_tombstones
-- The source says it again, or for the first time here: it is still not served, so git and what is
-- served differ. The incident that told of it is over, and what dies before it opens another finds
-- by that whom nobody told of.
update kb.tombstones t
set reconciled_at = null, reconciled_by = null, incident_id = null, path = said.path
from (
  select distinct on (k.tombstone_id) k.tombstone_id, gd.path
  from kb.generation_documents gd join kb.kept_out k using (document_id)
  where gd.generation_id = %(generation)s and gd.status = 'published'
  order by k.tombstone_id, gd.path) said
where said.tombstone_id = t.tombstone_id
  and t.workspace_id = %(workspace)s and t.agent_id = %(agent)s
  and (t.reconciled_at is not null or t.incident_id is null)
returning t.*;

-- name: tombstones_settled_by
select path, chunk_id from kb.tombstones where reconciled_by = %(generation)s order by path;

-- name: tie_tombstone
update kb.tombstones set incident_id = %(incident)s where tombstone_id = %(tombstone)s;

-- name: places_deleted_by_hand
select agent_id, string_agg(distinct path, ', ' order by path) as paths from kb.tombstones
where workspace_id = %(workspace)s and reconciled_at is null
group by agent_id;

-- name: open_tombstones
select * from kb.tombstones
where workspace_id = %(workspace)s and agent_id = %(agent)s and reconciled_at is null
order by tombstone_id;
