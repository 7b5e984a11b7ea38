-- What nobody can go back to any more.

-- name: prunable_generations
-- Kept: what is live, being built or lies in a colour; the one before the live one; what is pinned;
-- the last so many that were served; and all that are young.
with ranked as (
  select g.*, row_number() over (
    partition by agent_id, live_at is null order by live_at desc nulls last, number desc) as place
  from kb.generations g where workspace_id = %(workspace)s
)
select g.generation_id, g.agent_id, g.number, g.chunks, g.documents
from ranked g
where g.pruned_at is null and g.state in ('retired', 'failed')
  and g.created_at < now() - make_interval(days => %(days)s)
  and (g.live_at is null or g.place > %(generations)s)
  and not exists (select from kb.generation_pins p where p.generation_id = g.generation_id
                  and (p.ends_at is null or p.ends_at > now()))
  and not exists (select from kb.colours k where k.generation_id = g.generation_id)
  and g.number is distinct from (
    select before.number from kb.generations before
    join kb.generations live on live.workspace_id = before.workspace_id
      and live.agent_id = before.agent_id and live.state = 'live' and before.number < live.number
    where before.workspace_id = g.workspace_id and before.agent_id = g.agent_id
      and before.state = 'retired' and before.live_at is not null and before.chunks > 0
      -- as previous_generation goes: what was gone back from is no way back
      and not exists (select from kb.incidents i where i.generation_id = before.generation_id
                      and i.kind in ('rollback', 'automatic_rollback'))
    order by before.live_at desc, before.number desc limit 1)
order by g.agent_id, g.number;

-- name: lock_prunable
-- Pins lock the row too, so either the pin is seen or the pruning.
select generation_id from kb.generations
where generation_id = %(generation)s and pruned_at is null and state in ('retired', 'failed')
for update;

-- name: held_by_a_pin
select from kb.generation_pins
where generation_id = %(generation)s and (ends_at is null or ends_at > now());

-- name: prune_chunks
delete from kb.generation_chunks where generation_id = %(generation)s;

-- name: prune_documents
delete from kb.generation_documents where generation_id = %(generation)s;

-- name: prune_chunk_runs
delete from kb.chunk_runs r using kb.generations g
where g.generation_id = %(generation)s and r.run_id = g.run_id;

-- name: prune_dagster_runs
delete from kb.dagster_runs where generation_id = %(generation)s;

-- name: say_pruned
update kb.generations set pruned_at = now() where generation_id = %(generation)s;

-- name: hold_staging
-- Whoever stages a generation waits for this transaction, or this one waits for them: a run looks
-- for documents to use again only after it has staged.
lock table kb.generations in share row exclusive mode;

-- name: unfinished_anywhere
-- What is older was left by a run that nobody gave up; it finds nothing missing that it could serve.
select agent_id, number from kb.generations
where state in ('staged', 'checked') and created_at > now() - interval '1 day'
order by agent_id limit 5;

-- name: delete_documents
delete from kb.documents where document_id in (
  select d.document_id from kb.documents d
  where d.workspace_id = %(workspace)s and d.created_at < now() - make_interval(hours => %(hours)s)
    and not exists (select from kb.generation_documents gd where gd.document_id = d.document_id)
    and not exists (select from kb.generation_chunks gc where gc.document_id = d.document_id)
  limit %(limit)s);

-- name: delete_embeddings
delete from kb.embeddings where (space_id, embed_sha256) in (
  select e.space_id, e.embed_sha256 from kb.embeddings e
  where e.created_at < now() - make_interval(hours => %(hours)s)
    and not exists (select from kb.chunks c where c.embed_sha256 = e.embed_sha256)
  limit %(limit)s);

-- name: delete_runs
-- Runs that staged nothing; those of a generation are part of its history.
delete from kb.pipeline_runs where run_id in (
  select r.run_id from kb.pipeline_runs r
  where r.workspace_id = %(workspace)s and r.status <> 'RUNNING'
    and r.started_at < now() - make_interval(days => %(days)s)
    and not exists (select from kb.generations g where g.run_id = r.run_id)
  limit %(limit)s);

-- name: bytes_to_go
-- An estimate of what the deletions of this night will free, as Postgres stores it.
with going as (select unnest(%(going)s::bigint[]) as generation_id),
documents as (
  select d.document_id, pg_column_size(d.*) as bytes from kb.documents d
  where d.workspace_id = %(workspace)s and d.created_at < now() - make_interval(hours => %(hours)s)
    and not exists (
      select from kb.generation_documents gd where gd.document_id = d.document_id
        and gd.generation_id not in (select generation_id from going))
    and not exists (
      select from kb.generation_chunks gc where gc.document_id = d.document_id
        and gc.generation_id not in (select generation_id from going))
), chunks as (
  select c.embed_sha256, pg_column_size(c.*) as bytes
  from kb.chunks c join documents using (document_id)
), embeddings as (
  select pg_column_size(e.*) as bytes from kb.embeddings e
  where e.created_at < now() - make_interval(hours => %(hours)s)
    and not exists (select from kb.chunks c where c.embed_sha256 = e.embed_sha256
                    and c.document_id not in (select document_id from documents))
), manifests as (
  select pg_column_size(gc.*) as bytes
  from kb.generation_chunks gc join going using (generation_id)
  union all
  select pg_column_size(gd.*) from kb.generation_documents gd join going using (generation_id)
), runs as (
  select pg_column_size(r.*) as bytes from kb.pipeline_runs r
  where r.workspace_id = %(workspace)s and r.status <> 'RUNNING'
    and r.started_at < now() - make_interval(days => %(days)s)
    and not exists (select from kb.generations g where g.run_id = r.run_id)
)
select (select count(*) from documents) as documents, (select count(*) from chunks) as chunks,
       (select count(*) from embeddings) as embeddings, (select count(*) from runs) as runs,
       (select coalesce(sum(bytes), 0) from (
          select bytes from documents union all select bytes from chunks
          union all select bytes from embeddings union all select bytes from manifests
          union all select bytes from runs) everything)::bigint as bytes;

-- name: idle_copies
-- Copies of the past that readers made and nobody dropped: their process may be gone.
select p.collection from ops.past_collections p left join kb.generations g using (generation_id)
where p.used_at < now() - interval '1 day'
  and coalesce(g.workspace_id, %(workspace)s) = %(workspace)s
order by p.collection;

-- name: hold_copy
-- As readers do who make or use it.
select pg_advisory_xact_lock(hashtextextended('past:' || %(collection)s, 0));

-- name: forget_copy
delete from ops.past_collections
where collection = %(collection)s and used_at < now() - interval '1 day' returning collection;

-- name: uncommitted_trees
-- Trees of work that was not committed, and whether a generation that is kept still quotes them.
select git_sha, bool_or(pruned_at is null) as kept from kb.generations
where uncommitted group by git_sha;
