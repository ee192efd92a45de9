-- Who waits for a value is told first come, first told, without sorting all who wait for it.

ALTER TABLE restock_waiters ADD KEY restock_waiters_turn (value_id, created_at) COMMENT 'whose turn it is';
