-- What was found of a text, whoever's and wherever it lies: no text is looked through twice.
create table kb.scans (
  text_sha256  text not null,
  scan_version integer not null,          -- of the patterns that looked
  families     text[] not null,           -- those that found something; empty: nothing did
  primary key (text_sha256, scan_version)
);

-- What is embedded with a chunk's text and never quoted: the header of the table that it goes on in.
alter table kb.chunks add column context text not null default '';
