-- People are told once of answers that hold no more: how many, by the agent and generation that made them so.
alter table ops.cache_events add column told_at timestamptz;
update ops.cache_events set told_at = at;
create index on ops.cache_events (workspace_id, event_id) where told_at is null;
create index on ops.cache_events (answer_id);
create index on ops.answers (stale_at) where stale_at is not null;

create function ops.tell_stale_answers(whose text) returns integer language plpgsql as $$
declare
  one  record;
  told integer := 0;
begin
  for one in
    with news as (
      update ops.cache_events set told_at = now()
      where workspace_id = whose and told_at is null and event = 'stale'
      returning agent_id, generation, answer_id, event_id
    )
    select agent_id, generation, count(*) as answers,
           (array_agg(answer_id order by event_id))[1:20] as some
    from news group by agent_id, generation order by 1, 2
  loop
    -- Numbers and names alone: what documents say stays with the server.
    perform ops.append_audit(jsonb_build_object(
      'kind', 'answers_stale', 'actor', 'answer cache', 'workspace_id', whose, 'agent_id', one.agent_id,
      'generation', one.generation, 'answers', one.answers, 'answer_ids', to_jsonb(one.some)));
    told := told + one.answers;
  end loop;
  return told;
end $$;

-- A balance's subject begins with its workspace: the people of that one are told, and by the plain name.
create or replace function ops.audit_budget() returns trigger language plpgsql as $$
begin
  perform ops.append_audit(jsonb_build_object(
    'kind', 'budget_near', 'actor', 'budgets', 'budget', new.budget,
    'workspace_id', split_part(new.subject, '/', 1),
    'subject', substr(new.subject, length(split_part(new.subject, '/', 1)) + 2),
    'begins', new.begins, 'spent', new.spent));
  return null;
end $$;
