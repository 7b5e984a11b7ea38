-- What was read out of passages.

-- name: unnamed_passages
-- Chunks of what a generation publishes that no extraction of this prompt and model is named for.
select c.document_id, c.chunk_index, gd.path, d.title, d.front_matter, c.heading_path, c.text,
       before.text as text_before
from (select document_id, min(path) as path from kb.generation_documents
      where generation_id = %(generation)s and status = 'published' and document_id is not null
      group by document_id) gd
join kb.documents d using (document_id)
join kb.chunks c using (document_id)
left join kb.chunks before
  on before.document_id = c.document_id and before.chunk_index = c.chunk_index - 1
where c.purged_at is null
  and not exists (select from kb.chunk_extractions x
                  where x.document_id = c.document_id and x.chunk_index = c.chunk_index
                    and x.prompt_sha256 = %(prompt_sha256)s and x.asked_model = %(asked_model)s)
order by gd.path collate "C", c.chunk_index;

-- name: name_extractions
insert into kb.chunk_extractions (document_id, chunk_index, prompt_sha256, asked_model, extraction_id)
select document_id, chunk_index, %(prompt_sha256)s, %(asked_model)s, extraction_id
from unnest(%(documents)s::uuid[], %(indexes)s::int[], %(extractions)s::uuid[])
  as named (document_id, chunk_index, extraction_id)
on conflict do nothing;

-- name: waiting_extractions
-- What is to be made, each once, in reading order: never made, or failed and not often paid for in vain.
select * from (
  select distinct on (m.extraction_id) m.extraction_id, m.document_id, m.chunk_index, gd.path,
         octet_length(c.text) as size
  from kb.generation_documents gd
  join kb.chunk_extractions m using (document_id)
  join kb.chunks c using (document_id, chunk_index)
  left join kb.extractions x using (extraction_id)
  where gd.generation_id = %(generation)s and gd.status = 'published'
    and m.prompt_sha256 = %(prompt_sha256)s and m.asked_model = %(asked_model)s
    and (x.extraction_id is null
         or (x.status = 'ERROR' and (%(again)s or x.attempts < %(most)s))
         or (x.status = 'INVALID' and %(again)s))
  order by m.extraction_id, gd.path collate "C", m.chunk_index
) waiting order by path collate "C", chunk_index;

-- name: first_extraction_in_vain
-- In reading order, of what is not asked for again by itself.
select gd.path || ': ' || coalesce(x.validation_error, x.error_message) as said
from kb.generation_documents gd
join kb.chunk_extractions m using (document_id)
join kb.extractions x using (extraction_id)
where gd.generation_id = %(generation)s and gd.status = 'published'
  and m.prompt_sha256 = %(prompt_sha256)s and m.asked_model = %(asked_model)s
  and (x.status = 'INVALID' or (x.status = 'ERROR' and x.attempts >= %(most)s))
order by gd.path collate "C", m.chunk_index limit 1;

-- name: passages_to_extract
select c.document_id, c.chunk_index, '' as path, d.title, d.front_matter, c.heading_path, c.text,
       before.text as text_before
from unnest(%(documents)s::uuid[], %(indexes)s::int[]) with ordinality
  as wanted (document_id, chunk_index, place)
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
left join kb.chunks before
  on before.document_id = c.document_id and before.chunk_index = c.chunk_index - 1
order by place;

-- name: claim_extraction
-- Who asks holds it; a process that dies lets go of it with its connection.
select pg_try_advisory_lock(hashtextextended('extraction ' || %(extraction)s::text, 0)) as mine;

-- name: release_extraction
select pg_advisory_unlock(hashtextextended('extraction ' || %(extraction)s::text, 0));

-- name: is_extracted
select extraction_id from kb.extractions where extraction_id = %(extraction)s and status = 'DONE';

-- name: keep_extraction
insert into kb.extractions
  (extraction_id, workspace_id, input_sha256, prompt_name, prompt_sha256, asked_model, model, status,
   attempts, raw_text, parsed, validation_error, error_type, error_message, usage, cost, latency_ms,
   agent_id, dagster_run_id)
values (%(extraction)s, %(workspace)s, %(input_sha256)s, %(prompt_name)s, %(prompt_sha256)s,
        %(asked_model)s, %(model)s, %(status)s, %(attempts)s, %(raw_text)s, %(parsed)s,
        %(validation_error)s, %(error_type)s, %(error_message)s, %(usage)s, %(cost)s, %(latency_ms)s,
        %(agent)s, %(run)s)
on conflict (extraction_id) do update set
  model = excluded.model, status = excluded.status, raw_text = excluded.raw_text,
  parsed = excluded.parsed, validation_error = excluded.validation_error,
  error_type = excluded.error_type, error_message = excluded.error_message,
  attempts = extractions.attempts + excluded.attempts, usage = extractions.usage || excluded.usage,
  cost = extractions.cost + excluded.cost, latency_ms = excluded.latency_ms,
  agent_id = excluded.agent_id, dagster_run_id = excluded.dagster_run_id, made_at = now()
where extractions.status <> 'DONE';

-- name: extraction_totals
-- Of all that a generation publishes.
select count(*) as passages, count(*) filter (where x.status = 'DONE') as done,
       count(*) filter (where x.status = 'INVALID') as invalid,
       count(*) filter (where x.status = 'ERROR') as error,
       count(*) filter (where x.extraction_id is null) as pending
from (select distinct document_id from kb.generation_documents
      where generation_id = %(generation)s and status = 'published' and document_id is not null) gd
join kb.chunk_extractions m using (document_id)
left join kb.extractions x using (extraction_id)
where m.prompt_sha256 = %(prompt_sha256)s and m.asked_model = %(asked_model)s;

-- name: unextracted_of
select count(*)::int as passages, coalesce(sum(octet_length(c.text)), 0)::bigint as size
from kb.chunks c
left join kb.chunk_extractions m
  on m.document_id = c.document_id and m.chunk_index = c.chunk_index
  and m.prompt_sha256 = %(prompt_sha256)s and m.asked_model = %(asked_model)s
left join kb.extractions x using (extraction_id)
where c.document_id = any(%(documents)s) and c.purged_at is null
  and coalesce(x.status, 'ERROR') = 'ERROR';

-- name: usual_completion
-- Tokens that such an answer has, of the last ones.
select avg(tokens)::float as tokens from (
  select (x.usage -> -1 ->> 'completion_tokens')::int as tokens from kb.extractions x
  where x.workspace_id = %(workspace)s and x.prompt_sha256 = %(prompt_sha256)s
    and x.asked_model = %(asked_model)s and x.status = 'DONE'
  order by x.made_at desc limit 200) last;

-- name: paid_for_extraction
-- By a Dagster run, and by the agent ever.
select coalesce(sum(cost) filter (where run_id = %(run)s), 0)::float as run,
       coalesce(sum(cost), 0)::float as agent,
       coalesce(sum(prompt_tokens) filter (where run_id = %(run)s), 0)::int as prompt_tokens,
       coalesce(sum(completion_tokens) filter (where run_id = %(run)s), 0)::int as completion_tokens,
       (count(*) filter (where run_id = %(run)s))::int as requests
from ops.usage
where workspace_id = %(workspace)s and agent_id = %(agent)s and step_id = 'extract';

-- name: say_extraction_profile
update kb.pipeline_runs set llm_profile = %(asked_model)s, prompt_name = %(prompt_name)s
where run_id = %(pipeline_run)s;

-- name: documents_to_situate
select distinct gd.document_id from kb.generation_documents gd join kb.documents d using (document_id)
where gd.generation_id = %(generation)s and gd.status = 'published' and not d.situated
order by gd.document_id;

-- name: hold_unsituated
select title, front_matter from kb.documents
where document_id = %(document)s and not situated for update;

-- name: situations_of
select c.chunk_index, c.heading_path, c.text, c.context, coalesce(x.parsed ->> 'situation', '') as situation
from kb.chunks c
left join kb.chunk_extractions m
  on m.document_id = c.document_id and m.chunk_index = c.chunk_index
  and m.prompt_sha256 = %(prompt_sha256)s and m.asked_model = %(asked_model)s
left join kb.extractions x using (extraction_id)
where c.document_id = %(document)s and c.purged_at is null order by c.chunk_index;

-- name: situate_chunk
update kb.chunks set situation = %(situation)s, situated = true, embed_sha256 = %(embed_sha256)s
where document_id = %(document)s and chunk_index = %(chunk_index)s;

-- name: say_situated
update kb.documents set situated = true where document_id = %(document)s;

-- name: extractions_of_run
-- What a run's generation has, errors first.
select gc.path, gc.chunk_index, gc.chunk_id::text as chunk_id, x.status, x.prompt_name, x.asked_model, x.model,
       x.attempts, x.validation_error, x.error_type, x.error_message, x.parsed, x.raw_text,
       x.cost::float as cost, x.latency_ms, x.made_at, c.text as passage
from kb.generation_chunks gc
join kb.chunks c using (document_id, chunk_index)
join kb.chunk_extractions m using (document_id, chunk_index)
join kb.extractions x using (extraction_id)
where gc.generation_id = %(generation)s
  and (%(path)s::text is null or gc.path = %(path)s or right(gc.path, length(%(path)s) + 1) = '/' || %(path)s)
  and (%(chunk)s::text is null or starts_with(gc.chunk_id::text, %(chunk)s))
order by (x.status = 'DONE'), gc.chunk_index, gc.path collate "C", x.made_at desc limit %(limit)s;

-- name: extraction_counts_of_run
select x.status, x.prompt_name, x.asked_model, count(*) as passages, sum(x.cost)::float as cost
from kb.generation_chunks gc
join kb.chunk_extractions m using (document_id, chunk_index)
join kb.extractions x using (extraction_id)
where gc.generation_id = %(generation)s group by 1, 2, 3 order by 2, 3, 1;
