-- What the writer says to the ledger, by name.

-- Runs and generations ---------------------------------------------------------------------------

-- name: lock_staging
-- One stager per agent at a time; freed when the transaction ends.
select pg_advisory_xact_lock(hashtextextended(%(key)s, 1));

-- name: lock_agent
select pg_advisory_lock(hashtextextended(%(key)s, 0));

-- name: unlock_agent
select pg_advisory_unlock(hashtextextended(%(key)s, 0)) as held;

-- name: live_generation
select * from kb.generations
where workspace_id = %(workspace)s and agent_id = %(agent)s and state = 'live';

-- name: generation
select * from kb.generations where generation_id = %(generation)s;

-- name: generation_of_dagster_run
select g.* from kb.generations g
join kb.dagster_runs r on r.generation_id = g.generation_id
where r.dagster_run_id = %(dagster_run)s and g.workspace_id = %(workspace)s;

-- name: newest_generation
select * from kb.generations
where workspace_id = %(workspace)s and agent_id = %(agent)s order by number desc limit 1;

-- name: generations
select * from kb.generations
where workspace_id = %(workspace)s and agent_id = %(agent)s order by number desc limit %(limit)s;

-- name: live_generations
select * from kb.generations where workspace_id = %(workspace)s and state = 'live' order by agent_id;

-- name: known_agents
-- Every agent that ever had a run or holds a collection.
select agent_id from kb.generations where workspace_id = %(workspace)s
union select agent_id from kb.colours where workspace_id = %(workspace)s order by agent_id;

-- name: unfinished_generation
-- The generation of a run that died on the way, for the same commit, agent and profiles.
select g.* from kb.generations g join kb.pipeline_runs r on r.run_id = g.run_id
where g.workspace_id = %(workspace)s and g.agent_id = %(agent)s and g.state in ('staged', 'checked')
  and r.status = 'RUNNING' and r.git_sha = %(git_sha)s and r.embed_profile = %(embed_profile)s
  and r.llm_profile = %(llm_profile)s and r.prompt_name = %(prompt_name)s
  and g.tree_sha = %(tree_sha)s and g.config_digest = %(config_digest)s
order by g.number desc limit 1;

-- name: supersede_generations
with late as (
  update kb.generations set state = 'failed', ended_at = now(), reason = %(reason)s
  where workspace_id = %(workspace)s and agent_id = %(agent)s
    and state in ('staged', 'checked') and generation_id is distinct from %(keep)s
  returning run_id
)
update kb.pipeline_runs r
set status = 'FAILED', finished_at = now(), error_summary = %(reason)s
from late where r.run_id = late.run_id and r.status = 'RUNNING';

-- name: start_run
insert into kb.pipeline_runs
  (run_id, workspace_id, agent_id, git_sha, dagster_run_id, status, embed_profile, llm_profile,
   prompt_name)
values (%(run)s, %(workspace)s, %(agent)s, %(git_sha)s, %(dagster_run)s, 'RUNNING',
        %(embed_profile)s, %(llm_profile)s, %(prompt_name)s);

-- name: stage_generation
insert into kb.generations
  (workspace_id, agent_id, number, state, git_sha, tree_sha, uncommitted, manifest, instructions,
   golden, config_digest, space, run_id, dagster_run_id)
select %(workspace)s, %(agent)s, coalesce(max(number), 0) + 1, 'staged', %(git_sha)s, %(tree_sha)s,
       %(uncommitted)s, %(manifest)s, %(instructions)s, %(golden)s, %(config_digest)s, %(space)s,
       %(run)s, %(dagster_run)s
from kb.generations where workspace_id = %(workspace)s and agent_id = %(agent)s
returning *;

-- name: take_over_generation
update kb.generations set dagster_run_id = %(dagster_run)s
where generation_id = %(generation)s and state in ('staged', 'checked') returning *;

-- name: bind_dagster_run
insert into kb.dagster_runs (dagster_run_id, generation_id)
values (%(dagster_run)s, %(generation)s)
on conflict (dagster_run_id) do update set generation_id = excluded.generation_id;

-- name: record_check
-- One failed check ends the generation; when every gate has passed it is checked.
update kb.generations set
  checks = checks || jsonb_build_object(%(name)s::text, %(verdict)s::jsonb),
  state = case
    when not %(passed)s then 'failed'
    when (select count(*) from jsonb_each(checks || jsonb_build_object(%(name)s::text, %(verdict)s::jsonb))
          where value ->> 'passed' = 'true') >= %(gates)s and state = 'staged' then 'checked'
    else state end,
  reason = case when not %(passed)s then coalesce(reason || '; ', '') || %(reason)s else reason end,
  checked_at = now(),
  ended_at = case when not %(passed)s then now() else ended_at end
where generation_id = %(generation)s and state in ('staged', 'checked', 'failed');

-- name: fail_generation
update kb.generations set state = 'failed', ended_at = now(), reason = coalesce(reason, %(reason)s)
where generation_id = %(generation)s and state in ('staged', 'checked');

-- name: fail_generation_of_dagster_run
-- Only while that run still holds it: another run may have taken it over.
update kb.generations set state = 'failed', ended_at = now(), reason = coalesce(reason, %(reason)s)
where dagster_run_id = %(dagster_run)s and workspace_id = %(workspace)s
  and state in ('staged', 'checked')
returning run_id;

-- name: fail_run_of_dagster_run
update kb.pipeline_runs r
set status = 'FAILED', finished_at = now(), error_summary = coalesce(error_summary, %(reason)s)
where r.status = 'RUNNING' and r.workspace_id = %(workspace)s and (
  (r.dagster_run_id = %(dagster_run)s
   and not exists (select from kb.generations g where g.run_id = r.run_id))
  or exists (select from kb.generations g where g.run_id = r.run_id and g.state = 'failed'
             and g.dagster_run_id = %(dagster_run)s));

-- name: finish_run
update kb.pipeline_runs
set status = %(status)s, finished_at = now(), error_summary = %(error_summary)s
where run_id = %(run)s and status = 'RUNNING';

-- name: runs_of_agent
select * from kb.pipeline_runs
where workspace_id = %(workspace)s and agent_id = %(agent)s order by started_at desc limit %(limit)s;

-- name: run
select * from kb.pipeline_runs where run_id = %(run)s;

-- name: run_of_dagster_run
select r.* from kb.pipeline_runs r
where r.dagster_run_id = %(dagster_run)s
   or r.run_id = (select g.run_id from kb.generations g join kb.dagster_runs d
                  on d.generation_id = g.generation_id where d.dagster_run_id = %(dagster_run)s)
order by r.started_at desc limit 1;

-- Documents ---------------------------------------------------------------------------------------

-- name: base_generation
-- Rows are a pure function of (path, document), so any complete manifest can be copied from.
select * from kb.generations
where workspace_id = %(workspace)s and agent_id = %(agent)s and manifest_digest is not null
  and generation_id <> %(generation)s
order by (state = 'live') desc, number desc limit 1;

-- name: generation_documents
select path, blob_sha, document_id, status, reason from kb.generation_documents
where generation_id = %(generation)s order by path collate "C";

-- name: documents_by_blob
select document_id, blob_sha, title, front_matter, status, reason from kb.documents
where workspace_id = %(workspace)s and reader = %(reader)s and blob_sha = any(%(blobs)s);

-- name: keep_document
insert into kb.documents
  (document_id, workspace_id, file_sha256, blob_sha, reader, source_name, mime, size_bytes, title,
   front_matter, status, reason)
values (%(document_id)s, %(workspace)s, %(file_sha256)s, %(blob_sha)s, %(reader)s, %(source_name)s,
        %(mime)s, %(size_bytes)s, %(title)s, %(front_matter)s, %(status)s, %(reason)s)
on conflict (workspace_id, file_sha256, reader) do nothing
returning document_id;

-- name: keep_chunk
insert into kb.chunks
  (document_id, chunk_index, heading_path, start_offset, end_offset, text, text_sha256,
   embed_sha256, tokens)
values (%(document_id)s, %(chunk_index)s, %(heading_path)s, %(start_offset)s, %(end_offset)s,
        %(text)s, %(text_sha256)s, %(embed_sha256)s, %(tokens)s);

-- name: keep_generation_document
insert into kb.generation_documents (generation_id, path, blob_sha, document_id, status, reason)
values (%(generation)s, %(path)s, %(blob_sha)s, %(document_id)s, %(status)s, %(reason)s)
on conflict (generation_id, path) do nothing;

-- The manifest ------------------------------------------------------------------------------------

-- name: lock_generation
select manifest_digest from kb.generations where generation_id = %(generation)s for update;

-- name: fresh_documents
-- Published documents whose rows no earlier manifest has.
select now.path, now.document_id, d.title, d.front_matter, d.status
from kb.generation_documents now
join kb.documents d using (document_id)
left join kb.generation_documents old
  on old.generation_id = %(base)s and old.path = now.path
  and old.document_id = now.document_id and old.status = 'published'
where now.generation_id = %(generation)s and now.status = 'published' and old.path is null
order by now.path collate "C";

-- name: chunks_of_documents
select * from kb.chunks where document_id = any(%(documents)s) order by document_id, chunk_index;

-- name: make_fresh_chunks
create temporary table fresh_chunks (
  chunk_id uuid, document_id uuid, chunk_index integer, path text, payload_sha256 text
) on commit drop;

-- name: copy_fresh_chunks
copy fresh_chunks (chunk_id, document_id, chunk_index, path, payload_sha256) from stdin;

-- name: plan_for_many
-- A generation that was just made is in no statistics; taken for small, it is joined row by row.
set local enable_nestloop = off;

-- name: fill_manifest
insert into kb.generation_chunks
  (generation_id, position, chunk_id, document_id, chunk_index, path, payload_sha256)
select %(generation)s, row_number() over (order by path collate "C", chunk_index) - 1,
       chunk_id, document_id, chunk_index, path, payload_sha256
from (
  select old.chunk_id, old.document_id, old.chunk_index, old.path, old.payload_sha256
  from kb.generation_chunks old
  join kb.generation_documents kept
    on kept.generation_id = old.generation_id and kept.path = old.path
    and kept.document_id = old.document_id and kept.status = 'published'
  join kb.generation_documents now
    on now.generation_id = %(generation)s and now.path = old.path
    and now.document_id = old.document_id and now.status = 'published'
  where old.generation_id = %(base)s
  union all
  select chunk_id, document_id, chunk_index, path, payload_sha256 from fresh_chunks
) every_chunk;

-- name: seal_manifest
-- The digest is kb_contract.identifiers.ids_digest, computed where the rows are.
update kb.generations g set
  documents = (select count(*) from kb.generation_documents d
               where d.generation_id = g.generation_id and d.status = 'published'),
  quarantined = (select count(*) from kb.generation_documents d
                 where d.generation_id = g.generation_id and d.status = 'quarantined'),
  chunks = (select count(*) from kb.generation_chunks c where c.generation_id = g.generation_id),
  manifest_digest = (
    select encode(sha256(convert_to(coalesce(string_agg(
      c.chunk_id::text || ' ' || c.payload_sha256, E'\n'
      order by c.chunk_id::text collate "C", c.payload_sha256 collate "C"), ''), 'UTF8')), 'hex')
    from kb.generation_chunks c where c.generation_id = g.generation_id)
where generation_id = %(generation)s returning *;

-- name: manifest
select chunk_id, payload_sha256 from kb.generation_chunks where generation_id = %(generation)s;

-- Embeddings --------------------------------------------------------------------------------------

-- name: missing_embeddings
-- What was never embedded in this space, each text once, with every chunk that waits for it.
select * from (
  select distinct on (c.embed_sha256)
    c.embed_sha256, d.title, c.heading_path, c.text, c.tokens,
    array_agg(gc.chunk_id) over (partition by c.embed_sha256) as chunk_ids
  from kb.generation_chunks gc
  join kb.chunks c using (document_id, chunk_index)
  join kb.documents d using (document_id)
  left join kb.embeddings e on e.space_id = %(space)s and e.embed_sha256 = c.embed_sha256
  where gc.generation_id = %(generation)s and e.embed_sha256 is null
  order by c.embed_sha256, gc.chunk_id
) missing order by tokens, embed_sha256;

-- name: await_chunks
insert into kb.chunk_runs (run_id, chunk_id, status)
select %(run)s, unnest(%(chunks)s::uuid[]), 'PENDING'
on conflict (run_id, chunk_id) do nothing;

-- name: keep_embedding
insert into kb.embeddings (space_id, embed_sha256, vector)
values (%(space)s, %(embed_sha256)s, %(vector)s)
on conflict (space_id, embed_sha256) do nothing;

-- name: chunks_done
update kb.chunk_runs
set status = 'DONE', attempts = attempts + 1, latency_ms = %(latency_ms)s,
    error_type = null, error_message = null
where run_id = %(run)s and chunk_id = any(%(chunks)s);

-- name: chunks_failed
update kb.chunk_runs
set status = 'ERROR', attempts = attempts + 1, error_type = %(error_type)s,
    error_message = %(error_message)s
where run_id = %(run)s and chunk_id = any(%(chunks)s);

-- name: settle_chunks
-- Chunks that another run embedded while this one waited.
update kb.chunk_runs r set status = 'DONE', error_type = null, error_message = null
from kb.generation_chunks gc
join kb.chunks c using (document_id, chunk_index)
join kb.embeddings e on e.embed_sha256 = c.embed_sha256 and e.space_id = %(space)s
where gc.generation_id = %(generation)s and r.run_id = %(run)s and r.chunk_id = gc.chunk_id
  and r.status <> 'DONE';

-- name: chunk_totals
select count(*) filter (where status = 'DONE') as done,
       count(*) filter (where status = 'ERROR') as error,
       count(*) filter (where status = 'PENDING') as pending
from kb.chunk_runs where run_id = %(run)s;

-- The collection ----------------------------------------------------------------------------------

-- name: colour
select c.*, g.space from kb.colours c left join kb.generations g using (generation_id)
where c.workspace_id = %(workspace)s and c.agent_id = %(agent)s and c.colour = %(colour)s;

-- name: colours
select * from kb.colours where workspace_id = %(workspace)s and agent_id = %(agent)s order by colour;

-- name: keep_colour
insert into kb.colours
  (workspace_id, agent_id, colour, collection, state, generation_id, chunk_count, ids_digest)
values (%(workspace)s, %(agent)s, %(colour)s, %(collection)s, %(state)s, %(generation)s,
        %(chunk_count)s, %(ids_digest)s)
on conflict (workspace_id, agent_id, colour) do update set
  collection = excluded.collection, state = excluded.state,
  generation_id = excluded.generation_id, chunk_count = excluded.chunk_count,
  ids_digest = excluded.ids_digest, updated_at = now();

-- name: doubt_colour
-- What it holds is not to be built upon; unless it holds another generation by now.
update kb.colours set state = 'writing', updated_at = now()
where workspace_id = %(workspace)s and agent_id = %(agent)s and generation_id = %(generation)s;

-- name: place_generation
update kb.generations set colour = %(colour)s, collection = %(collection)s
where generation_id = %(generation)s and state in ('staged', 'checked') returning *;

-- name: points
-- All that a point is made of, for some chunks of a generation.
select gc.chunk_id, gc.path, c.*, d.title, d.front_matter, d.status, e.vector
from kb.generation_chunks gc
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
join kb.embeddings e on e.space_id = %(space)s and e.embed_sha256 = c.embed_sha256
where gc.generation_id = %(generation)s and gc.chunk_id = any(%(chunks)s);

-- The alias ---------------------------------------------------------------------------------------

-- name: retire_live
update kb.generations
set state = 'retired', ended_at = now(), reason = coalesce(%(reason)s, reason)
where workspace_id = %(workspace)s and agent_id = %(agent)s and state = 'live' returning *;

-- name: withdraw_generation
-- It has nothing to serve, so it ends without ever being live.
update kb.generations set state = 'retired', ended_at = now(), reason = %(reason)s
where generation_id = %(generation)s and state in ('staged', 'checked') returning *;

-- name: go_live
update kb.generations set state = 'live', live_at = now()
where generation_id = %(generation)s and state in ('staged', 'checked') returning *;

-- name: keep_alias_move
insert into kb.alias_moves
  (workspace_id, agent_id, from_collection, to_collection, generation_id, dagster_run_id, moved_by,
   reason)
values (%(workspace)s, %(agent)s, %(from)s, %(to)s, %(generation)s, %(dagster_run)s, %(moved_by)s,
        %(reason)s);

-- name: forget_colours
delete from kb.colours where workspace_id = %(workspace)s and agent_id = %(agent)s;

-- What people approved ---------------------------------------------------------------------------

-- name: open_operations
select key, action, arguments, status, trace_id from ops.requested_operations
where status in ('requested', 'running') order by created_at limit 100;

-- name: settle_operation
update ops.requested_operations set status = %(status)s, result = %(result)s, updated_at = now()
where key = %(key)s and status in ('requested', 'running');
