-- What the panel's stock pages keep: uploads between preview and confirmation, and prices that were.

CREATE TABLE stagings (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'one upload: confirming it twice is once',
  value_id BIGINT NOT NULL COMMENT 'what its codes are of',
  staff_id BIGINT NOT NULL COMMENT 'who uploaded it; only they confirm it',
  batch VARCHAR(100) NOT NULL COMMENT 'the batch its codes will be in',
  supplier VARCHAR(100) NOT NULL DEFAULT '' COMMENT 'of the batch',
  cost_kop BIGINT NOT NULL DEFAULT 0 COMMENT 'of one code of the batch',
  state ENUM('reading','preview','confirmed','done') NOT NULL COMMENT 'reading: the upload is not whole; confirmed: the worker moves its codes to the shelf',
  total INT NOT NULL DEFAULT 0 COMMENT 'codes staged: new to the file, whether known from history or not',
  known INT NOT NULL DEFAULT 0 COMMENT 'of these, known when previewed',
  repeated INT NOT NULL DEFAULT 0 COMMENT 'further lines that repeat a code of the file',
  bad INT NOT NULL DEFAULT 0 COMMENT 'malformed lines',
  bad_lines VARCHAR(2000) NOT NULL DEFAULT '' COMMENT 'the first of them: line:fault, comma',
  moved INT NOT NULL DEFAULT 0 COMMENT 'how far the worker is: codes up to this seq are on the shelf or were known',
  added INT NOT NULL DEFAULT 0 COMMENT 'codes that came on the shelf',
  filled INT NOT NULL DEFAULT 0 COMMENT 'waiting orders that got their codes by it',
  created_at DATETIME(6) NOT NULL COMMENT 'unconfirmed ones are gone after an hour',
  ended_at DATETIME(6) NULL COMMENT 'done',
  PRIMARY KEY (id) COMMENT 'in the address of its page',
  KEY stagings_state (state, created_at) COMMENT 'the worker''s next, and what is to be swept',
  CONSTRAINT stagings_value FOREIGN KEY (value_id) REFERENCES card_values (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='uploads of codes between preview and shelf';

CREATE TABLE staged_codes (
  staging_id BIGINT NOT NULL COMMENT 'of which upload',
  seq INT NOT NULL COMMENT 'place in the file, from 1',
  ciphertext VARBINARY(1100) NOT NULL COMMENT 'sealed as on the shelf',
  key_id BIGINT NOT NULL COMMENT 'which of CODE_KEYS',
  fingerprint BINARY(32) NOT NULL COMMENT 'as on the shelf',
  serial VARCHAR(100) NOT NULL DEFAULT '' COMMENT 'the supplier''s number',
  expires_at DATETIME(6) NOT NULL COMMENT '9999-12-31: never',
  PRIMARY KEY (staging_id, seq) COMMENT 'moved in runs'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='the codes of uploads that are not on the shelf yet, encrypted like stock';

CREATE TABLE price_changes (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'age order',
  value_id BIGINT NOT NULL COMMENT 'whose price',
  old_kop BIGINT NULL COMMENT 'NULL: the first price',
  new_kop BIGINT NOT NULL COMMENT 'from then on',
  actor VARCHAR(80) NOT NULL COMMENT 'login, or command line',
  at DATETIME(6) NOT NULL COMMENT 'when',
  PRIMARY KEY (id) COMMENT 'append only',
  KEY price_changes_value (value_id, id) COMMENT 'a value''s history',
  CONSTRAINT price_changes_of FOREIGN KEY (value_id) REFERENCES card_values (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='prices that were';
