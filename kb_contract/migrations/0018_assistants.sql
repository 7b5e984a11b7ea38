-- Assistants that callers make: a graph with a config and a context of their own, in versions that stay.
create table ops.assistants (
  workspace_id text not null,
  assistant_id text not null,
  owner        text not null,
  agents       text[],                      -- what its maker may ask; null: every agent of the workspace
  version      integer not null default 1,  -- which one runs
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  primary key (workspace_id, assistant_id)  -- one workspace's ids say nothing of another's
);
create index on ops.assistants (workspace_id, created_at desc);

create table ops.assistant_versions (
  workspace_id text not null,
  assistant_id text not null,
  version      integer not null,
  graph_id     text not null,
  name         text not null,
  description  text,
  config       jsonb not null default '{}',
  context      jsonb not null default '{}',
  metadata     jsonb not null default '{}',
  created_at   timestamptz not null default now(),
  primary key (workspace_id, assistant_id, version),
  foreign key (workspace_id, assistant_id) references ops.assistants on delete cascade
);

create function ops.may_see(a ops.assistants, workspace text, scope text[]) returns boolean
language sql stable as $$
  select a.workspace_id = workspace and (scope is null or a.agents <@ scope)
$$;
