//! The SQLite tables that hold a policy's texts. The same tables lie in `imported.sqlite` (ground state)
//! and in `derived.sqlite` (texts extracted from our own captures).

use super::chunk::{self, Chunk, DamagedChunk, Kind, Packed, Tail};
use super::{TextFacts, Texts};
use policy::id::{Digest, PolicyId};
use rusqlite::{Connection, OptionalExtension as _, params};

/// The tables, for a new file.
pub const SCHEMA: &str = "
CREATE TABLE policy(
  id INTEGER PRIMARY KEY,
  service TEXT NOT NULL,
  name TEXT NOT NULL,
  UNIQUE(service, name)
);
CREATE TABLE chunk(
  policy INTEGER NOT NULL REFERENCES policy(id),
  kind INTEGER NOT NULL,            -- 0 lines, 1 sequences
  number INTEGER NOT NULL,
  first INTEGER NOT NULL,           -- number of its first line or sequence
  count INTEGER NOT NULL,
  data BLOB NOT NULL                -- zstd; see docs/history.md
);
CREATE UNIQUE INDEX chunk_place ON chunk(policy, kind, number, first, count);
CREATE TABLE text(
  policy INTEGER NOT NULL REFERENCES policy(id),
  number INTEGER NOT NULL,
  digest BLOB NOT NULL,             -- SHA-256 of the text
  bytes INTEGER NOT NULL,
  PRIMARY KEY(policy, number)
) WITHOUT ROWID;
";

/// Why texts could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    #[error("cannot read or write the archive's texts{}", crate::catalog::remedy(.0))]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Damaged(#[from] DamagedChunk),
    #[error("the derived history of {policy} is damaged: delete `derived.sqlite` and run `walkback derive`")]
    DamagedHistory { policy: PolicyId },
    #[error("a derived finding is damaged: delete `derived.sqlite` and run `walkback derive`")]
    DamagedFinding,
    #[error("text {number} of policy row {policy} is not in the archive")]
    NoText { policy: i64, number: u32 },
}

/// All texts of a policy.
pub fn load(connection: &Connection, policy: i64) -> Result<Texts, TextError> {
    let mut texts = Texts::default();
    let mut read = connection.prepare_cached(
        "SELECT kind, number, count, data FROM chunk WHERE policy = ? ORDER BY kind, number",
    )?;
    let mut rows = read.query([policy])?;
    while let Some(row) = rows.next()? {
        let (number, count) = (row.get(1)?, row.get(2)?);
        let data = row.get_ref(3)?.as_blob().unwrap_or_default();
        if row.get::<_, i64>(0)? == Kind::Lines as i64 {
            let raw = chunk::raw_lines(data).ok_or_else(|| damaged(Kind::Lines, number))?;
            texts.lines.extend(&raw, count).ok_or_else(|| damaged(Kind::Lines, number))?;
        } else {
            let sequences = chunk::sequences(data, count).ok_or_else(|| damaged(Kind::Sequences, number))?;
            if sequences.iter().flatten().any(|line| *line as usize >= texts.lines.len()) {
                return Err(damaged(Kind::Sequences, number).into());
            }
            texts.sequences.extend(sequences);
        }
    }
    for facts in facts(connection, policy)? {
        texts.by_digest.insert(facts.digest, texts.facts.len() as u32);
        texts.facts.push(facts);
    }
    if texts.facts.len() != texts.sequences.len() {
        return Err(damaged(Kind::Sequences, 0).into());
    }
    Ok(texts)
}

/// Digests and sizes of a policy's texts, by number.
pub fn facts(connection: &Connection, policy: i64) -> Result<Vec<TextFacts>, TextError> {
    let mut read =
        connection.prepare_cached("SELECT digest, bytes FROM text WHERE policy = ? ORDER BY number")?;
    let facts = read.query_map([policy], |row| {
        Ok(TextFacts { digest: Digest(row.get(0)?), bytes: row.get::<_, i64>(1)? as u64 })
    })?;
    Ok(facts.collect::<Result<_, _>>()?)
}

/// One text, without reading the others.
pub fn read_one(connection: &Connection, policy: i64, number: u32) -> Result<Vec<u8>, TextError> {
    let mut find = connection.prepare_cached(
        "SELECT number, first, data FROM chunk WHERE policy = ? AND kind = 1 AND first <= ?
         ORDER BY number DESC LIMIT 1",
    )?;
    let sequence = find
        .query_row(params![policy, number], |row| {
            let place = number - row.get::<_, u32>(1)?;
            Ok((
                row.get::<_, u32>(0)?,
                chunk::one_sequence(row.get_ref(2)?.as_blob().unwrap_or_default(), place),
            ))
        })
        .optional()?;
    let sequence = match sequence {
        None => return Err(TextError::NoText { policy, number }),
        Some((number, None)) => return Err(damaged(Kind::Sequences, number).into()),
        Some((_, Some(sequence))) => sequence,
    };
    let mut places = connection.prepare_cached(
        "SELECT number, first, count FROM chunk WHERE policy = ? AND kind = 0 ORDER BY number",
    )?;
    let places: Vec<Tail> = places
        .query_map([policy], |row| Ok(Tail { number: row.get(0)?, first: row.get(1)?, count: row.get(2)? }))?
        .collect::<Result<_, _>>()?;
    let place_of = |line: u32| places.partition_point(|place| place.first <= line).checked_sub(1);
    let mut chunks: Vec<Option<(Vec<u8>, Vec<usize>)>> = vec![None; places.len()];
    let mut data =
        connection.prepare_cached("SELECT data FROM chunk WHERE policy = ? AND kind = 0 AND number = ?")?;
    let mut text = Vec::new();
    for (nth, line) in sequence.iter().enumerate() {
        let place = place_of(*line).ok_or(TextError::NoText { policy, number })?;
        if chunks[place].is_none() {
            let raw = data.query_row(params![policy, places[place].number], |row| {
                Ok(chunk::raw_lines(row.get_ref(0)?.as_blob().unwrap_or_default()))
            })?;
            let raw = raw.ok_or_else(|| damaged(Kind::Lines, places[place].number))?;
            let ends = memchr::memchr_iter(b'\n', &raw).collect();
            chunks[place] = Some((raw, ends));
        }
        let Some((raw, ends)) = &chunks[place] else { unreachable!("read just now") };
        let within = (*line - places[place].first) as usize;
        let end = *ends.get(within).ok_or_else(|| damaged(Kind::Lines, places[place].number))?;
        let start = if within == 0 { 0 } else { ends[within - 1] + 1 };
        if nth > 0 {
            text.push(b'\n');
        }
        text.extend_from_slice(&raw[start..end]);
    }
    Ok(text)
}

/// The last chunk of each kind and the number of stored texts, for [`chunk::pack`].
pub fn tails(connection: &Connection, policy: i64) -> Result<(u32, Option<Tail>, Option<Tail>), TextError> {
    let stored: u32 =
        connection.query_row("SELECT count(*) FROM text WHERE policy = ?", [policy], |row| row.get(0))?;
    let mut last = connection.prepare_cached(
        "SELECT number, first, count FROM chunk WHERE policy = ? AND kind = ? ORDER BY number DESC LIMIT 1",
    )?;
    let mut tail = |kind: Kind| {
        last.query_row(params![policy, kind as i64], |row| {
            Ok(Tail { number: row.get(0)?, first: row.get(1)?, count: row.get(2)? })
        })
        .optional()
    };
    Ok((stored, tail(Kind::Lines)?, tail(Kind::Sequences)?))
}

/// Writes packed texts; to be called within a transaction.
pub fn save(connection: &Connection, policy: i64, packed: &Packed) -> Result<(), TextError> {
    let mut delete =
        connection.prepare_cached("DELETE FROM chunk WHERE policy = ? AND kind = ? AND number = ?")?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO chunk(policy, kind, number, first, count, data) VALUES(?, ?, ?, ?, ?, ?)",
    )?;
    for Chunk { kind, number, first, count, data } in &packed.chunks {
        delete.execute(params![policy, *kind as i64, number])?;
        insert.execute(params![policy, *kind as i64, number, first, count, data])?;
    }
    let mut insert =
        connection.prepare_cached("INSERT INTO text(policy, number, digest, bytes) VALUES(?, ?, ?, ?)")?;
    for (number, facts) in &packed.texts {
        insert.execute(params![policy, number, facts.digest.0, facts.bytes as i64])?;
    }
    Ok(())
}

/// The row of a policy, made where it is not there yet.
pub fn policy_row(connection: &Connection, service: &str, name: &str) -> Result<i64, TextError> {
    let mut find = connection.prepare_cached("SELECT id FROM policy WHERE service = ? AND name = ?")?;
    if let Some(id) = find.query_row([service, name], |row| row.get(0)).optional()? {
        return Ok(id);
    }
    connection.prepare_cached("INSERT INTO policy(service, name) VALUES(?, ?)")?.execute([service, name])?;
    Ok(connection.last_insert_rowid())
}

fn damaged(kind: Kind, number: u32) -> DamagedChunk {
    DamagedChunk { what: if kind == Kind::Lines { "lines" } else { "sequences" }, number }
}
