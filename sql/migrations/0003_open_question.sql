-- A person's row says whether a question is open, so that a tap reads one row of one table.

ALTER TABLE users ADD COLUMN asked_until DATETIME(6) NULL COMMENT 'a question in user_states may be open until then; NULL: none is' AFTER erased_at;
