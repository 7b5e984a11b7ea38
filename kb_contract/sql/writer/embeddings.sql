-- Vectors, paid for once; and the state of each chunk in a run.

-- name: missing_embeddings
-- What was never embedded in this space: each text once, as its first chunk, with every chunk that
-- waits for it and how often this run tried it alone. Long ones first: at the end, when processes
-- run out of work one after the other, each has little left to do.
-- A run that was just begun is in no statistics: without `offset` all its rows would be looked at for each text.
select * from (
  select distinct on (c.embed_sha256)
    c.embed_sha256, gc.document_id, gc.chunk_index, gc.path, c.heading_path, c.tokens,
    length(c.text) as characters,
    array_agg(gc.chunk_id) over same_text as chunk_ids,
    coalesce(max(r.attempts) filter (where r.status = 'ERROR') over same_text, 0) as attempts,
    coalesce(max(r.error_type) over same_text, '') as error_type,
    coalesce(max(r.error_message) over same_text, '') as error_message
  from kb.generation_chunks gc
  join kb.chunks c using (document_id, chunk_index)
  left join kb.embeddings e on e.space_id = %(space)s and e.embed_sha256 = c.embed_sha256
  left join lateral (
    select status, attempts, error_type, error_message from kb.chunk_runs
    where run_id = %(run)s and chunk_id = gc.chunk_id offset 0
  ) r on true
  where gc.generation_id = %(generation)s and e.embed_sha256 is null
  window same_text as (partition by c.embed_sha256)
  order by c.embed_sha256, gc.chunk_id
) missing order by tokens desc, embed_sha256;

-- name: unknown_texts
select count(*) as texts from unnest(%(digests)s::text[]) as wanted (digest)
where not exists (select from kb.embeddings e
                  where e.space_id = %(space)s and e.embed_sha256 = wanted.digest);

-- name: texts_to_embed
select d.title, d.front_matter, c.heading_path, c.text, c.context, c.situation
from unnest(%(documents)s::uuid[], %(indexes)s::int[]) with ordinality
  as wanted (document_id, chunk_index, place)
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
order by place;

-- name: embeddable_texts
-- How many texts a generation has; what is not missing is taken from the store.
select count(distinct c.embed_sha256) as texts
from kb.generation_chunks gc join kb.chunks c using (document_id, chunk_index)
where gc.generation_id = %(generation)s;

-- name: await_chunks
insert into kb.chunk_runs (run_id, chunk_id, status)
select %(run)s, unnest(%(chunks)s::uuid[]), 'PENDING'
on conflict (run_id, chunk_id) do nothing;

-- name: keep_embeddings
-- Vectors as the bytes that they are: as text they would be twice as long, and read letter by letter.
insert into kb.embeddings (space_id, embed_sha256, vector, words)
select %(space)s, digest, vector, words
from unnest(%(digests)s::text[], %(vectors)b::bytea[], %(words)b::bytea[])
  as fresh (digest, vector, words)
on conflict (space_id, embed_sha256) do nothing;

-- name: chunks_done
update kb.chunk_runs
set status = 'DONE', attempts = attempts + 1, latency_ms = %(latency_ms)s,
    error_type = null, error_message = null
where run_id = %(run)s and chunk_id = any(%(chunks)s);

-- name: chunks_failed
update kb.chunk_runs
set status = 'ERROR', attempts = attempts + %(attempts)s, error_type = %(error_type)s,
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
