-- Hints are counted from the question, not from its answer: else they could make us ask many times at once.

ALTER TABLE orders MODIFY COLUMN asked_at DATETIME(6) NULL COMMENT 'last question: hints make us ask no more often than every two seconds';
