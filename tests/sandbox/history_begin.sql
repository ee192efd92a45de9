-- What history.awk writes goes into these; history_end.sql makes a shop's rows of them.
-- Times are seconds before @now.

SET time_zone = '+00:00', @now = UTC_TIMESTAMP(6);
START TRANSACTION;

CREATE TEMPORARY TABLE h_users (id BIGINT, first_name VARCHAR(80), last_name VARCHAR(80), username VARCHAR(40),
  lang CHAR(2), made DOUBLE) DEFAULT CHARSET=utf8mb4;
CREATE TEMPORARY TABLE h_orders (number CHAR(9) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, user_id BIGINT,
  slug VARCHAR(62) CHARACTER SET ascii COLLATE ascii_bin, quantity INT, state VARCHAR(20), lang CHAR(2), made DOUBLE,
  paid DOUBLE, delivered DOUBLE, ended DOUBLE);
CREATE TEMPORARY TABLE h_payments (id BIGINT PRIMARY KEY, number CHAR(9) CHARACTER SET ascii COLLATE ascii_bin, kind VARCHAR(20),
  kopiykas BIGINT, applied INT, state VARCHAR(20), reason VARCHAR(20), at DOUBLE);
CREATE TEMPORARY TABLE h_refunds (number CHAR(9) CHARACTER SET ascii COLLATE ascii_bin, of BIGINT, id BIGINT, kopiykas BIGINT,
  asked DOUBLE, done DOUBLE);
CREATE TEMPORARY TABLE h_messages (number CHAR(9) CHARACTER SET ascii COLLATE ascii_bin, kind VARCHAR(24), made DOUBLE, sent DOUBLE,
  message_id BIGINT);
CREATE TEMPORARY TABLE h_sales (slug VARCHAR(62) CHARACTER SET ascii COLLATE ascii_bin, n INT, number CHAR(9) CHARACTER SET ascii COLLATE ascii_bin,
  slot INT, sold DOUBLE, KEY (slug, n));
