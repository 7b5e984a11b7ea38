-- name: citations_of_answer
-- What an answer quoted, in its order; `passage` is where the chunk lies in its file, while the ledger knows it.
select o.quote, o.path, o.git_sha as sha, o.start_offset as start, o.end_offset as "end", o.agent_id,
       o.generation, o.page, (
  select array[c.start_offset, c.end_offset]
  from kb.generations g
  join kb.generation_chunks gc using (generation_id)
  join kb.chunks c using (document_id, chunk_index)
  where g.workspace_id = %(workspace)s and g.agent_id = o.agent_id and g.number = o.generation
    and gc.chunk_id = o.chunk_id
) as passage
from ops.citations o where o.answer_id = %(answer_id)s order by o.ordinal;

-- name: drawn_out_texts
-- Texts that readers drew out of exactly these bytes (git's name for them), one for each way of reading.
select extracted_text from kb.documents where blob_sha = %(blob)s and extracted_text is not null;
