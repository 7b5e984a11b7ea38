-- Which texts hold what should not be in them.

-- name: unscanned_texts
-- Texts that the base does not have and today's patterns never saw.
select c.text_sha256, c.text
from kb.generation_chunks gc
join kb.chunks c using (document_id, chunk_index)
where gc.generation_id = %(generation)s
  and not exists (select from kb.generation_chunks old
                  where old.generation_id = %(base)s and old.chunk_id = gc.chunk_id)
  and not exists (select from kb.scans s where s.text_sha256 = c.text_sha256
                  and s.scan_version = %(version)s);

-- name: unknown_scans
select digest from unnest(%(digests)s::text[]) as wanted (digest)
where not exists (select from kb.scans s where s.text_sha256 = wanted.digest
                  and s.scan_version = %(version)s);

-- name: keep_scans
insert into kb.scans (text_sha256, scan_version, families)
select digest, %(version)s, string_to_array(found, ',')
from unnest(%(digests)s::text[], %(families)s::text[]) as fresh (digest, found)
order by digest  -- so that two writers of the same texts never wait for each other
on conflict (text_sha256, scan_version) do nothing;

-- name: fresh_count
select count(*) as passages from kb.generation_chunks gc
where gc.generation_id = %(generation)s
  and not exists (select from kb.generation_chunks old
                  where old.generation_id = %(base)s and old.chunk_id = gc.chunk_id);

-- name: suspect_passages
-- Of what the base does not have, that in which a family of patterns found something, and that of
-- which nothing is kept: the gate itself looks at these again.
select gc.chunk_id, gc.path, c.heading_path, c.start_offset, c.end_offset, c.text, d.title,
       d.front_matter -> 'audience' as audience, d.front_matter ->> 'effective' as effective,
       d.front_matter ->> 'expires' as expires
from kb.generation_chunks gc
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
left join kb.scans s on s.text_sha256 = c.text_sha256 and s.scan_version = %(version)s
where gc.generation_id = %(generation)s
  and (s.text_sha256 is null or %(family)s = any(s.families))
  and not exists (select from kb.generation_chunks old
                  where old.generation_id = %(base)s and old.chunk_id = gc.chunk_id)
order by gc.position;

-- name: delete_scans
-- Of texts that nobody has any more, and of patterns of yesterday.
delete from kb.scans where (text_sha256, scan_version) in (
  select s.text_sha256, s.scan_version from kb.scans s
  where s.scan_version <> %(version)s
     or not exists (select from kb.chunks c where c.text_sha256 = s.text_sha256)
  limit %(limit)s);
