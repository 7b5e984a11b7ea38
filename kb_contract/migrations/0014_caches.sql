-- Answers that may be given again, what made them stale, and how often caches knew.

create table ops.cached_answers (
  entry_id     text primary key,          -- the answer that was worked out
  workspace_id text not null,
  scope        text not null,             -- digest of who asks whom, with which models and rules
  words        text not null,             -- digest of the question's words
  question     text not null,             -- made whole: what was said before is in it
  groups       text[] not null,           -- what its caller might read
  agent        text,                      -- the one that was named; null: whoever the plan chose
  query_type   text not null,
  agents       jsonb not null,            -- generation_id of every agent that it holds for
  asked        jsonb not null,            -- [agent, question] of each step
  body         jsonb not null,            -- answer, coverage, conflicts, plan, classification
  citations    jsonb not null,            -- each with its place in its chunk
  cost         numeric(14, 8) not null,   -- what it took to work out
  seconds      double precision not null,
  size         integer not null,
  hits         integer not null default 0,
  created_at   timestamptz not null default now(),
  used_at      timestamptz not null default now(),
  expires_at   timestamptz not null,
  unique (workspace_id, scope, words)
);
create index on ops.cached_answers (workspace_id, used_at);

alter table ops.answers
  add column cached_from text,            -- the kept answer that was given again
  add column stale_at    timestamptz,     -- since when documents say something else
  add column stale_why   text;
create index on ops.answers (cached_from) where cached_from is not null;
create index on ops.citations (agent_id, chunk_id);

-- What became of answers when knowledge changed; one row an answer and change.
create table ops.cache_events (
  event_id     bigint generated always as identity primary key,
  workspace_id text not null,
  answer_id    text not null,
  question     text not null,
  agent_id     text,
  generation   integer,
  event        text not null check (event in ('stale', 'carried', 'warmed')),
  why          text not null default '',
  at           timestamptz not null default now()
);
create index on ops.cache_events (workspace_id, at);

-- Counts of each cache, for each day and process; what it holds is what was said last.
create table ops.cache_figures (
  workspace_id  text not null,
  cache         text not null,
  day           date not null,
  process       text not null,
  hits          bigint not null default 0,
  misses        bigint not null default 0,
  entries       bigint not null default 0,
  bytes         bigint not null default 0,
  saved_cost    numeric(18, 8) not null default 0,
  saved_seconds double precision not null default 0,
  at            timestamptz not null default now(),
  primary key (workspace_id, cache, day, process)
);

-- Whoever keeps answers hears of it when what is served changes: by a swap, a way back or a retirement.
create function kb.tell_served() returns trigger language plpgsql as $$
begin
  if new.state = 'live' or old.state = 'live' then
    perform pg_notify('kb_served', new.workspace_id || ' ' || new.agent_id);
  end if;
  return null;
end $$;
create trigger tell_served after update of state on kb.generations
  for each row when (new.state is distinct from old.state) execute function kb.tell_served();

-- And when a text is taken out of what is served already.
create function kb.tell_purged() returns trigger language plpgsql as $$
begin
  perform pg_notify('kb_served', '');
  return null;
end $$;
create trigger tell_purged after update of purged_at on kb.chunks
  for each row when (new.purged_at is not null) execute function kb.tell_purged();
