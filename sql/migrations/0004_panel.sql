-- The panel's sign-in: sessions that are half-way, attempts that are counted, the trail's chain.

CREATE TABLE attempts (
  name VARBINARY(80) NOT NULL COMMENT 'whose: "login <hash>", "address 192.0.2.1", "code 7"',
  failures INT NOT NULL COMMENT 'since the last success; forgotten after a quiet day',
  last_at DATETIME(6) NOT NULL COMMENT 'of the last one',
  until_at DATETIME(6) NOT NULL COMMENT 'none is looked at before: grows with failures, never for ever',
  PRIMARY KEY (name) COMMENT 'read and raised before a password is hashed',
  KEY attempts_last (last_at) COMMENT 'old rows are removed'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='failed sign-ins, also of logins that nobody has';

ALTER TABLE staff
  DROP COLUMN failures,
  DROP COLUMN locked_until,
  ADD COLUMN must_change TINYINT NOT NULL DEFAULT 0 COMMENT '1: the password was given by somebody else' AFTER password_hash;

ALTER TABLE sessions
  ADD COLUMN id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'how the profile names it: opens nothing' FIRST,
  ADD COLUMN stage ENUM('password','full') NOT NULL DEFAULT 'full' COMMENT 'password: the second factor is still to come' AFTER staff_id,
  ADD COLUMN totp_seed VARBINARY(100) NULL COMMENT 'being enrolled; sealed with DATA_KEY' AFTER stepped_up_at,
  ADD COLUMN flash VARCHAR(1000) NOT NULL DEFAULT '' COMMENT 'what the next page says was done, as JSON' AFTER totp_seed,
  ADD UNIQUE KEY sessions_id (id) COMMENT 'ending one from the profile';

ALTER TABLE audit
  ADD COLUMN seal_no BIGINT NULL COMMENT 'place in the chain: rows are committed in another order than numbered' AFTER detail,
  ADD UNIQUE KEY audit_seal_no (seal_no) COMMENT 'the chain in its order, and what is not in it yet',
  ADD KEY audit_staff (staff_id, id) COMMENT 'what somebody did',
  ADD KEY audit_action (action, id) COMMENT 'who did such a thing',
  DROP KEY audit_object,
  ADD KEY audit_object (object, id) COMMENT 'a thing''s history, by key';
