-- Money: a row per request of a provider, written before it is sent; balances that parallel requests cannot pass.
alter table ops.usage
  add column call_id       uuid not null default gen_random_uuid() unique,
  add column workspace_id  text not null default 'default',
  add column user_id       text,
  add column tier          text,
  add column role          text,
  add column outcome       text not null default 'answered' check (outcome in
    ('open', 'answered', 'unusable', 'failed', 'abandoned', 'lost')),
  add column error         text,
  add column seconds       double precision,
  add column cached        boolean not null default false,  -- answered from a cache of ours: nothing was paid
  add column cached_tokens integer not null default 0,      -- of the prompt, as the provider says
  add column held          numeric(14, 8) not null default 0,
  add column prompt_cost   numeric(14, 8) not null default 0,
  add column most_completion integer not null default 0,
  add column holds         jsonb not null default '[]',      -- the balances that it counts in
  add column expires_at    timestamptz,
  add column settled_at    timestamptz;
create index on ops.usage (at);
create index on ops.usage (run_id);
create index on ops.usage (thread_id, at);
create index on ops.usage (expires_at) where outcome = 'open';

-- What was spent and is held of a budget, for each subject and period.
create table ops.budget_balances (
  budget    text not null,
  subject   text not null,
  begins    text not null,
  spent     numeric(18, 8) not null default 0,
  held      numeric(18, 8) not null default 0,
  warned_at timestamptz,
  primary key (budget, subject, begins)
);

-- Writes the request down and holds its money, all of it or nothing. Gives {"over": …} when a budget has no room.
create function ops.hold_money(call jsonb, holds jsonb) returns jsonb language plpgsql as $$
declare
  one record;
begin
  insert into ops.budget_balances (budget, subject, begins)
  select h->>'budget', h->>'subject', h->>'begins' from jsonb_array_elements(holds) h order by 1, 2, 3
  on conflict do nothing;
  for one in  -- everybody locks in the same order, so nobody waits in a circle
    select b.*, (h->>'amount')::numeric as amount, (h->>'cap')::numeric as cap
    from jsonb_array_elements(holds) h
    join ops.budget_balances b
      on (b.budget, b.subject, b.begins) = (h->>'budget', h->>'subject', h->>'begins')
    order by b.budget, b.subject, b.begins for update of b
  loop
    if one.spent + one.held + one.amount > one.cap then
      return jsonb_build_object('over', one.budget, 'subject', one.subject, 'spent', one.spent,
                                'held', one.held, 'amount', one.amount, 'cap', one.cap);
    end if;
  end loop;
  update ops.budget_balances b set held = b.held + (h->>'amount')::numeric
  from jsonb_array_elements(holds) h
  where (b.budget, b.subject, b.begins) = (h->>'budget', h->>'subject', h->>'begins');
  insert into ops.usage
    (call_id, workspace_id, user_id, thread_id, run_id, step_id, agent_id, model, tier, role, prompt_tokens,
     completion_tokens, cost, source, outcome, held, prompt_cost, most_completion, holds, expires_at)
  select (call->>'call_id')::uuid, call->>'workspace_id', call->>'user_id', call->>'thread_id', call->>'run_id',
         call->>'step_id', call->>'agent_id', call->>'model', call->>'tier', call->>'role',
         (call->>'prompt_tokens')::integer, 0, 0, 'estimated', 'open', (call->>'most_dollars')::numeric,
         (call->>'prompt_dollars')::numeric, (call->>'most_completion')::integer, holds,
         now() + make_interval(secs => (call->>'seconds')::double precision);
  return '{}';
end $$;

-- Replaces what was held by what it took. A row that was given up as lost is set right; a settled one stays.
-- Gives the budgets that came near their end by it.
create function ops.settle_money(id uuid, said jsonb) returns jsonb language plpgsql as $$
declare
  was    ops.usage;
  one    jsonb;
  took   numeric;
  before numeric;
  near   record;
  warned jsonb := '[]';
begin
  select * into was from ops.usage where call_id = id for update;
  if not found or was.outcome not in ('open', 'lost') then
    return warned;
  end if;
  for one in select h from jsonb_array_elements(was.holds) h
             order by h->>'budget', h->>'subject', h->>'begins'
  loop
    took := case when one->>'unit' = 'tokens'
      then (said->>'prompt_tokens')::numeric + (said->>'completion_tokens')::numeric
      else (said->>'cost')::numeric end;
    before := case when was.outcome = 'open' then 0
      when one->>'unit' = 'tokens' then was.prompt_tokens + was.completion_tokens else was.cost end;
    update ops.budget_balances b
    set spent = b.spent + took - before,
        held = b.held - case when was.outcome = 'open' then (one->>'amount')::numeric else 0 end
    where (b.budget, b.subject, b.begins) = (one->>'budget', one->>'subject', one->>'begins');
    update ops.budget_balances b set warned_at = now()
    where (b.budget, b.subject, b.begins) = (one->>'budget', one->>'subject', one->>'begins')
      and b.warned_at is null and b.spent >= (one->>'warn_from')::numeric
    returning b.budget, b.subject, b.spent into near;
    if found then
      warned := warned || jsonb_build_array(jsonb_build_object(
        'budget', near.budget, 'subject', near.subject, 'spent', near.spent, 'cap', one->'full_cap'));
    end if;
  end loop;
  update ops.usage set
    prompt_tokens = (said->>'prompt_tokens')::integer,
    completion_tokens = (said->>'completion_tokens')::integer,
    cached_tokens = coalesce((said->>'cached_tokens')::integer, 0),
    cost = (said->>'cost')::numeric, source = said->>'source', outcome = said->>'outcome',
    error = nullif(said->>'error', ''), seconds = (said->>'seconds')::double precision, settled_at = now()
  where call_id = id;
  return warned;
end $$;

-- Requests whose process died: nobody knows what came back, so it is put down as what such requests usually take,
-- and where there were none before, as all that was held.
create function ops.settle_lost_money() returns integer language plpgsql as $$
declare
  one   record;
  usual numeric;
  found_lost integer := 0;
begin
  perform from ops.budget_balances b  -- all of them, in everybody's order, before the first is changed
  where (b.budget, b.subject, b.begins) in (
    select h->>'budget', h->>'subject', h->>'begins'
    from ops.usage u, jsonb_array_elements(u.holds) h where u.outcome = 'open' and u.expires_at < now())
  order by b.budget, b.subject, b.begins for update;
  for one in select * from ops.usage where outcome = 'open' and expires_at < now()
             order by usage_id limit 500 for update skip locked
  loop
    select least(avg(u.completion_tokens), one.most_completion) into usual
    from (select completion_tokens from ops.usage
          where model = one.model and outcome = 'answered' order by usage_id desc limit 200) u;
    usual := round(usual);  -- least() passes over an average of nothing
    perform ops.settle_money(one.call_id, jsonb_build_object(
      'prompt_tokens', one.prompt_tokens, 'completion_tokens', usual, 'source', 'estimated',
      'cost', one.prompt_cost + case when one.most_completion > 0
        then (one.held - one.prompt_cost) * usual / one.most_completion else 0 end,
      'outcome', 'lost', 'error', 'the process that asked is gone'));
    found_lost := found_lost + 1;
  end loop;
  return found_lost;
end $$;

-- How the models of each process are: the last word of each.
create table ops.model_states (
  model   text not null,
  process text not null,
  state   text not null check (state in ('closed', 'open', 'half_open')),
  why     text not null default '',
  until   timestamptz,
  at      timestamptz not null default now(),
  primary key (model, process)
);
