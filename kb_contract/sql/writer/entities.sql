-- What chunks name.

-- name: documents_to_look_through
-- Of what a generation serves; a document that any generation had before was looked through then.
select distinct gd.document_id
from kb.generation_documents gd
where gd.generation_id = %(generation)s and gd.status = 'published' and gd.document_id is not null
  and not exists (select from kb.entity_documents e where e.document_id = gd.document_id
                  and e.made = %(made)s and (e.extractor = %(extractor)s or starts_with(e.extractor, %(extractor)s || '+')))
order by gd.document_id;

-- name: texts_to_look_through
-- With what was read out of them, where that was asked for and something came of it.
select c.chunk_index, c.text, x.parsed, x.status in ('DONE', 'INVALID') as is_read
from kb.chunks c
left join kb.chunk_extractions m
  on m.document_id = c.document_id and m.chunk_index = c.chunk_index
  and m.prompt_sha256 = %(prompt_sha256)s and m.asked_model = %(asked_model)s
left join kb.extractions x using (extraction_id)
where c.document_id = %(document)s and c.purged_at is null order by c.chunk_index;

-- name: hold_document
-- Two who look through it one after the other write the same; a document that is gone is left.
select document_id from kb.documents where document_id = %(document)s for update;

-- name: forget_entities
delete from kb.entities where document_id = %(document)s;

-- name: forget_entity_links
delete from kb.entity_links where document_id = %(document)s;

-- name: keep_entity
insert into kb.entities (document_id, chunk_index, name, said, kind)
values (%(document)s, %(index)s, %(name)s, %(said)s, %(kind)s);

-- name: keep_entity_link
insert into kb.entity_links (document_id, chunk_index, name, same_as)
values (%(document)s, %(index)s, %(name)s, %(same_as)s);

-- name: say_looked_through
insert into kb.entity_documents (document_id, made, extractor)
values (%(document)s, %(made)s, %(extractor)s)
on conflict (document_id, made) do update set extractor = excluded.extractor;
