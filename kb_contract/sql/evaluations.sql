-- Measurements, feedback and gaps: written by the reader and by commands, read by the writer's checks.

-- name: keep_evaluation
insert into ops.evaluations (workspace_id, kind, data, agent_id, generation, git_sha, model, figures,
                             questions, differences, measured_by, at)
values (%(workspace)s, %(kind)s, %(data)s, %(agent)s, %(generation)s, %(git_sha)s, %(model)s,
        %(figures)s, %(questions)s, %(differences)s, %(by)s, %(at)s)
returning evaluation_id;

-- name: previous_evaluation
-- The one before it of the same data and agent, to compare with.
select kind, data, coalesce(agent_id, '') as agent, generation, coalesce(git_sha, '') as git_sha,
       model, at, figures, questions
from ops.evaluations
where workspace_id = %(workspace)s and kind = %(kind)s and data = %(data)s
  and agent_id is not distinct from %(agent)s
order by at desc limit 1;

-- name: evaluations
select evaluation_id, kind, data, agent_id, generation, git_sha, model, figures, differences,
       measured_by, at
from ops.evaluations
where workspace_id = %(workspace)s
  and (%(agent)s::text is null or agent_id = %(agent)s)
  and (%(kind)s::text is null or kind = %(kind)s)
order by at desc limit %(limit)s;

-- name: kept_citations
-- The newest answers' quotes, each with its answer's question.
select c.answer_id, c.ordinal, a.question, c.quote, c.path, c.git_sha as sha, c.start_offset as start,
       c.end_offset as "end", c.agent_id, c.generation
from (
  select answer_id, question, answers.created_at from ops.answers join ops.threads t using (thread_id)
  where t.workspace_id = %(workspace)s
    and exists (select from ops.citations
                where citations.answer_id = answers.answer_id
                  and (%(agent)s::text is null or agent_id = %(agent)s))
  order by answers.created_at desc limit %(answers)s
) a
join ops.citations c using (answer_id)
where %(agent)s::text is null or c.agent_id = %(agent)s
order by a.created_at desc, c.answer_id, c.ordinal;

-- name: give_feedback
insert into ops.feedback (answer_id, given_by, verdict, correction, passages)
select answer_id, %(by)s, %(verdict)s, %(correction)s, %(passages)s
from ops.answers join ops.threads t using (thread_id)
where answer_id = %(answer_id)s and ops.may_see(t, %(workspace)s, %(scope)s::text[])
on conflict (answer_id, given_by) do update
set verdict = excluded.verdict, correction = excluded.correction, passages = excluded.passages, at = now()
returning answer_id, given_by, verdict, correction, passages, at;

-- name: golden_candidates
-- Answers that somebody praised with what they cite, and corrections with what they name.
with of_workspace as not materialized (
  select answer_id from ops.answers join ops.threads t using (thread_id)
  where t.workspace_id = %(workspace)s
), praised as (
  select f.answer_id, c.agent_id, c.path, c.quote, c.score
  from ops.feedback f
  join ops.citations c using (answer_id)
  join of_workspace using (answer_id)
  where f.verdict = 'up' and c.agent_id = %(agent)s
), corrected as (
  select f.answer_id, p->>'agent_id' as agent_id, p->>'path' as path, p->>'quote' as quote, 1.0 as score
  from ops.feedback f
  join of_workspace using (answer_id)
  cross join lateral jsonb_array_elements(f.passages) p
  where p->>'agent_id' = %(agent)s
), best as (
  select distinct on (answer_id, kind) answer_id, kind, path, quote
  from (select *, 'praised' as kind from praised union all select *, 'corrected' from corrected) found
  order by answer_id, kind, score desc, path, quote
)
select b.answer_id, b.kind, a.question, b.path, b.quote, count(f.*) as people,
       array_agg(distinct f.given_by order by f.given_by) as said_by, max(f.at) as at
from best b
join ops.answers a using (answer_id)
join ops.feedback f on f.answer_id = b.answer_id
  and (f.verdict = 'up') = (b.kind = 'praised')
-- What one praises and another corrects is decided by neither.
where b.kind = 'corrected' or not exists (
  select from ops.feedback other where other.answer_id = b.answer_id and other.verdict = 'down')
group by b.answer_id, b.kind, a.question, b.path, b.quote
order by max(f.at) desc;

-- name: served_texts
-- What passages of documents say, as they are served now.
select gc.path, c.text
from kb.generations g
join kb.generation_chunks gc using (generation_id)
join kb.chunks c using (document_id, chunk_index)
where g.workspace_id = %(workspace)s and g.agent_id = %(agent)s and g.state = 'live'
  and gc.path = any(%(paths)s) and c.purged_at is null
order by gc.path, gc.chunk_index;

-- name: keep_gap
insert into ops.knowledge_gaps (workspace_id, agent_id, question, words_sha256, answer_id, tried_generation)
values (%(workspace)s, %(agent)s, %(question)s, %(words)s, %(answer_id)s,
        coalesce((select number from kb.generations
                  where workspace_id = %(workspace)s and agent_id = %(agent)s and state = 'live'), 0))
on conflict (workspace_id, agent_id, words_sha256) where state = 'open'
do update set times = knowledge_gaps.times + 1, answer_id = excluded.answer_id, asked_at = now(),
              question = excluded.question
where knowledge_gaps.answer_id is distinct from excluded.answer_id;

-- name: gaps_to_ask_again
-- Open gaps of agents that were published anew since they were asked last.
select p.gap_id, p.agent_id, p.question, g.number as generation
from ops.knowledge_gaps p
join kb.generations g on g.workspace_id = p.workspace_id and g.agent_id = p.agent_id and g.state = 'live'
where p.workspace_id = %(workspace)s and p.state = 'open'
  and (g.number <> p.tried_generation or %(again)s)
  and (%(agent)s::text is null or p.agent_id = %(agent)s)
order by p.gap_id limit %(limit)s;

-- name: gap_tried
update ops.knowledge_gaps set tried_generation = %(generation)s
where gap_id = %(gap)s and state = 'open';

-- name: close_gap
update ops.knowledge_gaps
set state = 'closed', closed_generation = %(generation)s, closed_sha = %(sha)s, closed_path = %(path)s,
    closed_quote = %(quote)s, closed_by = 'publication', closed_at = now(), tried_generation = %(generation)s
where gap_id = %(gap)s and state = 'open'
returning gap_id;

-- name: dismiss_gap
update ops.knowledge_gaps set state = 'dismissed', closed_by = %(by)s, closed_at = now()
where workspace_id = %(workspace)s and gap_id = %(gap)s and state = 'open'
returning gap_id;

-- name: gaps
select gap_id, agent_id, question, state, times, answer_id, asked_at, tried_generation,
       closed_generation, closed_sha, closed_path, closed_quote, closed_by, closed_at
from ops.knowledge_gaps
where workspace_id = %(workspace)s and (%(agent)s::text is null or agent_id = %(agent)s)
  and (%(state)s::text is null or state = %(state)s)
order by state = 'open' desc, times desc, asked_at desc limit %(limit)s;
