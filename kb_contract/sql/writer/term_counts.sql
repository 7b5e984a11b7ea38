-- How often words stand in a generation, and what it calls by several names; counted from an earlier one by what changed since.

-- name: counted_base
-- The newest generation of the agent that was counted, and of which it is still known what is in it.
select t.generation_id, t.chunks, t.packed, t.names
from kb.term_counts t join kb.generations g using (generation_id)
where g.workspace_id = %(workspace)s and g.agent_id = %(agent)s and t.names is not null
  and g.pruned_at is null
order by g.number desc limit 1;

-- name: words_changed
-- Chunks that came (true) and went (false) between two generations, with all that is searched of them.
with came as (
  select document_id, chunk_index from kb.generation_chunks where generation_id = %(generation)s
  except all
  select document_id, chunk_index from kb.generation_chunks where generation_id = %(base)s
), went as (
  select document_id, chunk_index from kb.generation_chunks where generation_id = %(base)s
  except all
  select document_id, chunk_index from kb.generation_chunks where generation_id = %(generation)s
)
select change.came, d.title, d.front_matter, c.heading_path, c.text, c.context, c.situation
from (select true as came, * from came union all select false, * from went) change
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id);

-- name: keep_term_counts
insert into kb.term_counts (generation_id, chunks, packed, names)
values (%(generation)s, %(chunks)s, %(packed)s, %(names)s)
on conflict (generation_id) do nothing;

-- name: forget_counts_of_agents
-- Words were taken out of every generation: what was counted with them is counted anew.
delete from kb.term_counts t using kb.generations g
where t.generation_id = g.generation_id
  and g.workspace_id = %(workspace)s and g.agent_id = any(%(agents)s);

-- name: forget_counts
delete from kb.term_counts where generation_id = %(generation)s;

-- name: is_counted
select 1 as there from kb.term_counts where generation_id = %(generation)s;

-- name: term_counts
select chunks, packed from kb.term_counts where generation_id = %(generation)s;
