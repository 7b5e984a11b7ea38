-- What is told of runs, before and after them.

-- name: known_chunks
-- What documents that were read before hold, and how much of it was never embedded in this space.
select count(*) as chunks, coalesce(sum(c.tokens), 0)::bigint as tokens,
       count(distinct c.embed_sha256) as texts,
       count(distinct c.embed_sha256) filter (where e.embed_sha256 is null) as missing
from kb.chunks c
left join kb.embeddings e on e.space_id = %(space)s and e.embed_sha256 = c.embed_sha256
where c.document_id = any(%(documents)s);

-- name: measured_pace
-- Texts and seconds of the last runs that had enough to do, all stages together.
select coalesce(sum(worked.texts), 0)::bigint as texts,
       coalesce(sum(extract(epoch from last.finished_at - last.started_at)), 0)::double precision as seconds
from (
  select run_id, started_at, finished_at from kb.pipeline_runs
  where workspace_id = %(workspace)s and embed_profile = %(space)s
    and status in ('DONE', 'DONE_WITH_ERRORS')
  order by finished_at desc limit 50
) last
cross join lateral (
  select count(*) as texts from kb.chunk_runs c where c.run_id = last.run_id and c.status = 'DONE'
) worked
where worked.texts >= %(enough)s;

-- name: documents_named
select d.path, d.document_id, d.status, d.reason, count(c.chunk_id) as chunks
from kb.generation_documents d
left join kb.generation_chunks c on c.generation_id = d.generation_id and c.path = d.path
where d.generation_id = %(generation)s and d.path = any(%(paths)s)
group by d.path, d.document_id, d.status, d.reason order by d.path;

-- name: runs_named
-- By the pipeline run's id, or that of a Dagster run that worked on it; the first letters are enough.
select r.*, g.generation_id from kb.pipeline_runs r left join kb.generations g using (run_id)
where r.workspace_id = %(workspace)s and (
  starts_with(r.run_id::text, %(run)s) or starts_with(r.dagster_run_id, %(run)s)
  or exists (select from kb.dagster_runs d
             where d.generation_id = g.generation_id and starts_with(d.dagster_run_id, %(run)s)))
order by r.started_at desc limit 2;

-- name: dagster_runs_of
select dagster_run_id from kb.dagster_runs where generation_id = %(generation)s
order by started_at, dagster_run_id;

-- name: outcomes
select status, reason, count(*) as documents, (array_agg(path order by path))[1:%(limit)s] as paths
from kb.generation_documents where generation_id = %(generation)s
group by status, reason order by status, count(*) desc, reason;

-- name: chunk_errors
select r.chunk_id::text as chunk_id, r.attempts, r.error_type, r.error_message, gc.path
from kb.chunk_runs r
left join kb.generation_chunks gc on gc.generation_id = %(generation)s and gc.chunk_id = r.chunk_id
where r.run_id = %(run)s and r.status = 'ERROR' order by gc.path, r.chunk_id limit %(limit)s;

-- name: sample_chunks
-- Spread over the documents: the first chunk of each comes first.
select gc.chunk_id::text as chunk_id, gc.document_id::text as document_id, gc.path, gc.chunk_index,
       c.heading_path, c.tokens, c.text
from kb.generation_chunks gc join kb.chunks c using (document_id, chunk_index)
where gc.generation_id = %(generation)s order by gc.chunk_index, gc.path limit %(limit)s;
