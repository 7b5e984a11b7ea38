-- What the writer needs to take in every format, to go back, and to be told to wait.

-- Text that a reader drew out of a file that is no text itself (PDF, DOCX): offsets are into it.
alter table kb.documents add column extracted_text text;
alter table kb.chunks add column page integer;  -- from 1, where the format has pages

alter table ops.citations add column page integer;

-- A colour that was looked at whole has a stamp, here and on the collection itself: equal stamps
-- mean that it is the very collection that was looked at.
alter table kb.colours add column stamp text;
alter table kb.colours add column verified_at timestamptz;
alter table kb.colours add column audit jsonb not null default '{}';  -- what was looked at, and how

-- A generation is read before it is in any statistics: it would be taken for one row, and joined row
-- by row with another that is too. Without statistics each is taken for a fair share of the table.
alter table kb.generation_chunks alter column generation_id set statistics 0;
alter table kb.generation_documents alter column generation_id set statistics 0;

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
  resumed_by   text,
  resumed_at   timestamptz,              -- null: it is paused now
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

-- The text of a chunk that was deleted by hand is purged; its row stays, so that nobody takes the
-- document for one that never had it.
alter table kb.chunks add column purged_at timestamptz;
alter table kb.tombstones add column chunk_ids uuid[] not null default '{}';
alter table kb.tombstones add column incident_id bigint;
alter table kb.tombstones add column reconciled_by bigint references kb.generations;
-- Digests of its sentences: cut otherwise, or beside other words, it is still what was deleted.
alter table kb.tombstones add column sentences text[] not null default '{}';

-- Chunks that say what was deleted, of documents that are kept; they are in no manifest of the agent.
create table kb.buried_chunks (
  tombstone_id bigint not null references kb.tombstones on delete cascade,
  document_id  uuid not null,
  chunk_index  integer not null,
  primary key (tombstone_id, document_id, chunk_index),
  foreign key (document_id, chunk_index) references kb.chunks on delete cascade
);
create index on kb.buried_chunks (document_id, chunk_index);

-- A pruned generation is history: its row stays, and nothing that it was made of.
alter table kb.generations add column pruned_at timestamptz;

-- An agent whose folder is gone is not served; what it was made of is dropped after a grace.
create table kb.retirements (
  workspace_id text not null,
  agent_id     text not null,
  reason       text not null,
  ended_at     timestamptz not null default now(),
  dropped_at   timestamptz,
  primary key (workspace_id, agent_id)
);

-- A folder that was renamed: the history of the former name goes on under the new one.
create table kb.agent_names (
  workspace_id text not null,
  former       text not null,
  agent_id     text not null,
  git_sha      text not null,
  renamed_at   timestamptz not null default now(),
  primary key (workspace_id, former)
);

-- What is deleted must not make Postgres look through whole tables for who refers to it.
create index on kb.generation_documents (document_id);
create index on kb.generation_chunks (document_id, chunk_index);
create index on kb.chunks (embed_sha256);

-- How often reading a document met the limits: after the first time it is read again.
alter table kb.documents add column stopped integer not null default 0;

-- Whether a document is for a caller of these groups at this moment; what says nothing is for all.
create function kb.may_read(front_matter jsonb, groups text[], moment timestamptz) returns boolean
language sql stable parallel safe
return coalesce(front_matter->'audience', '["everyone"]'::jsonb) ?| groups
   and coalesce((front_matter->>'effective')::timestamptz <= moment, true)
   and coalesce((front_matter->>'expires')::timestamptz > moment, true);

-- By which way a run was asked for (sensor, webhook, schedule, api, …), and by whom.
alter table kb.pipeline_runs add column trigger text not null default '';
alter table kb.pipeline_runs add column requested_by text not null default '';

grant select on all tables in schema kb to kb_reader;
