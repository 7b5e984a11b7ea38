-- What the reader and its server keep: runs, events, approvals, answers, usage.
create schema if not exists ops;
create schema if not exists langgraph;
create schema if not exists procrastinate;
create schema if not exists dagster;

create table ops.threads (
  thread_id   text primary key,
  status      text not null default 'idle' check (status in ('idle', 'busy', 'interrupted', 'error')),
  metadata    jsonb not null default '{}',
  config      jsonb not null default '{}',
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);
create index on ops.threads using gin (metadata jsonb_path_ops);

create table ops.runs (
  run_id             text primary key,
  thread_id          text not null references ops.threads on delete cascade,
  assistant_id       text not null,
  status             text not null default 'pending'
    check (status in ('pending', 'running', 'success', 'error', 'timeout', 'interrupted')),
  kwargs             jsonb not null,
  metadata           jsonb not null default '{}',
  multitask_strategy text not null default 'enqueue',
  attempt            integer not null default 0,
  cancel             text check (cancel in ('interrupt', 'rollback')),
  cancelled_by       text,
  job_id             bigint,
  trace_id           text,
  error              text,
  created_at         timestamptz not null default clock_timestamp(),
  updated_at         timestamptz not null default now()
);
create index on ops.runs (thread_id, created_at desc);
create unique index one_running_run on ops.runs (thread_id) where status = 'running';

-- One ordered stream per run; a client resumes after the last seq it saw.
create table ops.events (
  run_id     text not null references ops.runs on delete cascade,
  seq        bigint generated always as identity,
  event      text not null,
  data       json,                          -- kept letter by letter, in the order it was written
  checkpoint_id text,                       -- the newest checkpoint when it was written
  at         timestamptz not null default now(),
  primary key (run_id, seq)
);

-- An approval is answered once; whoever comes first wins.
create table ops.approvals (
  approval_id  text not null,               -- the id of LangGraph's interrupt
  thread_id    text not null references ops.threads on delete cascade,
  run_id       text not null,
  ordinal      integer not null default 0,  -- its place among those asked together
  step_id      text not null,
  agent_id     text not null,
  digest       text not null,               -- of exactly what was shown
  request      jsonb not null,
  status       text not null default 'pending'
    check (status in ('pending', 'approved', 'edited', 'rejected', 'responded', 'cancelled')),
  decision     jsonb,
  decided_by   text,
  decided_at   timestamptz,
  resume_run_id text,
  created_at   timestamptz not null default now(),
  primary key (approval_id, thread_id)      -- a copied thread waits for the same interrupts
);
create index on ops.approvals (status, created_at);
create index on ops.approvals (thread_id);

create table ops.answers (
  answer_id   text primary key,
  thread_id   text,
  run_id      text,
  trace_id    text,
  question    text not null,
  query_type  text not null,
  status      text not null,
  answer      text not null,
  plan        jsonb not null,
  usage       jsonb not null default '{}',
  timings     jsonb not null default '{}',
  generations jsonb not null default '{}',
  created_at  timestamptz not null default now()
);

create table ops.citations (
  answer_id    text not null references ops.answers on delete cascade,
  ordinal      integer not null,
  agent_id     text not null,
  generation   integer not null,
  chunk_id     uuid not null,
  path         text not null,
  git_sha      text not null,
  start_offset integer not null,
  end_offset   integer not null,
  quote        text not null,
  heading_path text[] not null,
  score        double precision not null,
  dagster_run_id text,
  primary key (answer_id, ordinal)
);

-- One row per call of a provider.
create table ops.usage (
  usage_id      bigint generated always as identity primary key,
  thread_id     text,
  run_id        text,
  step_id       text,
  agent_id      text,
  model         text not null,
  prompt_tokens integer not null,
  completion_tokens integer not null,
  cost          numeric(14, 8) not null,
  source        text not null check (source in ('provider', 'estimated')),
  at            timestamptz not null default now()
);

-- What a person approved for the writer to do; its sensor takes the rows that are 'requested'.
create table ops.requested_operations (
  key          text primary key,          -- the same key is the same effect, however often it comes
  action       text not null,
  arguments    jsonb not null,
  status       text not null default 'requested'
    check (status in ('requested', 'running', 'done', 'failed')),
  requested_by text not null,
  result       jsonb,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);
create index on ops.requested_operations (status, created_at);
