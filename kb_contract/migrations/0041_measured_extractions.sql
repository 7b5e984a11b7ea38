-- How well passages are read out is measured too.

alter table ops.evaluations drop constraint evaluations_kind_check;
alter table ops.evaluations add constraint evaluations_kind_check
  check (kind in ('retrieval', 'answers', 'citations', 'extraction'));
