-- The log of a simulator. `queue` holds runs that are not over, `runs` those that are: a run is inserted there once, when
-- its outcome is known, and never changed. Moments are milliseconds since 1970-01-01T00:00:00Z, in simulator time.

CREATE TABLE log (
  sequence INTEGER NOT NULL           -- of the newest change; the stream's ids count it
) STRICT;
INSERT INTO log VALUES (0);

CREATE TABLE webhooks (
  number     INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  event      TEXT NOT NULL,
  url        TEXT NOT NULL,
  store_id   INTEGER,                 -- NULL: every store
  deleted_at INTEGER                  -- NULL while it exists; the row stays, so that its events can be read
) STRICT;

CREATE TABLE destinations (           -- scheme, host and port: what concurrency is limited by; numbered from 1
  number INTEGER PRIMARY KEY,
  origin TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE occurrences (            -- what happened in the shop, once, however many webhooks match
  number   INTEGER PRIMARY KEY,
  event    TEXT NOT NULL,
  store_id INTEGER,
  body     BLOB NOT NULL              -- byte for byte what is sent
) STRICT;

CREATE TABLE shop (                   -- what happened in the shop and no webhook matched; and what its calls noted
  number   INTEGER PRIMARY KEY,       -- counts with those of `occurrences`
  event    TEXT NOT NULL,             -- an event type, or the path of the call that noted it
  store_id INTEGER,
  body     BLOB NOT NULL
) STRICT;

CREATE TABLE events (                 -- one occurrence for one webhook
  number      INTEGER PRIMARY KEY,
  id          BLOB NOT NULL UNIQUE,   -- webhookEventId: sorts by age, so this index grows at its right edge
  webhook     INTEGER NOT NULL,
  occurrence  INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  attempts    INTEGER NOT NULL,       -- runs so far, those in the queue included
  runs        INTEGER NOT NULL,       -- runs that are over
  newest      INTEGER NOT NULL,       -- the newest run that is over, 0 for none; the columns below show it
  updated_at  INTEGER,                -- NULL until a second run is over
  status      TEXT NOT NULL,
  status_code INTEGER,
  success     INTEGER                 -- NULL until a first run is over
) STRICT;
CREATE INDEX events_by_age ON events (webhook, created_at);
CREATE INDEX events_failed ON events (webhook, created_at) WHERE success = 0;

CREATE TABLE causes (                 -- what raised events that were logged together; a lease's events have none
  first_event INTEGER PRIMARY KEY,
  last_event  INTEGER NOT NULL,
  what        TEXT NOT NULL,          -- a business act, or 'trigger'
  asked       INTEGER NOT NULL,       -- how many the caller asked for: acts, or occurrences of a trigger
  occurrences INTEGER NOT NULL        -- how many it raised here, those that no webhook matched included
) STRICT;

CREATE TABLE queue (                  -- runs that wait or are under way
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  event       INTEGER NOT NULL,
  run         INTEGER NOT NULL,
  trigger     TEXT NOT NULL,
  destination INTEGER NOT NULL,       -- 0: a lease, sent by an outside deliverer
  url         TEXT NOT NULL,
  -- When the run may begin: a moment, for one that a fault has postponed; else one of three values before every moment,
  -- in the order in which they begin: -2^62 a resend, -2^62 + 1 a run that was put back, -2^62 + 2 an original.
  due_at      INTEGER NOT NULL,
  begun_at    INTEGER                 -- NULL: it waits, and no byte of it was sent
) STRICT;
CREATE INDEX queue_waiting ON queue (destination, due_at, number) WHERE begun_at IS NULL;

CREATE TABLE runs (                   -- runs that are over
  event       INTEGER NOT NULL,
  run         INTEGER NOT NULL,       -- 1 is the original
  trigger     TEXT NOT NULL,
  url         TEXT NOT NULL,
  created_at  INTEGER NOT NULL,       -- when it began
  fault       TEXT NOT NULL,          -- the fault that was applied to it, '' for none
  outcome     TEXT NOT NULL,
  status      TEXT NOT NULL,
  status_code INTEGER,
  duration_ms INTEGER,
  answer      BLOB NOT NULL,
  PRIMARY KEY (event, run)
) STRICT, WITHOUT ROWID;

CREATE TABLE changed (                -- what a fault made of a run's request, where it changed it
  event   INTEGER NOT NULL,
  run     INTEGER NOT NULL,
  headers BLOB NOT NULL,
  body    BLOB NOT NULL,              -- its first 64 KiB
  size    INTEGER NOT NULL,           -- of the body that went out
  content_length INTEGER NOT NULL,    -- of the body that was announced
  PRIMARY KEY (event, run)
) STRICT, WITHOUT ROWID;

CREATE TABLE answer_heads (           -- the headers of an answer that is no 2xx, as lines
  event INTEGER NOT NULL,
  run   INTEGER NOT NULL,
  head  BLOB NOT NULL,
  PRIMARY KEY (event, run)
) STRICT, WITHOUT ROWID;

CREATE TABLE seconds (                -- what happened in each of the last seconds, for pictures
  second  INTEGER PRIMARY KEY,        -- since 1970, in simulator time
  raised  INTEGER NOT NULL,           -- events
  over    INTEGER NOT NULL,           -- runs, of which the next two count some
  failed  INTEGER NOT NULL,
  resends INTEGER NOT NULL,
  waiting INTEGER NOT NULL,           -- runs that waited or were under way at its end
  faults  TEXT NOT NULL,              -- the faults that hit a run, with commas
  took    TEXT NOT NULL               -- JSON: how many runs by bucket of latency
) STRICT;
