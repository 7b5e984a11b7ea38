-- What people approved, or asked for over the API, for the writer to do.

-- name: open_operations
select key, action, arguments, status, trace_id, requested_by from ops.requested_operations
where workspace_id = %(workspace)s and status in ('requested', 'running') order by created_at limit 100;

-- name: settle_operation
update ops.requested_operations set status = %(status)s, result = %(result)s, updated_at = now()
where workspace_id = %(workspace)s and key = %(key)s and status in ('requested', 'running');
