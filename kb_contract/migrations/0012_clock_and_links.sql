-- What runs by the clock, what is told when a run ends, what is forgotten later, and who may open a stream once.

create table ops.crons (
  cron_id          text primary key,
  workspace_id     text not null,
  owner            text not null,
  agents           text[],                  -- what its runs may ask; null: every agent of the workspace
  key_id           text references ops.api_keys,  -- made with it; it stops when neither that nor its successor is valid
  thread_id        text references ops.threads on delete cascade,  -- null: a thread of its own for each run
  assistant_id     text not null,
  schedule         text not null,
  timezone         text,
  payload          jsonb not null,
  metadata         jsonb not null default '{}',
  on_run_completed text check (on_run_completed in ('delete', 'keep')),
  enabled          boolean not null default true,
  end_time         timestamptz,
  next_run_date    timestamptz,
  last_run_id      text,
  last_error       text,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now()
);
create index on ops.crons (workspace_id, created_at desc);
create index on ops.crons (next_run_date) where enabled;

create function ops.may_see(c ops.crons, workspace text, scope text[]) returns boolean
language sql stable as $$
  select c.workspace_id = workspace and (scope is null or c.agents <@ scope)
$$;

create function ops.key_lives(wanted text) returns boolean
language sql stable as $$
  with recursive line as (
    select key_id, revoked_at, expires_at from ops.api_keys where key_id = wanted
    union
    select k.key_id, k.revoked_at, k.expires_at from ops.api_keys k join line on k.replaces = line.key_id
  )
  select exists (select from line
                 where revoked_at is null and (expires_at is null or expires_at > now()))
$$;

-- Threads that are kept for a while only.
alter table ops.threads add column forget_at timestamptz;
create index on ops.threads (forget_at) where forget_at is not null;

create table ops.run_webhooks (
  run_id    text primary key references ops.runs on delete cascade,
  url       text not null,
  status    text not null default 'waiting' check (status in ('waiting', 'sent', 'failed')),
  attempts  integer not null default 0,
  next_at   timestamptz not null default now(),
  error     text
);
create index on ops.run_webhooks (next_at) where status = 'waiting';

-- For browsers, whose sockets and event sources send no headers: good for one path, once, for a minute.
create table ops.tickets (
  digest       text primary key,
  workspace_id text not null,
  path         text not null,
  name         text not null,
  roles        text[],
  agents       text[],
  credential   text not null,
  expires_at   timestamptz not null
);
create index on ops.tickets (expires_at);

-- What a mail lets its reader answer once: kept as digests, bound to what was shown.
create table ops.approval_links (
  digest       text primary key,
  workspace_id text not null,
  approval_id  text not null,
  thread_id    text not null references ops.threads on delete cascade,
  person       text not null,
  shown        text not null,
  expires_at   timestamptz not null,
  used_at      timestamptz
);
create index on ops.approval_links (expires_at);

-- Two workspaces share no budget, whatever their people are called: a balance's subject begins with its workspace.
-- Whoever asks says and hears the plain name.
alter function ops.hold_money(jsonb, jsonb) rename to hold_money_of;
create function ops.hold_money(call jsonb, holds jsonb) returns jsonb language sql as $$
  select case when said ? 'subject' then jsonb_set(said, '{subject}',
    to_jsonb(substr(said->>'subject', length(call->>'workspace_id') + 2))) else said end
  from ops.hold_money_of(call, (
    select coalesce(jsonb_agg(jsonb_set(h, '{subject}',
      to_jsonb((call->>'workspace_id') || '/' || (h->>'subject'))) order by n), '[]')
    from jsonb_array_elements(holds) with ordinality as one (h, n))) said
$$;

alter function ops.settle_money(uuid, jsonb) rename to settle_money_of;
create function ops.settle_money(id uuid, said jsonb) returns jsonb language sql as $$
  select coalesce(jsonb_agg(jsonb_set(near, '{subject}',
    to_jsonb(substr(near->>'subject', length(u.workspace_id) + 2))) order by n), '[]')
  from jsonb_array_elements(ops.settle_money_of(id, said)) with ordinality as one (near, n)
  join ops.usage u on u.call_id = id
$$;
