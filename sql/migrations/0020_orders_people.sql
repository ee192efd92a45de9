-- Notes on orders, and buyers found by name.

CREATE TABLE order_notes (
  id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'age order',
  order_id BIGINT NOT NULL COMMENT 'on which order',
  fact VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the form it came from: sent twice is once',
  actor VARCHAR(80) NOT NULL COMMENT 'who wrote it',
  text VARCHAR(1000) NOT NULL COMMENT 'for administrators alone; codes in it are masked',
  created_at DATETIME(6) NOT NULL COMMENT 'for the order''s story',
  PRIMARY KEY (id) COMMENT 'append only',
  UNIQUE KEY order_notes_fact (fact) COMMENT 'a form sent twice is one note',
  KEY order_notes_order (order_id, id) COMMENT 'an order''s page',
  CONSTRAINT order_notes_order_fk FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci
  COMMENT='what administrators write down about orders';

ALTER TABLE users
  ADD KEY users_first_name (first_name, id) COMMENT 'search in the panel',
  ADD KEY users_last_name (last_name, id) COMMENT 'search in the panel',
  ADD KEY users_banned (banned_at, id) COMMENT 'the panel: whom the shop does not sell to';

ALTER TABLE tickets
  ADD KEY tickets_state_id (state, id) COMMENT 'the panel: cases in a state, by key';
