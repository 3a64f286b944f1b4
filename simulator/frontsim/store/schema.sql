-- The log of a simulator. The queue holds what is still to be done, runs what is over: a run is written
-- once, when its outcome is known, and never changed. Moments are milliseconds since 1970-01-01T00:00:00Z.

CREATE TABLE log (
  sequence INTEGER NOT NULL           -- of the newest change; what the stream's ids count
) STRICT;
INSERT INTO log VALUES (0);

CREATE TABLE webhooks (
  number     INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  event      TEXT NOT NULL,
  url        TEXT NOT NULL,
  store_id   INTEGER,                 -- NULL: every store
  deleted_at INTEGER                  -- its events stay readable
) STRICT;

CREATE TABLE destinations (           -- scheme, host and port: what deliveries are bounded by; from 1 on
  number INTEGER PRIMARY KEY,
  origin TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE occurrences (            -- what happened in the shop, once, however many webhooks match
  number   INTEGER PRIMARY KEY,
  event    TEXT NOT NULL,
  store_id INTEGER,
  body     BLOB NOT NULL              -- byte for byte what is sent
) STRICT;

CREATE TABLE events (                 -- one occurrence for one webhook
  number      INTEGER PRIMARY KEY,
  id          BLOB NOT NULL UNIQUE,   -- webhookEventId: sorts by age, so this index grows at its right edge
  webhook     INTEGER NOT NULL,
  occurrence  INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  attempts    INTEGER NOT NULL,       -- runs intended so far
  runs        INTEGER NOT NULL,       -- runs over so far
  newest      INTEGER NOT NULL,       -- the newest run that is over; the rest of the row is what it says
  updated_at  INTEGER,                -- NULL until a second run
  status      TEXT NOT NULL,
  status_code INTEGER,
  success     INTEGER                 -- NULL until a first run is over
) STRICT;
CREATE INDEX events_by_age ON events (webhook, created_at);
CREATE INDEX events_failed ON events (webhook, created_at) WHERE success = 0;

CREATE TABLE queue (                  -- runs that are intended or under way
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  event       INTEGER NOT NULL,
  run         INTEGER NOT NULL,
  trigger     TEXT NOT NULL,
  destination INTEGER NOT NULL,       -- 0: handed out as a lease, to be sent by somebody else
  url         TEXT NOT NULL,
  due_at      INTEGER NOT NULL,       -- 0: before all that waits, as a resend that somebody is waiting for
  begun_at    INTEGER                 -- NULL: certainly not one byte was sent
) STRICT;
CREATE INDEX queue_waiting ON queue (destination, due_at, number) WHERE begun_at IS NULL;

CREATE TABLE runs (                   -- runs that are over
  event       INTEGER NOT NULL,
  run         INTEGER NOT NULL,       -- 1 is the original
  trigger     TEXT NOT NULL,
  url         TEXT NOT NULL,
  created_at  INTEGER NOT NULL,       -- when it began
  fault       TEXT NOT NULL,          -- what we broke about it, '' for nothing
  outcome     TEXT NOT NULL,
  status      TEXT NOT NULL,
  status_code INTEGER,
  duration_ms INTEGER,
  answer      BLOB NOT NULL,
  PRIMARY KEY (event, run)
) STRICT, WITHOUT ROWID;
