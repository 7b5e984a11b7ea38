-- What each agent served when the answers that quote it were last looked through.
create table ops.looked_through (
  workspace_id  text not null,
  agent_id      text not null,
  generation_id bigint,                   -- null: it served nothing
  buried        bigint not null,          -- how many chunks had been deleted by hand
  looked_at     timestamptz not null default now(),
  primary key (workspace_id, agent_id)
);
-- Nobody looked at what was answered before, by agents that are gone either.
insert into ops.looked_through (workspace_id, agent_id, buried)
select distinct workspace_id, agent_id, -1 from kb.generations;
create index on ops.answers (created_at);
