-- What the writer needs to take in every format, to go back, and to be told to wait.

-- Text that a reader drew out of a file that is no text itself (PDF, DOCX): offsets are into it.
alter table kb.documents add column extracted_text text;
alter table kb.chunks add column page integer;  -- from 1, where the format has pages

-- A colour that was looked at whole has a stamp, here and on the collection itself: equal stamps
-- mean that it is the very collection that was looked at.
alter table kb.colours add column stamp text;
alter table kb.colours add column verified_at timestamptz;

-- Grows with every writer that takes an agent's lock; whoever holds an older number is late.
create table kb.fences (
  workspace_id text not null,
  agent_id     text not null,
  token        bigint not null,
  primary key (workspace_id, agent_id)
);

-- A paused agent keeps serving; nothing builds it until a person resumes it.
create table kb.pauses (
  workspace_id text not null,
  agent_id     text not null,
  reason       text not null,
  paused_by    text not null,
  paused_at    timestamptz not null default now(),
  primary key (workspace_id, agent_id)
);

create table kb.incidents (
  incident_id   bigint generated always as identity primary key,
  workspace_id  text not null,
  agent_id      text not null,
  kind          text not null,           -- rollback, automatic_rollback, hotfix, …
  summary       text not null,
  next_step     text not null,           -- what a person has to do now
  facts         jsonb not null default '{}',
  generation_id bigint references kb.generations on delete set null,
  opened_by     text not null,
  opened_at     timestamptz not null default now(),
  closed_by     text,
  closed_at     timestamptz
);
create index on kb.incidents (workspace_id, agent_id, opened_at desc);

-- A chunk that was deleted by hand. Its very text does not come back until its source changes;
-- until then what is served differs from git, and the row stays open.
create table kb.tombstones (
  tombstone_id  bigint generated always as identity primary key,
  workspace_id  text not null,
  agent_id      text not null,
  chunk_id      uuid not null,
  text_sha256   text not null,
  path          text not null,
  git_sha       text not null,
  reason        text not null,
  created_by    text not null,
  created_at    timestamptz not null default now(),
  reconciled_at timestamptz,
  unique (workspace_id, agent_id, text_sha256)
);

-- Generations that somebody still reads: retention leaves them alone until the pin ends.
create table kb.generation_pins (
  generation_id bigint not null references kb.generations on delete cascade,
  holder        text not null,           -- thread:…, person:…
  reason        text not null default '',
  pinned_at     timestamptz not null default now(),
  ends_at       timestamptz,
  primary key (generation_id, holder)
);

-- Pushes that a git server told of; a delivery counts once.
create table ops.pushes (
  delivery_id  text primary key,
  provider     text not null check (provider in ('github', 'gitlab', 'gitea')),
  repository   text not null,
  ref          text not null,
  after_sha    text not null,
  pusher       text not null default '',
  received_at  timestamptz not null default now(),
  taken_at     timestamptz,              -- when the sensor looked at git because of it
  dagster_runs text[] not null default '{}'
);
create index on ops.pushes (received_at) where taken_at is null;

grant select on all tables in schema kb to kb_reader;
