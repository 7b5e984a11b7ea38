-- What ranking knows beside the collection.

-- The packed vectors of a text's words: see kb_contract/sentence_models/word_vectors.py.
alter table kb.embeddings add column words bytea not null default '';
-- Bits do not compress.
alter table kb.embeddings alter column words set storage external;

-- In how many chunks of a generation each word stands, packed: see kb_contract/term_counts.py.
create table kb.term_counts (
  generation_id bigint primary key references kb.generations on delete cascade,
  chunks        integer not null,
  packed        bytea not null
);
grant select on kb.term_counts to kb_reader;
