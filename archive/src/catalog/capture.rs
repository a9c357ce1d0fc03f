//! Captures as rows: written in the order stored, asked for by policy and source.

use crate::capture::facts;
use crate::capture::records::Original;
use crate::capture::{Facts, LastSeen};
use chrono::{DateTime, Utc};
use policy::capture::{Capture, RecordPlace};
use policy::finding::EvidenceClass;
use policy::id::{Digest, PolicyId};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

/// Where one member lies, and its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub offset: u64,
    pub length: u64,
    pub sha256: Digest,
}

/// A segment as the catalog knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SegmentRow {
    pub id: i64,
    pub name: String,
    pub committed: u64,
    pub sealed: bool,
}

pub(crate) fn segments(connection: &Connection) -> rusqlite::Result<Vec<SegmentRow>> {
    let mut statement =
        connection.prepare_cached("SELECT id, name, committed, sealed FROM segment ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok(SegmentRow {
            id: row.get(0)?,
            name: row.get(1)?,
            committed: unsigned(row, 2)?,
            sealed: row.get(3)?,
        })
    })?;
    rows.collect()
}

pub(crate) fn meta(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).optional()
}

pub(crate) fn set_meta(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2";
    connection.execute(sql, [key, value]).map(|_| ())
}

/// Says that `segment` holds stored captures up to `committed`.
pub(crate) fn commit_segment(
    connection: &Connection,
    segment: i64,
    name: &str,
    committed: u64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO segment (id, name, committed) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET committed = ?3",
        )?
        .execute(params![segment, name, signed(committed)])
        .map(|_| ())
}

/// No more captures go into `segment`.
pub(crate) fn seal_segment(connection: &Connection, segment: i64) -> rusqlite::Result<()> {
    connection.execute("UPDATE segment SET sealed = 1 WHERE id = ?1", [segment]).map(|_| ())
}

pub(crate) fn insert_member(
    connection: &Connection,
    segment: i64,
    place: Place,
    capture: Option<i64>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            r#"INSERT INTO member (segment, "offset", length, sha256, capture) VALUES (?1, ?2, ?3, ?4, ?5)"#,
        )?
        .execute(params![segment, signed(place.offset), signed(place.length), place.sha256.0, capture])
        .map(|_| ())
}

/// The policy's row; made where it is missing. Other tables may refer to it.
pub(crate) fn policy_row(connection: &Connection, policy: &PolicyId) -> rusqlite::Result<i64> {
    let find = "SELECT id FROM policy WHERE service = ?1 AND name = ?2";
    let mut find = connection.prepare_cached(find)?;
    match find.query_row([&policy.service, &policy.name], |row| row.get(0)).optional()? {
        Some(id) => Ok(id),
        None => connection
            .prepare_cached("INSERT INTO policy (service, name) VALUES (?1, ?2) RETURNING id")?
            .query_row([&policy.service, &policy.name], |row| row.get(0)),
    }
}

fn source_row(connection: &Connection, policy: i64, url: &str) -> rusqlite::Result<i64> {
    let mut find = connection.prepare_cached("SELECT id FROM source WHERE policy = ?1 AND url = ?2")?;
    match find.query_row(params![policy, url], |row| row.get(0)).optional()? {
        Some(id) => Ok(id),
        None => connection
            .prepare_cached("INSERT INTO source (policy, url) VALUES (?1, ?2) RETURNING id")?
            .query_row(params![policy, url], |row| row.get(0)),
    }
}

/// Writes a capture and its members. `places` are those of its records in order: the `metadata` is the last.
pub(crate) fn insert(
    connection: &Connection,
    facts: &Facts,
    segment: i64,
    places: &[Place],
) -> rusqlite::Result<i64> {
    let (Some(first), Some(last)) = (places.first(), places.last()) else {
        return Err(rusqlite::Error::InvalidParameterCount(0, 1));
    };
    let policy = policy_row(connection, &facts.policy_id())?;
    let source = source_row(connection, policy, &facts.source)?;
    let body: Option<i64> = match &facts.refers_to {
        Some(record) => connection
            .prepare_cached(
                "SELECT id FROM capture WHERE payload = ?1 AND kind = 'response' AND record = ?2",
            )?
            .query_row(params![facts.payload.map(|digest| digest.0), record], |row| row.get(0))
            .optional()?,
        None => None,
    };
    let id: i64 = connection
        .prepare_cached(
            r#"INSERT INTO capture (source, at, class, outcome, why, status, digest, payload, url, etag,
                   last_modified, kind, record, segment, "offset", facts, body)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) RETURNING id"#,
        )?
        .query_row(
            params![
                source,
                facts.at.timestamp_millis(),
                class_name(facts.class),
                facts.outcome,
                facts.why,
                facts.status,
                facts.digest.map(|digest| digest.0),
                facts.payload.map(|digest| digest.0),
                (facts.url != facts.source).then_some(&facts.url),
                facts.etag,
                facts.last_modified,
                facts.kind,
                facts.record,
                segment,
                signed(first.offset),
                signed(last.offset),
                body,
            ],
            |row| row.get(0),
        )?;
    for place in places {
        insert_member(connection, segment, *place, Some(id))?;
    }
    Ok(id)
}

/// Digest of the last capture of this class that saw the document's bytes.
pub(crate) fn last_digest(connection: &Connection, facts: &LookUp<'_>) -> rusqlite::Result<Option<Digest>> {
    connection
        .prepare_cached(
            "SELECT capture.digest FROM capture
             JOIN source ON source.id = capture.source JOIN policy ON policy.id = source.policy
             WHERE policy.service = ?1 AND policy.name = ?2 AND source.url = ?3 AND capture.class = ?4
               AND capture.outcome IN ('fetched', 'unchanged') AND capture.digest IS NOT NULL
             ORDER BY capture.id DESC LIMIT 1",
        )?
        .query_row(
            params![facts.policy.service, facts.policy.name, facts.source, class_name(facts.class)],
            |row| digest(row, 0),
        )
        .optional()
        .map(Option::flatten)
}

/// A source document of a class.
pub(crate) struct LookUp<'a> {
    pub policy: &'a PolicyId,
    pub source: &'a str,
    pub class: EvidenceClass,
}

/// A capture of this instant is stored already.
pub(crate) fn exists(connection: &Connection, of: &LookUp<'_>, at: DateTime<Utc>) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM capture
             JOIN source ON source.id = capture.source JOIN policy ON policy.id = source.policy
             WHERE policy.service = ?1 AND policy.name = ?2 AND source.url = ?3 AND capture.class = ?4 AND capture.at = ?5)",
        )?
        .query_row(
            params![of.policy.service, of.policy.name, of.source, class_name(of.class), at.timestamp_millis()],
            |row| row.get(0),
        )
}

/// When the last capture of our own was made, by the order stored.
pub(crate) fn last_at(connection: &Connection) -> rusqlite::Result<Option<DateTime<Utc>>> {
    connection
        .prepare_cached("SELECT at FROM capture WHERE class = 'A' ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| instant(row, 0))
        .optional()
}

/// The stored `response` with that payload.
pub(crate) fn original(connection: &Connection, payload: &Digest) -> rusqlite::Result<Option<Original>> {
    connection
        .prepare_cached(
            "SELECT capture.record, coalesce(capture.url, source.url), capture.at FROM capture
             JOIN source ON source.id = capture.source
             WHERE capture.payload = ?1 AND capture.kind = 'response' ORDER BY capture.id LIMIT 1",
        )?
        .query_row([payload.0], |row| {
            Ok(Original { record: row.get(0)?, target: row.get(1)?, date: instant(row, 2)? })
        })
        .optional()
}

const COLUMNS: &str = r#"policy.service, policy.name, source.url, coalesce(capture.url, source.url), capture.at,
    capture.class, capture.outcome, capture.why, capture.status, capture.digest,
    segment.name, capture."offset", member.length, member.sha256"#;

const TABLES: &str = r#"capture
    JOIN source ON source.id = capture.source
    JOIN policy ON policy.id = source.policy
    JOIN segment ON segment.id = capture.segment
    JOIN member ON member.segment = capture.segment AND member."offset" = capture."offset""#;

/// All captures of a policy, in order of time.
pub(crate) fn captures(connection: &Connection, policy: &PolicyId) -> rusqlite::Result<Vec<Capture>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE policy.service = ?1 AND policy.name = ?2 ORDER BY capture.at, capture.id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([&policy.service, &policy.name], capture)?;
    rows.collect()
}

/// The capture whose own records start there. By its member, which is found by its place: captures are not.
pub(crate) fn capture_at(
    connection: &Connection,
    segment: &str,
    offset: u64,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            r#"SELECT capture.id FROM segment JOIN member ON member.segment = segment.id
               JOIN capture ON capture.id = member.capture AND capture."offset" = member."offset"
               WHERE segment.name = ?1 AND member."offset" = ?2"#,
        )?
        .query_row(params![segment, signed(offset)], |row| row.get(0))
        .optional()
}

/// Place of the record that holds a capture's payload: its own `response`, or the one its `revisit` refers to.
pub(crate) fn body_place(connection: &Connection, capture: i64) -> rusqlite::Result<Option<RecordPlace>> {
    connection
        .prepare_cached(
            r#"SELECT segment.name, holder."offset", member.length, member.sha256
               FROM capture JOIN capture AS holder ON holder.id = coalesce(capture.body, capture.id)
               JOIN segment ON segment.id = holder.segment
               JOIN member ON member.segment = holder.segment AND member."offset" = holder."offset"
               WHERE capture.id = ?1 AND holder.kind = 'response'"#,
        )?
        .query_row([capture], |row| place(row, 0))
        .optional()
}

/// Place of a capture's `metadata` record.
pub(crate) fn facts_place(connection: &Connection, capture: i64) -> rusqlite::Result<Option<RecordPlace>> {
    connection
        .prepare_cached(
            r#"SELECT segment.name, member."offset", member.length, member.sha256
               FROM capture JOIN segment ON segment.id = capture.segment
               JOIN member ON member.segment = capture.segment AND member."offset" = capture.facts
               WHERE capture.id = ?1"#,
        )?
        .query_row([capture], |row| place(row, 0))
        .optional()
}

/// What is known from the last time a source document was seen by us.
pub(crate) fn last_seen(
    connection: &Connection,
    policy: &PolicyId,
    source: &str,
) -> rusqlite::Result<Option<LastSeen>> {
    let mut statement = connection.prepare_cached(
        "SELECT capture.at, capture.etag, capture.last_modified, capture.digest, capture.kind,
                COALESCE(capture.url, source.url) FROM capture
         JOIN source ON source.id = capture.source JOIN policy ON policy.id = source.policy
         WHERE policy.service = ?1 AND policy.name = ?2 AND source.url = ?3 AND capture.class = 'A'
           AND capture.outcome IN ('fetched', 'unchanged')
         ORDER BY capture.id DESC",
    )?;
    let mut rows = statement.query(params![policy.service, policy.name, source])?;
    let mut at = None;
    while let Some(row) = rows.next()? {
        let seen = instant(row, 0)?;
        let at = *at.get_or_insert(seen);
        let kind: Option<String> = row.get(4)?;
        if kind.is_some() {
            return Ok(Some(LastSeen {
                url: row.get(5)?,
                etag: row.get(1)?,
                last_modified: row.get(2)?,
                digest: digest(row, 3)?,
                at,
                full_fetch_at: seen,
            }));
        }
    }
    Ok(None)
}

/// When a source document was last tried by us, and whether that try saw the document.
pub(crate) fn last_try(
    connection: &Connection,
    policy: &PolicyId,
    source: &str,
) -> rusqlite::Result<Option<(DateTime<Utc>, bool)>> {
    let mut statement = connection.prepare_cached(
        "SELECT capture.at, capture.outcome IN ('fetched', 'unchanged') FROM capture
         JOIN source ON source.id = capture.source JOIN policy ON policy.id = source.policy
         WHERE policy.service = ?1 AND policy.name = ?2 AND source.url = ?3 AND capture.class = 'A'
         ORDER BY capture.id DESC LIMIT 1",
    )?;
    let tried = |row: &Row<'_>| Ok((instant(row, 0)?, row.get(1)?));
    statement.query_row(params![policy.service, policy.name, source], tried).optional()
}

/// All policies that have a capture, sorted.
pub(crate) fn policies(connection: &Connection) -> rusqlite::Result<Vec<PolicyId>> {
    let mut statement = connection.prepare_cached(
        "SELECT service, name FROM policy
         WHERE EXISTS (SELECT 1 FROM source JOIN capture ON capture.source = source.id WHERE source.policy = policy.id)
         ORDER BY service, name",
    )?;
    let rows = statement.query_map([], |row| Ok(PolicyId { service: row.get(0)?, name: row.get(1)? }))?;
    rows.collect()
}

/// A row of `member`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemberRow {
    pub place: Place,
    pub capture: Option<i64>,
}

/// The members of a segment, in order of their offset.
pub(crate) fn members(connection: &Connection, segment: i64) -> rusqlite::Result<Vec<MemberRow>> {
    let mut statement = connection.prepare_cached(
        r#"SELECT "offset", length, sha256, capture FROM member WHERE segment = ?1 ORDER BY "offset""#,
    )?;
    let rows = statement.query_map([segment], |row| {
        let sha256 = digest(row, 2)?.ok_or_else(|| wrong(2, "no digest".to_owned()))?;
        let place = Place { offset: unsigned(row, 0)?, length: unsigned(row, 1)?, sha256 };
        Ok(MemberRow { place, capture: row.get(3)? })
    })?;
    rows.collect()
}

/// Everything a row of `capture` says, with its names in place of their ids: what a rebuild must give again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredRow {
    pub id: i64,
    pub policy: PolicyId,
    pub source: String,
    pub url: String,
    pub at: i64,
    pub class: String,
    pub outcome: String,
    pub why: String,
    pub status: Option<u16>,
    pub digest: Option<Digest>,
    pub payload: Option<Digest>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub kind: Option<String>,
    pub record: Option<String>,
    pub offset: u64,
    pub facts: u64,
    /// Of the response that holds the payload of a `revisit`.
    pub body_record: Option<String>,
    pub body_payload: Option<Digest>,
}

impl StoredRow {
    /// The row that these facts make. `body_payload` is the one thing that facts do not say.
    pub fn said_by(facts: &Facts, id: i64, offset: u64, closes: u64, body_payload: Option<Digest>) -> Self {
        Self {
            id,
            policy: facts.policy_id(),
            source: facts.source.clone(),
            url: facts.url.clone(),
            at: facts.at.timestamp_millis(),
            class: class_name(facts.class).to_owned(),
            outcome: facts.outcome.clone(),
            why: facts.why.clone(),
            status: facts.status,
            digest: facts.digest,
            payload: facts.payload,
            etag: facts.etag.clone(),
            last_modified: facts.last_modified.clone(),
            kind: facts.kind.clone(),
            record: facts.record.clone(),
            offset,
            facts: closes,
            body_record: facts.refers_to.clone(),
            body_payload,
        }
    }

    /// For people: which capture this is.
    pub fn name(&self) -> String {
        let at = DateTime::from_timestamp_millis(self.at).map(crate::warc::warc_date).unwrap_or_default();
        format!("capture of {} at {at}", self.policy)
    }
}

/// The captures of a segment, in the order stored.
pub(crate) fn stored_rows(connection: &Connection, segment: i64) -> rusqlite::Result<Vec<StoredRow>> {
    let mut statement = connection.prepare_cached(
        r#"SELECT capture.id, policy.service, policy.name, source.url, coalesce(capture.url, source.url),
               capture.at, capture.class, capture.outcome, capture.why, capture.status, capture.digest,
               capture.payload, capture.etag, capture.last_modified, capture.kind, capture.record,
               capture."offset", capture.facts, holder.record, holder.payload
           FROM capture JOIN source ON source.id = capture.source JOIN policy ON policy.id = source.policy
           LEFT JOIN capture AS holder ON holder.id = capture.body AND holder.kind = 'response'
           WHERE capture.segment = ?1 ORDER BY capture.id"#,
    )?;
    let rows = statement.query_map([segment], |row| {
        Ok(StoredRow {
            id: row.get(0)?,
            policy: PolicyId { service: row.get(1)?, name: row.get(2)? },
            source: row.get(3)?,
            url: row.get(4)?,
            at: row.get(5)?,
            class: row.get(6)?,
            outcome: row.get(7)?,
            why: row.get(8)?,
            status: row.get(9)?,
            digest: digest(row, 10)?,
            payload: digest(row, 11)?,
            etag: row.get(12)?,
            last_modified: row.get(13)?,
            kind: row.get(14)?,
            record: row.get(15)?,
            offset: unsigned(row, 16)?,
            facts: unsigned(row, 17)?,
            body_record: row.get(18)?,
            body_payload: digest(row, 19)?,
        })
    })?;
    rows.collect()
}

fn capture(row: &Row<'_>) -> rusqlite::Result<Capture> {
    let key: String = row.get(6)?;
    let why: String = row.get(7)?;
    let outcome =
        facts::outcome(&key, &why).ok_or_else(|| wrong(6, format!("outcome `{key}` is not known")))?;
    Ok(Capture {
        policy: PolicyId { service: row.get(0)?, name: row.get(1)? },
        source: row.get(2)?,
        url: row.get(3)?,
        at: instant(row, 4)?,
        class: class(row, 5)?,
        outcome,
        status: row.get(8)?,
        digest: digest(row, 9)?,
        place: Some(place(row, 10)?),
    })
}

fn place(row: &Row<'_>, at: usize) -> rusqlite::Result<RecordPlace> {
    Ok(RecordPlace {
        segment: row.get(at)?,
        offset: unsigned(row, at + 1)?,
        length: unsigned(row, at + 2)?,
        member_sha256: digest(row, at + 3)?.ok_or_else(|| wrong(at + 3, "no digest".to_owned()))?,
    })
}

pub(crate) fn class_name(class: EvidenceClass) -> &'static str {
    match class {
        EvidenceClass::A => "A",
        EvidenceClass::B => "B",
        EvidenceClass::C => "C",
    }
}

fn class(row: &Row<'_>, at: usize) -> rusqlite::Result<EvidenceClass> {
    match row.get_ref(at)?.as_str()? {
        "A" => Ok(EvidenceClass::A),
        "B" => Ok(EvidenceClass::B),
        "C" => Ok(EvidenceClass::C),
        other => Err(wrong(at, format!("evidence class `{other}` is not known"))),
    }
}

fn instant(row: &Row<'_>, at: usize) -> rusqlite::Result<DateTime<Utc>> {
    let millis: i64 = row.get(at)?;
    DateTime::from_timestamp_millis(millis).ok_or_else(|| wrong(at, format!("{millis} is not an instant")))
}

pub(crate) fn digest(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Digest>> {
    Ok(row.get::<_, Option<[u8; 32]>>(at)?.map(Digest))
}

pub(crate) fn unsigned(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(at)?;
    u64::try_from(number).map_err(|_| wrong(at, format!("{number} is not a size")))
}

/// SQLite has no unsigned numbers; no file of ours comes near 2^63 bytes.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn wrong(column: usize, what: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, what.into())
}
