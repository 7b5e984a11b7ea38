-- What each colour is known to hold.

-- name: colour
select c.*, g.space from kb.colours c left join kb.generations g using (generation_id)
where c.workspace_id = %(workspace)s and c.agent_id = %(agent)s and c.colour = %(colour)s;

-- name: colours
select * from kb.colours where workspace_id = %(workspace)s and agent_id = %(agent)s order by colour;

-- name: keep_colour
insert into kb.colours
  (workspace_id, agent_id, colour, collection, state, generation_id, chunk_count, ids_digest)
values (%(workspace)s, %(agent)s, %(colour)s, %(collection)s, %(state)s, %(generation)s,
        %(chunk_count)s, %(ids_digest)s)
on conflict (workspace_id, agent_id, colour) do update set
  collection = excluded.collection, state = excluded.state,
  generation_id = excluded.generation_id, chunk_count = excluded.chunk_count,
  ids_digest = excluded.ids_digest, updated_at = now();

-- name: doubt_colour
-- What it holds is not to be built upon; unless it holds another generation by now.
update kb.colours set state = 'writing', updated_at = now()
where workspace_id = %(workspace)s and agent_id = %(agent)s and generation_id = %(generation)s;

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
