-- A receiver's file. The key of an event and its effect are rows of the same file, so that one transaction
-- can hold both: this is the whole secret of exactly one effect.

-- Every key that has been dealt with: with the event's own id as key, a second copy finds it taken.
CREATE TABLE IF NOT EXISTS keys (
  number INTEGER PRIMARY KEY,
  key    TEXT NOT NULL UNIQUE
);

-- What the business system booked. No UNIQUE on the event's id, on purpose: a broken receiver must be able
-- to book twice. In your own system, put one here too.
CREATE TABLE IF NOT EXISTS effects (
  number     INTEGER PRIMARY KEY,
  event_id   TEXT NOT NULL,
  webhook_id TEXT NOT NULL,
  event      TEXT NOT NULL,
  identity   BLOB NOT NULL,     -- a JSON object: the fields that say which sale, movement, customer it is
  entity     TEXT,              -- what changes by it, for types that tell of a change; see states
  payload    BLOB NOT NULL,     -- JSON, as it came
  at         INTEGER NOT NULL   -- ms since 1970, UTC
);
CREATE INDEX IF NOT EXISTS effects_since ON effects (at);

-- Acknowledged and not processed: types that this receiver does not know (yet).
CREATE TABLE IF NOT EXISTS ignored (
  number   INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL,
  event    TEXT NOT NULL,
  payload  BLOB NOT NULL,
  at       INTEGER NOT NULL
);

-- For things that change (a customer, an order, a stock level): which effect holds the present state.
CREATE TABLE IF NOT EXISTS states (
  entity TEXT PRIMARY KEY,
  moment TEXT NOT NULL,
  rank   INTEGER NOT NULL,
  effect INTEGER NOT NULL
) WITHOUT ROWID;

-- For receivers that store first and process later: events as they came, until they are done.
CREATE TABLE IF NOT EXISTS inbox (
  number     INTEGER PRIMARY KEY,
  event_id   TEXT NOT NULL UNIQUE,
  webhook_id TEXT NOT NULL,
  event      TEXT NOT NULL,
  payload    BLOB NOT NULL,
  done       INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox (number) WHERE NOT done;

-- For receivers that keep a level of each stock item; moment and number are those of the movement that set it.
CREATE TABLE IF NOT EXISTS levels (
  stock  INTEGER NOT NULL,
  gtin   TEXT NOT NULL,
  level  REAL NOT NULL,
  moment TEXT,
  number INTEGER,
  PRIMARY KEY (stock, gtin)
) WITHOUT ROWID;

-- For receivers that keep a row for each customer; moment is since when it holds.
CREATE TABLE IF NOT EXISTS customers (
  id      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL,
  email   TEXT NOT NULL,
  address TEXT NOT NULL,
  moment  TEXT NOT NULL
);
