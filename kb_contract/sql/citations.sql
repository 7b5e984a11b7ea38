-- name: citations_of_answer
-- What an answer quoted, in its order.
select quote, path, git_sha as sha, start_offset as start, end_offset as "end", agent_id, generation
from ops.citations where answer_id = %(answer_id)s order by ordinal
