-- Two filters of the trail at once: among all that one person did, what is rare is far apart.

CREATE INDEX audit_actor_action ON audit (actor, action, id) COMMENT 'such things done by somebody, by key';
