-- What each colour is known to hold.

-- name: colour
-- A look at all of it is due after less than a day: a night's run may begin a little early.
select c.*, g.space, g.manifest_digest,
       coalesce(c.verified_at < now() - interval '20 hours', true) as is_due
from kb.colours c left join kb.generations g using (generation_id)
where c.workspace_id = %(workspace)s and c.agent_id = %(agent)s and c.colour = %(colour)s;

-- name: colours
select * from kb.colours where workspace_id = %(workspace)s and agent_id = %(agent)s order by colour;

-- name: keep_colour
insert into kb.colours
  (workspace_id, agent_id, colour, collection, state, generation_id, chunk_count, ids_digest,
   stamp, verified_at, audit)
values (%(workspace)s, %(agent)s, %(colour)s, %(collection)s, %(state)s, %(generation)s,
        %(chunk_count)s, %(ids_digest)s, %(stamp)s,
        case when %(stamp)s::text is not null then coalesce(%(verified_at)s, now()) end, %(audit)s)
on conflict (workspace_id, agent_id, colour) do update set
  collection = excluded.collection, state = excluded.state,
  generation_id = excluded.generation_id, chunk_count = excluded.chunk_count,
  ids_digest = excluded.ids_digest, stamp = excluded.stamp, verified_at = excluded.verified_at,
  audit = excluded.audit, updated_at = now();

-- name: doubt_colour
-- What it holds is not to be built upon; unless it holds another generation by now. The same may lie in the other colour, whole.
delete from kb.colours
where workspace_id = %(workspace)s and agent_id = %(agent)s and generation_id = %(generation)s
  and colour = coalesce(%(colour)s, colour);

-- name: place_generation
update kb.generations set colour = %(colour)s, collection = %(collection)s
where generation_id = %(generation)s and state in ('staged', 'checked') returning *;

-- name: points
-- All that a point is made of, for some chunks of a generation.
select gc.chunk_id, gc.path, c.*, d.title, d.front_matter, d.status, e.vector
from kb.generation_chunks gc
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
join kb.embeddings e on e.space_id = %(space)s and e.embed_sha256 = c.embed_sha256
where gc.generation_id = %(generation)s and gc.chunk_id = any(%(chunks)s);

-- name: difference
-- How much there is to write and to delete; `held` tells whether the base is still all there.
select count(*) filter (where old.payload_sha256 is distinct from now.payload_sha256
                          and now.chunk_id is not null) as stale,
       count(*) filter (where now.chunk_id is null) as gone,
       count(old.chunk_id) as held
from (select chunk_id, payload_sha256 from kb.generation_chunks
      where generation_id = %(generation)s) now
full join (select chunk_id, payload_sha256 from kb.generation_chunks
           where generation_id = %(base)s) old using (chunk_id);

-- name: stale_chunks
-- What the colour does not hold yet, or holds otherwise; all of it where there is no base.
select now.chunk_id, now.payload_sha256
from (select chunk_id, payload_sha256 from kb.generation_chunks
      where generation_id = %(generation)s) now
left join (select chunk_id, payload_sha256 from kb.generation_chunks
           where generation_id = %(base)s) old using (chunk_id)
where old.payload_sha256 is distinct from now.payload_sha256;

-- name: gone_chunks
select old.chunk_id
from (select chunk_id from kb.generation_chunks where generation_id = %(base)s) old
left join (select chunk_id from kb.generation_chunks
           where generation_id = %(generation)s) now using (chunk_id)
where now.chunk_id is null;

-- name: chunks_by_id
-- In the order in which the vector store gives its points.
select chunk_id, payload_sha256 from kb.generation_chunks
where generation_id = %(generation)s order by chunk_id;

-- name: chunks_of_ids
select chunk_id, payload_sha256 from kb.generation_chunks
where generation_id = %(generation)s and chunk_id = any(%(chunks)s);

-- name: chunks_near
-- The first chunk from each of these ids on; a chunk's id is a digest, so random ids hit any.
select distinct one.chunk_id, one.payload_sha256
from unnest(%(ids)s::uuid[]) wanted(id)
cross join lateral (
  select chunk_id, payload_sha256 from kb.generation_chunks
  where generation_id = %(generation)s and chunk_id >= wanted.id order by chunk_id limit 1
) one;
