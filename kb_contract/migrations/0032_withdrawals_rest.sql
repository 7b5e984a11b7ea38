-- An agent of which nothing is published rests as one whose folder is gone does: what it was made of
-- is dropped after the grace. Its folder is there, so it can be rolled back meanwhile.
alter table kb.retirements add column withdrawn boolean not null default false;
