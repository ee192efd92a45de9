-- What hangs on the core: promos, bonuses, raffles, support, broadcasts, staff.

CREATE TABLE promos (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'in tokens and orders',
  code VARCHAR(32) NOT NULL COMMENT 'as typed; case does not matter',
  percent INT NOT NULL DEFAULT 0 COMMENT 'off the total, or',
  amount_kop BIGINT NOT NULL DEFAULT 0 COMMENT 'off the total',
  value_id BIGINT NULL COMMENT 'only for this value; NULL: any',
  uses_max INT NOT NULL DEFAULT 0 COMMENT '0: no limit',
  uses_per_user INT NOT NULL DEFAULT 1 COMMENT '0: no limit',
  uses INT NOT NULL DEFAULT 0 COMMENT 'paid orders so far',
  starts_at DATETIME(6) NOT NULL COMMENT 'valid from',
  ends_at DATETIME(6) NOT NULL COMMENT 'valid until',
  PRIMARY KEY (id) COMMENT 'referred to by orders',
  UNIQUE KEY promos_code (code) COMMENT 'what the buyer types'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci
  COMMENT='promo codes';

CREATE TABLE bonus_entries (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'age order',
  user_id BIGINT NOT NULL COMMENT 'whose',
  fact VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'why, e.g. order:17: once per fact',
  amount_kop BIGINT NOT NULL COMMENT 'positive earned, negative spent; the balance is the sum',
  created_at DATETIME(6) NOT NULL COMMENT 'for the ledger''s page',
  PRIMARY KEY (id) COMMENT 'append only',
  UNIQUE KEY bonus_entries_fact (fact) COMMENT 'a fact counts once',
  KEY bonus_entries_user (user_id, id) COMMENT 'a person''s ledger and balance',
  CONSTRAINT bonus_entries_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='bonuses: a ledger';

CREATE TABLE raffles (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'in buttons',
  title_uk VARCHAR(200) NOT NULL COMMENT 'shown escaped',
  title_en VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'empty: title_uk',
  title_ru VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'empty: title_uk',
  prize_value_id BIGINT NULL COMMENT 'a code of this value is the prize',
  seed_hash BINARY(32) NOT NULL COMMENT 'published at the start: the draw can be checked',
  seed VARBINARY(64) NULL COMMENT 'published at the draw',
  starts_at DATETIME(6) NOT NULL COMMENT 'tickets from',
  ends_at DATETIME(6) NOT NULL COMMENT 'tickets until; drawn after',
  drawn_at DATETIME(6) NULL COMMENT 'done, once',
  winner_ticket_id BIGINT NULL COMMENT 'the outcome',
  PRIMARY KEY (id) COMMENT 'referred to by tickets',
  KEY raffles_ends (drawn_at, ends_at) COMMENT 'what is due to be drawn'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci
  COMMENT='raffles';

CREATE TABLE raffle_tickets (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'age order',
  raffle_id BIGINT NOT NULL COMMENT 'of which raffle',
  user_id BIGINT NOT NULL COMMENT 'whose',
  fact VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'why: once per fact',
  created_at DATETIME(6) NOT NULL COMMENT 'for disputes',
  PRIMARY KEY (id) COMMENT 'named by the draw',
  UNIQUE KEY raffle_tickets_fact (raffle_id, fact) COMMENT 'a purchase is one ticket',
  KEY raffle_tickets_user (user_id, raffle_id) COMMENT 'my tickets',
  CONSTRAINT raffle_tickets_raffle FOREIGN KEY (raffle_id) REFERENCES raffles (id),
  CONSTRAINT raffle_tickets_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='who takes part';

CREATE TABLE tickets (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'the case number people see',
  user_id BIGINT NOT NULL COMMENT 'who asks',
  order_id BIGINT NULL COMMENT 'about which order',
  code_id BIGINT NULL COMMENT 'about which code: problem with this code',
  state ENUM('open','answered','closed') NOT NULL COMMENT 'open: staff''s turn',
  created_at DATETIME(6) NOT NULL COMMENT 'age',
  updated_at DATETIME(6) NOT NULL COMMENT 'the list''s order',
  PRIMARY KEY (id) COMMENT 'referred to by messages',
  KEY tickets_state (state, updated_at) COMMENT 'what waits for an answer',
  KEY tickets_user (user_id, id) COMMENT 'a person''s cases',
  KEY tickets_order (order_id, state) COMMENT 'the case about an order',
  CONSTRAINT tickets_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='support cases';

CREATE TABLE ticket_messages (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'age order',
  ticket_id BIGINT NOT NULL COMMENT 'of which case',
  fact VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the message it came from: once',
  from_shop TINYINT NOT NULL DEFAULT 0 COMMENT '1: the shop wrote it, 0: the buyer',
  staff_id BIGINT NULL COMMENT 'who of the staff; NULL: the buyer, or the command line',
  text VARCHAR(4096) NOT NULL COMMENT 'as written; escaped where shown',
  created_at DATETIME(6) NOT NULL COMMENT 'shown',
  PRIMARY KEY (id) COMMENT 'append only',
  UNIQUE KEY ticket_messages_fact (fact) COMMENT 'a message delivered twice is one',
  KEY ticket_messages_ticket (ticket_id, id) COMMENT 'a case''s page',
  CONSTRAINT ticket_messages_ticket_fk FOREIGN KEY (ticket_id) REFERENCES tickets (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci
  COMMENT='what was said';

CREATE TABLE faq_entries (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'in buttons',
  question_uk VARCHAR(200) NOT NULL COMMENT 'on the button',
  question_en VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'empty: question_uk',
  question_ru VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'empty: question_uk',
  answer_uk VARCHAR(3000) NOT NULL COMMENT 'shown escaped',
  answer_en VARCHAR(3000) NOT NULL DEFAULT '' COMMENT 'empty: answer_uk',
  answer_ru VARCHAR(3000) NOT NULL DEFAULT '' COMMENT 'empty: answer_uk',
  position INT NOT NULL DEFAULT 0 COMMENT 'order on the screen',
  PRIMARY KEY (id) COMMENT 'few rows'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci
  COMMENT='frequent questions';

CREATE TABLE restock_waiters (
  value_id BIGINT NOT NULL COMMENT 'tell me when this is back',
  user_id BIGINT NOT NULL COMMENT 'whom',
  created_at DATETIME(6) NOT NULL COMMENT 'first come, first told',
  PRIMARY KEY (value_id, user_id) COMMENT 'asked once; removed when told',
  CONSTRAINT restock_waiters_value FOREIGN KEY (value_id) REFERENCES card_values (id),
  CONSTRAINT restock_waiters_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='who wants to know of new stock';

CREATE TABLE broadcasts (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'for the panel',
  text_uk VARCHAR(3000) NOT NULL COMMENT 'Telegram HTML, checked when written',
  text_en VARCHAR(3000) NOT NULL DEFAULT '' COMMENT 'empty: text_uk',
  text_ru VARCHAR(3000) NOT NULL DEFAULT '' COMMENT 'empty: text_uk',
  state ENUM('draft','running','cancelled','done') NOT NULL COMMENT 'cancel works at once',
  created_by BIGINT NOT NULL COMMENT 'staff',
  created_at DATETIME(6) NOT NULL COMMENT 'list',
  PRIMARY KEY (id) COMMENT 'referred to by recipients'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci
  COMMENT='messages to many';

CREATE TABLE broadcast_recipients (
  broadcast_id BIGINT NOT NULL COMMENT 'which',
  user_id BIGINT NOT NULL COMMENT 'to whom',
  state ENUM('pending','sending','sent','unknown','failed') NOT NULL COMMENT 'sending is written before the call: at most once each',
  PRIMARY KEY (broadcast_id, user_id) COMMENT 'one message a person',
  KEY broadcast_recipients_state (broadcast_id, state) COMMENT 'the next, and the counts',
  CONSTRAINT broadcast_recipients_of FOREIGN KEY (broadcast_id) REFERENCES broadcasts (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='how far a broadcast got';

CREATE TABLE staff (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'in the audit trail',
  login VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'lower case',
  password_hash VARBINARY(200) NOT NULL COMMENT 'scrypt with its parameters and salt',
  role ENUM('owner','manager','support','viewer') NOT NULL COMMENT 'compared with the route''s',
  totp_seed VARBINARY(100) NULL COMMENT 'sealed with DATA_KEY; NULL: enrolled at the next sign-in',
  totp_step BIGINT NOT NULL DEFAULT 0 COMMENT 'the last one used: each once',
  recovery_codes VARBINARY(1000) NULL COMMENT 'hashes of those left',
  failures INT NOT NULL DEFAULT 0 COMMENT 'since the last success',
  locked_until DATETIME(6) NULL COMMENT 'grows with failures, never for ever',
  disabled_at DATETIME(6) NULL COMMENT 'ends all sessions',
  created_at DATETIME(6) NOT NULL COMMENT 'list',
  PRIMARY KEY (id) COMMENT 'referred to by sessions and audit',
  UNIQUE KEY staff_login (login) COMMENT 'sign-in'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='administrators';

CREATE TABLE sessions (
  token_hash BINARY(32) NOT NULL COMMENT 'SHA-256 of the cookie: a copy of the table opens nothing',
  staff_id BIGINT NOT NULL COMMENT 'who',
  address VARBINARY(64) NOT NULL COMMENT 'shown in the profile',
  agent VARCHAR(200) NOT NULL COMMENT 'shown in the profile',
  created_at DATETIME(6) NOT NULL COMMENT 'the absolute end counts from here',
  seen_at DATETIME(6) NOT NULL COMMENT 'the idle end counts from here',
  stepped_up_at DATETIME(6) NULL COMMENT 'TOTP entered again',
  PRIMARY KEY (token_hash) COMMENT 'every page reads one row by it',
  KEY sessions_staff (staff_id) COMMENT 'ending all of one person',
  CONSTRAINT sessions_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='signed-in browsers';

CREATE TABLE audit (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'order of writing',
  at DATETIME(6) NOT NULL COMMENT 'when',
  staff_id BIGINT NULL COMMENT 'who; NULL: the command line or the shop itself',
  actor VARCHAR(80) NOT NULL COMMENT 'login, or command line',
  address VARCHAR(64) NOT NULL DEFAULT '' COMMENT 'from where',
  action VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'a constant word',
  object VARCHAR(80) NOT NULL COMMENT 'what, e.g. order K7F3-9QXA',
  detail TEXT NOT NULL COMMENT 'before and after, as JSON; never a code',
  seal BINARY(32) NULL COMMENT 'hash over the row and the seal before it, by the worker',
  PRIMARY KEY (id) COMMENT 'append only',
  KEY audit_at (at) COMMENT 'paging by time',
  KEY audit_object (object) COMMENT 'a thing''s history'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci
  COMMENT='who changed what';
