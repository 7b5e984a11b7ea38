-- Keys of the server's door, and the audit of what privileged callers do.

-- name: key
-- Its use is noted once a minute.
with used as (
  update ops.api_keys set last_used_at = now()
  where key_id = %(key_id)s and (last_used_at is null or last_used_at < now() - interval '1 minute')
)
select key_id, name, roles, agents, digest, expires_at, revoked_at is not null as revoked,
       expires_at is not null and expires_at <= now() as expired
from ops.api_keys where key_id = %(key_id)s and workspace_id = %(workspace)s;

-- name: new_key
insert into ops.api_keys
  (key_id, workspace_id, name, roles, agents, digest, created_by, expires_at, replaces)
values (%(key_id)s, %(workspace)s, %(name)s, %(roles)s, %(agents)s, %(digest)s, %(created_by)s,
        %(expires_at)s, %(replaces)s)
returning key_id, workspace_id, name, roles, agents, created_by, created_at, expires_at, replaces;

-- name: lock_key
select key_id, name, roles, agents, expires_at, revoked_at from ops.api_keys
where key_id = %(key_id)s and workspace_id = %(workspace)s for update;

-- name: as_actor
select set_config('kb.actor', %(actor)s, true);

-- name: end_key
-- What replaces it may be taken into use meanwhile; a key never lives longer than it would have.
update ops.api_keys set expires_at = least(coalesce(expires_at, %(at)s), %(at)s)
where key_id = %(key_id)s and workspace_id = %(workspace)s returning expires_at;

-- name: revoke_key
update ops.api_keys set revoked_at = now()
where key_id = %(key_id)s and workspace_id = %(workspace)s and revoked_at is null
returning key_id, name, revoked_at;

-- name: keys
select key_id, workspace_id, name, roles, agents, created_by, created_at, expires_at, revoked_at,
       replaces, last_used_at,
       revoked_at is null and (expires_at is null or expires_at > now()) as valid
from ops.api_keys where workspace_id = %(workspace)s order by created_at, key_id;

-- name: append_audit
select ops.append_audit(%(entry)s);

-- name: new_ticket
with old as (delete from ops.tickets where expires_at < now())
insert into ops.tickets (digest, workspace_id, path, name, roles, agents, credential, expires_at)
values (%(digest)s, %(workspace)s, %(path)s, %(holder)s, %(roles)s, %(scope)s::text[], %(credential)s,
        now() + make_interval(secs => %(seconds)s))
returning expires_at;

-- name: take_ticket
delete from ops.tickets
where digest = %(digest)s and path = %(path)s and workspace_id = %(workspace)s and expires_at > now()
returning name, roles, agents, credential;
