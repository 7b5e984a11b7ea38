-- Whose a thread is, who may come in with which key, and what privileged callers did.
alter table ops.threads
  add column workspace_id text not null default 'default',
  add column owner        text,             -- whoever began it may forget it
  add column agents       text[];           -- what its runs may ask; null: every agent of the workspace
create index on ops.threads (workspace_id, updated_at desc);

create function ops.may_see(t ops.threads, workspace text, scope text[]) returns boolean
language sql stable as $$
  select t.workspace_id = workspace and (scope is null or t.agents <@ scope)
$$;

-- Runs of one caller that are under way are counted at every start.
create index on ops.runs ((metadata->>'requested_by')) where status in ('pending', 'running');

alter table ops.delegations add column workspace_id text not null default 'default';
alter table ops.pushes add column workspace_id text not null default 'default';
alter table ops.requested_operations add column workspace_id text not null default 'default';

-- Each workspace tells its own people.
alter table ops.notice_cursor add column workspace_id text not null default 'default';
alter table ops.notice_cursor drop constraint notice_cursor_pkey;
alter table ops.notice_cursor drop column only_row;
alter table ops.notice_cursor add primary key (workspace_id);

create table ops.api_keys (
  key_id       text primary key,
  workspace_id text not null,
  name         text not null,               -- who calls with it
  roles        text[] not null,
  agents       text[],                      -- null: every agent of the workspace
  digest       text not null,               -- sha256 of the secret, which is random and long
  created_by   text not null,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  replaces     text references ops.api_keys,
  last_used_at timestamptz,
  check (cardinality(roles) > 0)
);
create index on ops.api_keys (workspace_id, created_at);

create function ops.audit_key() returns trigger language plpgsql as $$
declare
  kind text;
begin
  if tg_op = 'INSERT' then
    kind := 'key_created';
  elsif new.revoked_at is distinct from old.revoked_at then
    kind := 'key_revoked';
  elsif new.expires_at is distinct from old.expires_at then
    kind := 'key_expires';
  else
    return null;
  end if;
  perform ops.append_audit(jsonb_build_object(
    'kind', kind, 'actor', coalesce(nullif(current_setting('kb.actor', true), ''), new.created_by),
    'workspace_id', new.workspace_id, 'key_id', new.key_id, 'name', new.name,
    'roles', to_jsonb(new.roles), 'agents', to_jsonb(new.agents), 'replaces', new.replaces,
    'expires_at', new.expires_at));
  return null;
end $$;
create trigger audited after insert or update on ops.api_keys
  for each row execute function ops.audit_key();

-- As before, and with the workspace: entries of others are not shown.
create or replace function ops.audit_approval() returns trigger language plpgsql as $$
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
    'workspace_id', (select t.workspace_id from ops.threads t where t.thread_id = new.thread_id),
    'run_id', coalesce(new.resume_run_id, new.run_id), 'step_id', new.step_id,
    'agent_id', new.agent_id, 'digest', new.digest, 'on_behalf_of', new.on_behalf_of,
    'decided_digest', new.decided_digest, 'decision', new.decision, 'deadline', new.deadline,
    'level', new.level, 'approvers', to_jsonb(new.approvers),
    'request', case when kind in ('asked', 'asked_again') then new.request end));
  perform pg_notify('ops_approvals', new.approval_id);
  return null;
end $$;

create or replace function ops.audit_delegation() returns trigger language plpgsql as $$
begin
  perform ops.append_audit(jsonb_build_object(
    'kind', case when tg_op = 'INSERT' then 'delegated' else 'delegation_ended' end,
    'actor', new.person, 'deputy', new.deputy, 'reason', new.reason, 'workspace_id', new.workspace_id,
    'starts_at', new.starts_at, 'ends_at', new.ends_at, 'delegation_id', new.delegation_id));
  return null;
end $$;
