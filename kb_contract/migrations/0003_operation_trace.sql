-- Which request an operation came from, so that the writer's logs and spans can be found by it.
alter table ops.requested_operations add column trace_id text;
