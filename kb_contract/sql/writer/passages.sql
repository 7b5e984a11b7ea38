-- Passages as the gates look at them.

-- name: fresh_passages
-- What the base does not have: the same id is the same text at the same place.
select gc.chunk_id, gc.path, c.heading_path, c.start_offset, c.end_offset, c.text, d.title,
       d.front_matter -> 'audience' as audience, d.front_matter ->> 'effective' as effective,
       d.front_matter ->> 'expires' as expires
from kb.generation_chunks gc
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
where gc.generation_id = %(generation)s
  and not exists (select from kb.generation_chunks old
                  where old.generation_id = %(base)s and old.chunk_id = gc.chunk_id)
order by gc.position;

-- name: fresh_heads
-- Documents that the base does not have: what they say of themselves is served with every passage.
select now.path, d.title, d.front_matter
from kb.generation_documents now
join kb.documents d using (document_id)
left join kb.generation_documents old
  on old.generation_id = %(base)s and old.path = now.path
  and old.document_id = now.document_id and old.status = 'published'
where now.generation_id = %(generation)s and now.status = 'published' and old.path is null
order by now.path collate "C";

-- name: passages_of_paths
select gc.chunk_id, gc.path, c.heading_path, c.start_offset, c.end_offset, c.text, d.title,
       d.front_matter -> 'audience' as audience, d.front_matter ->> 'effective' as effective,
       d.front_matter ->> 'expires' as expires
from kb.generation_chunks gc
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
where gc.generation_id = %(generation)s and gc.path = any(%(paths)s)
order by gc.position;

-- name: passages_by_lot
-- Some of a generation; an id is made of place and text, so their order is as good as a lot.
select gc.chunk_id, gc.path, c.heading_path, c.start_offset, c.end_offset, c.text, d.title,
       d.front_matter -> 'audience' as audience, d.front_matter ->> 'effective' as effective,
       d.front_matter ->> 'expires' as expires
from kb.generation_chunks gc
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
where gc.generation_id = %(generation)s
order by gc.chunk_id
limit %(most)s;

-- name: passages_to_weigh
-- All that orders passages that were found, beside the scores of the collection.
select gc.chunk_id, c.heading_path, c.text, c.context, c.situation, d.title, d.front_matter, coalesce(e.words, '') as words
from kb.generation_chunks gc
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
left join kb.embeddings e on e.space_id = %(space)s and e.embed_sha256 = c.embed_sha256
where gc.generation_id = %(generation)s and gc.chunk_id = any(%(chunks)s);

-- name: documents_to_quote
-- Changed documents, as many as the sample takes, and a few of the others.
select path, document_id, extracted, fresh, changed from (
  select now.path, now.document_id, d.extracted_text is not null as extracted,
         old.path is null as fresh,
         count(*) filter (where old.path is null) over () as changed,
         row_number() over (partition by old.path is null
                            order by md5(now.path || %(seed)s), now.path) as place
  from kb.generation_documents now
  join kb.documents d using (document_id)
  left join kb.generation_documents old
    on old.generation_id = %(base)s and old.path = now.path
    and old.document_id = now.document_id and old.status = 'published'
  where now.generation_id = %(generation)s and now.status = 'published'
) document
where place <= case when fresh then %(sample)s else %(others)s end
order by fresh desc, place;

-- name: twins
-- The same text under several paths; what is short is a phrase, and phrases repeat.
select text, paths, cardinality(paths) - 1 as copies,
       sum(cardinality(paths) - 1) over () as all_copies
from (
  select min(c.text) as text, array_agg(distinct gc.path order by gc.path) as paths
  from kb.generation_chunks gc
  join kb.chunks c using (document_id, chunk_index)
  where gc.generation_id = %(generation)s and char_length(c.text) >= %(shortest)s
  group by c.text_sha256 having count(distinct gc.path) > 1
) twin
order by copies desc, paths limit %(limit)s;

-- name: keep_live_canary
-- Asked after the swap, of whatever state the generation has by then; a failure is the run's too.
with asked as (
  update kb.generations
  set checks = checks || jsonb_build_object('live_canary', %(verdict)s::jsonb)
  where generation_id = %(generation)s returning run_id
)
update kb.pipeline_runs r
set status = 'FAILED', error_summary = 'live canary: ' || %(reason)s::text
from asked where r.run_id = asked.run_id and not %(passed)s;
