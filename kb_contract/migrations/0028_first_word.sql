-- When the first word of an answer came: before it, a provider that stops when its reader is gone has written nothing.
alter table ops.usage add column first_word double precision;  -- seconds after it went out

-- As before, but for answers that nobody reads to their end: they are written from their first word on.
create or replace function ops.guessed_money(one ops.usage, share double precision) returns jsonb language sql stable as $$
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
           case when share < 1 then 1 - least(coalesce(a.first_word, 0) / greatest(
             extract(epoch from a.settled_at - a.sent_at)::double precision, 0.000001), 1) else 1 end as writing,
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
           least(coalesce(sum(weight * completion_tokens) / sum(weight), one.most_completion), one.most_completion) as wrote,
           -- Who stops unread had written nothing before its first word, and less than half on average where many die, for then
           -- they die early.
           least(coalesce(sum(weight * completion_tokens * writing * case when share < 1 then 1 - ripe / 6 else 1 end)
             / sum(weight), one.most_completion), one.most_completion) as wrote_unread
    from peers
  )
  select jsonb_build_object(
    'peers', u.peers,
    'prompt_tokens', round(u.counted_so * coalesce(one.counted_tokens, one.prompt_tokens)),
    'completion_tokens', round(share * u.wrote_unread),
    'cost', u.paid_so * one.prompt_cost + share * u.wrote_unread * ops.token_price(one),
    -- Beside how much such requests differ, there is the moment in the answer at which its reader went.
    'spread', sqrt(coalesce((select sum(weight * (cost - u.paid_so * prompt_cost - u.wrote * price) ^ 2) / sum(weight)
                             from peers), 0)
                   + case when share < 1 or u.peers = 0 then (u.wrote * ops.token_price(one)) ^ 2 / 12 else 0 end))
  from usual u
$$;

-- As before; keeps when the first word came.
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
    error = nullif(said->>'error', ''), seconds = (said->>'seconds')::double precision,
    first_word = (said->>'first_word')::double precision, settled_at = now()
  where call_id = id;
  return warned;
end $$;
