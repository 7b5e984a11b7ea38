-- Documents and their chunks, as they were read.

-- name: broken_that_was_served
-- A document that cannot be read now, and that another generation has published.
select now.path from kb.generation_documents now
join kb.generation_documents old on old.generation_id = %(live)s and old.path = now.path
  and old.status = 'published'
where now.generation_id = %(generation)s and now.status = 'quarantined' limit 1;

-- name: base_generation
-- Rows are a pure function of (path, document), so any complete manifest can be copied from.
select * from kb.generations
where workspace_id = %(workspace)s and agent_id = %(agent)s and manifest_digest is not null
  and pruned_at is null
  and generation_id <> %(generation)s
order by (state = 'live') desc, number desc limit 1;

-- name: generation_documents
select path, blob_sha, document_id, status, reason from kb.generation_documents
where generation_id = %(generation)s order by path collate "C";

-- name: noted_documents
-- Documents of which not all is served; those first whose notes name a cure.
select d.path, notes, count(*) over () as of_all from kb.generation_documents d
join kb.documents using (document_id)
where d.generation_id = %(generation)s and notes <> '{}'
order by array_to_string(notes, ' ') not like '%%→%%', d.path collate "C" limit %(limit)s;

-- name: documents_by_blob
select document_id, blob_sha, title, front_matter, status, reason from kb.documents
where workspace_id = %(workspace)s and reader = %(reader)s and blob_sha = any(%(blobs)s)
  and stopped <> 1;  -- what met a limit once is read once more

-- name: keep_document
insert into kb.documents
  (document_id, workspace_id, file_sha256, blob_sha, reader, source_name, mime, size_bytes, title,
   front_matter, status, reason, extracted_text, stopped, notes)
values (%(document_id)s, %(workspace)s, %(file_sha256)s, %(blob_sha)s, %(reader)s, %(source_name)s,
        %(mime)s, %(size_bytes)s, %(title)s, %(front_matter)s, %(status)s, %(reason)s,
        %(extracted_text)s, %(stopped)s, %(notes)s)
on conflict (workspace_id, file_sha256, reader) do update
  set title = excluded.title, front_matter = excluded.front_matter, status = excluded.status,
      reason = excluded.reason, extracted_text = excluded.extracted_text,
      stopped = excluded.stopped * 2, notes = excluded.notes
  where documents.stopped = 1
returning document_id;

-- name: copy_chunks
copy kb.chunks
  (document_id, chunk_index, heading_path, start_offset, end_offset, text, text_sha256,
   embed_sha256, tokens, page, context)
from stdin;

-- name: make_placed_documents
create temporary table placed_documents (
  path text, blob_sha text, document_id uuid, status text, reason text
) on commit drop;

-- name: copy_placed_documents
copy placed_documents (path, blob_sha, document_id, status, reason) from stdin;

-- name: keep_placed_documents
insert into kb.generation_documents (generation_id, path, blob_sha, document_id, status, reason)
select %(generation)s, path, blob_sha, document_id, status, reason from placed_documents
on conflict (generation_id, path) do nothing;
