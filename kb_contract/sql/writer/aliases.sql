-- What is served.

-- name: retire_live
update kb.generations
set state = 'retired', ended_at = now(), reason = coalesce(%(reason)s, reason)
where workspace_id = %(workspace)s and agent_id = %(agent)s and state = 'live' returning *;

-- name: withdraw_generation
-- It has nothing to serve, so it ends without ever being live. A paused agent keeps what is live.
update kb.generations g set state = 'retired', ended_at = now(), reason = %(reason)s
where generation_id = %(generation)s and state in ('staged', 'checked')
  and not exists (select from kb.pauses p where p.workspace_id = g.workspace_id
                  and p.agent_id = g.agent_id and p.resumed_at is null)
returning *;

-- name: go_live
-- A paused agent keeps what is live; this statement sees a pause that was there when it began.
update kb.generations g set state = 'live', live_at = now()
where generation_id = %(generation)s and state in ('staged', 'checked')
  and not exists (select from kb.pauses p where p.workspace_id = g.workspace_id
                  and p.agent_id = g.agent_id and p.resumed_at is null)
returning *;

-- name: keep_alias_move
insert into kb.alias_moves
  (workspace_id, agent_id, from_collection, to_collection, generation_id, dagster_run_id, moved_by,
   reason)
values (%(workspace)s, %(agent)s, %(from)s, %(to)s, %(generation)s, %(dagster_run)s, %(moved_by)s,
        %(reason)s);

-- name: forget_colours
delete from kb.colours where workspace_id = %(workspace)s and agent_id = %(agent)s;
