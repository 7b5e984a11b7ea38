-- What readers ask of the ledger to answer from the past. Nothing here writes to schema kb.
-- Rights are those of today: of an agent that is served no longer, those that it had last.

-- name: served_at
-- What each agent served at a moment: the last move of its alias says so.
select g.*, m.moved_at as since, live.space as live_space, newest.manifest as newest_manifest
from (
  select distinct on (agent_id) agent_id, generation_id, moved_at
  from kb.alias_moves
  where workspace_id = %(workspace)s and moved_at <= %(moment)s
  order by agent_id, move_id desc
) m
join kb.generations g using (generation_id)
left join kb.generations live on live.workspace_id = g.workspace_id
  and live.agent_id = g.agent_id and live.state = 'live'
cross join lateral (
  select manifest from kb.generations
  where workspace_id = g.workspace_id and agent_id = g.agent_id and live_at is not null
  order by state = 'live' desc, live_at desc, number desc limit 1
) newest
order by g.agent_id;

-- name: served_numbers
-- Every agent's generation of this number that was served.
select g.*, g.live_at as since, live.space as live_space, newest.manifest as newest_manifest
from kb.generations g
left join kb.generations live on live.workspace_id = g.workspace_id
  and live.agent_id = g.agent_id and live.state = 'live'
cross join lateral (
  select manifest from kb.generations
  where workspace_id = g.workspace_id and agent_id = g.agent_id and live_at is not null
  order by state = 'live' desc, live_at desc, number desc limit 1
) newest
where g.workspace_id = %(workspace)s and g.number = %(number)s and g.live_at is not null
order by g.agent_id;

-- name: served_of_commit
-- The newest generation of each agent that was made of a commit and served.
select distinct on (g.agent_id) g.*, g.live_at as since, live.space as live_space, newest.manifest as newest_manifest
from kb.generations g
left join kb.generations live on live.workspace_id = g.workspace_id
  and live.agent_id = g.agent_id and live.state = 'live'
cross join lateral (
  select manifest from kb.generations
  where workspace_id = g.workspace_id and agent_id = g.agent_id and live_at is not null
  order by state = 'live' desc, live_at desc, number desc limit 1
) newest
where g.workspace_id = %(workspace)s and starts_with(g.git_sha, %(sha)s) and g.live_at is not null
order by g.agent_id, g.number desc;

-- name: where_it_lies
-- A colour that holds the generation for sure, or none; what was just published may lie in both.
select g.state, g.pruned_at, g.chunks, k.collection, k.stamp
from kb.generations g
left join kb.colours k on k.generation_id = g.generation_id and k.state = 'clean'
  and k.chunk_count = g.chunks
where g.generation_id = %(generation)s
order by k.colour is not distinct from g.colour desc
limit 1;

-- name: past_passages
-- As live_passages; but what was purged since is gone, and so is what is not for the caller today.
select g.agent_id, g.number as generation, g.git_sha, g.uncommitted, g.dagster_run_id,
       gc.chunk_id, gc.document_id, gc.path, d.title, c.heading_path,
       c.start_offset, c.end_offset, c.text, c.page,
       c.context, c.situation, d.front_matter, g.manifest->'owners' as owners, coalesce(e.words, '') as words,
       kb.may_read(d.front_matter, %(groups)s, %(moment)s) and not exists (
         select from kb.generations live
         join kb.generation_documents now using (generation_id)
         join kb.documents today on today.document_id = now.document_id
         where live.workspace_id = g.workspace_id and live.agent_id = g.agent_id
           and live.state = 'live' and now.path = gc.path
           and not kb.may_read(today.front_matter - 'effective' - 'expires', %(groups)s, now())
       ) as may_read
from kb.generations g
join kb.generation_chunks gc using (generation_id)
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
left join kb.embeddings e on e.space_id = %(space)s and e.embed_sha256 = c.embed_sha256
where g.generation_id = %(generation_id)s and gc.chunk_id = any(%(ids)s) and c.purged_at is null
  and not exists (
    select from kb.kept_out k
    where k.workspace_id = g.workspace_id and k.agent_id = g.agent_id
      and k.document_id = c.document_id and k.chunk_index = c.chunk_index);

-- name: past_points
-- All that points are made of, in pages: the vectors were kept, so nothing is embedded.
select gc.chunk_id, gc.path, c.*, d.title, d.front_matter, d.status, e.vector
from kb.generation_chunks gc
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
join kb.embeddings e on e.space_id = %(space)s and e.embed_sha256 = c.embed_sha256
where gc.generation_id = %(generation)s and gc.chunk_id > %(after)s
order by gc.chunk_id limit %(limit)s;

-- name: hold_copy
-- Who makes, uses or drops a copy waits for whoever does so now, until the transaction ends.
select pg_advisory_xact_lock(hashtextextended('past:' || %(collection)s, 0));

-- name: known_copy
select state from ops.past_collections where collection = %(collection)s;

-- name: keep_copy
insert into ops.past_collections (collection, generation_id, state)
values (%(collection)s, %(generation)s, %(state)s)
on conflict (collection) do update set state = excluded.state, used_at = now();

-- name: use_copy
update ops.past_collections set used_at = now() where collection = %(collection)s;

-- name: idle_copies
select collection from ops.past_collections
where used_at < now() - make_interval(secs => %(seconds)s) order by collection;

-- name: forget_copy
delete from ops.past_collections
where collection = %(collection)s and used_at < now() - make_interval(secs => %(seconds)s)
returning collection;
