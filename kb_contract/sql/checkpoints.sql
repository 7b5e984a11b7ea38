-- LangGraph's tables, found through the search path; what its own saver does not do.

-- name: delete_writes_of_runs
delete from checkpoint_writes w
using checkpoints c
where w.thread_id = c.thread_id
  and w.checkpoint_ns = c.checkpoint_ns
  and w.checkpoint_id = c.checkpoint_id
  and c.metadata ->> 'run_id' = any(%(runs)s);

-- name: delete_checkpoints_of_runs
delete from checkpoints where metadata ->> 'run_id' = any(%(runs)s);

-- name: copy_blobs
insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
select %(target)s, checkpoint_ns, channel, version, type, blob
from checkpoint_blobs where thread_id = %(source)s
on conflict do nothing;

-- name: copy_writes
insert into checkpoint_writes
  (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, blob)
select %(target)s, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, blob
from checkpoint_writes where thread_id = %(source)s
on conflict do nothing;

-- name: copy_checkpoints
insert into checkpoints
  (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata)
select %(target)s, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata
from checkpoints where thread_id = %(source)s
on conflict do nothing;

-- name: count_checkpoints
select count(*) as n from checkpoints where thread_id = %(thread)s;

-- name: forget_results
-- Of one checkpoint's pending writes: what some tasks gave back, and the answers that interrupts got.
delete from checkpoint_writes
where thread_id = %(thread)s and checkpoint_ns = %(namespace)s and checkpoint_id = %(checkpoint)s
  and (channel = %(answers)s or (channel = %(results)s and task_id = any(%(tasks)s)));
