-- Where the captures lie and what they found. Everything here can be read back from the segments:
-- see docs/archive-format.md and archive/src/catalog/rebuild.rs.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Shared with the tables of later migrations.
CREATE TABLE policy (
    id      INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    name    TEXT NOT NULL,
    UNIQUE (service, name)
);

-- A source document: one declared URL of a policy.
CREATE TABLE source (
    id     INTEGER PRIMARY KEY,
    policy INTEGER NOT NULL REFERENCES policy (id),
    url    TEXT NOT NULL,
    UNIQUE (policy, url)
);

CREATE TABLE segment (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    -- Bytes that hold stored captures; whatever the file has beyond was never reported stored.
    committed INTEGER NOT NULL,
    -- No more captures go in here.
    sealed    INTEGER NOT NULL DEFAULT 0
);

-- In the order stored.
CREATE TABLE capture (
    id            INTEGER PRIMARY KEY,
    source        INTEGER NOT NULL REFERENCES source (id),
    at            INTEGER NOT NULL, -- milliseconds since 1970
    class         TEXT NOT NULL,
    outcome       TEXT NOT NULL,
    why           TEXT NOT NULL,
    status        INTEGER,
    digest        BLOB, -- of the decoded payload
    payload       BLOB, -- of the payload as in WARC-Payload-Digest
    url           TEXT, -- where it differs from the source's
    etag          TEXT,
    last_modified TEXT,
    kind          TEXT, -- response, revisit; null where only a metadata record was written
    record        TEXT, -- WARC-Record-ID of that response or revisit
    segment       INTEGER NOT NULL REFERENCES segment (id),
    "offset"      INTEGER NOT NULL, -- of the response, the revisit, or else the metadata record
    facts         INTEGER NOT NULL, -- offset of the metadata record
    body          INTEGER REFERENCES capture (id) -- the capture whose response holds the payload
);
CREATE INDEX capture_by_source ON capture (source, id);
CREATE INDEX capture_by_payload ON capture (payload) WHERE kind = 'response';

-- One row a gzip member.
CREATE TABLE member (
    segment  INTEGER NOT NULL REFERENCES segment (id),
    "offset" INTEGER NOT NULL,
    length   INTEGER NOT NULL,
    sha256   BLOB NOT NULL,
    capture  INTEGER REFERENCES capture (id), -- null for a warcinfo
    PRIMARY KEY (segment, "offset")
) WITHOUT ROWID;

-- Captures are append-only. Only a rebuild lifts these two, inside its transaction.
CREATE TRIGGER capture_refuses_update BEFORE UPDATE ON capture
BEGIN
    SELECT RAISE(ABORT, 'captures are append-only');
END;
CREATE TRIGGER capture_refuses_delete BEFORE DELETE ON capture
BEGIN
    SELECT RAISE(ABORT, 'captures are append-only');
END;
