-- Calls of tools, and what they gave back.

-- name: begin_call
insert into ops.tool_calls (key, tool, arguments) values (%(key)s, %(tool)s, %(arguments)s)
on conflict (key) do nothing;

-- name: call
select key, tool, arguments, status, answer, structured from ops.tool_calls where key = %(key)s;

-- name: end_call
update ops.tool_calls
set status = %(status)s, answer = %(answer)s, structured = %(structured)s, ended_at = now()
where key = %(key)s and status = 'started';

-- name: keep_output
-- Which was had again is young again.
insert into ops.tool_outputs (workspace_id, sha256, content) values (%(workspace)s, %(sha256)s, %(content)s)
on conflict (workspace_id, sha256) do update set kept_at = now()
where tool_outputs.kept_at < now() - interval '1 hour';

-- name: output
select content from ops.tool_outputs where workspace_id = %(workspace)s and sha256 = %(sha256)s;
