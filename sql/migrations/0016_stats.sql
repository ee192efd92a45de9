-- What was sold, counted by the worker: pages about months read some hundred rows here.

CREATE TABLE stats_hours (
  day DATE NOT NULL COMMENT 'in the shop''s zone',
  hour_no TINYINT NOT NULL COMMENT 'hours since that day began: 0 to 22, 23 or 24 where clocks change',
  value_id BIGINT NOT NULL COMMENT 'what was bought',
  made INT NOT NULL COMMENT 'orders opened in this hour',
  made_paid INT NOT NULL COMMENT 'of these, paid by now: grows later too',
  paid INT NOT NULL COMMENT 'orders paid in this hour',
  codes INT NOT NULL COMMENT 'codes in them',
  revenue_kop BIGINT NOT NULL COMMENT 'money that paid them',
  refunds INT NOT NULL COMMENT 'times money went back in this hour, or a payment of it was lost to the payer''s bank',
  refund_kop BIGINT NOT NULL COMMENT 'how much',
  PRIMARY KEY (day, hour_no, value_id) COMMENT 'counted anew by the hour; a day''s chart'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='sales by the hour: made of orders and payments, can be made again';

CREATE TABLE stats_days (
  day DATE NOT NULL COMMENT 'in the shop''s zone',
  value_id BIGINT NOT NULL COMMENT 'what was bought',
  made INT NOT NULL COMMENT 'orders opened on this day',
  made_paid INT NOT NULL COMMENT 'of these, paid by now: grows later too',
  paid INT NOT NULL COMMENT 'orders paid on this day',
  codes INT NOT NULL COMMENT 'codes in them',
  revenue_kop BIGINT NOT NULL COMMENT 'money that paid them',
  refunds INT NOT NULL COMMENT 'times money went back on this day, or a payment of it was lost',
  refund_kop BIGINT NOT NULL COMMENT 'how much',
  PRIMARY KEY (day, value_id) COMMENT 'any range of days'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='sales by the day: the sums of stats_hours';

CREATE TABLE stats_buyers (
  user_id BIGINT NOT NULL COMMENT 'who bought',
  day DATE NOT NULL COMMENT 'on this day, however often',
  PRIMARY KEY (user_id, day) COMMENT 'a buyer''s purchase before a day',
  KEY stats_buyers_day (day) COMMENT 'a day''s buyers'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='days on which somebody bought';

CREATE TABLE stats_returns (
  day DATE NOT NULL COMMENT 'of this day''s buyers …',
  last_day DATE NOT NULL COMMENT '… those who had bought on this day last; 1000-01-01: never before',
  buyers INT NOT NULL COMMENT 'so many',
  PRIMARY KEY (day, last_day) COMMENT 'buyers of a range: those of its days who had bought last before it began'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='different buyers of any range of days, new and returning, without looking at each';

CREATE TABLE stats_state (
  id TINYINT NOT NULL COMMENT '1: there is one row, and whoever counts holds it',
  turns BIGINT NOT NULL COMMENT 'times something was counted: writing it makes two turns follow each other',
  zone VARCHAR(64) NOT NULL COMMENT 'the zone whose days these are; another one: all is counted anew',
  as_of DATETIME(6) NULL COMMENT 'all that was so then is counted; NULL: not everything is counted yet',
  again_from DATE NULL COMMENT 'this day and those after it are counted anew, one a turn; NULL: none',
  again_at DATETIME(6) NULL COMMENT 'when that was begun',
  checked_on DATE NULL COMMENT 'the day on which the last two months were counted anew',
  PRIMARY KEY (id) COMMENT 'one row'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
  COMMENT='how far the counting is';

INSERT INTO stats_state (id, turns, zone) VALUES (1, 0, '');

ALTER TABLE payments
  ADD KEY payments_received (received_at) COMMENT 'statistics: money of an hour',
  ADD KEY payments_resolved (resolved_at) COMMENT 'statistics: what a person decided in an hour';
