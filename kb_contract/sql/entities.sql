-- Chunks of a live agent by what they name. Nothing here writes.

-- name: chunks_naming
-- With every name that a document says is the same thing; rare names weigh more, as in BM25.
with live as (
  select generation_id, chunks from kb.generations
  where workspace_id = %(workspace)s and agent_id = %(agent)s and state = 'live'
), wanted as (
  select name from unnest(%(names)s::text[]) name
  union
  select case when l.name = any(%(names)s) then l.same_as else l.name end
  from kb.entity_links l
  join kb.generation_chunks gc using (document_id, chunk_index)
  join live using (generation_id)
  where l.name = any(%(names)s) or l.same_as = any(%(names)s)
), found as (
  select gc.chunk_id, e.name, count(*) over (partition by e.name) as many, live.chunks
  from live
  join kb.generation_chunks gc using (generation_id)
  join kb.entities e using (document_id, chunk_index)
  join kb.documents d using (document_id)
  where e.name in (select name from wanted)
    and kb.may_read(d.front_matter, %(groups)s, %(moment)s)
)
select chunk_id, array_agg(name order by name) as names,
       sum(ln(1 + (chunks - many + 0.5) / (many + 0.5)))::float as weight
from found where chunk_id <> all(%(without)s::uuid[])
group by chunk_id order by weight desc, chunk_id limit %(limit)s;

-- name: names_of_chunks
select distinct e.name
from kb.generations g
join kb.generation_chunks gc using (generation_id)
join kb.entities e using (document_id, chunk_index)
where g.workspace_id = %(workspace)s and g.agent_id = %(agent)s and g.state = 'live'
  and gc.chunk_id = any(%(chunks)s::uuid[]);
