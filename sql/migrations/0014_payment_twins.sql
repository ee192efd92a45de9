-- A payment counts once.  Should the gateway give one id to two orders, the second order's row is
-- kept as well, for a person to look at, and holds up nothing.

ALTER TABLE payments
  ADD COLUMN twin BIGINT NOT NULL DEFAULT 0 COMMENT '0; its own order, where another order had a payment of this id before: in review',
  MODIFY COLUMN reason ENUM('','short','second','surplus','return','chargeback','test','late','twin') CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'why it is in review',
  DROP KEY payments_gateway,
  ADD UNIQUE KEY payments_gateway (gateway, gateway_payment_id, twin) COMMENT 'a payment counts once';
