-- What two workspaces call alike is two things: the name of a request, the id of a delivery.
alter table ops.requested_operations drop constraint requested_operations_pkey;
alter table ops.requested_operations add primary key (workspace_id, key);
alter table ops.pushes drop constraint pushes_pkey;
alter table ops.pushes add primary key (workspace_id, delivery_id);

-- GitHub and Gitea sign neither the moment nor the id of a delivery, so what was heard is known by what was signed.
alter table ops.pushes add column signed_digest text;
create unique index on ops.pushes (workspace_id, signed_digest);
