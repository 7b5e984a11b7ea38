-- Assistants and their versions. What others own, or may ask, is not there.

-- name: assistant
select a.assistant_id, v.graph_id, v.name, v.description, v.config, v.context, v.metadata, v.version,
       a.created_at, a.updated_at
from ops.assistants a join ops.assistant_versions v using (workspace_id, assistant_id, version)
where a.assistant_id = %(assistant_id)s and ops.may_see(a, %(workspace)s, %(scope)s::text[]);

-- name: lock_assistant
select assistant_id, owner, version,
       (select max(v.version) from ops.assistant_versions v
        where v.workspace_id = a.workspace_id and v.assistant_id = a.assistant_id) as newest
from ops.assistants a
where assistant_id = %(assistant_id)s and ops.may_see(a, %(workspace)s, %(scope)s::text[]) for update;

-- name: assistants_of_owner
select count(*)::int as found from ops.assistants where workspace_id = %(workspace)s and owner = %(caller)s;

-- name: new_assistant
insert into ops.assistants (workspace_id, assistant_id, owner, agents)
values (%(workspace)s, %(assistant_id)s, %(caller)s, %(scope)s::text[])
on conflict do nothing returning assistant_id;

-- name: new_assistant_version
insert into ops.assistant_versions
  (workspace_id, assistant_id, version, graph_id, name, description, config, context, metadata)
values (%(workspace)s, %(assistant_id)s, %(version)s, %(graph_id)s, %(title)s, %(description)s, %(config)s,
        %(context)s, %(metadata)s);

-- name: set_assistant_version
update ops.assistants set version = %(version)s, updated_at = now()
where workspace_id = %(workspace)s and assistant_id = %(assistant_id)s
  and exists (select from ops.assistant_versions v where v.workspace_id = %(workspace)s
              and v.assistant_id = %(assistant_id)s and v.version = %(version)s)
returning assistant_id;

-- name: delete_assistant
delete from ops.assistants where workspace_id = %(workspace)s and assistant_id = %(assistant_id)s;

-- name: assistant_versions
select v.assistant_id, v.graph_id, v.name, v.description, v.config, v.context, v.metadata, v.version, v.created_at
from ops.assistants a join ops.assistant_versions v using (workspace_id, assistant_id)
where a.assistant_id = %(assistant_id)s and ops.may_see(a, %(workspace)s, %(scope)s::text[])
  and v.metadata @> %(metadata)s
order by v.version desc limit %(limit)s offset %(offset)s;

-- name: search_assistants
select a.assistant_id, v.graph_id, v.name, v.description, v.config, v.context, v.metadata, v.version,
       a.created_at, a.updated_at
from ops.assistants a join ops.assistant_versions v using (workspace_id, assistant_id, version)
where ops.may_see(a, %(workspace)s, %(scope)s::text[]) and v.metadata @> %(metadata)s
  and (%(graph_id)s::text is null or v.graph_id = %(graph_id)s)
  and strpos(lower(v.name), lower(%(named)s)) > 0
order by
  case when %(descending)s then case %(sort_by)s
    when 'name' then v.name when 'graph_id' then v.graph_id when 'assistant_id' then a.assistant_id
    when 'updated_at' then to_char(a.updated_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
    else to_char(a.created_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS') end end desc,
  case when not %(descending)s then case %(sort_by)s
    when 'name' then v.name when 'graph_id' then v.graph_id when 'assistant_id' then a.assistant_id
    when 'updated_at' then to_char(a.updated_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
    else to_char(a.created_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS') end end,
  a.assistant_id
limit %(limit)s offset %(offset)s;

-- name: count_assistants
select count(*)::int as found
from ops.assistants a join ops.assistant_versions v using (workspace_id, assistant_id, version)
where ops.may_see(a, %(workspace)s, %(scope)s::text[]) and v.metadata @> %(metadata)s
  and (%(graph_id)s::text is null or v.graph_id = %(graph_id)s)
  and strpos(lower(v.name), lower(%(named)s)) > 0;
