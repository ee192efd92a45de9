-- The core: people, catalogue, stock, orders, payments, outbox.

CREATE TABLE users (
  id BIGINT NOT NULL COMMENT 'the id Telegram gave the person; 52 bits',
  first_name VARCHAR(80) NOT NULL DEFAULT '' COMMENT 'cleaned for one line; empty after erasure',
  last_name VARCHAR(80) NOT NULL DEFAULT '' COMMENT 'for administrators who look for a buyer',
  username VARCHAR(40) NOT NULL DEFAULT '' COMMENT 'without @; may change hands, never an identity',
  lang CHAR(2) NOT NULL COMMENT 'uk, en or ru: from Telegram at first, then as chosen',
  lang_chosen TINYINT NOT NULL DEFAULT 0 COMMENT '1: chosen by the person, Telegram does not overrule it',
  banned_at DATETIME(6) NULL COMMENT 'no buying, one message',
  ban_reason VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'for administrators',
  ban_told_at DATETIME(6) NULL COMMENT 'the one message to a banned person was sent',
  blocked_at DATETIME(6) NULL COMMENT 'the person stopped the bot: nothing is sent',
  erased_at DATETIME(6) NULL COMMENT 'names removed on the person''s wish; the books stay',
  note VARCHAR(500) NOT NULL DEFAULT '' COMMENT 'for administrators',
  created_at DATETIME(6) NOT NULL COMMENT 'first contact: counts new buyers',
  PRIMARY KEY (id) COMMENT 'a tap reads one row by it',
  KEY users_username (username) COMMENT 'search in the panel',
  KEY users_created (created_at) COMMENT 'statistics and paging by time'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci
  COMMENT='people who wrote to the bot';

CREATE TABLE user_states (
  user_id BIGINT NOT NULL COMMENT 'one open question per person',
  step VARCHAR(32) NOT NULL COMMENT 'which question: a row of the dialog table in the bot',
  data VARCHAR(1000) NOT NULL COMMENT 'what the question is about, as JSON',
  expires_at DATETIME(6) NOT NULL COMMENT 'later answers are ordinary text',
  PRIMARY KEY (user_id) COMMENT 'read with the person on every update'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='where a conversation stands: survives a restart';

CREATE TABLE categories (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'in buttons',
  slug VARCHAR(62) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'stable name for files and links',
  title_uk VARCHAR(200) NOT NULL COMMENT 'shown as it is, escaped',
  title_en VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'empty: title_uk is shown',
  title_ru VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'empty: title_uk is shown',
  position INT NOT NULL DEFAULT 0 COMMENT 'order on the screen, then id',
  hidden_at DATETIME(6) NULL COMMENT 'not shown, not sold; old orders keep it',
  version INT NOT NULL DEFAULT 1 COMMENT 'raised by each edit: concurrent edits are noticed',
  created_at DATETIME(6) NOT NULL COMMENT 'for the panel',
  PRIMARY KEY (id) COMMENT 'referred to by values',
  UNIQUE KEY categories_slug (slug) COMMENT 'importing again updates'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci
  COMMENT='groups of card values';

CREATE TABLE card_values (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'in buttons and payment tokens',
  category_id BIGINT NOT NULL COMMENT 'where it is shown',
  slug VARCHAR(62) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'deep links: start=v_<slug>',
  title_uk VARCHAR(200) NOT NULL COMMENT 'on the button, escaped where it is text',
  title_en VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'empty: title_uk is shown',
  title_ru VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'empty: title_uk is shown',
  price_kop BIGINT NOT NULL COMMENT 'kopiykas; orders keep the price they were born with',
  instruction_uk VARCHAR(1000) NOT NULL DEFAULT '' COMMENT 'how to use the code: sent with it',
  instruction_en VARCHAR(1000) NOT NULL DEFAULT '' COMMENT 'empty: instruction_uk',
  instruction_ru VARCHAR(1000) NOT NULL DEFAULT '' COMMENT 'empty: instruction_uk',
  position INT NOT NULL DEFAULT 0 COMMENT 'order on the screen, then price',
  max_per_order INT NOT NULL DEFAULT 0 COMMENT '0: the shop''s limit',
  max_per_day INT NOT NULL DEFAULT 0 COMMENT 'codes for one person in 24 h; 0: no limit',
  code_pattern VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'extended regular expression codes must match; empty: any',
  picture_url VARCHAR(500) NOT NULL DEFAULT '' COMMENT 'shown as a link preview above the text',
  low_stock INT NOT NULL DEFAULT 5 COMMENT 'administrators are told when fewer are left',
  hidden_at DATETIME(6) NULL COMMENT 'not shown, not sold',
  version INT NOT NULL DEFAULT 1 COMMENT 'raised by each edit: concurrent edits are noticed',
  created_at DATETIME(6) NOT NULL COMMENT 'for the panel',
  PRIMARY KEY (id) COMMENT 'referred to by codes and orders',
  UNIQUE KEY card_values_slug (slug) COMMENT 'importing again updates; deep links',
  KEY card_values_category (category_id) COMMENT 'a category''s screen',
  CONSTRAINT card_values_price CHECK (price_kop BETWEEN 1 AND 99999999),
  CONSTRAINT card_values_in FOREIGN KEY (category_id) REFERENCES categories (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci
  COMMENT='what is sold: a kind of card with a price';

CREATE TABLE gateways (
  name VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'portmone; a second one is a row here and a file in clients',
  PRIMARY KEY (name) COMMENT 'referred to by values, orders, payments'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='ways to pay';

INSERT INTO gateways (name) VALUES ('portmone');

CREATE TABLE value_gateways (
  value_id BIGINT NOT NULL COMMENT 'a card value …',
  gateway VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT '… may be paid this way; Telegram wants some goods sold otherwise',
  PRIMARY KEY (value_id, gateway) COMMENT 'one row a pair',
  CONSTRAINT value_gateways_value FOREIGN KEY (value_id) REFERENCES card_values (id),
  CONSTRAINT value_gateways_gateway FOREIGN KEY (gateway) REFERENCES gateways (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='which value may be paid with which gateway';

CREATE TABLE code_batches (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'one import',
  value_id BIGINT NOT NULL COMMENT 'all its codes are of this value',
  name VARCHAR(100) NOT NULL COMMENT 'as the administrator calls it; an import run again goes on in the same batch',
  supplier VARCHAR(100) NOT NULL DEFAULT '' COMMENT 'for claims about bad codes',
  cost_kop BIGINT NOT NULL DEFAULT 0 COMMENT 'paid for one code, for margins',
  created_at DATETIME(6) NOT NULL COMMENT 'when it was begun',
  PRIMARY KEY (id) COMMENT 'referred to by codes',
  UNIQUE KEY code_batches_name (value_id, name) COMMENT 'a dead import is resumed by running it again',
  CONSTRAINT code_batches_value FOREIGN KEY (value_id) REFERENCES card_values (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci
  COMMENT='where codes came from';

CREATE TABLE orders (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'inside only; people see the number',
  number CHAR(9) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'K7F3-9QXA: for people and for the gateway; random',
  nonce BINARY(16) NOT NULL COMMENT 'of the drawing of the payment button: opening it twice is once',
  user_id BIGINT NOT NULL COMMENT 'the buyer',
  value_id BIGINT NOT NULL COMMENT 'what is bought',
  quantity INT NOT NULL COMMENT 'codes',
  unit_price_kop BIGINT NOT NULL COMMENT 'the price as it was',
  discount_kop BIGINT NOT NULL DEFAULT 0 COMMENT 'by promo code',
  bonus_kop BIGINT NOT NULL DEFAULT 0 COMMENT 'paid with bonuses',
  total_kop BIGINT NOT NULL COMMENT 'to be paid: what the gateway''s answer is compared with',
  promo_id BIGINT NULL COMMENT 'the promo code used',
  gateway VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'how it is paid',
  state ENUM('pending','paid','delivered','refunding','refunded','disputed','expired','cancelled') NOT NULL COMMENT 'paid = money is in, codes are not (waiting)',
  chat_id BIGINT NOT NULL COMMENT 'where it was drawn',
  message_id BIGINT NOT NULL COMMENT 'the message it was drawn in, 0 when Telegram did not tell',
  lang CHAR(2) NOT NULL COMMENT 'of the payment page and the messages',
  link_url VARCHAR(1000) NULL COMMENT 'the gateway''s page: the first one stored is used',
  link_lease_until DATETIME(6) NULL COMMENT 'one process is asking for the link: the others wait for it',
  created_at DATETIME(6) NOT NULL COMMENT 'the payment page was opened',
  expires_at DATETIME(6) NOT NULL COMMENT 'the reservation''s end, by the database''s clock',
  paid_at DATETIME(6) NULL COMMENT 'waiting orders are filled oldest first',
  delivered_at DATETIME(6) NULL COMMENT 'the codes are the buyer''s',
  ended_at DATETIME(6) NULL COMMENT 'expired, cancelled or refunded',
  ask_at DATETIME(6) NULL COMMENT 'the gateway is asked then; NULL: never again; a claim moves it on',
  asked_at DATETIME(6) NULL COMMENT 'last usable or unusable answer',
  asks INT NOT NULL DEFAULT 0 COMMENT 'questions so far: 10, 20, 40 … s apart',
  PRIMARY KEY (id) COMMENT 'referred to by codes, payments, outbox',
  UNIQUE KEY orders_number (number) COMMENT 'the gateway''s and people''s way to an order',
  UNIQUE KEY orders_nonce (nonce) COMMENT 'one drawing is one order, however often it is opened',
  KEY orders_user (user_id, id) COMMENT 'my purchases, newest first',
  KEY orders_user_state (user_id, state) COMMENT 'open orders of a person: limits, replacement',
  KEY orders_ask (ask_at) COMMENT 'whom the worker asks about next',
  KEY orders_value_state (value_id, state, paid_at) COMMENT 'waiting orders of a value, oldest first',
  KEY orders_created (created_at) COMMENT 'lists and statistics by time',
  CONSTRAINT orders_total CHECK (total_kop >= 1 AND total_kop = unit_price_kop * quantity - discount_kop - bonus_kop),
  CONSTRAINT orders_quantity CHECK (quantity BETWEEN 1 AND 1000),
  CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT orders_value_fk FOREIGN KEY (value_id) REFERENCES card_values (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='born when the payment page is opened';

CREATE TABLE card_codes (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'never shown',
  value_id BIGINT NOT NULL COMMENT 'what it is a code of',
  batch_id BIGINT NOT NULL COMMENT 'where it came from',
  ciphertext VARBINARY(1100) NOT NULL COMMENT 'AES-256-GCM: nonce, ciphertext, tag; value and fingerprint are associated data',
  key_id BIGINT NOT NULL COMMENT 'which of CODE_KEYS',
  fingerprint BINARY(32) NOT NULL COMMENT 'HMAC-SHA256 of the code without blanks and hyphens',
  serial VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '' COMMENT 'the supplier''s number, not secret',
  expires_at DATETIME(6) NOT NULL COMMENT '9999-12-31: never; never NULL so that one index orders all',
  state ENUM('available','reserved','sold','defective','withdrawn') NOT NULL COMMENT 'changes name the state they leave',
  order_id BIGINT NULL COMMENT 'set while reserved and for ever once sold: one column, so one order',
  slot INT NULL COMMENT '1 … quantity within the order',
  sold_at DATETIME(6) NULL COMMENT 'for statistics',
  PRIMARY KEY (id) COMMENT 'small, grows with time: imports append',
  UNIQUE KEY card_codes_fingerprint (fingerprint) COMMENT 'one code is one row, over all values and all history',
  UNIQUE KEY card_codes_order (order_id, slot) COMMENT 'a place in an order is filled once; the codes of an order',
  KEY card_codes_shelf (value_id, state, expires_at, id) COMMENT 'the next codes to sell, and the bounded count',
  KEY card_codes_batch (batch_id, state) COMMENT 'a batch''s page',
  CONSTRAINT card_codes_owner CHECK ((state = 'available' AND order_id IS NULL AND slot IS NULL) OR (state IN ('reserved','sold') AND order_id IS NOT NULL AND slot IS NOT NULL) OR state IN ('defective','withdrawn')),
  CONSTRAINT card_codes_value FOREIGN KEY (value_id) REFERENCES card_values (id),
  CONSTRAINT card_codes_batch_fk FOREIGN KEY (batch_id) REFERENCES code_batches (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='the stock, encrypted';

CREATE TABLE code_replacements (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'age order',
  order_id BIGINT NOT NULL COMMENT 'of which order',
  slot INT NOT NULL COMMENT 'the place in it',
  fact VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the wish it comes from: once per wish',
  old_code_id BIGINT NOT NULL COMMENT 'did not work: defective, and off the order',
  new_code_id BIGINT NULL COMMENT 'sold in its place; NULL: none was on the shelf, the order waits',
  why VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'for claims to the supplier',
  actor VARCHAR(80) NOT NULL COMMENT 'who did it',
  created_at DATETIME(6) NOT NULL COMMENT 'for the order''s story',
  PRIMARY KEY (id) COMMENT 'named by nobody',
  UNIQUE KEY code_replacements_fact (fact) COMMENT 'a wish told twice is one code',
  UNIQUE KEY code_replacements_old (old_code_id) COMMENT 'a code is replaced once',
  UNIQUE KEY code_replacements_new (new_code_id) COMMENT 'and stands in for one',
  KEY code_replacements_order (order_id) COMMENT 'an order''s story',
  CONSTRAINT code_replacements_order_fk FOREIGN KEY (order_id) REFERENCES orders (id),
  CONSTRAINT code_replacements_old_fk FOREIGN KEY (old_code_id) REFERENCES card_codes (id),
  CONSTRAINT code_replacements_new_fk FOREIGN KEY (new_code_id) REFERENCES card_codes (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='bad codes and what the buyers got instead';

CREATE TABLE payments (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'inside only',
  gateway VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'who took the money',
  gateway_payment_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the gateway''s own id (Portmone: shopBillId)',
  order_id BIGINT NOT NULL COMMENT 'an unknown order number makes no row',
  kind ENUM('payment','return') NOT NULL COMMENT 'money in, or money back',
  amount_kop BIGINT NOT NULL COMMENT 'as the gateway says; of a return: positive too',
  applied TINYINT NOT NULL COMMENT '1: this payment paid the order',
  state ENUM('ok','review','resolved') NOT NULL COMMENT 'review: a person decides',
  reason ENUM('','short','second','surplus','return','chargeback','test','late') CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'why it is in review',
  receipt_url VARCHAR(500) NOT NULL DEFAULT '' COMMENT 'reaches the buyer with the code',
  paid_at DATETIME(6) NULL COMMENT 'as the gateway says',
  received_at DATETIME(6) NOT NULL COMMENT 'when we learnt of it',
  resolved_at DATETIME(6) NULL COMMENT 'a person decided',
  resolution VARCHAR(500) NOT NULL DEFAULT '' COMMENT 'what, by whom, why',
  PRIMARY KEY (id) COMMENT 'for the panel',
  UNIQUE KEY payments_gateway (gateway, gateway_payment_id) COMMENT 'a payment counts once',
  KEY payments_order (order_id) COMMENT 'an order''s money',
  KEY payments_state (state, received_at) COMMENT 'what waits for a person',
  CONSTRAINT payments_order_fk FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='money, as the gateway''s own answer told it';

CREATE TABLE refunds (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'age order',
  order_id BIGINT NOT NULL COMMENT 'whose money goes back',
  payment_id BIGINT NOT NULL COMMENT 'which payment of it',
  open_order_id BIGINT NULL COMMENT 'the order while this is under way: one refund of an order at a time',
  fact VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the wish it comes from: once per wish',
  amount_kop BIGINT NOT NULL COMMENT 'what goes back',
  whole TINYINT NOT NULL COMMENT '1: all that was left of what paid the order, so the order ends with it',
  reason VARCHAR(255) NOT NULL COMMENT 'why, for Portmone''s cabinet too',
  actor VARCHAR(80) NOT NULL COMMENT 'who wished it',
  state ENUM('pending','sent','done','refused') NOT NULL COMMENT 'sent is written before the call: whether it arrived, only an answer tells',
  not_before DATETIME(6) NOT NULL COMMENT 'looked at again then; a claim moves it on',
  lease_owner BIGINT NULL COMMENT 'the claim: a random number of the worker',
  claims INT NOT NULL DEFAULT 0 COMMENT 'claims so far: the pauses grow with them',
  sends INT NOT NULL DEFAULT 0 COMMENT 'times the gateway was told to give it back',
  questions INT NOT NULL DEFAULT 0 COMMENT 'usable answers without a trace of it since it was sent last',
  sent_at DATETIME(6) NULL COMMENT 'told to the gateway last',
  done_at DATETIME(6) NULL COMMENT 'given back, or refused',
  return_id BIGINT NULL COMMENT 'the row of payments that it became',
  last_error VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'Portmone''s words',
  created_at DATETIME(6) NOT NULL COMMENT 'for the order''s story',
  PRIMARY KEY (id) COMMENT 'leases name it',
  UNIQUE KEY refunds_fact (fact) COMMENT 'a wish told twice is one refund',
  UNIQUE KEY refunds_open (open_order_id) COMMENT 'one at a time, so that what came back can be told apart',
  UNIQUE KEY refunds_return (return_id) COMMENT 'a row of the gateway is one refund',
  KEY refunds_due (state, not_before) COMMENT 'the next to look at',
  KEY refunds_order (order_id) COMMENT 'an order''s money',
  KEY refunds_payment (payment_id) COMMENT 'what is left of a payment',
  CONSTRAINT refunds_amount CHECK (amount_kop >= 1),
  CONSTRAINT refunds_order_fk FOREIGN KEY (order_id) REFERENCES orders (id),
  CONSTRAINT refunds_payment_fk FOREIGN KEY (payment_id) REFERENCES payments (id),
  CONSTRAINT refunds_return_fk FOREIGN KEY (return_id) REFERENCES payments (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='money on its way back, by our own wish';

CREATE TABLE payment_hints (
  order_id BIGINT NOT NULL COMMENT 'which order it names',
  source ENUM('notify','return') NOT NULL COMMENT 'how we heard',
  gateway_payment_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'as claimed last: never believed',
  receipt_url VARCHAR(500) NOT NULL DEFAULT '' COMMENT 'the gateway''s receipt, as claimed: used once that payment is known',
  times INT NOT NULL DEFAULT 1 COMMENT 'heard this often',
  first_at DATETIME(6) NOT NULL COMMENT 'for the order''s story',
  last_at DATETIME(6) NOT NULL COMMENT 'for the order''s story',
  PRIMARY KEY (order_id, source) COMMENT 'any number of repeats are one row',
  CONSTRAINT payment_hints_order FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='notifications and returns: a reason to ask the gateway, never evidence';

CREATE TABLE outbox (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'age order',
  fact VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'what it tells, e.g. deliver:17: once per fact',
  kind VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'which drawing: a row of the worker''s table',
  chat_id BIGINT NOT NULL COMMENT 'to whom',
  order_id BIGINT NULL COMMENT 'what about; texts with codes are drawn at the moment of sending',
  data VARCHAR(2000) NOT NULL DEFAULT '{}' COMMENT 'further ids and words, as JSON; never a code',
  priority TINYINT NOT NULL COMMENT '0 codes, 2 orders, 5 alerts, 9 broadcasts',
  state ENUM('pending','sent','undeliverable','dead') NOT NULL COMMENT 'undeliverable: the person blocked the bot; dead: an administrator looks',
  not_before DATETIME(6) NOT NULL COMMENT 'due; also moved on by a lease, a retry_after, a back-off',
  attempts INT NOT NULL DEFAULT 0 COMMENT 'claims so far',
  lease_owner BIGINT NULL COMMENT 'the claim: a random number of the worker',
  telegram_message_id BIGINT NULL COMMENT 'what Telegram answered',
  last_error VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'Telegram''s words',
  created_at DATETIME(6) NOT NULL COMMENT 'for age alerts',
  sent_at DATETIME(6) NULL COMMENT 'for the order''s story',
  PRIMARY KEY (id) COMMENT 'leases name it',
  UNIQUE KEY outbox_fact (fact) COMMENT 'one message per fact, however often the fact is established',
  KEY outbox_due (state, priority, not_before) COMMENT 'the next to send',
  KEY outbox_chat (chat_id, state) COMMENT 'a chat''s retry_after holds all its messages',
  KEY outbox_order (order_id) COMMENT 'an order''s story'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='messages that must not be lost';

CREATE TABLE leases (
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'what only one worker does at a time, or all of them wait for',
  owner BIGINT NOT NULL COMMENT 'a random number of the worker',
  until_at DATETIME(6) NOT NULL COMMENT 'free again after this',
  data VARCHAR(500) NOT NULL DEFAULT '' COMMENT 'where the work stands',
  PRIMARY KEY (name) COMMENT 'taken by a conditional UPDATE'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='polling, the global pause Telegram asked for, daily work';

CREATE TABLE workers (
  id BIGINT NOT NULL COMMENT 'a random number of the worker',
  host VARCHAR(100) NOT NULL COMMENT 'for the health page',
  pid INT NOT NULL COMMENT 'for the health page',
  version VARCHAR(40) NOT NULL COMMENT 'for the health page',
  beat_at DATETIME(6) NOT NULL COMMENT 'under 5 s old: alive',
  PRIMARY KEY (id) COMMENT 'one row a process',
  KEY workers_beat (beat_at) COMMENT 'the newest, and sweeping the dead'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='heartbeats';

CREATE TABLE code_keys (
  id BIGINT NOT NULL COMMENT 'as in CODE_KEYS',
  check_value BINARY(8) NOT NULL COMMENT 'HMAC-SHA256 of a constant with the key, its beginning: another key of this id is not taken for it',
  dropped_at DATETIME(6) NULL COMMENT 'taken out of use: no code is sealed with it any more',
  created_at DATETIME(6) NOT NULL COMMENT 'a code was first sealed with it',
  PRIMARY KEY (id) COMMENT 'few rows'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='keys that codes were sealed with; never a key itself';

CREATE TABLE key_holders (
  id BIGINT NOT NULL COMMENT 'a random number of the process',
  program VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'worker, telegram, admin',
  host VARCHAR(100) NOT NULL COMMENT 'named when it has to be restarted',
  pid INT NOT NULL COMMENT 'named when it has to be restarted',
  known VARCHAR(500) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'what it can open: id:check value of each, with commas',
  beat_at DATETIME(6) NOT NULL COMMENT 'over a minute old: dead, and nobody waits for it',
  PRIMARY KEY (id) COMMENT 'one row a process',
  KEY key_holders_beat (beat_at) COMMENT 'sweeping the dead'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='processes that open codes: keys rotate waits until all of them know the new key';

CREATE TABLE settings (
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'a row of the setting table in code',
  value VARCHAR(4000) NOT NULL COMMENT 'as text',
  changed_at DATETIME(6) NOT NULL COMMENT 'for the panel',
  PRIMARY KEY (name) COMMENT 'few rows, read as a whole'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='what the panel changes while the shop runs';

INSERT INTO settings (name, value, changed_at) VALUES ('catalog_version', '1', UTC_TIMESTAMP(6));
