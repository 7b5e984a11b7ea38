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

-- What chunks name: people, products, codes, terms. Made of a document's text alone, so made once.
create table kb.entities (
  document_id uuid not null,
  chunk_index integer not null,
  name        text not null,             -- in small letters, only letters and digits
  said        text not null,             -- as the chunk writes it
  kind        text not null check (kind in ('name', 'code', 'acronym', 'term')),
  primary key (document_id, chunk_index, name),
  foreign key (document_id, chunk_index) references kb.chunks on delete cascade
);
create index on kb.entities (name);

-- Two names that a document says are one thing: an acronym and what it stands for.
create table kb.entity_links (
  document_id uuid not null references kb.documents on delete cascade,
  chunk_index integer not null,
  name        text not null,
  same_as     text not null,
  primary key (document_id, chunk_index, name, same_as)
);
create index on kb.entity_links (name);

-- Which documents were looked through, by which extractor; the others wait.
create table kb.entity_documents (
  document_id uuid not null references kb.documents on delete cascade,
  made        text not null check (made in ('entities', 'entity_links')),
  extractor   text not null,
  primary key (document_id, made)
);

-- What is taken out of the ledger by hand takes with it what was read out of it.
create function kb.forget_entities() returns trigger language plpgsql as $$
begin
  delete from kb.entities where (document_id, chunk_index) = (new.document_id, new.chunk_index);
  delete from kb.entity_links where (document_id, chunk_index) = (new.document_id, new.chunk_index);
  return null;
end $$;
create trigger forget_entities after update of purged_at on kb.chunks
  for each row when (new.purged_at is not null) execute function kb.forget_entities();

grant select on kb.entities, kb.entity_links, kb.entity_documents to kb_reader;
