-- What the panel's lists of orders go by.

CREATE INDEX orders_state ON orders (state, id) COMMENT 'the panel: orders in a state, newest first';

CREATE INDEX orders_value ON orders (value_id, id) COMMENT 'the panel: orders of a value, newest first';
