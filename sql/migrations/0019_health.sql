-- What the page of health shows of processes, and the end of a message nobody can send.

ALTER TABLE workers
  ADD COLUMN started_at DATETIME(6) NULL COMMENT 'for the health page; NULL: an older release' AFTER version;

ALTER TABLE key_holders
  ADD COLUMN version VARCHAR(40) NOT NULL DEFAULT '' COMMENT 'for the health page' AFTER pid,
  ADD COLUMN started_at DATETIME(6) NULL COMMENT 'for the health page; NULL: an older release' AFTER version;

ALTER TABLE outbox
  MODIFY COLUMN state ENUM('pending','sent','undeliverable','dead','buried') NOT NULL COMMENT 'undeliverable: the person blocked the bot; dead: an administrator looks; buried: looked at, and not to be sent';
