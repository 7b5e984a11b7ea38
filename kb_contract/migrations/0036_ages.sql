-- What is kept for so many days: sessions, what was answered in them, and what was paid.

-- Never one that works, that waits for a person, or that a cron goes on with.
create function ops.may_be_forgotten(t ops.threads, before timestamptz) returns boolean
language sql stable as $$
  select t.updated_at < before and t.status <> 'busy'
    and not exists (select from ops.runs r
                    where r.thread_id = t.thread_id and r.status in ('pending', 'running'))
    and not exists (select from ops.approvals a
                    where a.thread_id = t.thread_id and a.status = 'pending')
    and not exists (select from ops.crons c where c.thread_id = t.thread_id)
$$;
