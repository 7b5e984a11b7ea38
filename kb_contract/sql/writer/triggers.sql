-- Where runs come from: pushes that were told of, and who asked for a pipeline run.

-- name: open_pushes
select delivery_id, repository, ref, after_sha, pusher,
       extract(epoch from now() - received_at)::double precision as age
from ops.pushes where workspace_id = %(workspace)s and taken_at is null order by received_at desc, delivery_id limit 100;

-- name: take_push
update ops.pushes set taken_at = now(), dagster_runs = %(runs)s
where workspace_id = %(workspace)s and delivery_id = %(delivery)s and taken_at is null;

-- name: record_origin
update kb.pipeline_runs set trigger = %(trigger)s, requested_by = %(requested_by)s
where dagster_run_id = %(dagster_run)s and workspace_id = %(workspace)s and trigger = '';

-- name: note_trouble
update kb.pipeline_runs r set error_summary = %(reason)s
where r.status = 'RUNNING' and r.workspace_id = %(workspace)s
  and exists (select from kb.generations g
              where g.run_id = r.run_id and g.dagster_run_id = %(dagster_run)s);
