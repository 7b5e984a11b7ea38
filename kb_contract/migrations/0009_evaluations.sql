-- How good answers are: measurements, what people say of answers, and what nobody could answer.

create table ops.evaluations (
  evaluation_id bigint generated always as identity primary key,
  workspace_id  text not null,
  kind          text not null check (kind in ('retrieval', 'answers', 'citations')),
  data          text not null,            -- name of the labelled data
  agent_id      text,                     -- null: the planner chose, or a throw-away agent
  generation    integer,
  git_sha       text,
  model         text not null,
  figures       jsonb not null,
  questions     jsonb not null,
  differences   jsonb not null default '{}',  -- to the measurement of the same data before
  measured_by   text not null,
  at            timestamptz not null default now()
);
create index on ops.evaluations (workspace_id, agent_id, kind, at desc);

-- A person may change their mind about an answer; what they said last is what they say.
create table ops.feedback (
  answer_id  text not null references ops.answers on delete cascade,
  given_by   text not null,
  verdict    text not null check (verdict in ('up', 'down')),
  correction text not null default '',
  passages   jsonb not null default '[]', -- what should have been cited: [{agent_id, path, quote}]
  at         timestamptz not null default now(),
  primary key (answer_id, given_by)
);

-- Questions that an agent had nothing about; closed by the commit after which it has.
create table ops.knowledge_gaps (
  gap_id           bigint generated always as identity primary key,
  workspace_id     text not null,
  agent_id         text not null,
  question         text not null,
  words_sha256     text not null,         -- of the question's words, so that it is one gap however typed
  state            text not null default 'open' check (state in ('open', 'closed', 'dismissed')),
  times            integer not null default 1,
  answer_id        text,                  -- the last answer that said so
  asked_at         timestamptz not null default now(),
  tried_generation integer not null default 0,
  closed_generation integer,
  closed_sha       text,
  closed_path      text,
  closed_quote     text,
  closed_by        text,
  closed_at        timestamptz
);
create unique index one_open_gap on ops.knowledge_gaps (workspace_id, agent_id, words_sha256)
  where state = 'open';
create index on ops.knowledge_gaps (workspace_id, agent_id, state);
