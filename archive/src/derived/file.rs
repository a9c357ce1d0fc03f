//! The tables of `derived.sqlite`, and how a history lies in them.
//!
//! A history is one row a policy: statements, versions and changes as JSON, the versions' sequences of
//! statements as steps between numbers, both compressed. What `imported.sqlite` holds already
//! (digests, origins) is put in when it is read. Findings and the times of versions have rows of their
//! own, so that they are found without reading histories.

use crate::text::chunk::{self, read_varint, varint};
use crate::text::imported::{self, OpenImportedError};
use crate::text::table::{self, TextError};
use chrono::{DateTime, Utc};
use policy::finding::{EvidenceClass, Finding, Topic};
use policy::history::{Cause, Change, History, Interval, Reading, Statement, Version};
use policy::id::{Digest, PolicyId, StatementId, VersionId};
use policy::ladder::{Said, Step};
use policy::statement::Role;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;

const SCHEMA: &str = "
CREATE TABLE extracted(
  digest BLOB NOT NULL,             -- SHA-256 of the captured body
  reading TEXT NOT NULL,            -- selectors and extractor: see docs/history.md
  policy INTEGER NOT NULL REFERENCES policy(id),
  text INTEGER,                     -- NULL where nothing could be extracted
  why TEXT NOT NULL,
  PRIMARY KEY(policy, digest, reading)
) WITHOUT ROWID;
CREATE TABLE history(
  policy INTEGER PRIMARY KEY REFERENCES policy(id),
  input BLOB NOT NULL,              -- digest of what it was derived from
  facts BLOB NOT NULL,              -- zstd of JSON
  sequences BLOB NOT NULL,          -- zstd of statement numbers
  shape BLOB,                       -- digest of the input but for last sightings; NULL: these matter elsewhere
  seen BLOB                         -- later last sightings of its versions, 8 bytes each; NULL: as in facts
);
CREATE TABLE version(
  policy INTEGER NOT NULL REFERENCES policy(id),
  at INTEGER NOT NULL,              -- microseconds since 1970
  number INTEGER NOT NULL,          -- its place in the history
  id TEXT NOT NULL,
  shown INTEGER NOT NULL,           -- 1 where it is the document in its main edition
  imported INTEGER NOT NULL,        -- 1: the text lies in imported.sqlite
  text INTEGER,
  PRIMARY KEY(policy, at, number)
) WITHOUT ROWID;
CREATE TABLE finding(
  id TEXT PRIMARY KEY,
  policy INTEGER NOT NULL REFERENCES policy(id),
  place INTEGER NOT NULL,
  weight REAL NOT NULL,
  data TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX finding_policy ON finding(policy, place);
";
const FORMAT: i64 = 4;
/// Histories are made again whenever something is new: what a higher level saves is not worth its time.
const LEVEL: i32 = 1;

/// Where a version's text and facts lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// In `imported.sqlite`, else in `derived.sqlite`.
    pub imported: bool,
    /// The number of its row there.
    pub row: u32,
    pub text: Option<u32>,
}

/// A version without what is put in when it is read.
#[derive(Debug, Serialize, Deserialize)]
struct StoredVersion {
    id: VersionId,
    at: i64,
    seen_until: i64,
    cause: Cause,
    #[serde(flatten)]
    reading: Reading,
    note: String,
    class: EvidenceClass,
    recorder: u32,
    origin: Origin,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    own: Option<(Digest, u64, Vec<String>)>,
    /// Which of the sequences.
    sequence: u32,
}

/// A statement whose place is named by number and whose times are numbers: writing them out was felt.
#[derive(Debug, Serialize, Deserialize)]
struct StoredStatement {
    id: StatementId,
    text: String,
    role: Role,
    /// Which of the sections.
    section: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lead_in: Option<u32>,
    /// Microseconds: first seen, last seen, gone by.
    lifespan: Vec<(i64, i64, Option<i64>)>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    current: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    aside: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topic: Option<Topic>,
    /// Of which topic (by its place among all), which scope, which step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    says: Vec<Says>,
}

/// What a statement says of a topic. Most are about its own topic as a whole and need one letter.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Says {
    Own(Step),
    Of(Topic, String, Step),
}

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    follows: Option<PolicyId>,
    recorders: Vec<String>,
    versions: Vec<StoredVersion>,
    /// Headings above statements, each list once.
    sections: Vec<Vec<String>>,
    lead_ins: Vec<String>,
    statements: Vec<StoredStatement>,
    changes: Vec<Change>,
}

/// What many statements share, numbered in order of first use.
struct Shared<T> {
    numbers: HashMap<T, u32>,
    last: u32,
}

impl<T: Clone + Eq + Hash> Shared<T> {
    fn new() -> Self {
        Self { numbers: HashMap::new(), last: 0 }
    }

    fn number(&mut self, value: T, list: &mut Vec<T>) -> u32 {
        // Neighbours share most.
        if list.get(self.last as usize) == Some(&value) {
            return self.last;
        }
        self.last = match self.numbers.get(&value) {
            Some(number) => *number,
            None => {
                let number = list.len() as u32;
                list.push(value.clone());
                self.numbers.insert(value, number);
                number
            }
        };
        self.last
    }
}

impl Stored {
    fn new(
        follows: Option<PolicyId>,
        recorders: Vec<String>,
        versions: Vec<StoredVersion>,
        statements: Vec<Statement>,
        changes: Vec<Change>,
    ) -> Self {
        let (mut sections, mut lead_ins) = (Vec::new(), Vec::new());
        let (mut by_section, mut by_lead) = (Shared::new(), Shared::new());
        let statements = statements
            .into_iter()
            .map(|statement| StoredStatement {
                id: statement.id,
                text: statement.text,
                role: statement.role,
                section: by_section.number(statement.section, &mut sections),
                lead_in: statement.lead_in.map(|lead| by_lead.number(lead, &mut lead_ins)),
                lifespan: statement.lifespan.iter().map(stored_interval).collect(),
                current: statement.current,
                aside: statement.aside,
                topic: statement.topic,
                says: statement
                    .says
                    .into_iter()
                    .map(|Said { topic, scope, step }| {
                        if Some(topic) == statement.topic && scope.is_empty() {
                            Says::Own(step)
                        } else {
                            Says::Of(topic, scope, step)
                        }
                    })
                    .collect(),
            })
            .collect();
        Self { follows, recorders, versions, sections, lead_ins, statements, changes }
    }
}

impl StoredStatement {
    /// `None` where a number names nothing.
    fn statement(self, sections: &[Vec<String>], lead_ins: &[String]) -> Option<Statement> {
        let lead_in = match self.lead_in {
            None => None,
            Some(number) => Some(lead_ins.get(number as usize)?.clone()),
        };
        let says = self
            .says
            .into_iter()
            .map(|says| match says {
                Says::Own(step) => Some(Said { topic: self.topic?, scope: String::new(), step }),
                Says::Of(topic, scope, step) => Some(Said { topic, scope, step }),
            })
            .collect::<Option<Vec<Said>>>()?;
        Some(Statement {
            says,
            id: self.id,
            text: self.text,
            role: self.role,
            section: sections.get(self.section as usize)?.clone(),
            lead_in,
            lifespan: self.lifespan.into_iter().map(interval).collect(),
            current: self.current,
            aside: self.aside,
            topic: self.topic,
        })
    }
}

fn stored_interval(interval: &Interval) -> (i64, i64, Option<i64>) {
    let Interval { first_seen, last_seen, gone_by } = interval;
    (
        first_seen.timestamp_micros(),
        last_seen.timestamp_micros(),
        gone_by.as_ref().map(DateTime::timestamp_micros),
    )
}

fn interval((first_seen, last_seen, gone_by): (i64, i64, Option<i64>)) -> Interval {
    Interval { first_seen: time(first_seen), last_seen: time(last_seen), gone_by: gone_by.map(time) }
}

fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// Opens the file, making it where it is new; a file of another format is made anew.
pub(crate) fn open(dir: &Path) -> Result<Connection, OpenImportedError> {
    let path = dir.join(super::FILE);
    let schema = [table::SCHEMA, SCHEMA];
    match imported::open(&path, &schema, FORMAT) {
        Err(OpenImportedError::Newer { .. }) => {
            // Derived state of another program version is no loss.
            for suffix in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(dir.join(format!("{}{suffix}", super::FILE)));
            }
            imported::open(&path, &schema, FORMAT)
        }
        Ok(mut connection) => {
            migrate(&mut connection)
                // Losing the last transactions in a power cut costs deriving them again, not the file.
                .and_then(|()| connection.pragma_update(None, "synchronous", "normal"))
                .map_err(|error| OpenImportedError::Open { path, error })?;
            Ok(connection)
        }
        failed => failed,
    }
}

/// Brings an older file up to date. Format 1 lacks the last two columns of `history`; before format 3
/// histories were written otherwise, before format 4 statements said nothing: they are derived again from the texts, which stay.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let format = |connection: &Connection| -> rusqlite::Result<i64> {
        connection.query_row("PRAGMA user_version", [], |row| row.get(0))
    };
    if format(connection)? >= FORMAT {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Another process may have done it while we waited for the lock.
    let found = format(&transaction)?;
    if found < 2 {
        transaction.execute_batch(
            "ALTER TABLE history ADD COLUMN shape BLOB; ALTER TABLE history ADD COLUMN seen BLOB;",
        )?;
    }
    if found < FORMAT {
        transaction.execute_batch("DELETE FROM history; DELETE FROM version; DELETE FROM finding;")?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
    }
    transaction.commit()
}

/// A history packed for its row.
#[derive(Debug)]
pub(crate) struct Packed {
    pub policy: PolicyId,
    pub input: Digest,
    /// See the table; `None` where a later sighting changes more than times.
    pub shape: Option<Digest>,
    facts: Vec<u8>,
    sequences: Vec<u8>,
    versions: Vec<(i64, String, bool, Origin)>,
    findings: Vec<(String, f64, String)>,
}

/// Packs a history; `origins` are its versions', in the same order.
pub(crate) fn pack(history: History, origins: Vec<Origin>, input: Digest) -> Packed {
    let History { policy, follows, versions, statements, changes, findings } = history;
    let mut recorders: Vec<String> = versions.iter().map(|version| version.recorder.clone()).collect();
    recorders.sort();
    recorders.dedup();
    // Versions of one text share a sequence.
    let mut sequences = Vec::new();
    let mut sequence_of: HashMap<(bool, Option<u32>), u32> = HashMap::new();
    let mut rows = Vec::with_capacity(versions.len());
    let mut stored = Vec::with_capacity(versions.len());
    for (version, origin) in versions.into_iter().zip(origins) {
        let shown = version.reading.is_document();
        rows.push((version.at.timestamp_micros(), version.id.0.clone(), shown, origin));
        let next = sequence_of.len() as u32;
        let sequence = *sequence_of.entry((origin.imported, origin.text)).or_insert_with(|| {
            varint(version.statements.len() as u64, &mut sequences);
            let mut before = 0i64;
            for number in &version.statements {
                let step = i64::from(*number) - before;
                varint(((step << 1) ^ (step >> 63)) as u64, &mut sequences);
                before = i64::from(*number);
            }
            next
        });
        let own = (!origin.imported).then_some((version.digest, version.bytes, version.origins));
        stored.push(StoredVersion {
            id: version.id,
            at: version.at.timestamp_micros(),
            seen_until: version.seen_until.timestamp_micros(),
            cause: version.cause,
            reading: version.reading,
            note: version.note,
            class: version.class,
            recorder: recorders.binary_search(&version.recorder).unwrap_or(0) as u32,
            origin,
            own,
            sequence,
        });
    }
    let stored = Stored::new(follows, recorders, stored, statements, changes);
    let json = serde_json::to_vec(&stored).expect("a history is JSON");
    let findings = findings
        .into_iter()
        .map(|finding| {
            let data = serde_json::to_string(&finding).expect("a finding is JSON");
            (finding.id.0, f64::from(finding.judgement.weight), data)
        })
        .collect();
    Packed {
        policy,
        input,
        shape: None,
        facts: chunk::compress(&json, LEVEL),
        sequences: chunk::compress(&sequences, LEVEL),
        versions: rows,
        findings,
    }
}

/// Writes a packed history in place of the policy's old one; to be called within a transaction.
pub(crate) fn save(connection: &Connection, packed: &Packed) -> Result<(), TextError> {
    let row = table::policy_row(connection, &packed.policy.service, &packed.policy.name)?;
    forget(connection, row)?;
    connection
        .prepare_cached("INSERT INTO history(policy, input, facts, sequences, shape) VALUES(?, ?, ?, ?, ?)")?
        .execute(params![
            row,
            packed.input.0,
            packed.facts,
            packed.sequences,
            packed.shape.map(|shape| shape.0)
        ])?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO version(policy, at, number, id, shown, imported, text) VALUES(?, ?, ?, ?, ?, ?, ?)",
    )?;
    for (number, (at, id, shown, origin)) in packed.versions.iter().enumerate() {
        insert.execute(params![row, at, number as i64, id, shown, origin.imported, origin.text])?;
    }
    let mut insert = connection
        .prepare_cached("INSERT INTO finding(id, policy, place, weight, data) VALUES(?, ?, ?, ?, ?)")?;
    for (place, (id, weight, data)) in packed.findings.iter().enumerate() {
        insert.execute(params![id, row, place as i64, weight, data])?;
    }
    Ok(())
}

/// Writes later last sightings of a history's versions, in their order; to be called within a transaction.
pub(crate) fn save_seen(
    connection: &Connection,
    policy: &PolicyId,
    input: Digest,
    seen: &[DateTime<Utc>],
) -> Result<(), TextError> {
    let row = table::policy_row(connection, &policy.service, &policy.name)?;
    let seen: Vec<u8> = seen.iter().flat_map(|seen| seen.timestamp_micros().to_le_bytes()).collect();
    connection
        .prepare_cached("UPDATE history SET input = ?, seen = ? WHERE policy = ?")?
        .execute(params![input.0, seen, row])?;
    Ok(())
}

/// The shapes of histories that later sightings change nothing in but times, by row of the policy.
pub(crate) fn shapes(connection: &Connection) -> Result<HashMap<i64, Digest>, TextError> {
    let mut read = connection.prepare("SELECT policy, shape FROM history WHERE shape IS NOT NULL")?;
    let rows = read.query_map([], |row| Ok((row.get(0)?, Digest(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes a policy's derived rows.
pub(crate) fn forget(connection: &Connection, row: i64) -> Result<(), TextError> {
    for statement in [
        "DELETE FROM history WHERE policy = ?",
        "DELETE FROM version WHERE policy = ?",
        "DELETE FROM finding WHERE policy = ?",
    ] {
        connection.prepare_cached(statement)?.execute([row])?;
    }
    Ok(())
}

/// What each policy's history was derived from.
pub(crate) fn inputs(connection: &Connection) -> Result<Vec<(PolicyId, i64, Digest)>, TextError> {
    let mut read = connection.prepare(
        "SELECT service, name, id, input FROM history JOIN policy ON id = policy ORDER BY service, name",
    )?;
    let rows = read.query_map([], |row| {
        let policy = PolicyId::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        Ok((policy, row.get(2)?, Digest(row.get(3)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A policy's history; `fill` gives digest, size and origins of an imported version by its row.
pub(crate) fn history(
    connection: &Connection,
    policy: &PolicyId,
    mut fill: impl FnMut(Origin) -> (Digest, u64, Vec<String>),
) -> Result<Option<History>, TextError> {
    let mut read = connection.prepare_cached(
        "SELECT id, facts, sequences, seen FROM history JOIN policy ON id = policy WHERE service = ? AND name = ?",
    )?;
    let row = read
        .query_row([&policy.service, &policy.name], |row| {
            let seen = row.get::<_, Option<Vec<u8>>>(3)?;
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, Vec<u8>>(2)?, seen))
        })
        .optional()?;
    let Some((row, facts, sequences, seen)) = row else { return Ok(None) };
    let damaged = || TextError::DamagedHistory { policy: policy.clone() };
    let facts = zstd::stream::decode_all(facts.as_slice()).map_err(|_| damaged())?;
    let stored: Stored = serde_json::from_slice(&facts).map_err(|_| damaged())?;
    let sequences = zstd::stream::decode_all(sequences.as_slice()).map_err(|_| damaged())?;
    let sequences = read_sequences(&sequences).ok_or_else(damaged)?;
    let mut versions = Vec::with_capacity(stored.versions.len());
    for version in stored.versions {
        let (digest, bytes, origins) = version.own.unwrap_or_else(|| fill(version.origin));
        versions.push(Version {
            id: version.id,
            at: time(version.at),
            seen_until: time(version.seen_until),
            cause: version.cause,
            reading: version.reading,
            note: version.note,
            class: version.class,
            recorder: stored.recorders.get(version.recorder as usize).cloned().unwrap_or_default(),
            digest,
            bytes,
            origins,
            statements: sequences.get(version.sequence as usize).cloned().ok_or_else(damaged)?,
        });
    }
    let findings = findings_of(connection, row)?;
    let Stored { sections, lead_ins, statements, .. } = stored;
    let statements: Option<Vec<Statement>> =
        statements.into_iter().map(|statement| statement.statement(&sections, &lead_ins)).collect();
    let mut history = History {
        policy: policy.clone(),
        follows: stored.follows,
        versions,
        statements: statements.ok_or_else(damaged)?,
        changes: stored.changes,
        findings,
    };
    if let Some(seen) = seen {
        let (micros, rest) = seen.as_chunks::<8>();
        if micros.len() != history.versions.len() || !rest.is_empty() {
            return Err(damaged());
        }
        let until: Vec<DateTime<Utc>> =
            micros.iter().map(|micros| time(i64::from_le_bytes(*micros))).collect();
        policy::history::seen_again(&mut history, &until);
    }
    Ok(Some(history))
}

fn read_sequences(mut raw: &[u8]) -> Option<Vec<Vec<u32>>> {
    let mut sequences = Vec::new();
    while !raw.is_empty() {
        let len = read_varint(&mut raw)?;
        let mut sequence = Vec::with_capacity((len as usize).min(raw.len()));
        let mut before = 0i64;
        for _ in 0..len {
            let step = read_varint(&mut raw)?;
            before += (step >> 1) as i64 ^ -((step & 1) as i64);
            sequence.push(u32::try_from(before).ok()?);
        }
        sequences.push(sequence);
    }
    Some(sequences)
}

fn findings_of(connection: &Connection, row: i64) -> Result<Vec<Finding>, TextError> {
    let mut read = connection.prepare_cached("SELECT data FROM finding WHERE policy = ? ORDER BY place")?;
    parse_findings(read.query([row])?)
}

/// All findings, see [`policy::finding::heaviest_first`].
pub(crate) fn findings(connection: &Connection) -> Result<Vec<Finding>, TextError> {
    let mut read = connection.prepare_cached("SELECT data FROM finding")?;
    let mut findings = parse_findings(read.query([])?)?;
    policy::finding::heaviest_first(&mut findings);
    Ok(findings)
}

/// One finding.
pub(crate) fn finding(connection: &Connection, id: &str) -> Result<Option<Finding>, TextError> {
    let mut read = connection.prepare_cached("SELECT data FROM finding WHERE id = ?")?;
    Ok(parse_findings(read.query([id])?)?.pop())
}

fn parse_findings(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Finding>, TextError> {
    let mut findings = Vec::new();
    while let Some(row) = rows.next()? {
        let data = row.get_ref(0)?.as_str().unwrap_or_default();
        findings.push(serde_json::from_str(data).map_err(|_| TextError::DamagedFinding)?);
    }
    Ok(findings)
}

/// The version that stood at `when`, and where its text lies.
pub(crate) fn as_of(
    connection: &Connection,
    policy: &PolicyId,
    when: DateTime<Utc>,
) -> Result<Option<(VersionId, bool, u32)>, TextError> {
    let mut read = connection.prepare_cached(
        "SELECT version.id, imported, text FROM version JOIN policy ON policy.id = policy
         WHERE service = ? AND name = ? AND at <= ? AND shown = 1 AND text IS NOT NULL
         ORDER BY at DESC, number DESC LIMIT 1",
    )?;
    Ok(read
        .query_row(params![policy.service, policy.name, when.timestamp_micros()], |row| {
            Ok((VersionId(row.get(0)?), row.get(1)?, row.get(2)?))
        })
        .optional()?)
}

/// Where a version's text lies.
pub(crate) fn text_place(
    connection: &Connection,
    policy: &PolicyId,
    version: &VersionId,
) -> Result<Option<(bool, Option<u32>)>, TextError> {
    let mut read = connection.prepare_cached(
        "SELECT imported, text FROM version JOIN policy ON policy.id = policy
         WHERE service = ? AND name = ? AND version.id = ?",
    )?;
    Ok(read
        .query_row(params![policy.service, policy.name, version.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}
