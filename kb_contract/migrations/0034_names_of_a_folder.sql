-- Through every renaming, the asked name first; a renaming that was taken back leads nowhere new.

-- What a folder was called after it had this name.
create function kb.names_after(workspace text, agent text)
returns table (agent_id text, steps integer) language sql stable as $$
  with recursive line as (
    select agent as agent_id, 0 as steps
    union all
    select n.agent_id, line.steps + 1 from kb.agent_names n join line on n.former = line.agent_id
    where n.workspace_id = workspace
  ) cycle agent_id set seen using path
  select line.agent_id, line.steps from line where not seen
$$;

-- What a folder was called before it had this name.
create function kb.names_before(workspace text, agent text)
returns table (agent_id text, steps integer) language sql stable as $$
  with recursive line as (
    select agent as agent_id, 0 as steps
    union all
    select n.former, line.steps + 1 from kb.agent_names n join line on n.agent_id = line.agent_id
    where n.workspace_id = workspace
  ) cycle agent_id set seen using path
  select line.agent_id, line.steps from line where not seen
$$;
