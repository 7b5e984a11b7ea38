-- What people look at: documents of a generation, what changed, gaps, measurements, runs.

-- name: generation_documents
-- Those that could not be read first; of the others only what the caller may read.
select gd.path, gd.status, gd.reason, coalesce(d.title, '') as title, coalesce(d.mime, '') as mime,
       d.size_bytes, coalesce(chunks.many, 0)::int as chunks
from kb.generations g
join kb.generation_documents gd using (generation_id)
left join kb.documents d using (document_id)
left join lateral (
  select count(*) as many from kb.generation_chunks gc
  where gc.generation_id = g.generation_id and gc.path = gd.path
) chunks on true
where g.workspace_id = %(workspace)s and g.agent_id = %(agent_id)s and g.number = %(number)s
  and (d.document_id is null or kb.may_read(d.front_matter, %(groups)s, now()))
  and (%(status)s::text is null or gd.status = %(status)s)
order by gd.status <> 'quarantined', gd.path limit %(limit)s offset %(offset)s;

-- name: generation_standing
-- Whether a generation is there, and whether retention has left its documents.
select g.number, g.state, g.git_sha, g.created_at, g.live_at,
       exists (select from kb.generation_documents gd where gd.generation_id = g.generation_id) as kept
from kb.generations g
where g.workspace_id = %(workspace)s and g.agent_id = %(agent_id)s and g.number = %(number)s;

-- name: changed_documents
-- Documents that differ between two generations, with the chunks that came and went.
with sides as (
  select g.generation_id, wanted.now
  from (values (false, %(before)s::integer), (true, %(after)s::integer)) wanted (now, number)
  join kb.generations g using (number)
  where g.workspace_id = %(workspace)s and g.agent_id = %(agent_id)s
), files as (
  select gd.path, d.title, gd.document_id, gd.status, sides.now
  from sides join kb.generation_documents gd using (generation_id)
  left join kb.documents d using (document_id)
  where d.document_id is null or kb.may_read(d.front_matter, %(groups)s, now())
), pairs as (
  select coalesce(b.path, a.path) as path, coalesce(b.title, a.title, '') as title,
         a.path is null as added, b.path is null as removed
  from (select * from files where not now) a
  full join (select * from files where now) b on a.path = b.path
  where a.path is null or b.path is null
     or a.document_id is distinct from b.document_id or a.status <> b.status
), chunks as (
  select coalesce(b.path, a.path) as path,
         count(*) filter (where a.chunk_id is null)::int as chunks_added,
         count(*) filter (where b.chunk_id is null)::int as chunks_removed,
         count(*) filter (where a.chunk_id is not null and b.chunk_id is not null)::int as chunks_kept
  from (select gc.* from kb.generation_chunks gc join sides using (generation_id) where not now) a
  full join (select gc.* from kb.generation_chunks gc join sides using (generation_id) where now) b
    on a.chunk_id = b.chunk_id
  where coalesce(b.path, a.path) in (select path from pairs)
  group by 1
)
select path, title, case when added then 'added' when removed then 'removed' else 'changed' end as change,
       coalesce(chunks_added, 0) as chunks_added, coalesce(chunks_removed, 0) as chunks_removed,
       coalesce(chunks_kept, 0) as chunks_kept
from pairs left join chunks using (path)
order by path limit %(limit)s;

-- name: names_of_agent
-- What the live documents name most often.
select e.name, min(e.said) as said, min(e.kind) as kind, count(*)::int as chunks
from kb.generations g
join kb.generation_chunks gc using (generation_id)
join kb.entities e using (document_id, chunk_index)
join kb.documents d using (document_id)
where g.workspace_id = %(workspace)s and g.agent_id = %(agent_id)s and g.state = 'live'
  and kb.may_read(d.front_matter, %(groups)s, now())
group by e.name order by chunks desc, e.name limit %(limit)s;

-- name: gaps_of_callers
-- Questions that nobody could answer, of the agents that the caller may ask.
select gap_id, agent_id, question, state, times, answer_id, asked_at, closed_generation, closed_sha,
       closed_path, closed_by, closed_at
from ops.knowledge_gaps
where workspace_id = %(workspace)s and (%(agent_id)s::text is null or agent_id = %(agent_id)s)
  and (%(scope)s::text[] is null or agent_id = any(%(scope)s))
  and (%(state)s::text is null or state = %(state)s)
order by state = 'open' desc, times desc, asked_at desc limit %(limit)s;

-- name: evaluations_of_callers
-- Measurements; what is about no one agent is for those who may ask all.
select evaluation_id, kind, data, agent_id, generation, git_sha, model, figures, differences,
       measured_by, at
from ops.evaluations
where workspace_id = %(workspace)s
  and (%(agent_id)s::text is null or agent_id = %(agent_id)s)
  and (%(scope)s::text[] is null or agent_id = any(%(scope)s))
  and (%(kind)s::text is null or kind = %(kind)s)
order by at desc limit %(limit)s;

-- name: recent_runs
-- The newest first, each with its question: a run that goes on after an answer has that of the run before.
select r.run_id, r.thread_id, r.status, r.error, r.attempt, r.created_at, r.updated_at,
       r.metadata->>'requested_by' as requested_by, r.kwargs->'command' <> 'null' as goes_on,
       coalesce(nullif(r.kwargs#>>'{input,question}', ''), asked.question, '') as question
from ops.runs r join ops.threads t using (thread_id)
left join lateral (
  select b.kwargs#>>'{input,question}' as question from ops.runs b
  where b.thread_id = r.thread_id and b.created_at < r.created_at and b.kwargs->'command' = 'null'
  order by b.created_at desc limit 1
) asked on r.kwargs->'command' <> 'null'
where ops.may_see(t, %(workspace)s, %(scope)s::text[])
  and (%(status)s::text is null or r.status = %(status)s)
order by r.created_at desc, r.run_id limit %(limit)s offset %(offset)s;

-- name: knowledge_figures
-- What each agent serves, and how its last run of the writer went; also of agents that serve nothing and have an open incident.
select agents.agent_id, g.number as generation, g.documents, g.quarantined, g.chunks,
       extract(epoch from now() - g.live_at)::float as live_seconds,
       exists (select from kb.pauses p where p.workspace_id = %(workspace)s and p.agent_id = agents.agent_id
               and p.resumed_at is null)::int as paused,
       (select count(*) from kb.incidents i where i.workspace_id = %(workspace)s
        and i.agent_id = agents.agent_id and i.closed_at is null)::int as incidents,
       (run.status = 'FAILED')::int as last_run_failed,
       extract(epoch from run.finished_at - run.started_at)::float as last_run_seconds
from (
  select agent_id from kb.generations where workspace_id = %(workspace)s and state = 'live'
  union
  select agent_id from kb.incidents where workspace_id = %(workspace)s and closed_at is null
) agents
left join kb.generations g on g.workspace_id = %(workspace)s and g.agent_id = agents.agent_id
  and g.state = 'live'
left join lateral (
  select r.status, r.started_at, r.finished_at from kb.pipeline_runs r
  where r.workspace_id = %(workspace)s and r.agent_id = agents.agent_id and r.finished_at is not null
  order by r.started_at desc limit 1
) run on true
where %(scope)s::text[] is null or agents.agent_id = any(%(scope)s::text[])
order by agents.agent_id;
