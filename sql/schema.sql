-- The schema as the migrations make it, with the reason for every table, column and key.
-- Made by sql/schema.sh from sql/migrations; a test compares the two.  Not to be edited.

CREATE TABLE `schema_migrations` (
  `version` bigint(20) NOT NULL COMMENT 'number of the file; 0 is the row a run holds locked',
  `name` varchar(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the file, without .sql',
  `checksum` char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'SHA-256 of the file: it must not change any more',
  `statements` int(11) NOT NULL DEFAULT 0 COMMENT 'done so far: a run that died is resumed after them',
  `applied_at` datetime(6) DEFAULT NULL COMMENT 'NULL until all statements are done',
  PRIMARY KEY (`version`) COMMENT 'one row a file'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='which migrations this database has';

CREATE TABLE `users` (
  `id` bigint(20) NOT NULL COMMENT 'the id Telegram gave the person; 52 bits',
  `first_name` varchar(80) NOT NULL DEFAULT '' COMMENT 'cleaned for one line; empty after erasure',
  `last_name` varchar(80) NOT NULL DEFAULT '' COMMENT 'for administrators who look for a buyer',
  `username` varchar(40) NOT NULL DEFAULT '' COMMENT 'without @; may change hands, never an identity',
  `lang` char(2) NOT NULL COMMENT 'uk, en or ru: from Telegram at first, then as chosen',
  `lang_chosen` tinyint(4) NOT NULL DEFAULT 0 COMMENT '1: chosen by the person, Telegram does not overrule it',
  `banned_at` datetime(6) DEFAULT NULL COMMENT 'no buying, one message',
  `ban_reason` varchar(200) NOT NULL DEFAULT '' COMMENT 'for administrators',
  `ban_told_at` datetime(6) DEFAULT NULL COMMENT 'the one message to a banned person was sent',
  `blocked_at` datetime(6) DEFAULT NULL COMMENT 'the person stopped the bot: nothing is sent',
  `erased_at` datetime(6) DEFAULT NULL COMMENT 'names removed on the person''s wish; the books stay',
  `asked_until` datetime(6) DEFAULT NULL COMMENT 'a question in user_states may be open until then; NULL: none is',
  `note` varchar(500) NOT NULL DEFAULT '' COMMENT 'for administrators',
  `created_at` datetime(6) NOT NULL COMMENT 'first contact: counts new buyers',
  PRIMARY KEY (`id`) COMMENT 'a tap reads one row by it',
  KEY `users_username` (`username`) COMMENT 'search in the panel',
  KEY `users_created` (`created_at`) COMMENT 'statistics and paging by time',
  KEY `users_first_name` (`first_name`,`id`) COMMENT 'search in the panel',
  KEY `users_last_name` (`last_name`,`id`) COMMENT 'search in the panel',
  KEY `users_banned` (`banned_at`,`id`) COMMENT 'the panel: whom the shop does not sell to'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci COMMENT='people who wrote to the bot';

CREATE TABLE `user_states` (
  `user_id` bigint(20) NOT NULL COMMENT 'one open question per person',
  `step` varchar(32) NOT NULL COMMENT 'which question: a row of the dialog table in the bot',
  `data` varchar(1000) NOT NULL COMMENT 'what the question is about, as JSON',
  `expires_at` datetime(6) NOT NULL COMMENT 'later answers are ordinary text',
  PRIMARY KEY (`user_id`) COMMENT 'read with the person on every update'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='where a conversation stands: survives a restart';

CREATE TABLE `categories` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'in buttons',
  `slug` varchar(62) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'stable name for files and links',
  `title_uk` varchar(200) NOT NULL COMMENT 'shown as it is, escaped',
  `title_en` varchar(200) NOT NULL DEFAULT '' COMMENT 'empty: title_uk is shown',
  `title_ru` varchar(200) NOT NULL DEFAULT '' COMMENT 'empty: title_uk is shown',
  `position` int(11) NOT NULL DEFAULT 0 COMMENT 'order on the screen, then id',
  `hidden_at` datetime(6) DEFAULT NULL COMMENT 'not shown, not sold; old orders keep it',
  `version` int(11) NOT NULL DEFAULT 1 COMMENT 'raised by each edit: concurrent edits are noticed',
  `created_at` datetime(6) NOT NULL COMMENT 'for the panel',
  PRIMARY KEY (`id`) COMMENT 'referred to by values',
  UNIQUE KEY `categories_slug` (`slug`) COMMENT 'importing again updates'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci COMMENT='groups of card values';

CREATE TABLE `card_values` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'in buttons and payment tokens',
  `category_id` bigint(20) NOT NULL COMMENT 'where it is shown',
  `slug` varchar(62) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'deep links: start=v_<slug>',
  `title_uk` varchar(200) NOT NULL COMMENT 'on the button, escaped where it is text',
  `title_en` varchar(200) NOT NULL DEFAULT '' COMMENT 'empty: title_uk is shown',
  `title_ru` varchar(200) NOT NULL DEFAULT '' COMMENT 'empty: title_uk is shown',
  `price_kop` bigint(20) NOT NULL COMMENT 'kopiykas; orders keep the price they were born with',
  `instruction_uk` varchar(1000) NOT NULL DEFAULT '' COMMENT 'how to use the code: sent with it',
  `instruction_en` varchar(1000) NOT NULL DEFAULT '' COMMENT 'empty: instruction_uk',
  `instruction_ru` varchar(1000) NOT NULL DEFAULT '' COMMENT 'empty: instruction_uk',
  `position` int(11) NOT NULL DEFAULT 0 COMMENT 'order on the screen, then price',
  `max_per_order` int(11) NOT NULL DEFAULT 0 COMMENT '0: the shop''s limit',
  `max_per_day` int(11) NOT NULL DEFAULT 0 COMMENT 'codes for one person in 24 h; 0: no limit',
  `code_pattern` varchar(200) NOT NULL DEFAULT '' COMMENT 'extended regular expression codes must match; empty: any',
  `picture_url` varchar(500) NOT NULL DEFAULT '' COMMENT 'shown as a link preview above the text',
  `low_stock` int(11) NOT NULL DEFAULT 5 COMMENT 'administrators are told when fewer are left',
  `hidden_at` datetime(6) DEFAULT NULL COMMENT 'not shown, not sold',
  `version` int(11) NOT NULL DEFAULT 1 COMMENT 'raised by each edit: concurrent edits are noticed',
  `created_at` datetime(6) NOT NULL COMMENT 'for the panel',
  `low_told_at` datetime(6) DEFAULT NULL COMMENT 'administrators were told last that it runs out; NULL: not since it was filled',
  PRIMARY KEY (`id`) COMMENT 'referred to by codes and orders',
  UNIQUE KEY `card_values_slug` (`slug`) COMMENT 'importing again updates; deep links',
  KEY `card_values_category` (`category_id`) COMMENT 'a category''s screen',
  CONSTRAINT `card_values_in` FOREIGN KEY (`category_id`) REFERENCES `categories` (`id`),
  CONSTRAINT `card_values_price` CHECK (`price_kop` between 1 and 99999999)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci COMMENT='what is sold: a kind of card with a price';

CREATE TABLE `gateways` (
  `name` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'portmone; a second one is a row here and a file in clients',
  PRIMARY KEY (`name`) COMMENT 'referred to by values, orders, payments'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='ways to pay';

CREATE TABLE `value_gateways` (
  `value_id` bigint(20) NOT NULL COMMENT 'a card value …',
  `gateway` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT '… may be paid this way; Telegram wants some goods sold otherwise',
  PRIMARY KEY (`value_id`,`gateway`) COMMENT 'one row a pair',
  KEY `value_gateways_gateway` (`gateway`),
  CONSTRAINT `value_gateways_gateway` FOREIGN KEY (`gateway`) REFERENCES `gateways` (`name`),
  CONSTRAINT `value_gateways_value` FOREIGN KEY (`value_id`) REFERENCES `card_values` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='which value may be paid with which gateway';

CREATE TABLE `code_batches` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'one import',
  `value_id` bigint(20) NOT NULL COMMENT 'all its codes are of this value',
  `name` varchar(100) NOT NULL COMMENT 'as the administrator calls it; an import run again goes on in the same batch',
  `supplier` varchar(100) NOT NULL DEFAULT '' COMMENT 'for claims about bad codes',
  `cost_kop` bigint(20) NOT NULL DEFAULT 0 COMMENT 'paid for one code, for margins',
  `created_at` datetime(6) NOT NULL COMMENT 'when it was begun',
  PRIMARY KEY (`id`) COMMENT 'referred to by codes',
  UNIQUE KEY `code_batches_name` (`value_id`,`name`) COMMENT 'a dead import is resumed by running it again',
  CONSTRAINT `code_batches_value` FOREIGN KEY (`value_id`) REFERENCES `card_values` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci COMMENT='where codes came from';

CREATE TABLE `orders` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'inside only; people see the number',
  `number` char(9) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'K7F3-9QXA: for people and for the gateway; random',
  `nonce` binary(16) NOT NULL COMMENT 'of the drawing of the payment button: opening it twice is once',
  `user_id` bigint(20) NOT NULL COMMENT 'the buyer',
  `value_id` bigint(20) NOT NULL COMMENT 'what is bought',
  `quantity` int(11) NOT NULL COMMENT 'codes',
  `unit_price_kop` bigint(20) NOT NULL COMMENT 'the price as it was',
  `discount_kop` bigint(20) NOT NULL DEFAULT 0 COMMENT 'by promo code',
  `bonus_kop` bigint(20) NOT NULL DEFAULT 0 COMMENT 'paid with bonuses',
  `total_kop` bigint(20) NOT NULL COMMENT 'to be paid: what the gateway''s answer is compared with',
  `promo_id` bigint(20) DEFAULT NULL COMMENT 'the promo code used',
  `gateway` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'how it is paid',
  `state` enum('pending','paid','delivered','refunding','refunded','disputed','expired','cancelled') NOT NULL COMMENT 'paid = money is in, codes are not (waiting)',
  `chat_id` bigint(20) NOT NULL COMMENT 'where it was drawn',
  `message_id` bigint(20) NOT NULL COMMENT 'the message it was drawn in, 0 when Telegram did not tell',
  `lang` char(2) NOT NULL COMMENT 'of the payment page and the messages',
  `link_url` varchar(1000) DEFAULT NULL COMMENT 'the gateway''s page: the first one stored is used',
  `link_lease_until` datetime(6) DEFAULT NULL COMMENT 'one process is asking for the link: the others wait for it',
  `created_at` datetime(6) NOT NULL COMMENT 'the payment page was opened',
  `expires_at` datetime(6) NOT NULL COMMENT 'the reservation''s end, by the database''s clock',
  `paid_at` datetime(6) DEFAULT NULL COMMENT 'waiting orders are filled oldest first',
  `delivered_at` datetime(6) DEFAULT NULL COMMENT 'the codes are the buyer''s',
  `ended_at` datetime(6) DEFAULT NULL COMMENT 'expired, cancelled or refunded',
  `ask_at` datetime(6) DEFAULT NULL COMMENT 'the gateway is asked then; NULL: never again; a claim moves it on',
  `asked_at` datetime(6) DEFAULT NULL COMMENT 'last question: hints make us ask no more often than every two seconds',
  `asks` int(11) NOT NULL DEFAULT 0 COMMENT 'questions so far: 10, 20, 40 … s apart',
  PRIMARY KEY (`id`) COMMENT 'referred to by codes, payments, outbox',
  UNIQUE KEY `orders_number` (`number`) COMMENT 'the gateway''s and people''s way to an order',
  UNIQUE KEY `orders_nonce` (`nonce`) COMMENT 'one drawing is one order, however often it is opened',
  KEY `orders_user` (`user_id`,`id`) COMMENT 'my purchases, newest first',
  KEY `orders_user_state` (`user_id`,`state`) COMMENT 'open orders of a person: limits, replacement',
  KEY `orders_ask` (`ask_at`) COMMENT 'whom the worker asks about next',
  KEY `orders_value_state` (`value_id`,`state`,`paid_at`) COMMENT 'waiting orders of a value, oldest first',
  KEY `orders_created` (`created_at`) COMMENT 'lists and statistics by time',
  KEY `orders_state` (`state`,`id`) COMMENT 'the panel: orders in a state, newest first',
  KEY `orders_value` (`value_id`,`id`) COMMENT 'the panel: orders of a value, newest first',
  CONSTRAINT `orders_user_fk` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`),
  CONSTRAINT `orders_value_fk` FOREIGN KEY (`value_id`) REFERENCES `card_values` (`id`),
  CONSTRAINT `orders_total` CHECK (`total_kop` >= 1 and `total_kop` = `unit_price_kop` * `quantity` - `discount_kop` - `bonus_kop`),
  CONSTRAINT `orders_quantity` CHECK (`quantity` between 1 and 1000)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='born when the payment page is opened';

CREATE TABLE `card_codes` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'never shown',
  `value_id` bigint(20) NOT NULL COMMENT 'what it is a code of',
  `batch_id` bigint(20) NOT NULL COMMENT 'where it came from',
  `ciphertext` varbinary(1100) NOT NULL COMMENT 'AES-256-GCM: nonce, ciphertext, tag; value and fingerprint are associated data',
  `key_id` bigint(20) NOT NULL COMMENT 'which of CODE_KEYS',
  `fingerprint` binary(32) NOT NULL COMMENT 'HMAC-SHA256 of the code without blanks and hyphens',
  `serial` varchar(100) NOT NULL DEFAULT '' COMMENT 'the supplier''s number, not secret',
  `expires_at` datetime(6) NOT NULL COMMENT '9999-12-31: never; never NULL so that one index orders all',
  `state` enum('available','reserved','sold','defective','withdrawn') NOT NULL COMMENT 'changes name the state they leave',
  `order_id` bigint(20) DEFAULT NULL COMMENT 'set while reserved and for ever once sold: one column, so one order',
  `slot` int(11) DEFAULT NULL COMMENT '1 … quantity within the order',
  `sold_at` datetime(6) DEFAULT NULL COMMENT 'for statistics',
  PRIMARY KEY (`id`) COMMENT 'small, grows with time: imports append',
  UNIQUE KEY `card_codes_fingerprint` (`fingerprint`) COMMENT 'one code is one row, over all values and all history',
  UNIQUE KEY `card_codes_order` (`order_id`,`slot`) COMMENT 'a place in an order is filled once; the codes of an order',
  KEY `card_codes_shelf` (`value_id`,`state`,`expires_at`,`id`) COMMENT 'the next codes to sell, and the bounded count',
  KEY `card_codes_batch` (`batch_id`,`state`) COMMENT 'a batch''s page',
  CONSTRAINT `card_codes_batch_fk` FOREIGN KEY (`batch_id`) REFERENCES `code_batches` (`id`),
  CONSTRAINT `card_codes_value` FOREIGN KEY (`value_id`) REFERENCES `card_values` (`id`),
  CONSTRAINT `card_codes_owner` CHECK (`state` = 'available' and `order_id` is null and `slot` is null or `state` in ('reserved','sold') and `order_id` is not null and `slot` is not null or `state` in ('defective','withdrawn'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='the stock, encrypted';

CREATE TABLE `code_replacements` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'age order',
  `order_id` bigint(20) NOT NULL COMMENT 'of which order',
  `slot` int(11) NOT NULL COMMENT 'the place in it',
  `fact` varchar(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the wish it comes from: once per wish',
  `old_code_id` bigint(20) NOT NULL COMMENT 'did not work: defective, and off the order',
  `new_code_id` bigint(20) DEFAULT NULL COMMENT 'sold in its place; NULL: none was on the shelf, the order waits',
  `why` varchar(255) NOT NULL DEFAULT '' COMMENT 'for claims to the supplier',
  `actor` varchar(80) NOT NULL COMMENT 'who did it',
  `created_at` datetime(6) NOT NULL COMMENT 'for the order''s story',
  PRIMARY KEY (`id`) COMMENT 'named by nobody',
  UNIQUE KEY `code_replacements_fact` (`fact`) COMMENT 'a wish told twice is one code',
  UNIQUE KEY `code_replacements_old` (`old_code_id`) COMMENT 'a code is replaced once',
  UNIQUE KEY `code_replacements_new` (`new_code_id`) COMMENT 'and stands in for one',
  KEY `code_replacements_order` (`order_id`) COMMENT 'an order''s story',
  CONSTRAINT `code_replacements_new_fk` FOREIGN KEY (`new_code_id`) REFERENCES `card_codes` (`id`),
  CONSTRAINT `code_replacements_old_fk` FOREIGN KEY (`old_code_id`) REFERENCES `card_codes` (`id`),
  CONSTRAINT `code_replacements_order_fk` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='bad codes and what the buyers got instead';

CREATE TABLE `payments` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'inside only',
  `gateway` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'who took the money',
  `gateway_payment_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the gateway''s own id (Portmone: shopBillId)',
  `order_id` bigint(20) NOT NULL COMMENT 'an unknown order number makes no row',
  `kind` enum('payment','return') NOT NULL COMMENT 'money in, or money back',
  `amount_kop` bigint(20) NOT NULL COMMENT 'as the gateway says; of a return: positive too',
  `applied` tinyint(4) NOT NULL COMMENT '1: this payment paid the order',
  `state` enum('ok','review','resolved') NOT NULL COMMENT 'review: a person decides',
  `reason` enum('','short','second','surplus','return','chargeback','test','late','twin') CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'why it is in review',
  `receipt_url` varchar(500) NOT NULL DEFAULT '' COMMENT 'reaches the buyer with the code',
  `paid_at` datetime(6) DEFAULT NULL COMMENT 'as the gateway says',
  `received_at` datetime(6) NOT NULL COMMENT 'when we learnt of it',
  `resolved_at` datetime(6) DEFAULT NULL COMMENT 'a person decided',
  `resolution` varchar(500) NOT NULL DEFAULT '' COMMENT 'what, by whom, why',
  `twin` bigint(20) NOT NULL DEFAULT 0 COMMENT '0; its own order, where another order had a payment of this id before: in review',
  PRIMARY KEY (`id`) COMMENT 'for the panel',
  UNIQUE KEY `payments_gateway` (`gateway`,`gateway_payment_id`,`twin`) COMMENT 'a payment counts once',
  KEY `payments_order` (`order_id`) COMMENT 'an order''s money',
  KEY `payments_state` (`state`,`received_at`) COMMENT 'what waits for a person',
  KEY `payments_received` (`received_at`) COMMENT 'statistics: money of an hour',
  KEY `payments_resolved` (`resolved_at`) COMMENT 'statistics: what a person decided in an hour',
  CONSTRAINT `payments_order_fk` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='money, as the gateway''s own answer told it';

CREATE TABLE `refunds` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'age order',
  `order_id` bigint(20) NOT NULL COMMENT 'whose money goes back',
  `payment_id` bigint(20) NOT NULL COMMENT 'which payment of it',
  `open_order_id` bigint(20) DEFAULT NULL COMMENT 'the order while this is under way: one refund of an order at a time',
  `fact` varchar(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the wish it comes from: once per wish',
  `amount_kop` bigint(20) NOT NULL COMMENT 'what goes back',
  `whole` tinyint(4) NOT NULL COMMENT '1: all that was left of what paid the order, so the order ends with it',
  `reason` varchar(255) NOT NULL COMMENT 'why, for Portmone''s cabinet too',
  `actor` varchar(80) NOT NULL COMMENT 'who wished it',
  `state` enum('pending','sent','done','refused') NOT NULL COMMENT 'sent is written before the call: whether it arrived, only an answer tells',
  `not_before` datetime(6) NOT NULL COMMENT 'looked at again then; a claim moves it on',
  `lease_owner` bigint(20) DEFAULT NULL COMMENT 'the claim: a random number of the worker',
  `claims` int(11) NOT NULL DEFAULT 0 COMMENT 'claims so far: the pauses grow with them',
  `sends` int(11) NOT NULL DEFAULT 0 COMMENT 'times the gateway was told to give it back',
  `questions` int(11) NOT NULL DEFAULT 0 COMMENT 'usable answers without a trace of it since it was sent last',
  `sent_at` datetime(6) DEFAULT NULL COMMENT 'told to the gateway last',
  `done_at` datetime(6) DEFAULT NULL COMMENT 'given back, or refused',
  `return_id` bigint(20) DEFAULT NULL COMMENT 'the row of payments that it became',
  `last_error` varchar(200) NOT NULL DEFAULT '' COMMENT 'Portmone''s words',
  `created_at` datetime(6) NOT NULL COMMENT 'for the order''s story',
  PRIMARY KEY (`id`) COMMENT 'leases name it',
  UNIQUE KEY `refunds_fact` (`fact`) COMMENT 'a wish told twice is one refund',
  UNIQUE KEY `refunds_open` (`open_order_id`) COMMENT 'one at a time, so that what came back can be told apart',
  UNIQUE KEY `refunds_return` (`return_id`) COMMENT 'a row of the gateway is one refund',
  KEY `refunds_due` (`state`,`not_before`) COMMENT 'the next to look at',
  KEY `refunds_order` (`order_id`) COMMENT 'an order''s money',
  KEY `refunds_payment` (`payment_id`) COMMENT 'what is left of a payment',
  CONSTRAINT `refunds_order_fk` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`),
  CONSTRAINT `refunds_payment_fk` FOREIGN KEY (`payment_id`) REFERENCES `payments` (`id`),
  CONSTRAINT `refunds_return_fk` FOREIGN KEY (`return_id`) REFERENCES `payments` (`id`),
  CONSTRAINT `refunds_amount` CHECK (`amount_kop` >= 1)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='money on its way back, by our own wish';

CREATE TABLE `payment_hints` (
  `order_id` bigint(20) NOT NULL COMMENT 'which order it names',
  `source` enum('notify','return') NOT NULL COMMENT 'how we heard',
  `gateway_payment_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'as claimed last: never believed',
  `receipt_url` varchar(500) NOT NULL DEFAULT '' COMMENT 'the gateway''s receipt, as claimed: used once that payment is known',
  `times` int(11) NOT NULL DEFAULT 1 COMMENT 'heard this often',
  `first_at` datetime(6) NOT NULL COMMENT 'for the order''s story',
  `last_at` datetime(6) NOT NULL COMMENT 'for the order''s story',
  PRIMARY KEY (`order_id`,`source`) COMMENT 'any number of repeats are one row',
  CONSTRAINT `payment_hints_order` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='notifications and returns: a reason to ask the gateway, never evidence';

CREATE TABLE `outbox` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'age order',
  `fact` varchar(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'what it tells, e.g. deliver:17: once per fact',
  `kind` varchar(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'which drawing: a row of the worker''s table',
  `chat_id` bigint(20) NOT NULL COMMENT 'to whom',
  `order_id` bigint(20) DEFAULT NULL COMMENT 'what about; texts with codes are drawn at the moment of sending',
  `data` varchar(2000) NOT NULL DEFAULT '{}' COMMENT 'further ids and words, as JSON; never a code',
  `priority` tinyint(4) NOT NULL COMMENT '0 codes, 2 orders, 5 alerts, 9 broadcasts',
  `state` enum('pending','sent','undeliverable','dead','buried') NOT NULL COMMENT 'undeliverable: the person blocked the bot; dead: an administrator looks; buried: looked at, and not to be sent',
  `not_before` datetime(6) NOT NULL COMMENT 'due; also moved on by a lease, a retry_after, a back-off',
  `attempts` int(11) NOT NULL DEFAULT 0 COMMENT 'claims so far',
  `lease_owner` bigint(20) DEFAULT NULL COMMENT 'the claim: a random number of the worker',
  `telegram_message_id` bigint(20) DEFAULT NULL COMMENT 'what Telegram answered',
  `last_error` varchar(200) NOT NULL DEFAULT '' COMMENT 'Telegram''s words',
  `created_at` datetime(6) NOT NULL COMMENT 'for age alerts',
  `sent_at` datetime(6) DEFAULT NULL COMMENT 'for the order''s story',
  PRIMARY KEY (`id`) COMMENT 'leases name it',
  UNIQUE KEY `outbox_fact` (`fact`) COMMENT 'one message per fact, however often the fact is established',
  KEY `outbox_due` (`state`,`priority`,`not_before`) COMMENT 'the next to send',
  KEY `outbox_chat` (`chat_id`,`state`) COMMENT 'a chat''s retry_after holds all its messages',
  KEY `outbox_order` (`order_id`) COMMENT 'an order''s story'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='messages that must not be lost';

CREATE TABLE `leases` (
  `name` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'what only one worker does at a time, or all of them wait for',
  `owner` bigint(20) NOT NULL COMMENT 'a random number of the worker',
  `until_at` datetime(6) NOT NULL COMMENT 'free again after this',
  `data` varchar(500) NOT NULL DEFAULT '' COMMENT 'where the work stands',
  PRIMARY KEY (`name`) COMMENT 'taken by a conditional UPDATE'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='polling, the global pause Telegram asked for, daily work';

CREATE TABLE `workers` (
  `id` bigint(20) NOT NULL COMMENT 'a random number of the worker',
  `host` varchar(100) NOT NULL COMMENT 'for the health page',
  `pid` int(11) NOT NULL COMMENT 'for the health page',
  `version` varchar(40) NOT NULL COMMENT 'for the health page',
  `started_at` datetime(6) DEFAULT NULL COMMENT 'for the health page; NULL: an older release',
  `beat_at` datetime(6) NOT NULL COMMENT 'under 5 s old: alive',
  PRIMARY KEY (`id`) COMMENT 'one row a process',
  KEY `workers_beat` (`beat_at`) COMMENT 'the newest, and sweeping the dead'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='heartbeats';

CREATE TABLE `code_keys` (
  `id` bigint(20) NOT NULL COMMENT 'as in CODE_KEYS',
  `check_value` binary(8) NOT NULL COMMENT 'HMAC-SHA256 of a constant with the key, its beginning: another key of this id is not taken for it',
  `dropped_at` datetime(6) DEFAULT NULL COMMENT 'taken out of use: no code is sealed with it any more',
  `created_at` datetime(6) NOT NULL COMMENT 'a code was first sealed with it',
  PRIMARY KEY (`id`) COMMENT 'few rows'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='keys that codes were sealed with; never a key itself';

CREATE TABLE `key_holders` (
  `id` bigint(20) NOT NULL COMMENT 'a random number of the process',
  `program` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'worker, telegram, admin',
  `host` varchar(100) NOT NULL COMMENT 'named when it has to be restarted',
  `pid` int(11) NOT NULL COMMENT 'named when it has to be restarted',
  `version` varchar(40) NOT NULL DEFAULT '' COMMENT 'for the health page',
  `started_at` datetime(6) DEFAULT NULL COMMENT 'for the health page; NULL: an older release',
  `known` varchar(500) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'what it can open: id:check value of each, with commas',
  `beat_at` datetime(6) NOT NULL COMMENT 'over a minute old: dead, and nobody waits for it',
  PRIMARY KEY (`id`) COMMENT 'one row a process',
  KEY `key_holders_beat` (`beat_at`) COMMENT 'sweeping the dead'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='processes that open codes: keys rotate waits until all of them know the new key';

CREATE TABLE `settings` (
  `name` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'a row of the setting table in code',
  `value` varchar(4000) NOT NULL COMMENT 'as text',
  `changed_at` datetime(6) NOT NULL COMMENT 'for the panel',
  PRIMARY KEY (`name`) COMMENT 'few rows, read as a whole'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='what the panel changes while the shop runs';

CREATE TABLE `promos` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'in tokens and orders',
  `code` varchar(32) NOT NULL COMMENT 'as typed; case does not matter',
  `percent` int(11) NOT NULL DEFAULT 0 COMMENT 'off the total, or',
  `amount_kop` bigint(20) NOT NULL DEFAULT 0 COMMENT 'off the total',
  `value_id` bigint(20) DEFAULT NULL COMMENT 'only for this value; NULL: any',
  `uses_max` int(11) NOT NULL DEFAULT 0 COMMENT '0: no limit',
  `uses_per_user` int(11) NOT NULL DEFAULT 1 COMMENT '0: no limit',
  `uses` int(11) NOT NULL DEFAULT 0 COMMENT 'paid orders so far',
  `starts_at` datetime(6) NOT NULL COMMENT 'valid from',
  `ends_at` datetime(6) NOT NULL COMMENT 'valid until',
  PRIMARY KEY (`id`) COMMENT 'referred to by orders',
  UNIQUE KEY `promos_code` (`code`) COMMENT 'what the buyer types'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci COMMENT='promo codes';

CREATE TABLE `bonus_entries` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'age order',
  `user_id` bigint(20) NOT NULL COMMENT 'whose',
  `fact` varchar(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'why, e.g. order:17: once per fact',
  `amount_kop` bigint(20) NOT NULL COMMENT 'positive earned, negative spent; the balance is the sum',
  `created_at` datetime(6) NOT NULL COMMENT 'for the ledger''s page',
  PRIMARY KEY (`id`) COMMENT 'append only',
  UNIQUE KEY `bonus_entries_fact` (`fact`) COMMENT 'a fact counts once',
  KEY `bonus_entries_user` (`user_id`,`id`) COMMENT 'a person''s ledger and balance',
  CONSTRAINT `bonus_entries_user_fk` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='bonuses: a ledger';

CREATE TABLE `raffles` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'in buttons',
  `title_uk` varchar(200) NOT NULL COMMENT 'shown escaped',
  `title_en` varchar(200) NOT NULL DEFAULT '' COMMENT 'empty: title_uk',
  `title_ru` varchar(200) NOT NULL DEFAULT '' COMMENT 'empty: title_uk',
  `prize_value_id` bigint(20) DEFAULT NULL COMMENT 'a code of this value is the prize',
  `seed_hash` binary(32) NOT NULL COMMENT 'published at the start: the draw can be checked',
  `seed` varbinary(64) DEFAULT NULL COMMENT 'published at the draw',
  `starts_at` datetime(6) NOT NULL COMMENT 'tickets from',
  `ends_at` datetime(6) NOT NULL COMMENT 'tickets until; drawn after',
  `drawn_at` datetime(6) DEFAULT NULL COMMENT 'done, once',
  `winner_ticket_id` bigint(20) DEFAULT NULL COMMENT 'the outcome',
  PRIMARY KEY (`id`) COMMENT 'referred to by tickets',
  KEY `raffles_ends` (`drawn_at`,`ends_at`) COMMENT 'what is due to be drawn'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci COMMENT='raffles';

CREATE TABLE `raffle_tickets` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'age order',
  `raffle_id` bigint(20) NOT NULL COMMENT 'of which raffle',
  `user_id` bigint(20) NOT NULL COMMENT 'whose',
  `fact` varchar(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'why: once per fact',
  `created_at` datetime(6) NOT NULL COMMENT 'for disputes',
  PRIMARY KEY (`id`) COMMENT 'named by the draw',
  UNIQUE KEY `raffle_tickets_fact` (`raffle_id`,`fact`) COMMENT 'a purchase is one ticket',
  KEY `raffle_tickets_user` (`user_id`,`raffle_id`) COMMENT 'my tickets',
  CONSTRAINT `raffle_tickets_raffle` FOREIGN KEY (`raffle_id`) REFERENCES `raffles` (`id`),
  CONSTRAINT `raffle_tickets_user_fk` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='who takes part';

CREATE TABLE `tickets` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'the case number people see',
  `user_id` bigint(20) NOT NULL COMMENT 'who asks',
  `order_id` bigint(20) DEFAULT NULL COMMENT 'about which order',
  `code_id` bigint(20) DEFAULT NULL COMMENT 'about which code: problem with this code',
  `state` enum('open','answered','closed') NOT NULL COMMENT 'open: staff''s turn',
  `created_at` datetime(6) NOT NULL COMMENT 'age',
  `updated_at` datetime(6) NOT NULL COMMENT 'the list''s order',
  PRIMARY KEY (`id`) COMMENT 'referred to by messages',
  KEY `tickets_state` (`state`,`updated_at`) COMMENT 'what waits for an answer',
  KEY `tickets_user` (`user_id`,`id`) COMMENT 'a person''s cases',
  KEY `tickets_order` (`order_id`,`state`) COMMENT 'the case about an order',
  KEY `tickets_state_id` (`state`,`id`) COMMENT 'the panel: cases in a state, by key',
  CONSTRAINT `tickets_user_fk` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='support cases';

CREATE TABLE `ticket_messages` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'age order',
  `ticket_id` bigint(20) NOT NULL COMMENT 'of which case',
  `fact` varchar(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the message it came from: once',
  `from_shop` tinyint(4) NOT NULL DEFAULT 0 COMMENT '1: the shop wrote it, 0: the buyer',
  `staff_id` bigint(20) DEFAULT NULL COMMENT 'who of the staff; NULL: the buyer, or the command line',
  `text` varchar(4096) NOT NULL COMMENT 'as written; escaped where shown',
  `created_at` datetime(6) NOT NULL COMMENT 'shown',
  PRIMARY KEY (`id`) COMMENT 'append only',
  UNIQUE KEY `ticket_messages_fact` (`fact`) COMMENT 'a message delivered twice is one',
  KEY `ticket_messages_ticket` (`ticket_id`,`id`) COMMENT 'a case''s page',
  CONSTRAINT `ticket_messages_ticket_fk` FOREIGN KEY (`ticket_id`) REFERENCES `tickets` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci COMMENT='what was said';

CREATE TABLE `faq_entries` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'in buttons',
  `question_uk` varchar(200) NOT NULL COMMENT 'on the button',
  `question_en` varchar(200) NOT NULL DEFAULT '' COMMENT 'empty: question_uk',
  `question_ru` varchar(200) NOT NULL DEFAULT '' COMMENT 'empty: question_uk',
  `answer_uk` varchar(3000) NOT NULL COMMENT 'shown escaped',
  `answer_en` varchar(3000) NOT NULL DEFAULT '' COMMENT 'empty: answer_uk',
  `answer_ru` varchar(3000) NOT NULL DEFAULT '' COMMENT 'empty: answer_uk',
  `position` int(11) NOT NULL DEFAULT 0 COMMENT 'order on the screen',
  PRIMARY KEY (`id`) COMMENT 'few rows'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci COMMENT='frequent questions';

CREATE TABLE `restock_waiters` (
  `value_id` bigint(20) NOT NULL COMMENT 'tell me when this is back',
  `user_id` bigint(20) NOT NULL COMMENT 'whom',
  `created_at` datetime(6) NOT NULL COMMENT 'first come, first told',
  PRIMARY KEY (`value_id`,`user_id`) COMMENT 'asked once; removed when told',
  KEY `restock_waiters_user` (`user_id`),
  KEY `restock_waiters_turn` (`value_id`,`created_at`) COMMENT 'whose turn it is',
  CONSTRAINT `restock_waiters_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`),
  CONSTRAINT `restock_waiters_value` FOREIGN KEY (`value_id`) REFERENCES `card_values` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='who wants to know of new stock';

CREATE TABLE `broadcasts` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'for the panel',
  `text_uk` varchar(3000) NOT NULL COMMENT 'Telegram HTML, checked when written',
  `text_en` varchar(3000) NOT NULL DEFAULT '' COMMENT 'empty: text_uk',
  `text_ru` varchar(3000) NOT NULL DEFAULT '' COMMENT 'empty: text_uk',
  `state` enum('draft','running','cancelled','done') NOT NULL COMMENT 'cancel works at once',
  `created_by` bigint(20) NOT NULL COMMENT 'staff',
  `created_at` datetime(6) NOT NULL COMMENT 'list',
  PRIMARY KEY (`id`) COMMENT 'referred to by recipients'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci COMMENT='messages to many';

CREATE TABLE `broadcast_recipients` (
  `broadcast_id` bigint(20) NOT NULL COMMENT 'which',
  `user_id` bigint(20) NOT NULL COMMENT 'to whom',
  `state` enum('pending','sending','sent','unknown','failed') NOT NULL COMMENT 'sending is written before the call: at most once each',
  PRIMARY KEY (`broadcast_id`,`user_id`) COMMENT 'one message a person',
  KEY `broadcast_recipients_state` (`broadcast_id`,`state`) COMMENT 'the next, and the counts',
  CONSTRAINT `broadcast_recipients_of` FOREIGN KEY (`broadcast_id`) REFERENCES `broadcasts` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='how far a broadcast got';

CREATE TABLE `staff` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'in the audit trail',
  `login` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'lower case',
  `password_hash` varbinary(200) NOT NULL COMMENT 'scrypt with its parameters and salt',
  `must_change` tinyint(4) NOT NULL DEFAULT 0 COMMENT '1: the password was given by somebody else',
  `role` enum('owner','manager','support','viewer') NOT NULL COMMENT 'compared with the route''s',
  `totp_seed` varbinary(100) DEFAULT NULL COMMENT 'sealed with DATA_KEY; NULL: enrolled at the next sign-in',
  `totp_step` bigint(20) NOT NULL DEFAULT 0 COMMENT 'the last one used: each once',
  `recovery_codes` varbinary(1000) DEFAULT NULL COMMENT 'hashes of those left',
  `disabled_at` datetime(6) DEFAULT NULL COMMENT 'ends all sessions',
  `created_at` datetime(6) NOT NULL COMMENT 'list',
  PRIMARY KEY (`id`) COMMENT 'referred to by sessions and audit',
  UNIQUE KEY `staff_login` (`login`) COMMENT 'sign-in'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='administrators';

CREATE TABLE `sessions` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'how the profile names it: opens nothing',
  `token_hash` binary(32) NOT NULL COMMENT 'SHA-256 of the cookie: a copy of the table opens nothing',
  `staff_id` bigint(20) NOT NULL COMMENT 'who',
  `stage` enum('password','full') NOT NULL DEFAULT 'full' COMMENT 'password: the second factor is still to come',
  `address` varbinary(64) NOT NULL COMMENT 'shown in the profile',
  `agent` varchar(200) NOT NULL COMMENT 'shown in the profile',
  `created_at` datetime(6) NOT NULL COMMENT 'the absolute end counts from here',
  `seen_at` datetime(6) NOT NULL COMMENT 'the idle end counts from here',
  `stepped_up_at` datetime(6) DEFAULT NULL COMMENT 'TOTP entered again',
  `totp_seed` varbinary(100) DEFAULT NULL COMMENT 'being enrolled; sealed with DATA_KEY',
  `flash` varchar(1000) NOT NULL DEFAULT '' COMMENT 'what the next page says was done, as JSON',
  PRIMARY KEY (`token_hash`) COMMENT 'every page reads one row by it',
  UNIQUE KEY `sessions_id` (`id`) COMMENT 'ending one from the profile',
  KEY `sessions_staff` (`staff_id`) COMMENT 'ending all of one person',
  CONSTRAINT `sessions_staff_fk` FOREIGN KEY (`staff_id`) REFERENCES `staff` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='signed-in browsers';

CREATE TABLE `audit` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'order of writing',
  `at` datetime(6) NOT NULL COMMENT 'when',
  `staff_id` bigint(20) DEFAULT NULL COMMENT 'who; NULL: the command line or the shop itself',
  `actor` varchar(80) NOT NULL COMMENT 'login, or command line',
  `address` varchar(64) NOT NULL DEFAULT '' COMMENT 'from where',
  `action` varchar(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'a constant word',
  `object` varchar(80) NOT NULL COMMENT 'what, e.g. order K7F3-9QXA',
  `detail` text NOT NULL COMMENT 'before and after, as JSON; never a code',
  `seal_no` bigint(20) DEFAULT NULL COMMENT 'place in the chain: rows are committed in another order than numbered',
  `seal` binary(32) DEFAULT NULL COMMENT 'hash over the row and the seal before it, by the worker',
  PRIMARY KEY (`id`) COMMENT 'append only',
  UNIQUE KEY `audit_seal_no` (`seal_no`) COMMENT 'the chain in its order, and what is not in it yet',
  KEY `audit_at` (`at`) COMMENT 'paging by time',
  KEY `audit_action` (`action`,`id`) COMMENT 'who did such a thing',
  KEY `audit_object` (`object`,`id`) COMMENT 'a thing''s history, by key',
  KEY `audit_actor` (`actor`,`id`) COMMENT 'what somebody did, by key',
  KEY `audit_actor_action` (`actor`,`action`,`id`) COMMENT 'such things done by somebody, by key'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci COMMENT='who changed what';

CREATE TABLE `attempts` (
  `name` varbinary(80) NOT NULL COMMENT 'whose: "login <hash>", "address 192.0.2.1", "code 7"',
  `failures` int(11) NOT NULL COMMENT 'since the last success; forgotten after a quiet day',
  `last_at` datetime(6) NOT NULL COMMENT 'of the last one',
  `until_at` datetime(6) NOT NULL COMMENT 'none is looked at before: grows with failures, never for ever',
  PRIMARY KEY (`name`) COMMENT 'read and raised before a password is hashed',
  KEY `attempts_last` (`last_at`) COMMENT 'old rows are removed'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='failed sign-ins, also of logins that nobody has';

CREATE TABLE `stagings` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'one upload: confirming it twice is once',
  `value_id` bigint(20) NOT NULL COMMENT 'what its codes are of',
  `staff_id` bigint(20) NOT NULL COMMENT 'who uploaded it; only they confirm it',
  `batch` varchar(100) NOT NULL COMMENT 'the batch its codes will be in',
  `supplier` varchar(100) NOT NULL DEFAULT '' COMMENT 'of the batch',
  `cost_kop` bigint(20) NOT NULL DEFAULT 0 COMMENT 'of one code of the batch',
  `state` enum('reading','preview','confirmed','done') NOT NULL COMMENT 'reading: the upload is not whole; confirmed: the worker moves its codes to the shelf',
  `total` int(11) NOT NULL DEFAULT 0 COMMENT 'codes staged: new to the file, whether known from history or not',
  `known` int(11) NOT NULL DEFAULT 0 COMMENT 'of these, known when previewed',
  `repeated` int(11) NOT NULL DEFAULT 0 COMMENT 'further lines that repeat a code of the file',
  `bad` int(11) NOT NULL DEFAULT 0 COMMENT 'malformed lines',
  `bad_lines` varchar(2000) NOT NULL DEFAULT '' COMMENT 'the first of them: line:fault, comma',
  `moved` int(11) NOT NULL DEFAULT 0 COMMENT 'how far the worker is: codes up to this seq are on the shelf or were known',
  `added` int(11) NOT NULL DEFAULT 0 COMMENT 'codes that came on the shelf',
  `filled` int(11) NOT NULL DEFAULT 0 COMMENT 'waiting orders that got their codes by it',
  `created_at` datetime(6) NOT NULL COMMENT 'unconfirmed ones are gone after an hour',
  `ended_at` datetime(6) DEFAULT NULL COMMENT 'done',
  PRIMARY KEY (`id`) COMMENT 'in the address of its page',
  KEY `stagings_state` (`state`,`created_at`) COMMENT 'the worker''s next, and what is to be swept',
  KEY `stagings_value` (`value_id`),
  CONSTRAINT `stagings_value` FOREIGN KEY (`value_id`) REFERENCES `card_values` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='uploads of codes between preview and shelf';

CREATE TABLE `staged_codes` (
  `staging_id` bigint(20) NOT NULL COMMENT 'of which upload',
  `seq` int(11) NOT NULL COMMENT 'place in the file, from 1',
  `ciphertext` varbinary(1100) NOT NULL COMMENT 'sealed as on the shelf',
  `key_id` bigint(20) NOT NULL COMMENT 'which of CODE_KEYS',
  `fingerprint` binary(32) NOT NULL COMMENT 'as on the shelf',
  `serial` varchar(100) NOT NULL DEFAULT '' COMMENT 'the supplier''s number',
  `expires_at` datetime(6) NOT NULL COMMENT '9999-12-31: never',
  PRIMARY KEY (`staging_id`,`seq`) COMMENT 'moved in runs'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='the codes of uploads that are not on the shelf yet, encrypted like stock';

CREATE TABLE `price_changes` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'age order',
  `value_id` bigint(20) NOT NULL COMMENT 'whose price',
  `old_kop` bigint(20) DEFAULT NULL COMMENT 'NULL: the first price',
  `new_kop` bigint(20) NOT NULL COMMENT 'from then on',
  `actor` varchar(80) NOT NULL COMMENT 'login, or command line',
  `at` datetime(6) NOT NULL COMMENT 'when',
  PRIMARY KEY (`id`) COMMENT 'append only',
  KEY `price_changes_value` (`value_id`,`id`) COMMENT 'a value''s history',
  CONSTRAINT `price_changes_of` FOREIGN KEY (`value_id`) REFERENCES `card_values` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='prices that were';

CREATE TABLE `stats_hours` (
  `day` date NOT NULL COMMENT 'in the shop''s zone',
  `hour_no` tinyint(4) NOT NULL COMMENT 'hours since that day began: 0 to 22, 23 or 24 where clocks change',
  `value_id` bigint(20) NOT NULL COMMENT 'what was bought',
  `made` int(11) NOT NULL COMMENT 'orders opened in this hour',
  `made_paid` int(11) NOT NULL COMMENT 'of these, paid by now: grows later too',
  `paid` int(11) NOT NULL COMMENT 'orders paid in this hour',
  `codes` int(11) NOT NULL COMMENT 'codes in them',
  `revenue_kop` bigint(20) NOT NULL COMMENT 'money that paid them',
  `refunds` int(11) NOT NULL COMMENT 'times money went back in this hour, or a payment of it was lost to the payer''s bank',
  `refund_kop` bigint(20) NOT NULL COMMENT 'how much',
  PRIMARY KEY (`day`,`hour_no`,`value_id`) COMMENT 'counted anew by the hour; a day''s chart'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='sales by the hour: made of orders and payments, can be made again';

CREATE TABLE `stats_days` (
  `day` date NOT NULL COMMENT 'in the shop''s zone',
  `value_id` bigint(20) NOT NULL COMMENT 'what was bought',
  `made` int(11) NOT NULL COMMENT 'orders opened on this day',
  `made_paid` int(11) NOT NULL COMMENT 'of these, paid by now: grows later too',
  `paid` int(11) NOT NULL COMMENT 'orders paid on this day',
  `codes` int(11) NOT NULL COMMENT 'codes in them',
  `revenue_kop` bigint(20) NOT NULL COMMENT 'money that paid them',
  `refunds` int(11) NOT NULL COMMENT 'times money went back on this day, or a payment of it was lost',
  `refund_kop` bigint(20) NOT NULL COMMENT 'how much',
  PRIMARY KEY (`day`,`value_id`) COMMENT 'any range of days'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='sales by the day: the sums of stats_hours';

CREATE TABLE `stats_buyers` (
  `user_id` bigint(20) NOT NULL COMMENT 'who bought',
  `day` date NOT NULL COMMENT 'on this day, however often',
  PRIMARY KEY (`user_id`,`day`) COMMENT 'a buyer''s purchase before a day',
  KEY `stats_buyers_day` (`day`) COMMENT 'a day''s buyers'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='days on which somebody bought';

CREATE TABLE `stats_returns` (
  `day` date NOT NULL COMMENT 'of this day''s buyers …',
  `last_day` date NOT NULL COMMENT '… those who had bought on this day last; 1000-01-01: never before',
  `buyers` int(11) NOT NULL COMMENT 'so many',
  PRIMARY KEY (`day`,`last_day`) COMMENT 'buyers of a range: those of its days who had bought last before it began'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='different buyers of any range of days, new and returning, without looking at each';

CREATE TABLE `stats_state` (
  `id` tinyint(4) NOT NULL COMMENT '1: there is one row, and whoever counts holds it',
  `turns` bigint(20) NOT NULL COMMENT 'times something was counted: writing it makes two turns follow each other',
  `zone` varchar(64) NOT NULL COMMENT 'the zone whose days these are; another one: all is counted anew',
  `as_of` datetime(6) DEFAULT NULL COMMENT 'all that was so then is counted; NULL: not everything is counted yet',
  `again_from` date DEFAULT NULL COMMENT 'this day and those after it are counted anew, one a turn; NULL: none',
  `again_at` datetime(6) DEFAULT NULL COMMENT 'when that was begun',
  `checked_on` date DEFAULT NULL COMMENT 'the day on which the last two months were counted anew',
  PRIMARY KEY (`id`) COMMENT 'one row'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='how far the counting is';

CREATE TABLE `order_notes` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'age order',
  `order_id` bigint(20) NOT NULL COMMENT 'on which order',
  `fact` varchar(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the form it came from: sent twice is once',
  `actor` varchar(80) NOT NULL COMMENT 'who wrote it',
  `text` varchar(1000) NOT NULL COMMENT 'for administrators alone; codes in it are masked',
  `created_at` datetime(6) NOT NULL COMMENT 'for the order''s story',
  PRIMARY KEY (`id`) COMMENT 'append only',
  UNIQUE KEY `order_notes_fact` (`fact`) COMMENT 'a form sent twice is one note',
  KEY `order_notes_order` (`order_id`,`id`) COMMENT 'an order''s page',
  CONSTRAINT `order_notes_order_fk` FOREIGN KEY (`order_id`) REFERENCES `orders` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci COMMENT='what administrators write down about orders';
