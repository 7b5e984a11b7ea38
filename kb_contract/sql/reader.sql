-- What the reader asks of the ledger, as the role kb_reader. Nothing here writes.

-- name: live_agents
select agent_id, number, git_sha, uncommitted, manifest, instructions, documents, chunks, quarantined, collection,
       space, own_questions
from kb.generations
where workspace_id = %(workspace)s and state = 'live'
order by agent_id;

-- name: name_now
-- What a folder is called now that had this name, through every renaming.
select agent_id from kb.names_after(%(workspace)s, %(agent)s) order by steps desc limit 1;

-- name: live_passages
select g.agent_id, g.number as generation, g.git_sha, g.uncommitted, g.dagster_run_id,
       gc.chunk_id, gc.document_id, gc.path, d.title, c.heading_path,
       c.start_offset, c.end_offset, c.text, c.page,
       c.context, c.situation, d.front_matter, g.manifest->'owners' as owners, coalesce(e.words, '') as words,
       kb.may_read(d.front_matter, %(groups)s, %(moment)s) as may_read
from kb.generations g
join kb.generation_chunks gc using (generation_id)
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
left join kb.embeddings e on e.space_id = %(space)s and e.embed_sha256 = c.embed_sha256
where g.workspace_id = %(workspace)s and g.agent_id = %(agent)s and g.state = 'live'
  and gc.chunk_id = any(%(ids)s);

-- name: term_counts
select t.chunks, t.packed, t.names from kb.term_counts t join kb.generations g using (generation_id)
where g.workspace_id = %(workspace)s and g.agent_id = %(agent)s and g.number = %(generation)s;

-- name: passage_of_generation
select g.agent_id, g.number as generation, g.git_sha, g.uncommitted, g.dagster_run_id,
       gc.chunk_id, gc.document_id, gc.path, d.title, c.heading_path,
       c.start_offset, c.end_offset, c.text, c.page,
       d.front_matter, g.manifest->'owners' as owners
from kb.generations g
join kb.generation_chunks gc using (generation_id)
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
where g.workspace_id = %(workspace)s and g.agent_id = %(agent)s and g.number = %(generation)s
  and gc.chunk_id = %(chunk)s and kb.may_read(d.front_matter, %(groups)s, %(moment)s);

-- name: passages_around
-- Chunks of the same document near one that was found: `reach` on either side, in a section only under its heading.
select found.chunk_id as beside, gc.chunk_index - f.chunk_index as distance,
       g.agent_id, g.number as generation, g.git_sha, g.uncommitted, g.dagster_run_id,
       gc.chunk_id, gc.document_id, gc.path, d.title, c.heading_path,
       c.start_offset, c.end_offset, c.text, c.page,
       d.front_matter, g.manifest->'owners' as owners
from unnest(%(chunks)s::uuid[]) as found (chunk_id)
join kb.generations g on g.workspace_id = %(workspace)s and g.agent_id = %(agent)s and g.number = %(generation)s
join kb.generation_chunks f on f.generation_id = g.generation_id and f.chunk_id = found.chunk_id
join kb.chunks fc on fc.document_id = f.document_id and fc.chunk_index = f.chunk_index
join kb.generation_chunks gc on gc.generation_id = g.generation_id and gc.document_id = f.document_id
  and gc.path = f.path and gc.chunk_index between f.chunk_index - %(reach)s and f.chunk_index + %(reach)s
join kb.chunks c on c.document_id = gc.document_id and c.chunk_index = gc.chunk_index
join kb.documents d on d.document_id = gc.document_id
where gc.chunk_index <> f.chunk_index and c.purged_at is null
  and (not %(section)s or c.heading_path[1:cardinality(fc.heading_path)] = fc.heading_path)
  and kb.may_read(d.front_matter, %(groups)s, %(moment)s)
order by gc.document_id, gc.chunk_index;

-- name: catalogue_agents
select agent_id, manifest->>'title' as title, manifest->>'purpose' as purpose,
       number as generation, git_sha, documents, chunks, live_at
from kb.generations
where workspace_id = %(workspace)s and state = 'live' and agent_id = any(%(agents)s)
order by agent_id;

-- name: catalogue_documents
select g.agent_id, gd.path, d.title, d.front_matter->>'version' as version, gd.status
from kb.generations g
join kb.generation_documents gd using (generation_id)
left join kb.documents d using (document_id)
where g.workspace_id = %(workspace)s and g.state = 'live' and g.agent_id = any(%(agents)s)
  and gd.status = 'published' and kb.may_read(d.front_matter, %(groups)s, %(moment)s)
order by g.agent_id, gd.path
limit %(limit)s;

-- name: catalogue_tags
select tag, array_agg(distinct agent_id order by agent_id) as agents,
       count(distinct (agent_id, path)) filter (where path is not null) as documents
from (
  select g.agent_id, null as path, jsonb_array_elements_text(g.manifest->'tags') as tag
  from kb.generations g
  where g.workspace_id = %(workspace)s and g.state = 'live' and g.agent_id = any(%(agents)s)
    and jsonb_typeof(g.manifest->'tags') = 'array'
  union all
  select g.agent_id, gd.path, jsonb_array_elements_text(d.front_matter->'tags')
  from kb.generations g
  join kb.generation_documents gd using (generation_id)
  join kb.documents d using (document_id)
  where g.workspace_id = %(workspace)s and g.state = 'live' and g.agent_id = any(%(agents)s)
    and gd.status = 'published' and jsonb_typeof(d.front_matter->'tags') = 'array'
    and kb.may_read(d.front_matter, %(groups)s, %(moment)s)
) tagged
group by tag
order by documents desc, tag
limit %(limit)s;

-- name: catalogue_versions
select g.agent_id, gd.path, d.title, d.front_matter->>'version' as version
from kb.generations g
join kb.generation_documents gd using (generation_id)
join kb.documents d using (document_id)
where g.workspace_id = %(workspace)s and g.state = 'live' and g.agent_id = any(%(agents)s)
  and gd.status = 'published' and d.front_matter->>'version' is not null
  and kb.may_read(d.front_matter, %(groups)s, %(moment)s)
order by g.agent_id, gd.path
limit %(limit)s;

-- name: catalogue_generations
select agent_id, number as generation, state, git_sha, uncommitted, documents, chunks, quarantined,
       reason, created_at, live_at
from kb.generations
where workspace_id = %(workspace)s and agent_id = any(%(agents)s)
order by agent_id, number desc
limit %(limit)s;

-- name: catalogue_counts
select agent_id, documents, chunks, quarantined
from kb.generations
where workspace_id = %(workspace)s and state = 'live' and agent_id = any(%(agents)s)
order by agent_id;

-- name: catalogue_quarantined
select g.agent_id, gd.path, gd.status, gd.reason
from kb.generations g
join kb.generation_documents gd using (generation_id)
left join kb.documents d using (document_id)
where g.workspace_id = %(workspace)s and g.state = 'live' and g.agent_id = any(%(agents)s)
  and gd.status <> 'published' and kb.may_read(d.front_matter, %(groups)s, %(moment)s)
order by g.agent_id, gd.path
limit %(limit)s;

-- name: catalogue_runs
select agent_id, status, git_sha, started_at, finished_at, error_summary
from kb.pipeline_runs
where workspace_id = %(workspace)s and agent_id = any(%(agents)s)
order by started_at desc
limit %(limit)s;

-- name: catalogue_incidents
select agent_id, kind, summary, next_step, opened_at, closed_at
from kb.incidents
where workspace_id = %(workspace)s and agent_id = any(%(agents)s)
order by closed_at nulls first, opened_at desc
limit %(limit)s;

-- name: catalogue_tables
select table_name as "table", array_agg(column_name::text order by ordinal_position) as columns
from information_schema.columns
where table_schema = 'kb'
group by table_name
order by table_name
limit %(limit)s;

-- name: catalogue_mentions
-- Documents in which every word of a subject stands, however it ends; `starts` only keeps others from being stemmed.
with found as (
  select g.agent_id, gc.path, d.title, count(*) as passages, string_agg(c.text, ' ') as said,
         min(array_to_string(c.heading_path, ' > ')) as first_under
  from kb.generations g
  join kb.generation_chunks gc using (generation_id)
  join kb.chunks c using (document_id, chunk_index)
  join kb.documents d using (document_id)
  where g.workspace_id = %(workspace)s and g.state = 'live' and g.agent_id = any(%(agents)s)
    and kb.may_read(d.front_matter, %(groups)s, %(moment)s)
    and (c.text ilike any(%(starts)s) or d.title ilike any(%(starts)s))
  group by g.agent_id, gc.path, d.title
)
select agent_id, path, title, passages, first_under as under
from found
where to_tsvector('english', title || ' ' || said) @@ plainto_tsquery('english', %(subject)s)
order by passages desc, agent_id, path
limit %(limit)s;

-- name: catalogue_changes
-- Documents in which what is live differs from what was live before it.
with live as (
  select agent_id, generation_id, number, git_sha, live_at
  from kb.generations
  where workspace_id = %(workspace)s and state = 'live' and agent_id = any(%(agents)s)
), past as (
  select live.agent_id, b.generation_id, b.number
  from live join lateral (
    select generation_id, number from kb.generations b
    where b.workspace_id = %(workspace)s and b.agent_id = live.agent_id and b.number < live.number
      and b.live_at is not null
      and exists (select from kb.generation_documents gd where gd.generation_id = b.generation_id)
    order by b.number desc limit 1
  ) b on true
), documents as (
  select g.agent_id, gd.path, d.title, gd.document_id, gd.status, g.now
  from (select agent_id, generation_id, true as now from live
        union all select agent_id, generation_id, false from past) g
  join kb.generation_documents gd using (generation_id)
  left join kb.documents d using (document_id)
  where d.document_id is null or kb.may_read(d.front_matter, %(groups)s, %(moment)s)
)
select agent_id, coalesce(new.path, old.path) as path, coalesce(new.title, old.title) as title,
       case when old.path is null then 'added' when new.path is null then 'removed' else 'changed' end as change,
       past.number as since_generation, live.number as generation, live.git_sha, live.live_at
from (select * from documents where now) new
full join (select * from documents where not now) old using (agent_id, path)
join live using (agent_id) join past using (agent_id)
where new.path is null or old.path is null
   or new.document_id is distinct from old.document_id or new.status <> old.status
order by live.live_at desc, agent_id, path
limit %(limit)s;

-- name: catalogue_unchanged
-- What is live where nothing changed; `since_generation` is empty where nothing was live before it.
select live.agent_id, live.number as generation, max(b.number) as since_generation, live.git_sha, live.live_at
from kb.generations live
left join kb.generations b
  on b.workspace_id = live.workspace_id and b.agent_id = live.agent_id and b.number < live.number
 and b.live_at is not null
where live.workspace_id = %(workspace)s and live.state = 'live' and live.agent_id = any(%(agents)s)
group by live.generation_id
order by live.agent_id
limit %(limit)s;

-- name: system_generations
select agent_id, number as generation, git_sha, collection, colour, documents, chunks, quarantined,
       live_at
from kb.generations
where workspace_id = %(workspace)s and state = 'live'
order by agent_id;

-- name: system_colours
select agent_id, colour, collection, state, chunk_count, updated_at
from kb.colours
where workspace_id = %(workspace)s
order by agent_id, colour;

-- name: system_runs
select run_id, agent_id, git_sha, status, started_at, finished_at, error_summary
from kb.pipeline_runs
where workspace_id = %(workspace)s
order by started_at desc
limit 10;
