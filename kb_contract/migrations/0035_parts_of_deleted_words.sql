-- A text that was deleted by hand is known again line by line too, and in the file where it stood by
-- any part that nothing else in the file said. Deletions that were kept before know nothing of that.
alter table kb.tombstones add column place text not null default '';
alter table kb.tombstones add column lines text[] not null default '{}';
alter table kb.tombstones add column telling text[] not null default '{}';
-- A person said that the parts which are left may be served.
alter table kb.tombstones add column parts_served boolean not null default false;
-- A chunk that says some of it: it is kept out, and not purged, for the rest may be served one day.
alter table kb.buried_chunks add column part boolean not null default false;

create view kb.kept_out as
select t.workspace_id, t.agent_id, b.tombstone_id, b.document_id, b.chunk_index
from kb.buried_chunks b join kb.tombstones t using (tombstone_id)
where not (b.part and t.parts_served);

-- Documents with chunks that were kept out and may be served since: their rows are made anew.
create view kb.served_again as
select distinct t.workspace_id, t.agent_id, b.document_id
from kb.buried_chunks b join kb.tombstones t using (tombstone_id)
where b.part and t.parts_served;
