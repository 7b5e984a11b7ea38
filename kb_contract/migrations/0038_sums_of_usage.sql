-- What was paid long ago, summed up for each day; whatever asks for spend reads both.
create table ops.usage_days (
  workspace_id text not null,
  at           timestamptz not null,        -- the day's beginning, in UTC
  user_id      text,
  thread_id    text,                        -- null: its session is gone
  agent_id     text,
  model        text not null,
  step_id      text,                        -- only what was read out of passages has one: 'extract'
  query_type   text not null,
  source       text not null,
  outcome      text not null,
  requests     bigint not null,
  prompt_tokens bigint not null,
  completion_tokens bigint not null,
  cost         numeric(20, 8) not null,
  squares      numeric not null,            -- of how far guessed costs may be off
  unique nulls not distinct
    (workspace_id, at, user_id, thread_id, agent_id, model, step_id, query_type, source, outcome)
);

create view ops.spent as
select workspace_id, at, user_id, thread_id, agent_id, model, step_id, query_type, source, outcome, 1::bigint as requests,
       prompt_tokens::bigint as prompt_tokens, completion_tokens::bigint as completion_tokens, cost,
       spread ^ 2 as squares
from ops.usage
union all
select workspace_id, at, user_id, thread_id, agent_id, model, step_id, query_type, source, outcome, requests,
       prompt_tokens, completion_tokens, cost, squares
from ops.usage_days;

-- The type of a request: that of the answer it led to, the next one of its thread; else what it was made for.
create function ops.type_of_request(thread text, asked_at timestamptz, step text) returns text
language sql stable as $$
  select coalesce(
    (select query_type from ops.answers
     where thread_id = thread and created_at >= asked_at order by created_at limit 1),
    case step when 'extract' then 'ingestion' when 'rerank' then 'rerank' else 'none' end)
$$;

-- What is old. What estimates are made of stays: the newest requests of each model, and those of the runs that plans
-- learn from.
create function ops.usage_to_sum_up(workspace text, before timestamptz) returns setof bigint
language sql stable as $$
  with newest as (
    select model, (select u.usage_id from ops.usage u where u.model = models.model
                   order by u.usage_id desc offset 200 limit 1) as before_those
    from (select model from ops.usage group by model) models
  ), recent as (
    select r.run_id from ops.runs r join ops.threads t using (thread_id)
    where t.workspace_id = workspace order by r.created_at desc limit 500
  )
  select u.usage_id from ops.usage u join newest using (model)
  where u.workspace_id = workspace and u.at < before and u.outcome <> 'open'
    and u.usage_id <= before_those and not exists (select from recent where recent.run_id = u.run_id)
$$;
