-- The oldest entries of the audit may be taken away as one piece: the chain says so, and goes on from there.
create table ops.audit_start (
  only_row boolean primary key default true check (only_row),
  n        bigint not null,      -- the last entry that was taken away
  digest   text not null         -- what the first one that is left follows
);
insert into ops.audit_start (n, digest) values (0, '');

create or replace function ops.refuse_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if old.n <= nullif(current_setting('kb.audit_cut', true), '')::bigint then
      return old;  -- within ops.cut_audit
    end if;
  end if;
  raise exception 'ops.audit is append-only';
end $$;

-- Takes away what is older, up to the first entry of an approval that still waits; gives back what went, in the
-- letters that the digests are of.
create function ops.cut_audit(before timestamptz, most integer, actor text)
returns table (place text, said text) language plpgsql as $$
declare
  waits bigint;
  last  record;
begin
  perform pg_advisory_xact_lock(7305112005);  -- as ops.append_audit
  select min(a.n) into waits
  from ops.approvals p join ops.audit a on a.entry->>'approval_id' = p.approval_id where p.status = 'pending';
  select a.n, a.digest into last
  from (select * from ops.audit order by n limit most) a
  where (a.entry->>'at')::timestamptz < before and (waits is null or a.n < waits) order by a.n desc limit 1;
  if last.n is null then
    return;
  end if;
  -- Said first, so that there is an entry to go on from.
  perform ops.append_audit(jsonb_build_object('kind', 'cut', 'actor', actor, 'through', last.n, 'head', last.digest));
  update ops.audit_start set n = last.n, digest = last.digest;
  perform set_config('kb.audit_cut', last.n::text, true);
  return query
    with gone as (delete from ops.audit a where a.n <= last.n returning a.*)
    select 'ops.audit', json_build_object('n', gone.n, 'entry', gone.entry::text, 'previous', gone.previous,
                                          'digest', gone.digest)::text
    from gone order by gone.n;
  perform set_config('kb.audit_cut', '', true);
end $$;
