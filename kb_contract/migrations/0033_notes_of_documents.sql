-- What of a document was left out or could not be read though the rest was, for a person. Documents
-- that were kept before have none.
alter table kb.documents add column notes text[] not null default '{}';
create index documents_with_notes on kb.documents (document_id) where notes <> '{}';
