-- Requests whose process died are put down as what such requests usually take, those among them that took nothing too:
-- a provider that fails one of ten does not bill one of ten of the lost ones either.
create or replace function ops.settle_lost_money() returns integer language plpgsql as $$
declare
  one   record;
  usual record;
  share numeric;
  wrote integer;
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
    select avg(u.completion_tokens) as wrote, avg((u.prompt_tokens > 0)::int) as paid into usual
    from (select completion_tokens, prompt_tokens from ops.usage
          where model = one.model and outcome in ('answered', 'unusable', 'failed')
          order by usage_id desc limit 200) u;
    share := coalesce(usual.paid, 1);
    wrote := round(least(usual.wrote, one.most_completion));  -- least() passes over an average of nothing
    perform ops.settle_money(one.call_id, jsonb_build_object(
      'prompt_tokens', round(share * one.prompt_tokens)::integer, 'completion_tokens', wrote, 'source', 'estimated',
      'cost', share * one.prompt_cost + case when one.most_completion > 0
        then (one.held - one.prompt_cost) * wrote / one.most_completion else 0 end,
      'outcome', 'lost', 'error', 'the process that asked is gone'));
    found_lost := found_lost + 1;
  end loop;
  return found_lost;
end $$;
