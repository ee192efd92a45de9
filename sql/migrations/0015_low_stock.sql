-- Administrators hear when a value's codes run out, not every minute of it.

ALTER TABLE card_values
  ADD COLUMN low_told_at DATETIME(6) NULL COMMENT 'administrators were told last that it runs out; NULL: not since it was filled';
