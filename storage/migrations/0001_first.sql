-- The log is the truth: an append-only list of decisions. Memory is a cache
-- that a fold of the log rebuilds. Times are unix milliseconds, UTC; days are
-- study days counted from 1970-01-01.

CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE settings(
  key TEXT PRIMARY KEY, value TEXT NOT NULL, changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE libraries(
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK(kind IN ('builtin','folder','anki')),
  path TEXT NOT NULL UNIQUE,
  stamp TEXT NOT NULL DEFAULT '',      -- what the files looked like when last compiled whole
  added_at INTEGER NOT NULL,
  forgotten_at INTEGER
) STRICT;

CREATE TABLE posts(
  id INTEGER PRIMARY KEY,
  library_id INTEGER NOT NULL REFERENCES libraries,
  path TEXT NOT NULL, slug TEXT NOT NULL, title TEXT NOT NULL, topic TEXT NOT NULL,
  tags TEXT NOT NULL, requires TEXT NOT NULL,       -- JSON lists
  depth INTEGER NOT NULL,                           -- longest chain of prerequisites below it
  body TEXT NOT NULL, hash TEXT NOT NULL,           -- the last good text
  retired_at INTEGER,
  UNIQUE(library_id, path)
) STRICT;
CREATE INDEX posts_slug ON posts(slug);

CREATE TABLE notes(
  id TEXT PRIMARY KEY,                              -- never changes
  key TEXT,                                         -- the explicit id in the file now, or NULL
  post_id INTEGER NOT NULL REFERENCES posts,
  pos INTEGER NOT NULL, line INTEGER NOT NULL, takeaway TEXT NOT NULL,
  kind TEXT NOT NULL CHECK(kind IN ('basic','cloze','points','estimate')),
  type TEXT NOT NULL, tier TEXT NOT NULL CHECK(tier IN ('core','deep')),
  front TEXT NOT NULL, back TEXT NOT NULL,
  tags TEXT NOT NULL, source TEXT NOT NULL, as_of TEXT NOT NULL, after TEXT, why TEXT NOT NULL,
  hash TEXT NOT NULL, created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, retired_at INTEGER,
  -- How Anki knows it. An imported note of several templates is several notes
  -- here, one for each card that it has there: anki_ord tells them apart.
  anki_guid TEXT NOT NULL, anki_nid INTEGER NOT NULL, anki_ord INTEGER NOT NULL DEFAULT 0,
  anki_fields TEXT,                                 -- JSON of an imported note as it came
  UNIQUE(anki_guid, anki_ord), UNIQUE(anki_nid, anki_ord)
) STRICT, WITHOUT ROWID;
CREATE INDEX notes_post ON notes(post_id, pos);
CREATE INDEX notes_key ON notes(key) WHERE key IS NOT NULL;

-- Every text that a note ever had: a retired card that returns is recognised.
CREATE TABLE lineage(
  hash TEXT NOT NULL, note_id TEXT NOT NULL REFERENCES notes, PRIMARY KEY(hash, note_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE cards(
  id TEXT PRIMARY KEY,
  note_id TEXT NOT NULL REFERENCES notes,
  ord INTEGER NOT NULL CHECK(ord >= 0),             -- given once, never reused
  pos INTEGER NOT NULL,                             -- which deletion of the text, from 0
  cloze_hash TEXT NOT NULL, retired_at INTEGER,
  anki_cid INTEGER NOT NULL UNIQUE,
  UNIQUE(note_id, ord)
) STRICT, WITHOUT ROWID;

CREATE TABLE log(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  card_id TEXT NOT NULL REFERENCES cards,
  kind TEXT NOT NULL CHECK(kind IN ('rate','void','seed','forget','due','suspend','resume','bury','flag','unflag')),
  at INTEGER NOT NULL, tz_min INTEGER NOT NULL, day INTEGER NOT NULL,
  act TEXT NOT NULL, prev TEXT NOT NULL, target TEXT,
  rating INTEGER CHECK(rating BETWEEN 1 AND 4), took_ms INTEGER CHECK(took_ms BETWEEN 0 AND 600000),
  state_before INTEGER, s_before REAL, d_before REAL, r_before REAL,
  state INTEGER CHECK(state BETWEEN 0 AND 3), step INTEGER, ivl INTEGER, due_day INTEGER, due_at INTEGER,
  s REAL, d REAL, arg TEXT NOT NULL,
  source TEXT NOT NULL CHECK(source IN ('etch','anki','import')),
  session TEXT NOT NULL,
  ms_id INTEGER NOT NULL UNIQUE,
  CHECK((kind='rate') = (rating IS NOT NULL)),
  CHECK((kind='void') = (target IS NOT NULL)),
  CHECK(kind NOT IN ('rate','seed','forget','due') OR state IS NOT NULL)
) STRICT;
CREATE INDEX log_card ON log(card_id, at, id);
CREATE INDEX log_day ON log(day, kind);
CREATE INDEX log_own ON log(seq) WHERE source='etch' AND kind<>'void';   -- what undo can reach, newest last
CREATE INDEX log_act ON log(act) WHERE source='etch' AND kind<>'void';
CREATE INDEX log_target ON log(target) WHERE target IS NOT NULL;
CREATE TRIGGER log_no_update BEFORE UPDATE ON log BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER log_no_delete BEFORE DELETE ON log BEGIN SELECT raise(ABORT, 'the log is append-only'); END;

-- The cache. post_id, hidden (suspended or retired), new_pos and after_card
-- repeat what compile knows, so that the queue is one index search.
CREATE TABLE memory(
  card_id TEXT PRIMARY KEY REFERENCES cards,
  head TEXT NOT NULL, head_at INTEGER NOT NULL,
  state INTEGER NOT NULL, step INTEGER NOT NULL, s REAL NOT NULL, d REAL NOT NULL,
  due_day INTEGER NOT NULL, due_at INTEGER NOT NULL, last_at INTEGER NOT NULL, last_day INTEGER NOT NULL,
  ivl INTEGER NOT NULL, reps INTEGER NOT NULL, lapses INTEGER NOT NULL,
  first_day INTEGER NOT NULL, held_day INTEGER NOT NULL,
  suspended INTEGER NOT NULL, buried_day INTEGER NOT NULL, flag TEXT NOT NULL,
  post_id INTEGER NOT NULL, hidden INTEGER NOT NULL, new_pos INTEGER NOT NULL, after_card TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX memory_review ON memory(due_day, last_day, s, buried_day) WHERE state=2 AND hidden=0;
CREATE INDEX memory_learn ON memory(due_at) WHERE state IN (1,3) AND hidden=0;
CREATE INDEX memory_new ON memory(new_pos) WHERE state=0 AND hidden=0 AND after_card IS NULL;
CREATE INDEX memory_locked ON memory(after_card) WHERE state=0 AND hidden=0 AND after_card IS NOT NULL;
CREATE INDEX memory_post ON memory(post_id);

-- What came with imported decks and goes back with them: note types as JSON,
-- and the names of media files, which lie in the folder "media" beside the
-- database under names made of their contents.
CREATE TABLE anki_types(id INTEGER PRIMARY KEY, def TEXT NOT NULL) STRICT;
CREATE TABLE media(name TEXT PRIMARY KEY, file TEXT NOT NULL, size INTEGER NOT NULL) STRICT, WITHOUT ROWID;
