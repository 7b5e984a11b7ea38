-- Answers that are kept to be given again, and whether they still hold.

-- name: served_now
-- Of every agent: what is served.
select agent_id, generation_id, number, config_digest from kb.generations
where workspace_id = %(workspace)s and state = 'live';

-- name: next_turn
-- Of each generation: the next moment at which a document begins or ceases to hold, without anybody publishing.
select gd.generation_id, min(moment) as moment
from kb.generation_documents gd
join kb.documents d using (document_id)
cross join lateral (values ((d.front_matter->>'effective')::timestamptz),
                           ((d.front_matter->>'expires')::timestamptz)) as turns (moment)
where gd.generation_id = any(%(generations)s) and moment > %(now)s
group by gd.generation_id;

-- name: cited_now
-- What stands now in the places that an answer cites, for whoever may read it.
select w.ordinal, g.number as generation, g.git_sha as sha, g.uncommitted, g.dagster_run_id as run_id,
       gc.path, d.title, c.heading_path, c.page, c.start_offset,
       substr(c.text, w.place + 1, w.length) as said
from unnest(%(generations)s::bigint[], %(chunks)s::uuid[], %(places)s::int[], %(lengths)s::int[])
  with ordinality as w (generation_id, chunk_id, place, length, ordinal)
join kb.generations g on g.generation_id = w.generation_id and g.state = 'live'
join kb.generation_chunks gc on gc.generation_id = w.generation_id and gc.chunk_id = w.chunk_id
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
where g.workspace_id = %(workspace)s and c.purged_at is null
  and kb.may_read(d.front_matter, %(groups)s, %(moment)s)
order by w.ordinal;

-- name: texts_between
-- Chunks that only one of two generations has, of what these groups may read now or later. With no older
-- one, all of the newer one.
select coalesce(o.chunk_id, n.chunk_id)::text as chunk_id, o.chunk_id is not null as gone,
       coalesce(o.path, n.path) as path, c.text,
       kb.may_read(d.front_matter, %(groups)s, now()) as readable
from (select * from kb.generation_chunks where generation_id = %(old)s) o
full join (select * from kb.generation_chunks where generation_id = %(new)s) n
  on n.chunk_id = o.chunk_id
join kb.chunks c on c.document_id = coalesce(o.document_id, n.document_id)
  and c.chunk_index = coalesce(o.chunk_index, n.chunk_index)
join kb.documents d on d.document_id = c.document_id
where (o.chunk_id is null or n.chunk_id is null)
  and coalesce(d.front_matter->'audience', '["everyone"]'::jsonb) ?| %(groups)s
union all
-- And the same words in a document that says anew for whom, or from when to when, it holds.
select o.chunk_id::text, was.readable, o.path, c.text, now.readable
from kb.generation_chunks o
join kb.generation_chunks n on n.generation_id = %(new)s and n.chunk_id = o.chunk_id
  and n.document_id <> o.document_id
join kb.documents before on before.document_id = o.document_id
join kb.documents d on d.document_id = n.document_id
join kb.chunks c on c.document_id = n.document_id and c.chunk_index = n.chunk_index
cross join lateral (select kb.may_read(before.front_matter, %(groups)s, now()) as readable) was
cross join lateral (select kb.may_read(d.front_matter, %(groups)s, now()) as readable) now
where o.generation_id = %(old)s
  and (was.readable <> now.readable
       or not was.readable
          and (before.front_matter->'effective', before.front_matter->'audience')
              is distinct from (d.front_matter->'effective', d.front_matter->'audience')
          and coalesce(d.front_matter->'audience', '["everyone"]'::jsonb) ?| %(groups)s)
limit %(limit)s;

-- name: generation_settings
select config_digest, pruned_at from kb.generations where generation_id = %(generation)s;

-- name: exact_answer
select * from ops.cached_answers
where workspace_id = %(workspace)s and scope = %(scope)s and words = %(words)s and expires_at > %(now)s;

-- name: answers_of
select * from ops.cached_answers
where workspace_id = %(workspace)s and scope = %(scope)s and entry_id = any(%(entries)s)
  and expires_at > %(now)s;

-- name: keep_cached_answer
-- Names the answer whose place it takes.
with old as (
  select entry_id from ops.cached_answers
  where workspace_id = %(workspace)s and scope = %(scope)s and words = %(words)s
)
insert into ops.cached_answers
  (entry_id, workspace_id, scope, words, question, groups, agent, query_type, agents, asked, body,
   citations, cost, seconds, size, expires_at)
values
  (%(entry_id)s, %(workspace)s, %(scope)s, %(words)s, %(question)s, %(groups)s, %(agent)s,
   %(query_type)s, %(agents)s, %(asked)s, %(body)s, %(citations)s, %(cost)s, %(seconds)s, %(size)s,
   %(expires_at)s)
on conflict (workspace_id, scope, words) do update set
  entry_id = excluded.entry_id, question = excluded.question, agents = excluded.agents,
  query_type = excluded.query_type, asked = excluded.asked, body = excluded.body,
  citations = excluded.citations, cost = excluded.cost, seconds = excluded.seconds,
  size = excluded.size, created_at = now(), used_at = now(), expires_at = excluded.expires_at
returning (select entry_id from old) as replaced;

-- name: carry_cached_answer
-- What is served now may begin or cease to hold sooner.
update ops.cached_answers set agents = %(agents)s, citations = %(citations)s,
  expires_at = least(expires_at, %(turn)s::timestamptz)
where entry_id = %(entry_id)s
returning expires_at;

-- name: used_cached_answer
-- No row: it was forgotten meanwhile, whoever still remembers it.
update ops.cached_answers set used_at = now(), hits = hits + 1 where entry_id = %(entry_id)s
returning entry_id;

-- name: forget_cached_answers
delete from ops.cached_answers where entry_id = any(%(entries)s) returning entry_id, scope, words;

-- name: evict_cached_answers
-- What expired, and what was not used for longest where there is more than there may be.
delete from ops.cached_answers where workspace_id = %(workspace)s and (
  expires_at <= %(now)s or entry_id in (
    select entry_id from (
      select entry_id,
             row_number() over newest as place, sum(size) over newest as bytes
      from ops.cached_answers where workspace_id = %(workspace)s
      window newest as (order by used_at desc, entry_id)
    ) every where place > %(most)s or bytes > %(bytes)s))
returning entry_id;

-- name: size_of_cached_answers
select count(*)::int as entries, coalesce(sum(size), 0)::bigint as bytes
from ops.cached_answers where workspace_id = %(workspace)s;

-- name: answers_to_look_at
-- Kept answers that hold for another generation than the one that is served.
select c.* from ops.cached_answers c
where c.workspace_id = %(workspace)s and c.expires_at > %(now)s and c.entry_id > %(after)s
  and c.agents <> case when c.agent is null then %(served)s::jsonb
    else jsonb_build_object(c.agent, %(served)s::jsonb->c.agent) end
order by c.entry_id limit %(limit)s;

-- name: mark_stale
-- The answer that was kept, and every one that was given from it.
update ops.answers set stale_at = now(), stale_why = %(why)s
where (answer_id = any(%(answers)s) or cached_from = any(%(answers)s)) and stale_at is null
returning answer_id;

-- name: keep_cache_event
insert into ops.cache_events (workspace_id, answer_id, question, agent_id, generation, event, why)
values (%(workspace)s, %(answer_id)s, %(question)s, %(agent)s, %(generation)s, %(event)s, %(why)s);

-- name: tell_stale
select pg_notify('ops_stale_answers', %(answer_id)s);

-- name: forget_cache_history
with events as (delete from ops.cache_events where at < now() - interval '90 days')
delete from ops.cache_figures where day < current_date - 90;

-- name: add_cache_figures
insert into ops.cache_figures as known
  (workspace_id, cache, day, process, hits, misses, entries, bytes, saved_cost, saved_seconds)
values (%(workspace)s, %(cache)s, current_date, %(process)s, %(hits)s, %(misses)s, %(entries)s,
        %(bytes)s, %(saved_cost)s, %(saved_seconds)s)
on conflict (workspace_id, cache, day, process) do update set
  hits = known.hits + excluded.hits, misses = known.misses + excluded.misses,
  entries = excluded.entries, bytes = excluded.bytes,
  saved_cost = known.saved_cost + excluded.saved_cost,
  saved_seconds = known.saved_seconds + excluded.saved_seconds, at = now();

-- name: keep_cached_use
-- An answer that was given again, in the books beside those that were paid for.
insert into ops.usage (workspace_id, user_id, thread_id, run_id, model, prompt_tokens, completion_tokens,
                       cost, source, outcome, cached, settled_at)
values (%(workspace)s, %(user)s, %(thread_id)s, %(run_id)s, 'answer cache', 0, 0, 0, 'estimated',
        'answered', true, now());

-- name: answers_without_ground
-- Kept answers of which a quote was taken out of what is served already.
select c.* from ops.cached_answers c
where c.workspace_id = %(workspace)s and exists (
  select from jsonb_array_elements(c.citations) s
  where not exists (
    select from kb.generation_chunks gc join kb.chunks k using (document_id, chunk_index)
    where gc.generation_id = (c.agents->>(s->>'agent_id'))::bigint
      and gc.chunk_id = (s->>'chunk_id')::uuid and k.purged_at is null))
limit 500;

-- name: agents_to_look_through
-- Agents that serve something else than when the answers that quote them were last looked through, and those
-- that an answer quoted since out of another generation. `before`: what its files are compared with.
with buried as (
  select agent_id, count(*) as chunks from kb.kept_out
  where workspace_id = %(workspace)s group by agent_id
), known as (
  select agent_id, live.generation_id as live, live.number, coalesce(buried.chunks, 0) as buried,
         looked.looked_at - interval '1 minute' as since, now() as at,
         case when looked.buried = coalesce(buried.chunks, 0) then looked.generation_id end as before,
         looked.generation_id is distinct from live.generation_id
           or looked.buried is distinct from coalesce(buried.chunks, 0) as changed
  from (select * from kb.generations where workspace_id = %(workspace)s and state = 'live') live
  full join (select * from ops.looked_through where workspace_id = %(workspace)s) looked using (agent_id)
  left join buried using (agent_id)
), listed as (
  select * from known
  where changed or exists (
    select from ops.answers a join ops.citations c using (answer_id)
    where a.created_at > known.since and a.stale_at is null and c.agent_id = known.agent_id
      and c.generation is distinct from known.number)
), looked_at as (  -- of the others nothing is to be looked at so far, so that no round goes far back
  update ops.looked_through l set looked_at = now()
  where workspace_id = %(workspace)s and looked_at < now() - interval '1 minute'
    and not exists (select from listed where listed.agent_id = l.agent_id)
)
select * from listed order by agent_id;

-- name: quotes_to_look_at
-- Quotes of given answers whose chunk is not served as it was, in files that changed, or given since then;
-- and what stood around each, where that is still known. Answers that are kept have their own rules.
select c.answer_id, c.ordinal, c.chunk_id::text as chunk_id, c.path, c.quote,
       c.start_offset - k.start_offset as place, k.text,
       exists (select from kb.tombstones t where t.workspace_id = %(workspace)s and t.agent_id = c.agent_id
               and c.chunk_id = any(array_append(t.chunk_ids, t.chunk_id))) as deleted
from ops.citations c
join ops.answers a using (answer_id)
join ops.threads on threads.thread_id = a.thread_id and threads.workspace_id = %(workspace)s
left join kb.generations g on g.workspace_id = %(workspace)s and g.agent_id = c.agent_id
  and g.number = c.generation
left join kb.generation_chunks gc on gc.generation_id = g.generation_id and gc.chunk_id = c.chunk_id
left join kb.chunks k on k.document_id = gc.document_id and k.chunk_index = gc.chunk_index
  and k.purged_at is null
where c.agent_id = %(agent_id)s and a.stale_at is null and a.as_of is null
  and (c.chunk_id, c.answer_id, c.ordinal) > (%(chunk)s::uuid, %(answer)s, %(ordinal)s)
  and not exists (select from kb.generation_chunks
                  where generation_id = %(live)s::bigint and chunk_id = c.chunk_id)
  and (a.created_at > %(since)s::timestamptz or (%(changed)s and not exists (
    select from kb.generation_documents o join kb.generation_documents n using (path, document_id, status)
    where o.generation_id = %(before)s::bigint and n.generation_id = %(live)s::bigint and o.path = c.path)))
  and not (%(apart)s and exists (select from ops.cached_answers
                                 where entry_id = coalesce(a.cached_from, a.answer_id)))
order by c.chunk_id, c.answer_id, c.ordinal limit %(limit)s;

-- name: texts_of_files
select gc.chunk_id::text as chunk_id, gc.path, c.text
from kb.generation_chunks gc join kb.chunks c using (document_id, chunk_index)
where gc.generation_id = %(live)s::bigint and gc.path = any(%(paths)s) and c.purged_at is null
order by gc.path, gc.position;

-- name: flag_given_answers
-- Each by itself, once, with its event and its word on the channel.
with flagged as (
  update ops.answers a set stale_at = now(), stale_why = w.why
  from unnest(%(answers)s::text[], %(whys)s::text[]) as w (answer_id, why)
  where a.answer_id = w.answer_id and a.stale_at is null
  returning a.answer_id, a.question, w.why
), told as (
  insert into ops.cache_events (workspace_id, answer_id, question, agent_id, generation, event, why)
  select %(workspace)s, answer_id, question, %(agent_id)s, %(number)s::integer, 'stale', why from flagged
)
select answer_id, pg_notify('ops_stale_answers', answer_id) from flagged;

-- name: looked_through
insert into ops.looked_through (workspace_id, agent_id, generation_id, buried, looked_at)
values (%(workspace)s, %(agent_id)s, %(live)s::bigint, %(buried)s, %(at)s)
on conflict (workspace_id, agent_id) do update set
  generation_id = excluded.generation_id, buried = excluded.buried, looked_at = excluded.looked_at;

-- name: runs_under_way
select count(*)::int as runs from ops.runs where status in ('pending', 'running');

-- name: cache_figures
-- Counts since a day; what all share as it is now, and what the processes hold that were heard of lately.
select cache, sum(hits)::bigint as hits, sum(misses)::bigint as misses,
       case when cache in ('answers', 'similar') then max(kept.entries)
            else coalesce(sum(f.entries) filter (where at > now() - interval '2 minutes'), 0)
       end::bigint as entries,
       case when cache = 'answers' then max(kept.bytes)
            else coalesce(sum(f.bytes) filter (where at > now() - interval '2 minutes'), 0)
       end::bigint as bytes,
       sum(saved_cost)::float as saved_cost, sum(saved_seconds)::float as saved_seconds
from ops.cache_figures f
cross join (select count(*) as entries, coalesce(sum(size), 0) as bytes
            from ops.cached_answers where workspace_id = %(workspace)s) kept
where workspace_id = %(workspace)s and day >= (%(since)s::timestamptz at time zone 'UTC')::date
group by cache order by cache;

-- name: stale_answers
-- Answers that were given and hold no more, of threads that the caller may see; what made each so, newest first.
select a.answer_id, a.thread_id, a.question, a.query_type, a.created_at, a.stale_at, a.stale_why as why,
       a.cached_from, e.agent_id, e.generation
from ops.answers a join ops.threads t using (thread_id)
left join lateral (
  select agent_id, generation from ops.cache_events
  where workspace_id = %(workspace)s and answer_id in (a.answer_id, a.cached_from) and event = 'stale'
  order by event_id desc limit 1
) e on true
where a.stale_at is not null and ops.may_see(t, %(workspace)s, %(scope)s::text[])
  and (%(agent_id)s::text is null or e.agent_id = %(agent_id)s)
  and (%(since)s::timestamptz is null or a.stale_at >= %(since)s)
order by a.stale_at desc, a.answer_id limit %(limit)s;

-- name: tell_stale_answers
select ops.tell_stale_answers(%(workspace)s) as told;

-- name: still_there
-- How many of these chunks the live generation of that number has for the caller.
select count(*)::int as there
from kb.generations g
join kb.generation_chunks gc using (generation_id)
join kb.chunks c using (document_id, chunk_index)
join kb.documents d using (document_id)
where g.workspace_id = %(workspace)s and g.agent_id = %(agent)s and g.state = 'live'
  and g.number = %(generation)s and gc.chunk_id = any(%(ids)s) and c.purged_at is null
  and kb.may_read(d.front_matter, %(groups)s, %(moment)s);

-- name: forget_disliked
-- What somebody found wrong is not given again; the next who asks gets it worked out anew.
delete from ops.cached_answers where entry_id in (
  select coalesce(cached_from, answer_id) from ops.answers where answer_id = %(answer_id)s);
