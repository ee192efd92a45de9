-- What administrators set while the shop runs: which edit each form was begun from, and the
-- one number that says that something changed.

INSERT INTO settings (name, value, changed_at) VALUES
  ('policy_version', '1', UTC_TIMESTAMP(6)),
  ('policy_edit_words', '1', UTC_TIMESTAMP(6)),
  ('policy_edit_bounds', '1', UTC_TIMESTAMP(6)),
  ('policy_edit_alerts', '1', UTC_TIMESTAMP(6)),
  ('policy_edit_sales', '1', UTC_TIMESTAMP(6));
