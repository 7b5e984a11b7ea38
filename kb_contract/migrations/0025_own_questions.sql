-- How sure one is of questions made of a generation's own passages: see OwnQuestions in kb_contract/calibration.py.
-- Null: it was never asked.
alter table kb.generations add column own_questions jsonb;
