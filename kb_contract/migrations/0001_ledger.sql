-- The writer's ledger. The reader sees all of it through the role kb_reader, and can change nothing.
create schema if not exists kb;

-- A document is its bytes and the way they were read, wherever they lie.
create table kb.documents (
  document_id   uuid primary key,
  workspace_id  text not null,
  file_sha256   text not null,
  blob_sha      text not null,           -- git's name for the same bytes: known without reading them
  reader        text not null,           -- name and version of reader and chunker
  source_name   text not null,           -- the first path that it was seen under
  mime          text not null,
  size_bytes    bigint not null,
  title         text not null default '',
  front_matter  jsonb not null default '{}',
  status        text not null default 'published',
  reason        text,                    -- why it could not be read; null when it could
  created_at    timestamptz not null default now(),
  unique (workspace_id, file_sha256, reader)
);
create index on kb.documents (workspace_id, blob_sha, reader);

create table kb.chunks (
  document_id   uuid not null references kb.documents on delete cascade,
  chunk_index   integer not null,
  heading_path  text[] not null,
  start_offset  integer not null,
  end_offset    integer not null,
  text          text not null,
  text_sha256   text not null,
  embed_sha256  text not null,           -- digest of what is embedded: place in words, then text
  tokens        integer not null,
  primary key (document_id, chunk_index)
);

-- Paid for once, whichever colour, generation or agent asks.
create table kb.embeddings (
  space_id      text not null,
  embed_sha256  text not null,
  vector        bytea not null,          -- little-endian float32
  created_at    timestamptz not null default now(),
  primary key (space_id, embed_sha256)
);

create table kb.pipeline_runs (
  run_id         uuid primary key,
  workspace_id   text not null,
  agent_id       text not null,
  git_sha        text not null,
  dagster_run_id text,
  status         text not null check (status in ('RUNNING', 'DONE', 'DONE_WITH_ERRORS', 'FAILED')),
  embed_profile  text not null,
  llm_profile    text not null,
  prompt_name    text not null,
  started_at     timestamptz not null default now(),
  finished_at    timestamptz,
  error_summary  text
);
create index on kb.pipeline_runs (workspace_id, agent_id, started_at desc);

create table kb.generations (
  generation_id   bigint generated always as identity primary key,
  workspace_id    text not null,
  agent_id        text not null,
  number          integer not null,
  state           text not null check (state in ('staged', 'checked', 'live', 'retired', 'failed')),
  git_sha         text not null,
  tree_sha        text not null,
  uncommitted     boolean not null default false,
  manifest        jsonb not null,
  instructions    text not null default '',
  golden          jsonb not null default '{"questions": []}',
  config_digest   text not null,
  space           jsonb not null,
  documents       integer not null default 0,
  chunks          integer not null default 0,
  quarantined     integer not null default 0,
  manifest_digest text,
  colour          text check (colour in ('blue', 'green')),
  collection      text,
  checks          jsonb not null default '{}',
  reason          text,
  run_id          uuid references kb.pipeline_runs,
  dagster_run_id  text,
  created_at      timestamptz not null default now(),
  checked_at      timestamptz,
  live_at         timestamptz,
  ended_at        timestamptz,
  unique (workspace_id, agent_id, number)
);
create unique index one_live_generation on kb.generations (workspace_id, agent_id) where state = 'live';
create index on kb.generations (dagster_run_id);

-- Which generation a Dagster run works on; after a crash another run takes the same one over.
create table kb.dagster_runs (
  dagster_run_id text primary key,
  generation_id  bigint not null references kb.generations on delete cascade,
  started_at     timestamptz not null default now()
);

-- Every file of the agent's folder at that commit, and what became of it.
create table kb.generation_documents (
  generation_id bigint not null references kb.generations on delete cascade,
  path          text not null,
  blob_sha      text not null,
  document_id   uuid references kb.documents,
  status        text not null check (status in ('published', 'unpublished', 'quarantined')),
  reason        text,
  primary key (generation_id, path)
);

-- The manifest: what the collection must hold, no more and no less.
create table kb.generation_chunks (
  generation_id  bigint not null references kb.generations on delete cascade,
  position       integer not null,
  chunk_id       uuid not null,
  document_id    uuid not null,
  chunk_index    integer not null,
  path           text not null,
  payload_sha256 text not null,
  primary key (generation_id, chunk_id),
  foreign key (document_id, chunk_index) references kb.chunks
);

create table kb.chunk_runs (
  run_id        uuid not null references kb.pipeline_runs on delete cascade,
  chunk_id      uuid not null,
  status        text not null check (status in ('PENDING', 'DONE', 'ERROR')),
  attempts      integer not null default 0,
  latency_ms    integer,
  error_type    text,
  error_message text,
  primary key (run_id, chunk_id)
);

-- What each colour is known to hold; 'writing' means a writer may have died in the middle.
create table kb.colours (
  workspace_id  text not null,
  agent_id      text not null,
  colour        text not null check (colour in ('blue', 'green')),
  collection    text not null,
  state         text not null check (state in ('writing', 'clean')),
  generation_id bigint references kb.generations,
  chunk_count   integer not null default 0,
  ids_digest    text not null default '',
  updated_at    timestamptz not null default now(),
  primary key (workspace_id, agent_id, colour)
);

create table kb.alias_moves (
  move_id         bigint generated always as identity primary key,
  workspace_id    text not null,
  agent_id        text not null,
  from_collection text,
  to_collection   text,
  generation_id   bigint references kb.generations,
  dagster_run_id  text,
  moved_by        text not null,
  reason          text not null,
  moved_at        timestamptz not null default now()
);

do $$
begin
  if not exists (select from pg_roles where rolname = 'kb_reader') then
    create role kb_reader nologin;
  end if;
  execute format('grant kb_reader to %I', current_user);
end $$;
grant usage on schema kb to kb_reader;
grant select on all tables in schema kb to kb_reader;
alter default privileges in schema kb grant select on tables to kb_reader;
