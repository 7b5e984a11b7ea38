-- What a model, or patterns, read out of a passage: paid for once for each input, prompt and model, whoever has it.
create table kb.extractions (
  extraction_id    uuid primary key,        -- follows from workspace, input, prompt and model
  workspace_id     text not null,
  input_sha256     text not null,           -- of all that is asked with: place, what stands before, text
  prompt_name      text not null,
  prompt_sha256    text not null,
  asked_model      text not null,           -- the first of the profile for the tier
  model            text,                    -- which answered; another one may stand in
  status           text not null check (status in ('DONE', 'INVALID', 'ERROR')),
  attempts         integer not null default 0,   -- requests that were paid for
  raw_text         text not null default '',     -- the last that was written, as it came
  parsed           jsonb,
  validation_error text,
  error_type       text,
  error_message    text,
  usage            jsonb not null default '[]',
  cost             numeric(14, 8) not null default 0,
  latency_ms       integer,
  agent_id         text not null,           -- whose run asked
  dagster_run_id   text not null,
  made_at          timestamptz not null default now(),
  unique (workspace_id, input_sha256, prompt_sha256, asked_model),
  check ((status = 'DONE') = (parsed is not null))
);
create index on kb.extractions (dagster_run_id);

-- Which extraction is a chunk's. One that is named here and not there is to be made.
create table kb.chunk_extractions (
  document_id   uuid not null,
  chunk_index   integer not null,
  prompt_sha256 text not null,
  asked_model   text not null,
  extraction_id uuid not null,
  primary key (document_id, chunk_index, prompt_sha256, asked_model),
  foreign key (document_id, chunk_index) references kb.chunks on delete cascade
);
create index on kb.chunk_extractions (extraction_id);

-- A sentence that says where a passage stands; it is embedded with it and never quoted.
alter table kb.chunks add column situation text not null default '',
  add column situated boolean not null default false;  -- stays, where the sentence had to go
alter table kb.documents add column situated boolean not null default false;

-- An extraction goes with the last chunk that it is of.
create function kb.drop_extraction() returns trigger language plpgsql as $$
begin
  delete from kb.extractions x where x.extraction_id = old.extraction_id
    and not exists (select from kb.chunk_extractions c where c.extraction_id = x.extraction_id);
  return null;
end $$;
create trigger drop_extraction after delete on kb.chunk_extractions
  for each row execute function kb.drop_extraction();

-- What is taken out by hand takes with it what was read out of it, here and of the passage that follows, which was
-- shown its end.
create function kb.forget_extractions() returns trigger language plpgsql as $$
begin
  delete from kb.extractions x using kb.chunk_extractions c
  where c.extraction_id = x.extraction_id and c.document_id = new.document_id
    and c.chunk_index in (new.chunk_index, new.chunk_index + 1);
  delete from kb.chunk_extractions
  where document_id = new.document_id and chunk_index in (new.chunk_index, new.chunk_index + 1);
  update kb.chunks set situation = ''
  where document_id = new.document_id and chunk_index in (new.chunk_index, new.chunk_index + 1)
    and situation <> '';
  return null;
end $$;
create trigger forget_extractions after update of purged_at on kb.chunks
  for each row when (new.purged_at is not null) execute function kb.forget_extractions();

grant select on kb.extractions, kb.chunk_extractions to kb_reader;

-- What a citation's passage cost is shared by the answers that cite it.
create index on ops.citations (chunk_id);

-- People are told once of a budget that comes near its end, whoever spent it.
create function ops.audit_budget() returns trigger language plpgsql as $$
begin
  perform ops.append_audit(jsonb_build_object(
    'kind', 'budget_near', 'actor', 'budgets', 'budget', new.budget, 'subject', new.subject,
    'begins', new.begins, 'spent', new.spent));
  return null;
end $$;
create trigger told after update on ops.budget_balances
  for each row when (new.warned_at is not null and old.warned_at is null)
  execute function ops.audit_budget();
