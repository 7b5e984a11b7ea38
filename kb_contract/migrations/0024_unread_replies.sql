-- What a request costs whose reply nobody read: nothing before it went out, else what requests like it took.
alter table ops.usage
  add column sent_at        timestamptz,                        -- when it went out to the provider
  add column counted_tokens integer,                            -- of the prompt, as we count; prompt_tokens is settled
  add column unread_share   real not null default 1,            -- of an answer that nobody reads to its end, that is billed
  add column spread         numeric(14, 8) not null default 0;  -- standard deviation of a cost that is a guess
update ops.usage set sent_at = at where outcome = 'open';
create index on ops.usage (model, usage_id);

-- Writes the request down and holds its money, all of it or nothing. Gives {"over": …} when a budget has no room.
-- A provider that counts more tokens in prompts than we do has so much more held for the prompt.
create or replace function ops.hold_money_of(call jsonb, holds jsonb) returns jsonb language plpgsql as $$
declare
  one        record;
  counted_so numeric;
begin
  select greatest(max(u.prompt_tokens::numeric / u.counted_tokens), 1) - 1 into counted_so
  from (select prompt_tokens, counted_tokens, source from ops.usage
        where model = call->>'model' order by usage_id desc limit 100) u
  where u.source = 'provider' and u.counted_tokens > 0;
  select coalesce(jsonb_agg(jsonb_set(h, '{amount}', to_jsonb((h->>'amount')::numeric + counted_so * (case h->>'unit'
    when 'tokens' then call->>'prompt_tokens' else call->>'prompt_dollars' end)::numeric)) order by n), '[]') into holds
  from jsonb_array_elements(holds) with ordinality as held (h, n);
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
     counted_tokens, completion_tokens, cost, source, outcome, held, prompt_cost, most_completion, unread_share,
     holds, expires_at)
  select (call->>'call_id')::uuid, call->>'workspace_id', call->>'user_id', call->>'thread_id', call->>'run_id',
         call->>'step_id', call->>'agent_id', call->>'model', call->>'tier', call->>'role',
         (call->>'prompt_tokens')::integer, (call->>'prompt_tokens')::integer, 0, 0, 'estimated', 'open',
         (call->>'most_dollars')::numeric, (call->>'prompt_dollars')::numeric, (call->>'most_completion')::integer,
         (call->>'unread_share')::real, holds,
         now() + make_interval(secs => (call->>'seconds')::double precision);
  return '{}';
end $$;

-- Dollars of one token that is written.
create function ops.token_price(one ops.usage) returns double precision language sql immutable as $$
  select case when one.most_completion > 0 then (one.held - one.prompt_cost) / one.most_completion else 0 end
$$;

-- What a request takes of which nobody knows how it ended, if so much of its answer is billed. It is what those beside
-- it in time took that were settled: of the same agent and kind where there are five, else of the same model, else all
-- that it may take. Each counts by how probable it is that a process dies during it: by the time that it was under way,
-- and somewhat more where many die, for then the long ones are among the dead. Prompts are set against our own count
-- of them, so that other counts, discounts and failures are met too.
create function ops.guessed_money(one ops.usage, share double precision) returns jsonb language sql stable as $$
  with around as (
    (select u.*, ops.token_price(u) as price from ops.usage u
     where u.model = one.model and u.usage_id < one.usage_id and u.sent_at is not null
       and u.outcome in ('answered', 'unusable', 'failed')
     order by u.usage_id desc limit 200)
    union all
    (select u.*, ops.token_price(u) as price from ops.usage u
     where u.model = one.model and u.usage_id > one.usage_id and u.sent_at is not null
       and u.outcome in ('answered', 'unusable', 'failed')
     order by u.usage_id limit 200)
  ), timed as (
    select a.*, greatest(extract(epoch from a.settled_at - a.sent_at), 0.000001)::double precision as took,
           a.workspace_id = one.workspace_id and a.agent_id is not distinct from one.agent_id
             and (a.step_id = 'extract') is not distinct from (one.step_id = 'extract') as alike
    from around a
  ), deaths as (  -- how many a second; those that died were under way for half of their time
    select count(*) / (t.all_took + count(*) * t.squares / t.all_took / 2) as a_second
    from (select sum(took) as all_took, sum(took ^ 2) as squares, min(usage_id) as first, max(usage_id) as last
          from timed) t
    join ops.usage u on u.model = one.model and u.sent_at is not null
      and u.usage_id between least(t.first, one.usage_id) and greatest(t.last, one.usage_id)
      and (u.outcome = 'lost' or u.outcome = 'open' and u.expires_at < now())
    group by t.all_took, t.squares
  ), weighed as (
    select t.*, took * (1 + ripe / 2 + ripe ^ 2 / 6) as weight
    from (select timed.*, least(took * coalesce((select a_second from deaths), 0), 2) as ripe from timed) t
  ), peers as (
    select * from weighed where alike or (select count(*) from weighed where alike) < 5
  ), usual as (
    select count(*) as peers,
           coalesce(sum(weight * prompt_tokens) / nullif(sum(weight * counted_tokens), 0), 1) as counted_so,
           coalesce(sum(weight * (cost - completion_tokens * price)) / nullif(sum(weight * prompt_cost), 0), 1) as paid_so,
           least(coalesce(sum(weight * completion_tokens) / sum(weight), one.most_completion), one.most_completion) as wrote
    from peers
  )
  select jsonb_build_object(
    'peers', u.peers,
    'prompt_tokens', round(u.counted_so * coalesce(one.counted_tokens, one.prompt_tokens)),
    'completion_tokens', round(share * u.wrote),
    'cost', u.paid_so * one.prompt_cost + share * u.wrote * ops.token_price(one),
    -- Beside how much such requests differ, there is the moment in the answer at which its reader went.
    'spread', sqrt(coalesce((select sum(weight * (cost - u.paid_so * prompt_cost - u.wrote * price) ^ 2) / sum(weight)
                             from peers), 0)
                   + case when share < 1 or u.peers = 0 then (u.wrote * ops.token_price(one)) ^ 2 / 12 else 0 end))
  from usual u
$$;

-- Replaces what was held by what it took. A row that was given up as lost is set right; a settled one stays.
-- Of a provider that writes on for readers who are gone, the end that nobody read is put down too.
-- Gives the budgets that came near their end by it.
create or replace function ops.settle_money_of(id uuid, said jsonb) returns jsonb language plpgsql as $$
declare
  was    ops.usage;
  one    jsonb;
  guess  jsonb;
  unread integer;
  took   numeric;
  before numeric;
  near   record;
  warned jsonb := '[]';
begin
  select * into was from ops.usage where call_id = id for update;
  if not found or was.outcome not in ('open', 'lost') then
    return warned;
  end if;
  if (said->>'unread')::boolean and was.unread_share = 1 then
    guess := ops.guessed_money(was, 1);
    unread := greatest((guess->>'completion_tokens')::integer - (said->>'completion_tokens')::integer, 0);
    said := said || jsonb_build_object(
      'completion_tokens', (said->>'completion_tokens')::integer + unread,
      'cost', (said->>'cost')::double precision + unread * ops.token_price(was), 'spread', guess->'spread');
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
    cost = (said->>'cost')::numeric, spread = coalesce((said->>'spread')::numeric, 0),
    source = said->>'source', outcome = said->>'outcome',
    error = nullif(said->>'error', ''), seconds = (said->>'seconds')::double precision, settled_at = now()
  where call_id = id;
  return warned;
end $$;

create or replace function ops.settle_lost_money() returns integer language plpgsql as $$
declare
  one  ops.usage;
  said jsonb;
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
    if one.sent_at is null then
      said := '{"prompt_tokens": 0, "completion_tokens": 0, "cost": 0, "error": "the process died before it asked"}';
    else
      said := ops.guessed_money(one, one.unread_share);
      said := said || jsonb_build_object('error', format(
        'the process that asked is gone; put down as %s like it took', said->>'peers'));
    end if;
    perform ops.settle_money(one.call_id, said || '{"source": "estimated", "outcome": "lost"}');
    found_lost := found_lost + 1;
  end loop;
  return found_lost;
end $$;
