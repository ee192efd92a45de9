-- A month of a shop, of what history.awk made up.  The codes are on the shelf already, those
-- that were sold before those that are left.

SET @us = 1000000;

INSERT INTO users (id, first_name, last_name, username, lang, created_at)
SELECT id, first_name, last_name, username, lang, @now - INTERVAL made * @us MICROSECOND FROM h_users;

INSERT INTO orders (number, nonce, user_id, value_id, quantity, unit_price_kop, total_kop, gateway, state, chat_id, message_id,
  lang, created_at, expires_at, paid_at, delivered_at, ended_at)
SELECT h.number, UNHEX(MD5(h.number)), h.user_id, v.id, h.quantity, v.price_kop, v.price_kop * h.quantity, 'portmone', h.state,
  h.user_id, 0, h.lang, @now - INTERVAL h.made * @us MICROSECOND, @now - INTERVAL (h.made - 900) * @us MICROSECOND,
  @now - INTERVAL h.paid * @us MICROSECOND, @now - INTERVAL h.delivered * @us MICROSECOND, @now - INTERVAL h.ended * @us MICROSECOND
FROM h_orders h JOIN card_values v ON v.slug = h.slug ORDER BY h.made DESC;

INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, amount_kop, applied, state, reason, paid_at, received_at)
SELECT 'portmone', h.id, o.id, h.kind, h.kopiykas, h.applied, h.state, h.reason, @now - INTERVAL (h.at + 1) * @us MICROSECOND,
  @now - INTERVAL h.at * @us MICROSECOND
FROM h_payments h JOIN orders o ON o.number = h.number ORDER BY h.at DESC;

INSERT INTO refunds (order_id, payment_id, fact, amount_kop, whole, reason, actor, state, not_before, claims, sends, sent_at,
  done_at, return_id, created_at)
SELECT o.id, p.id, CONCAT('demo:', h.number), h.kopiykas, 1, 'Покупець передумав', 'demo', 'done',
  @now - INTERVAL h.asked * @us MICROSECOND, 1, 1, @now - INTERVAL (h.asked - 1) * @us MICROSECOND,
  @now - INTERVAL h.done * @us MICROSECOND, b.id, @now - INTERVAL h.asked * @us MICROSECOND
FROM h_refunds h JOIN orders o ON o.number = h.number
JOIN payments p ON p.order_id = o.id AND p.kind = 'payment' JOIN payments b ON b.order_id = o.id AND b.kind = 'return';

INSERT INTO outbox (fact, kind, chat_id, order_id, priority, state, not_before, attempts, telegram_message_id, created_at, sent_at)
SELECT CONCAT(h.kind, ':', o.id), h.kind, o.chat_id, o.id, IF(h.kind = 'delivered', 0, 2), 'sent',
  @now - INTERVAL h.made * @us MICROSECOND, 1, h.message_id, @now - INTERVAL h.made * @us MICROSECOND,
  @now - INTERVAL h.sent * @us MICROSECOND
FROM h_messages h JOIN orders o ON o.number = h.number ORDER BY h.made DESC;

UPDATE outbox m JOIN orders o ON o.id = m.order_id JOIN payments b ON b.order_id = o.id AND b.kind = 'return'
SET m.data = CONCAT('{"kop":', b.amount_kop, ',"whole":true}') WHERE m.kind = 'refunded';

-- The codes that were sold, in the order in which they were put on the shelf.

UPDATE card_codes c
JOIN (SELECT id, value_id, ROW_NUMBER() OVER (PARTITION BY value_id ORDER BY id) AS n FROM card_codes) k ON k.id = c.id
JOIN card_values v ON v.id = c.value_id
JOIN h_sales h ON h.slug = v.slug AND h.n = k.n
JOIN orders o ON o.number = h.number
SET c.state = IF(o.state = 'refunded', 'defective', 'sold'), c.order_id = o.id, c.slot = h.slot,
  c.sold_at = @now - INTERVAL h.sold * @us MICROSECOND;

-- They came in three deliveries; the last has what is left.

INSERT INTO code_batches (value_id, name, supplier, cost_kop, created_at)
SELECT v.id, CONCAT('Поставка ', DATE_FORMAT(@now - INTERVAL d.days DAY, '%d.%m')),
  ELT(1 + v.category_id % 3, 'ТОВ «Ваучер Плюс»', 'ТОВ «Картка Сервіс»', 'ФОП Мельничук О. В.'),
  ROUND(v.price_kop * (0.93 + v.id % 4 / 100)), @now - INTERVAL d.days DAY
FROM card_values v JOIN (SELECT 32 AS days UNION ALL SELECT 16) d
WHERE EXISTS (SELECT 1 FROM h_sales h WHERE h.slug = v.slug);

UPDATE code_batches SET name = CONCAT('Поставка ', DATE_FORMAT(@now - INTERVAL 3 DAY, '%d.%m')), created_at = @now - INTERVAL 3 DAY
WHERE name = 'demo';
UPDATE code_batches b JOIN card_values v ON v.id = b.value_id
SET b.supplier = ELT(1 + v.category_id % 3, 'ТОВ «Ваучер Плюс»', 'ТОВ «Картка Сервіс»', 'ФОП Мельничук О. В.'),
  b.cost_kop = ROUND(v.price_kop * (0.93 + v.id % 4 / 100))
WHERE b.supplier = '';

UPDATE card_codes c JOIN code_batches b ON b.value_id = c.value_id
SET c.batch_id = b.id
WHERE c.sold_at < @now - INTERVAL 3 DAY AND b.created_at = @now - INTERVAL IF(c.sold_at < @now - INTERVAL 16 DAY, 32, 16) DAY;

-- Somebody's code does not work: a case that waits; and one that was answered.

SELECT LEAST(GREATEST(@now - INTERVAL 40 MINUTE, delivered_at + INTERVAL 5 MINUTE), @now) INTO @complained
FROM orders WHERE number = @complaint;
INSERT INTO tickets (user_id, order_id, code_id, state, created_at, updated_at)
SELECT o.user_id, o.id, c.id, 'open', @complained, @complained
FROM orders o JOIN card_codes c ON c.order_id = o.id AND c.slot = 1 WHERE o.number = @complaint;
INSERT INTO ticket_messages (ticket_id, fact, text, created_at)
SELECT id, 'demo:1', 'Steam пише, що код уже активовано. Я його не вводив, допоможіть, будь ласка.', created_at
FROM tickets WHERE state = 'open';

INSERT INTO tickets (user_id, order_id, state, created_at, updated_at)
SELECT user_id, id, 'closed', paid_at + INTERVAL 20 MINUTE, paid_at + INTERVAL 45 MINUTE
FROM orders WHERE state = 'delivered' AND paid_at < @now - INTERVAL 8 DAY ORDER BY paid_at DESC LIMIT 1;
INSERT INTO ticket_messages (ticket_id, fact, from_shop, text, created_at)
SELECT id, 'demo:2', 0, 'Не розумію, куди вводити код', created_at FROM tickets WHERE state = 'closed'
UNION ALL SELECT id, 'demo:3', 1, 'Наберіть *123*код# і натисніть виклик. Якщо не вийде, напишіть сюди ще раз.',
  created_at + INTERVAL 12 MINUTE FROM tickets WHERE state = 'closed';

INSERT INTO order_notes (order_id, fact, actor, text, created_at)
SELECT id, 'demo:note', 'demo', 'Написала постачальнику про цей код, чекаю на відповідь.', LEAST(@complained + INTERVAL 15 MINUTE, @now)
FROM orders WHERE number = @complaint;

UPDATE users SET blocked_at = @now - INTERVAL 6 DAY WHERE id IN
  (SELECT user_id FROM (SELECT user_id FROM orders WHERE state = 'expired' ORDER BY id LIMIT 3) x);

UPDATE users SET banned_at = @now - INTERVAL 9 DAY, ban_reason = 'Просив замінити коди, які сам уже активував' WHERE id =
  (SELECT user_id FROM (SELECT user_id FROM orders WHERE paid_at < @now - INTERVAL 10 DAY AND user_id NOT IN
    (SELECT user_id FROM orders WHERE created_at > @now - INTERVAL 10 DAY) ORDER BY id DESC LIMIT 1) x);

COMMIT;
