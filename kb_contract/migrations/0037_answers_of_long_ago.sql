-- An answer outlives its session, so it says itself whose it is.
alter table ops.answers add column workspace_id text not null default 'default';
update ops.answers a set workspace_id = t.workspace_id
from ops.threads t where t.thread_id = a.thread_id and t.workspace_id <> 'default';
create index on ops.answers (thread_id, created_at);

-- The type of a request is that of the answer it led to; it is noted when that goes.
alter table ops.usage add column query_type text;

-- Long outputs are kept for each workspace, until it has not had them again for long.
alter table ops.tool_outputs add column workspace_id text not null default 'default';
alter table ops.tool_outputs drop constraint tool_outputs_pkey;
alter table ops.tool_outputs add primary key (workspace_id, sha256);

-- Whether no run of a thread is at work, and nobody is asked in it.
create function ops.is_at_rest(thread text, workspace text) returns boolean language sql stable as $$
  select exists (select from ops.threads t where t.thread_id = thread and t.workspace_id = workspace)
    and not exists (select from ops.runs r
                    where r.thread_id = thread and r.status in ('pending', 'running'))
    and not exists (select from ops.approvals a where a.thread_id = thread and a.status = 'pending')
$$;
