-- Who took an agent's lock last: a writer with an older number is late, and may change nothing.

-- name: draw_fence
-- Run on the connection that holds the lock, so that only its holder draws.
insert into kb.fences (workspace_id, agent_id, token) values (%(workspace)s, %(agent)s, 1)
on conflict (workspace_id, agent_id) do update set token = kb.fences.token + 1
returning token;

-- name: newest_fence
-- Shared: several may look, and nobody draws a newer one before this transaction ends.
select token from kb.fences where workspace_id = %(workspace)s and agent_id = %(agent)s for share;
