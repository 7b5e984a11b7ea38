-- Reading the past: copies of generations that no colour holds any more, and what answers rest on.

-- A reader makes a copy and whoever comes next uses it; it goes some time after its last use.
create table ops.past_collections (
  collection    text primary key,
  generation_id bigint not null,
  state         text not null check (state in ('building', 'ready')),
  built_at      timestamptz not null default now(),
  used_at       timestamptz not null default now()
);

alter table ops.answers
  add column coverage  jsonb not null default '{}',  -- which sentence stands on which citations
  add column conflicts jsonb not null default '[]',  -- sources that contradict each other
  add column as_of     text;                         -- the past that was asked; null: what was live
