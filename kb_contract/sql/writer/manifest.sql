-- What a generation is made of.

-- name: lock_generation
select manifest_digest from kb.generations where generation_id = %(generation)s for update;

-- name: fresh_documents
-- Published documents whose rows no earlier manifest has, or not those that may be served since.
select now.path, now.document_id, d.title, d.front_matter, d.status
from kb.generation_documents now
join kb.documents d using (document_id)
left join kb.generation_documents old
  on old.generation_id = %(base)s and old.path = now.path
  and old.document_id = now.document_id and old.status = 'published'
  and old.document_id not in (select again.document_id from kb.served_again again
    where again.workspace_id = %(workspace)s and again.agent_id = %(agent)s)
where now.generation_id = %(generation)s and now.status = 'published' and old.path is null
order by now.path collate "C";

-- name: chunks_of_documents
-- Without what a person deleted: it comes back when the source says something else.
select c.* from kb.chunks c
where c.document_id = any(%(documents)s) and c.purged_at is null
  and not exists (
    select from kb.kept_out k
    where k.workspace_id = %(workspace)s and k.agent_id = %(agent)s
      and k.document_id = c.document_id and k.chunk_index = c.chunk_index)
order by c.document_id, c.chunk_index;

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
    and old.document_id not in (select again.document_id from kb.served_again again
      where again.workspace_id = %(workspace)s and again.agent_id = %(agent)s)
  union all
  select chunk_id, document_id, chunk_index, path, payload_sha256 from fresh_chunks
) every_chunk;

-- name: seal_manifest
-- The digest is kb_contract.identifiers.ids_digest, computed where the rows are; ids in the order
-- of their bytes, which the index has, are in the order of their text.
update kb.generations g set
  documents = (select count(*) from kb.generation_documents d
               where d.generation_id = g.generation_id and d.status = 'published'),
  quarantined = (select count(*) from kb.generation_documents d
                 where d.generation_id = g.generation_id and d.status = 'quarantined'),
  chunks = (select count(*) from kb.generation_chunks c where c.generation_id = g.generation_id),
  manifest_digest = (
    select encode(sha256(convert_to(coalesce(string_agg(
      c.chunk_id::text || ' ' || c.payload_sha256, E'\n'
      order by c.chunk_id), ''), 'UTF8')), 'hex')
    from kb.generation_chunks c where c.generation_id = g.generation_id)
where generation_id = %(generation)s returning *;

-- name: manifest
select chunk_id, payload_sha256 from kb.generation_chunks where generation_id = %(generation)s;
