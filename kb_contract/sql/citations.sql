-- name: citations_of_answer
-- What an answer quoted, in its order.
select quote, path, git_sha as sha, start_offset as start, end_offset as "end", agent_id, generation
from ops.citations where answer_id = %(answer_id)s order by ordinal;

-- name: drawn_out_texts
-- Texts that readers drew out of exactly these bytes (git's name for them), one for each way of reading.
select extracted_text from kb.documents where blob_sha = %(blob)s and extracted_text is not null;
