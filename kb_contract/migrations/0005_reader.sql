-- What the whole reader needs.

-- Tools: a call that may change something happens once per key, whatever is killed when; a row that
-- was started and never ended means that nobody knows, so it is not tried again.
create table ops.tool_calls (
  key           text primary key,
  tool          text not null,
  arguments     jsonb not null,
  status        text not null default 'started' check (status in ('started', 'done', 'failed')),
  answer        text,
  structured    jsonb,
  started_at    timestamptz not null default now(),
  ended_at      timestamptz
);

-- Long outputs of tools, once by their content; a step's result holds the digest.
create table ops.tool_outputs (
  sha256  text primary key,
  content text not null,
  kept_at timestamptz not null default now()
);

-- Asking people: who asked, until when, who may answer, and for whom somebody did.
alter table ops.approvals
  add column requested_by   text not null default '',
  add column policy         jsonb not null default '{}',  -- as it was when the question was asked
  add column approvers      text[] not null default '{}', -- who may answer; empty: everyone
  add column deadline       timestamptz,
  add column warn_at        timestamptz,
  add column warned_at      timestamptz,
  add column level          integer not null default 0,   -- how often it was escalated
  add column on_behalf_of   text,
  add column decided_digest text,                         -- of what may be done: an edit has its own
  add column revoked_by     text,
  add column revoked_at     timestamptz;
create index on ops.approvals (deadline) where status = 'pending';

-- A person names a deputy, for a time.
create table ops.delegations (
  delegation_id bigint generated always as identity primary key,
  person        text not null,
  deputy        text not null,
  reason        text not null default '',
  starts_at     timestamptz not null,
  ends_at       timestamptz not null,
  ended_at      timestamptz,              -- when it was taken back before its end
  created_at    timestamptz not null default now(),
  check (person <> deputy),
  check (starts_at < ends_at)
);
create index on ops.delegations (deputy, ends_at);

-- Every question to a person and every decision, in order; each row's digest covers the one before.
create table ops.audit (
  n        bigint primary key,            -- without gaps
  entry    json not null,                 -- kept letter by letter: the digest is of these letters
  previous text not null,
  digest   text not null
);
create index on ops.audit ((entry->>'approval_id'));

create function ops.append_audit(said jsonb) returns void language plpgsql as $$
declare
  last record;
  entry text;
begin
  perform pg_advisory_xact_lock(7305112005);  -- until the end: numbers come in the order of commits
  select a.n, a.digest into last from ops.audit a order by a.n desc limit 1;
  entry := (jsonb_strip_nulls(said) || jsonb_build_object(
    'n', coalesce(last.n, 0) + 1,
    'at', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))::text;
  insert into ops.audit (n, entry, previous, digest) values (
    coalesce(last.n, 0) + 1, entry::json, coalesce(last.digest, ''),
    encode(sha256(convert_to(coalesce(last.digest, '') || E'\n' || entry, 'UTF8')), 'hex'));
end $$;

create function ops.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'ops.audit is append-only';
end $$;
create trigger append_only before update or delete on ops.audit
  for each row execute function ops.refuse_change();
create trigger never_emptied before truncate on ops.audit
  for each statement execute function ops.refuse_change();

-- Written by the table itself, so that no way to decide can leave it out.
create function ops.audit_approval() returns trigger language plpgsql as $$
declare
  kind text;
  who  text := 'approval policy';
begin
  if tg_op = 'INSERT' then
    kind := 'asked';
    who := new.requested_by;
  elsif new.status <> old.status and new.status <> 'pending' then
    kind := new.status;
    who := coalesce(new.decided_by, '');
  elsif new.status <> old.status and new.revoked_at is distinct from old.revoked_at then
    kind := 'revoked';
    who := new.revoked_by;
  elsif new.status <> old.status then
    kind := 'asked_again';
    who := new.requested_by;
  elsif new.level > old.level then
    kind := 'escalated';
  elsif new.warned_at is not null and old.warned_at is null then
    kind := 'warned';
  else
    return null;
  end if;
  perform ops.append_audit(jsonb_build_object(
    'kind', kind, 'actor', who, 'approval_id', new.approval_id, 'thread_id', new.thread_id,
    'run_id', coalesce(new.resume_run_id, new.run_id), 'step_id', new.step_id,
    'agent_id', new.agent_id, 'digest', new.digest, 'on_behalf_of', new.on_behalf_of,
    'decided_digest', new.decided_digest, 'decision', new.decision, 'deadline', new.deadline,
    'level', new.level, 'approvers', to_jsonb(new.approvers),
    'request', case when kind in ('asked', 'asked_again') then new.request end));
  perform pg_notify('ops_approvals', new.approval_id);
  return null;
end $$;
create trigger audited after insert or update on ops.approvals
  for each row execute function ops.audit_approval();

create function ops.audit_delegation() returns trigger language plpgsql as $$
begin
  perform ops.append_audit(jsonb_build_object(
    'kind', case when tg_op = 'INSERT' then 'delegated' else 'delegation_ended' end,
    'actor', new.person, 'deputy', new.deputy, 'reason', new.reason,
    'starts_at', new.starts_at, 'ends_at', new.ends_at, 'delegation_id', new.delegation_id));
  return null;
end $$;
create trigger audited after insert or update on ops.delegations
  for each row execute function ops.audit_delegation();

-- What people are told, and where; one row per entry of the audit and target.
create table ops.notices (
  notice_id  bigint generated always as identity primary key,
  n          bigint not null,
  channel    text not null check (channel in ('webhook', 'email')),
  target     text not null,
  status     text not null default 'waiting' check (status in ('waiting', 'sent', 'failed')),
  attempts   integer not null default 0,
  error      text,
  created_at timestamptz not null default now(),
  sent_at    timestamptz,
  unique (n, channel, target)
);
-- How far the audit was read for notices.
create table ops.notice_cursor (
  only_row boolean primary key default true check (only_row),
  n        bigint not null
);
insert into ops.notice_cursor (n) values (0);
