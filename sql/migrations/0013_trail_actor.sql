-- The trail is filtered by who is written there: the command line has no staff_id.

ALTER TABLE audit
  DROP KEY audit_staff,
  ADD KEY audit_actor (actor, id) COMMENT 'what somebody did, by key';
