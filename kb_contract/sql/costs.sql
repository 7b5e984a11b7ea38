-- What providers cost: held before, settled after, and added up.

-- name: hold_money
select ops.hold_money(%(call)s, %(holds)s) as said;

-- name: money_goes_out
-- Before a request is sent: a row that never was costs nothing, whatever becomes of its process.
update ops.usage set sent_at = now() where call_id = %(call_id)s and sent_at is null;

-- name: settle_money
select ops.settle_money(%(call_id)s, %(said)s) as warned;

-- name: settle_lost_money
select ops.settle_lost_money() as lost;

-- name: keep_model_state
insert into ops.model_states (model, process, state, why, until)
values (%(model)s, %(process)s, %(state)s, %(why)s, now() + make_interval(secs => %(rest)s::double precision))
on conflict (model, process) do update
set state = excluded.state, why = excluded.why, until = excluded.until, at = now();

-- name: model_states
-- A process that said nothing for a day is gone.
select model, process, state, why, until, at from ops.model_states
where at > now() - interval '1 day' order by model, process;

-- name: model_numbers
-- Requests of the last hour.
select model, outcome, count(*)::int as requests,
       coalesce(percentile_cont(0.5) within group (order by seconds), 0)::float as seconds_p50,
       coalesce(percentile_cont(0.95) within group (order by seconds), 0)::float as seconds_p95
from ops.usage where at > now() - interval '1 hour' group by model, outcome order by model, outcome;

-- name: costs
-- The dearest first, but days in their order, of which the newest are shown.
with spent as (
  select u.*, coalesce(u.query_type, ops.type_of_request(u.thread_id, u.at, u.step_id)) as type
  from ops.spent u
  where u.workspace_id = %(workspace)s
    and u.at >= %(since)s and (%(until)s::timestamptz is null or u.at < %(until)s)
), shown as (
  select case %(by)s
           when 'agent' then coalesce(agent_id, 'none')
           when 'type' then type
           when 'user' then coalesce(user_id, 'none')
           when 'session' then coalesce(thread_id, 'none')
           when 'day' then to_char(at at time zone 'UTC', 'YYYY-MM-DD')
           else model end as name,
         sum(requests)::int as requests,
         coalesce(sum(requests) filter (where outcome in ('failed', 'abandoned', 'lost')), 0)::int as failed,
         coalesce(sum(requests) filter (where outcome = 'open'), 0)::int as open,
         sum(prompt_tokens)::bigint as prompt_tokens, sum(completion_tokens)::bigint as completion_tokens,
         sum(cost)::float as cost,
         coalesce(sum(cost) filter (where source = 'estimated'), 0)::float as estimated_cost,
         sqrt(coalesce(sum(squares), 0))::float as estimated_spread
  from spent group by 1
  order by case when %(by)s = 'day' then 0 else -sum(cost) end, 1 desc limit %(limit)s
)
select * from shown order by case when %(by)s = 'day' then 0 else -cost end, name;

-- name: costs_total
select coalesce(sum(requests), 0)::int as requests,
       coalesce(sum(prompt_tokens), 0)::bigint as prompt_tokens,
       coalesce(sum(completion_tokens), 0)::bigint as completion_tokens,
       coalesce(sum(cost), 0)::float as cost,
       coalesce(sum(cost) filter (where source = 'estimated'), 0)::float as estimated_cost,
       sqrt(coalesce(sum(squares), 0))::float as estimated_spread
from ops.spent
where workspace_id = %(workspace)s
  and at >= %(since)s and (%(until)s::timestamptz is null or at < %(until)s);

-- name: costly_questions
-- What asking took, and beside it the share of what the cited passages cost to be read out.
with costly as (
  select u.thread_id, a.answer_id, a.question, a.query_type, sum(u.cost)::float as cost, count(*)::int as requests
  from ops.usage u
  join lateral (
    select answer_id, question, query_type from ops.answers
    where thread_id = u.thread_id and created_at >= u.at order by created_at limit 1
  ) a on true
  where u.workspace_id = %(workspace)s
    and u.at >= %(since)s and (%(until)s::timestamptz is null or u.at < %(until)s)
  group by 1, 2, 3, 4 having sum(u.cost) > 0 order by cost desc limit 10
)
select costly.*, coalesce(knowledge.cost, 0)::float as knowledge_cost
from costly left join lateral (
  select sum(paid.cost / paid.answers) as cost
  from (
    select distinct x.extraction_id, x.cost,
           (select count(distinct o.answer_id) from ops.citations o where o.chunk_id in (
              select chunk_id from kb.generation_chunks join kb.chunk_extractions using (document_id, chunk_index)
              where extraction_id = x.extraction_id)) as answers
    from (select agent_id, generation, chunk_id from ops.citations where answer_id = costly.answer_id) c
    join kb.generations g
      on g.workspace_id = %(workspace)s and g.agent_id = c.agent_id and g.number = c.generation
    join kb.generation_chunks gc on gc.generation_id = g.generation_id and gc.chunk_id = c.chunk_id
    join kb.chunk_extractions m using (document_id, chunk_index)
    join kb.extractions x using (extraction_id)
  ) paid
) knowledge on true order by costly.cost desc;

-- name: question_costs
-- Of the rows of a thread those since its last other answer, and since the run began that asked: by this clock. Where no
-- server keeps runs, those that are not much older than the question, whose age is told by the clocks of workers.
select (count(*) filter (where prompt_tokens > 0 and outcome <> 'open'))::int as calls,
       coalesce(sum(prompt_tokens) filter (where outcome <> 'open'), 0)::int as prompt_tokens,
       coalesce(sum(completion_tokens), 0)::int as completion_tokens,
       coalesce(sum(cost), 0)::float as cost,
       coalesce(bool_or(source = 'estimated') filter (where prompt_tokens > 0 and outcome <> 'open'),
                false) as estimated,
       coalesce(array_agg(distinct model order by model) filter (where prompt_tokens > 0 and outcome <> 'open'),
                '{}') as models
from ops.usage
where thread_id = %(thread_id)s and at >= now() - make_interval(secs => %(seconds)s::double precision)
  and at > coalesce((select max(created_at) from ops.answers
                     where thread_id = %(thread_id)s and answer_id <> %(answer_id)s), '-infinity')
  and at >= coalesce((select max(created_at) from ops.runs
                      where thread_id = %(thread_id)s and attempt > 0 and kwargs->'input' <> 'null'),
                     '-infinity');

-- name: knowledge_share
-- What the cited passages cost to be read out, each reading by the answers that cite it wherever its text stands,
-- this one too.
select coalesce(sum(paid.cost / paid.answers), 0)::float as cost
from (
  select distinct x.extraction_id, x.cost,
         (select count(distinct o.answer_id) from ops.citations o
          where o.answer_id <> %(answer_id)s and o.chunk_id in (
            select chunk_id from kb.generation_chunks join kb.chunk_extractions using (document_id, chunk_index)
            where extraction_id = x.extraction_id)) + 1 as answers
  from unnest(%(agents)s::text[], %(generations)s::int[], %(chunks)s::uuid[]) as c (agent_id, number, chunk_id)
  join kb.generations g
    on g.workspace_id = %(workspace)s and g.agent_id = c.agent_id and g.number = c.number
  join kb.generation_chunks gc on gc.generation_id = g.generation_id and gc.chunk_id = c.chunk_id
  join kb.chunk_extractions m using (document_id, chunk_index)
  join kb.extractions x using (extraction_id)
) paid;

-- name: ingestion_costs
-- Of what was read out of passages, in the time that is looked at.
select coalesce(sum(requests), 0)::int as requests, coalesce(sum(cost), 0)::float as cost
from ops.spent
where workspace_id = %(workspace)s and step_id = 'extract'
  and at >= %(since)s and (%(until)s::timestamptz is null or at < %(until)s);

-- name: balances
-- The fullest of each budget, so that one with many subjects hides no other. Whose a balance is begins with the
-- workspace: two of them share no budget.
select budget, substr(subject, length(%(workspace)s::text) + 2) as subject, begins, spent::float as spent,
       held::float as held, warned_at
from (
  select *, row_number() over (partition by budget order by spent + held desc, subject) as place
  from ops.budget_balances
  where begins = any(%(begins)s) and starts_with(subject, %(workspace)s::text || '/')
) every where place <= %(limit)s
order by budget, place;

-- name: balances_of
-- What of each of these is taken; of one that nobody used there is no row.
select w.budget, w.subject, w.begins, (b.spent + b.held)::float as taken
from unnest(%(budgets)s::text[], %(subjects)s::text[], %(begins)s::text[]) as w (budget, subject, begins)
join ops.budget_balances b
  on (b.budget, b.subject, b.begins) = (w.budget, %(workspace)s::text || '/' || w.subject, w.begins);
