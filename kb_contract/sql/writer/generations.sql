-- Runs and generations: staged, checked, live, retired, failed.

-- name: lock_staging
-- One stager per agent at a time; freed when the transaction ends.
select pg_advisory_xact_lock(hashtextextended(%(key)s, 1));

-- name: lock_agent
select pg_advisory_lock(hashtextextended(%(key)s, 0));

-- name: unlock_agent
select pg_advisory_unlock(hashtextextended(%(key)s, 0)) as held;

-- name: is_lock_free
-- Taken and given back by this one statement.
select pg_try_advisory_xact_lock(hashtextextended(%(key)s, 0)) as is_free;

-- name: unlock_all
-- Whatever this connection holds, or nothing.
select pg_advisory_unlock_all();

-- name: live_generation
select * from kb.generations
where workspace_id = %(workspace)s and agent_id = %(agent)s and state = 'live';

-- name: generation
select * from kb.generations where generation_id = %(generation)s;

-- name: generation_of_dagster_run
select g.* from kb.generations g
join kb.dagster_runs r on r.generation_id = g.generation_id
where r.dagster_run_id = %(dagster_run)s and g.workspace_id = %(workspace)s;

-- name: newest_generation
select * from kb.generations
where workspace_id = %(workspace)s and agent_id = %(agent)s order by number desc limit 1;

-- name: generations
select * from kb.generations
where workspace_id = %(workspace)s and agent_id = %(agent)s order by number desc limit %(limit)s;

-- name: live_generations
select * from kb.generations where workspace_id = %(workspace)s and state = 'live' order by agent_id;

-- name: known_agents
-- Every agent that ever had a run or holds a collection.
select agent_id from kb.generations where workspace_id = %(workspace)s
union select agent_id from kb.colours where workspace_id = %(workspace)s order by agent_id;

-- name: unfinished_generation
-- The generation of a run that died on the way, for the same commit, agent and embedding; who extracts may be
-- another one by now, for each extraction is kept under its own model.
select g.* from kb.generations g join kb.pipeline_runs r on r.run_id = g.run_id
where g.workspace_id = %(workspace)s and g.agent_id = %(agent)s and g.state in ('staged', 'checked')
  and r.status = 'RUNNING' and r.git_sha = %(git_sha)s and r.embed_profile = %(embed_profile)s
  and g.tree_sha = %(tree_sha)s and g.config_digest = %(config_digest)s
order by g.number desc limit 1;

-- name: supersede_generations
with late as (
  update kb.generations set state = 'failed', ended_at = now(), reason = %(reason)s
  where workspace_id = %(workspace)s and agent_id = %(agent)s
    and state in ('staged', 'checked') and generation_id is distinct from %(keep)s
  returning run_id
)
update kb.pipeline_runs r
set status = 'FAILED', finished_at = now(), error_summary = %(reason)s
from late where r.run_id = late.run_id and r.status = 'RUNNING';

-- name: start_run
insert into kb.pipeline_runs
  (run_id, workspace_id, agent_id, git_sha, dagster_run_id, status, embed_profile, llm_profile,
   prompt_name)
values (%(run)s, %(workspace)s, %(agent)s, %(git_sha)s, %(dagster_run)s, 'RUNNING',
        %(embed_profile)s, %(llm_profile)s, %(prompt_name)s);

-- name: stage_generation
insert into kb.generations
  (workspace_id, agent_id, number, state, git_sha, tree_sha, uncommitted, manifest, instructions,
   golden, config_digest, space, run_id, dagster_run_id)
select %(workspace)s, %(agent)s, coalesce(max(number), 0) + 1, 'staged', %(git_sha)s, %(tree_sha)s,
       %(uncommitted)s, %(manifest)s, %(instructions)s, %(golden)s, %(config_digest)s, %(space)s,
       %(run)s, %(dagster_run)s
from kb.generations where workspace_id = %(workspace)s and agent_id = %(agent)s
returning *;

-- name: take_over_generation
update kb.generations set dagster_run_id = %(dagster_run)s
where generation_id = %(generation)s and state in ('staged', 'checked') returning *;

-- name: bind_dagster_run
insert into kb.dagster_runs (dagster_run_id, generation_id)
values (%(dagster_run)s, %(generation)s)
on conflict (dagster_run_id) do update set generation_id = excluded.generation_id;

-- name: record_check
-- One refusal ends the generation; when every gate was asked and none refuses it is checked.
update kb.generations set
  checks = checks || jsonb_build_object(%(name)s::text, %(verdict)s::jsonb),
  state = case
    when not %(passed)s then 'failed'
    when (select count(*) from jsonb_each(checks || jsonb_build_object(%(name)s::text, %(verdict)s::jsonb))
          where value ->> 'refuses' = 'false') >= %(gates)s and state = 'staged' then 'checked'
    else state end,
  -- The swap asks again, and so does a run that is executed anew: what stands there is not said twice.
  reason = case when %(passed)s or position(%(reason)s in coalesce(reason, '')) > 0 then reason
    else coalesce(reason || '; ', '') || %(reason)s end,
  checked_at = now(),
  ended_at = case when not %(passed)s then now() else ended_at end
where generation_id = %(generation)s and state in ('staged', 'checked', 'failed');

-- name: keep_own_questions
update kb.generations set own_questions = %(own)s
where generation_id = %(generation)s and state in ('staged', 'checked');

-- name: fail_generation
update kb.generations set state = 'failed', ended_at = now(), reason = coalesce(reason, %(reason)s)
where generation_id = %(generation)s and state in ('staged', 'checked');

-- name: fail_generation_of_dagster_run
-- Only while that run still holds it: another run may have taken it over.
update kb.generations set state = 'failed', ended_at = now(), reason = coalesce(reason, %(reason)s)
where dagster_run_id = %(dagster_run)s and workspace_id = %(workspace)s
  and state in ('staged', 'checked')
returning run_id;

-- name: fail_run_of_dagster_run
update kb.pipeline_runs r
set status = 'FAILED', finished_at = now(), error_summary = coalesce(error_summary, %(reason)s)
where r.status = 'RUNNING' and r.workspace_id = %(workspace)s and (
  (r.dagster_run_id = %(dagster_run)s
   and not exists (select from kb.generations g where g.run_id = r.run_id))
  or exists (select from kb.generations g where g.run_id = r.run_id and g.state = 'failed'
             and g.dagster_run_id = %(dagster_run)s));

-- name: finish_run
update kb.pipeline_runs
set status = %(status)s, finished_at = now(), error_summary = %(error_summary)s
where run_id = %(run)s and status = 'RUNNING';

-- name: runs_of_agent
select * from kb.pipeline_runs
where workspace_id = %(workspace)s and agent_id = %(agent)s order by started_at desc limit %(limit)s;

-- name: last_ended_run
select * from kb.pipeline_runs
where workspace_id = %(workspace)s and agent_id = %(agent)s and status <> 'RUNNING'
order by finished_at desc nulls last, started_at desc limit 1;

-- name: run
select * from kb.pipeline_runs where run_id = %(run)s;

-- name: run_of_dagster_run
select r.* from kb.pipeline_runs r
where r.dagster_run_id = %(dagster_run)s
   or r.run_id = (select g.run_id from kb.generations g join kb.dagster_runs d
                  on d.generation_id = g.generation_id where d.dagster_run_id = %(dagster_run)s)
order by r.started_at desc limit 1;
