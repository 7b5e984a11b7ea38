-- Which balances are over their age, said once.

-- Of periods that ended long ago, a month being the longest; and of sessions that are gone, whose period has no end.
-- A request that is still open holds money of its balance, which stays for it.
create function ops.balance_is_old(
  balance ops.budget_balances, workspace text, before timestamptz, of_sessions text[]
) returns boolean
language sql stable as $$
  select starts_with(balance.subject, workspace || '/') and balance.held = 0 and case
    when balance.begins <> 'ever' then
      balance.begins < to_char(before at time zone 'UTC' - interval '31 days', 'YYYY-MM-DD')
    else
      balance.budget = any(of_sessions)
      and not exists (select from ops.threads t where t.thread_id = substr(balance.subject, length(workspace) + 2))
      and not exists (select from ops.usage u where u.at >= before
                      and u.thread_id = substr(balance.subject, length(workspace) + 2))
  end
$$;
