-- What the documents of a generation call by several names, with how many chunks say so: see kb_contract/own_words.py.
-- Null: counted before names were.
alter table kb.term_counts add column names jsonb;
