-- What measurements found, for the checks that people see.

-- name: evaluation
select evaluation_id, kind, data, agent_id, generation, git_sha, model, figures, differences, at
from ops.evaluations where workspace_id = %(workspace)s and evaluation_id = %(evaluation)s;

-- name: newest_evaluation
select evaluation_id, kind, data, agent_id, generation, git_sha, model, figures, differences, at
from ops.evaluations
where workspace_id = %(workspace)s and agent_id = %(agent)s and kind = 'answers'
order by at desc limit 1;
