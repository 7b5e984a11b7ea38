-- Vectors, paid for once; and the state of each chunk in a run.

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
