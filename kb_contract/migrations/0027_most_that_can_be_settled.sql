-- What is held of a budget is the most that can be settled: requests at the same time pass no cap, whatever is counted.
alter table ops.usage
  add column bound_prompt integer,          -- the most tokens of a prompt that its provider is believed to have counted
  add column bound_cost   numeric(14, 8);   -- the most that can be settled

-- How much more than we count and ask for a model's requests took lately, and a tenth beyond that.
create function ops.taken_beside_asked(asked text, out prompts numeric, out answers numeric) language sql stable as $$
  select greatest(1, 1.1 * max(u.prompt_tokens::numeric / u.counted_tokens) filter (where u.source = 'provider' and u.counted_tokens > 0)),
         greatest(1, 1.1 * max(u.completion_tokens::numeric / u.most_completion) filter (where u.most_completion > 0))
  from (select source, prompt_tokens, counted_tokens, completion_tokens, most_completion
        from ops.usage where model = asked order by usage_id desc limit 100) u
$$;

-- Writes the request down and holds its money, all of it or nothing. Gives {"over": …} when a budget has no room.
-- Held is the most that can be settled. Where a budget has less room than that, but enough for what such requests took
-- lately, one goes alone, and holds all the room: of a budget that small, one request at a time is the most that is risked.
create or replace function ops.hold_money_of(call jsonb, holds jsonb) returns jsonb language plpgsql as $$
declare
  one    record;
  beside record;
  room   numeric;
  usual  numeric;
  taken  jsonb := '[]';
begin
  insert into ops.budget_balances (budget, subject, begins)
  select h->>'budget', h->>'subject', h->>'begins' from jsonb_array_elements(holds) h order by 1, 2, 3
  on conflict do nothing;
  for one in  -- everybody locks in the same order, so nobody waits in a circle
    select b.*, h as hold, (h->>'cap')::numeric as cap, ceil((h->>'amount')::numeric * 1e8) / 1e8 as amount
    from jsonb_array_elements(holds) h
    join ops.budget_balances b
      on (b.budget, b.subject, b.begins) = (h->>'budget', h->>'subject', h->>'begins')
    order by b.budget, b.subject, b.begins for update of b
  loop
    room := one.cap - one.spent - one.held;
    if one.amount > room then
      select * into beside from ops.taken_beside_asked(call->>'model');
      usual := least(one.amount, case when one.hold->>'unit' = 'tokens'
        then beside.prompts * (call->>'prompt_tokens')::numeric + beside.answers * (call->>'most_completion')::numeric
        else beside.prompts * (call->>'prompt_dollars')::numeric
          + beside.answers * ((call->>'most_dollars')::numeric - (call->>'prompt_dollars')::numeric) end);
      if one.held > 0 or usual > room then
        return jsonb_build_object('over', one.budget, 'subject', one.subject, 'spent', one.spent, 'held', one.held,
          'amount', one.amount, 'usual', usual, 'cap', one.cap, 'momentary', usual <= one.cap - one.spent);
      end if;
    end if;
    taken := taken || jsonb_set(one.hold, '{amount}', to_jsonb(least(one.amount, room)));
  end loop;
  update ops.budget_balances b set held = b.held + (h->>'amount')::numeric
  from jsonb_array_elements(taken) h
  where (b.budget, b.subject, b.begins) = (h->>'budget', h->>'subject', h->>'begins');
  insert into ops.usage
    (call_id, workspace_id, user_id, thread_id, run_id, step_id, agent_id, model, tier, role, prompt_tokens,
     counted_tokens, completion_tokens, cost, source, outcome, held, prompt_cost, most_completion, unread_share,
     bound_prompt, bound_cost, holds, expires_at)
  select (call->>'call_id')::uuid, call->>'workspace_id', call->>'user_id', call->>'thread_id', call->>'run_id',
         call->>'step_id', call->>'agent_id', call->>'model', call->>'tier', call->>'role',
         (call->>'prompt_tokens')::integer, (call->>'prompt_tokens')::integer, 0, 0, 'estimated', 'open',
         (call->>'most_dollars')::numeric, (call->>'prompt_dollars')::numeric, (call->>'most_completion')::integer,
         (call->>'unread_share')::real, (call#>>'{bound,prompt}')::integer, (call#>>'{bound,dollars}')::numeric, taken,
         now() + make_interval(secs => (call->>'seconds')::double precision);
  return '{}';
end $$;

-- As before; what such requests took elsewhere makes no request of a dead process dearer than it can be.
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
      said := said || jsonb_build_object(
        'prompt_tokens', least((said->>'prompt_tokens')::integer, one.bound_prompt),
        'cost', least((said->>'cost')::numeric, one.bound_cost),
        'error', format('the process that asked is gone; put down as %s like it took', said->>'peers'));
    end if;
    perform ops.settle_money(one.call_id, said || '{"source": "estimated", "outcome": "lost"}');
    found_lost := found_lost + 1;
  end loop;
  return found_lost;
end $$;
