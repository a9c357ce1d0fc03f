//! `imported.sqlite`: the versions that others recorded, as they recorded them. Ground state.

use super::chunk;
use super::table::{self, TextError};
use super::{TextFacts, Texts};
use chrono::{DateTime, Utc};
use policy::history::Cause;
use policy::id::{Digest, PolicyId};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file's name within the archive folder.
pub const FILE: &str = "imported.sqlite";

const SCHEMA: &str = "
CREATE TABLE collection(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,        -- contrib-versions
  origin TEXT NOT NULL              -- where it was last read from
);
CREATE TABLE head(
  collection INTEGER NOT NULL REFERENCES collection(id),
  services TEXT NOT NULL,           -- the globs of the import, one a line; empty: all
  commit_id TEXT NOT NULL,          -- everything up to this commit is here
  PRIMARY KEY(collection, services)
) WITHOUT ROWID;
CREATE TABLE recorded(
  policy INTEGER NOT NULL REFERENCES policy(id),
  number INTEGER NOT NULL,          -- in order of the record
  at INTEGER NOT NULL,              -- microseconds since 1970
  collection INTEGER NOT NULL REFERENCES collection(id),
  cause INTEGER NOT NULL,
  text INTEGER,                     -- NULL where the file was removed
  commit_id BLOB NOT NULL,
  origins TEXT NOT NULL,            -- one a line, as the collection wrote them
  engine TEXT NOT NULL,
  PRIMARY KEY(policy, number)
) WITHOUT ROWID;
";

const CAUSES: [Cause; 4] = [Cause::First, Cause::Change, Cause::Reextraction, Cause::Removal];

/// A version as a collection recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// When the collection fetched it.
    pub at: DateTime<Utc>,
    /// The collection's row.
    pub collection: i64,
    pub cause: Cause,
    /// The number of its text among the policy's texts; `None` where the file was removed.
    pub text: Option<u32>,
    /// The commit that recorded it, in hexadecimal.
    pub commit: String,
    /// The snapshots it was extracted from, as the collection named them.
    pub origins: Vec<String>,
    /// The version of the engine that extracted it, where known.
    pub engine: String,
}

/// One policy of `imported.sqlite`, to be added to.
#[derive(Debug, Default)]
pub struct ImportedPolicy {
    pub texts: Texts,
    pub recorded: Vec<Recorded>,
    stored_texts: u32,
    stored_versions: u32,
    lines: Option<chunk::Tail>,
    sequences: Option<chunk::Tail>,
}

/// What [`ImportedPolicy::pack`] made of a policy's new versions: small, and quick to write.
#[derive(Debug)]
pub struct Addition {
    pub policy: PolicyId,
    packed: chunk::Packed,
    recorded: Vec<(u32, Recorded)>,
}

impl ImportedPolicy {
    /// What is new since it was loaded, compressed.
    pub fn pack(self, policy: PolicyId) -> Addition {
        let packed = chunk::pack(&self.texts, self.stored_texts, self.lines, self.sequences, chunk::FOR_GOOD);
        let stored = self.stored_versions;
        let recorded = self.recorded.into_iter().skip(stored as usize);
        Addition { policy, packed, recorded: (stored..).zip(recorded).collect() }
    }
}

impl Addition {
    /// How many versions are new.
    pub fn versions(&self) -> usize {
        self.recorded.len()
    }
}

/// How much is recorded of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    pub versions: u64,
    /// Changes when a version comes.
    pub key: String,
}

/// A collection that versions were imported from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    pub row: i64,
    pub name: String,
    pub origin: String,
}

/// The versions that others recorded.
#[derive(Debug)]
pub struct Imported {
    connection: Connection,
    path: PathBuf,
}

/// Why `imported.sqlite` could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenImportedError {
    #[error("cannot open `{path}`{}", crate::catalog::remedy(.error))]
    Open {
        path: PathBuf,
        #[source]
        error: rusqlite::Error,
    },
    #[error(
        "`{path}` was written by a newer walkback (format {found}, this one knows {known}): update walkback"
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
}

const FORMAT: i64 = 1;

/// Opens one of our files, creating its tables where it is new.
pub(crate) fn open(path: &Path, schema: &[&str], format: i64) -> Result<Connection, OpenImportedError> {
    let attempt = || -> Result<(Connection, i64), rusqlite::Error> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found == 0 {
            // Texts lie in large values: larger pages need fewer overflow pages.
            connection.execute_batch("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;")?;
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            // Another process may have made the tables while we waited for the lock.
            if transaction.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))? == 0 {
                for part in schema {
                    transaction.execute_batch(part)?;
                }
                transaction.pragma_update(None, "user_version", format)?;
            }
            transaction.commit()?;
        }
        connection.execute_batch("PRAGMA synchronous = FULL;")?;
        connection.set_prepared_statement_cache_capacity(64);
        // Plans that look at what is asked for would be made anew with each question.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok((connection, found))
    };
    let (connection, found) =
        attempt().map_err(|error| OpenImportedError::Open { path: path.to_owned(), error })?;
    if found > format {
        return Err(OpenImportedError::Newer { path: path.to_owned(), found, known: format });
    }
    Ok(connection)
}

impl Imported {
    /// Opens the file in this archive folder, creating it where it is not there yet.
    pub fn open(dir: &Path) -> Result<Self, OpenImportedError> {
        let path = dir.join(FILE);
        let connection = open(&path, &[table::SCHEMA, SCHEMA], FORMAT)?;
        Ok(Self { connection, path })
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The row of a collection, made where it is new; remembers where it was read from.
    pub fn collection(&self, name: &str, origin: &str) -> Result<i64, TextError> {
        Ok(self.connection.query_row(
            "INSERT INTO collection(name, origin) VALUES(?1, ?2)
             ON CONFLICT(name) DO UPDATE SET origin = ?2 RETURNING id",
            [name, origin],
            |row| row.get(0),
        )?)
    }

    /// All collections, in order of first import.
    pub fn collections(&self) -> Result<Vec<Collection>, TextError> {
        let mut read =
            self.connection.prepare_cached("SELECT id, name, origin FROM collection ORDER BY id")?;
        let rows = read.query_map([], |row| {
            Ok(Collection { row: row.get(0)?, name: row.get(1)?, origin: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The commit up to which everything is here, for an import of these services.
    pub fn head(&self, collection: i64, services: &str) -> Result<Option<String>, TextError> {
        let mut read = self
            .connection
            .prepare_cached("SELECT commit_id FROM head WHERE collection = ? AND services = ?")?;
        Ok(read.query_row(params![collection, services], |row| row.get(0)).optional()?)
    }

    /// Remembers that everything up to `commit` is here.
    pub fn set_head(&self, collection: i64, services: &str, commit: &str) -> Result<(), TextError> {
        self.connection.execute(
            "INSERT INTO head(collection, services, commit_id) VALUES(?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET commit_id = ?3",
            params![collection, services, commit],
        )?;
        Ok(())
    }

    /// All policies with their rows, in order of their names.
    pub fn policies(&self) -> Result<Vec<(PolicyId, i64)>, TextError> {
        let mut read =
            self.connection.prepare_cached("SELECT service, name, id FROM policy ORDER BY service, name")?;
        let rows = read.query_map([], |row| {
            Ok((PolicyId::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?), row.get(2)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The row of a policy.
    pub fn row(&self, policy: &PolicyId) -> Result<Option<i64>, TextError> {
        let mut find =
            self.connection.prepare_cached("SELECT id FROM policy WHERE service = ? AND name = ?")?;
        Ok(find.query_row([&policy.service, &policy.name], |row| row.get(0)).optional()?)
    }

    /// What a policy's versions are, in order of the record.
    pub fn recorded(&self, row: i64) -> Result<Vec<Recorded>, TextError> {
        let mut read = self.connection.prepare_cached(
            "SELECT at, collection, cause, text, commit_id, origins, engine FROM recorded
             WHERE policy = ? ORDER BY number",
        )?;
        let rows = read.query_map([row], |row| {
            let cause: usize = row.get::<_, i64>(2)? as usize;
            let origins: String = row.get(5)?;
            Ok(Recorded {
                at: DateTime::from_timestamp_micros(row.get(0)?).unwrap_or_default(),
                collection: row.get(1)?,
                cause: *CAUSES.get(cause).unwrap_or(&Cause::Change),
                text: row.get(3)?,
                commit: row
                    .get_ref(4)?
                    .as_blob()
                    .unwrap_or_default()
                    .iter()
                    .map(|b| format!("{b:02x}"))
                    .collect(),
                origins: origins.lines().map(str::to_owned).collect(),
                engine: row.get(6)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A policy with all its texts; empty where nothing was imported yet.
    pub fn load(&self, policy: &PolicyId) -> Result<ImportedPolicy, TextError> {
        let Some(row) = self.row(policy)? else { return Ok(ImportedPolicy::default()) };
        let (stored_texts, lines, sequences) = table::tails(&self.connection, row)?;
        let recorded = self.recorded(row)?;
        Ok(ImportedPolicy {
            texts: table::load(&self.connection, row)?,
            stored_versions: recorded.len() as u32,
            recorded,
            stored_texts,
            lines,
            sequences,
        })
    }

    /// Writes additions in one transaction: each policy's new versions are there wholly or not at all.
    pub fn add(&mut self, additions: &[Addition]) -> Result<(), TextError> {
        let transaction = self.connection.transaction()?;
        for Addition { policy, packed, recorded } in additions {
            let row = table::policy_row(&transaction, &policy.service, &policy.name)?;
            table::save(&transaction, row, packed)?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO recorded(policy, number, at, collection, cause, text, commit_id, origins, engine)
                 VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            for (number, version) in recorded {
                let cause = CAUSES.iter().position(|cause| *cause == version.cause).unwrap_or(1);
                insert.execute(params![
                    row,
                    number,
                    version.at.timestamp_micros(),
                    version.collection,
                    cause as i64,
                    version.text,
                    hex(&version.commit),
                    version.origins.join("\n"),
                    version.engine,
                ])?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// One text, without reading the others.
    pub fn text(&self, row: i64, number: u32) -> Result<Vec<u8>, TextError> {
        table::read_one(&self.connection, row, number)
    }

    /// All texts of a policy.
    pub fn texts(&self, row: i64) -> Result<Texts, TextError> {
        table::load(&self.connection, row)
    }

    /// Digests and sizes of a policy's texts, by number.
    pub fn text_facts(&self, row: i64) -> Result<Vec<TextFacts>, TextError> {
        table::facts(&self.connection, row)
    }

    /// For each policy's row, how many versions there are and a key that changes when one comes.
    pub fn summaries(&self) -> Result<HashMap<i64, Summary>, TextError> {
        // Versions are only ever added, so number and sums tell whether anything is new.
        let mut read = self.connection.prepare(
            "SELECT policy, count(*), sum(at / 1000000 * (number % 97 + 1)), sum(cause * (number % 89 + 1)),
                    sum(coalesce(text, -1) * (number % 83 + 1)), group_concat(DISTINCT collection)
             FROM recorded GROUP BY policy",
        )?;
        let mut summaries: HashMap<i64, Summary> = read
            .query_map([], |row| {
                let versions: i64 = row.get(1)?;
                let sums: (i64, i64, i64) = (row.get(2)?, row.get(3)?, row.get(4)?);
                let key = format!("{versions} {sums:?} {}", row.get::<_, String>(5)?);
                Ok((row.get(0)?, Summary { versions: versions as u64, key }))
            })?
            .collect::<Result<_, _>>()?;
        // The last text's digest stands for them all: another import gives another one.
        let mut read = self
            .connection
            .prepare("SELECT policy, max(number), digest, sum(bytes) FROM text GROUP BY policy")?;
        let mut rows = read.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(summary) = summaries.get_mut(&row.get(0)?) {
                let (digest, bytes) = (Digest(row.get(2)?), row.get::<_, i64>(3)?);
                summary.key = format!("{} {digest} {bytes}", summary.key);
            }
        }
        Ok(summaries)
    }

    /// Policies that go on where another service's policy of the same name ended, with the very same text:
    /// the service was renamed.
    pub fn renames(&self) -> Result<HashMap<PolicyId, PolicyId>, TextError> {
        let mut read = self.connection.prepare(
            "SELECT service, name, first.at, last.at, first_text.digest, last_text.digest
             FROM (SELECT policy AS row, min(number) AS low, max(number) AS high
                   FROM recorded WHERE text IS NOT NULL GROUP BY policy)
             JOIN policy ON policy.id = row
             JOIN recorded AS first ON first.policy = policy.id AND first.number = low
             JOIN recorded AS last ON last.policy = policy.id AND last.number = high
             JOIN text AS first_text ON first_text.policy = policy.id AND first_text.number = first.text
             JOIN text AS last_text ON last_text.policy = policy.id AND last_text.number = last.text
             ORDER BY service, name",
        )?;
        let ends = read
            .query_map([], |row| {
                let policy = PolicyId::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
                Ok((
                    policy,
                    row.get::<_, i64>(2)?,
                    row.get::<_, i64>(3)?,
                    row.get::<_, [u8; 32]>(4)?,
                    row.get::<_, [u8; 32]>(5)?,
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        // Policy name and digest of its last text, to the policies that ended so and when.
        type Ends<'a> = HashMap<(&'a str, [u8; 32]), Vec<(&'a PolicyId, i64)>>;
        let mut by_last: Ends<'_> = HashMap::new();
        for (policy, _, until, _, last) in &ends {
            by_last.entry((&policy.name, *last)).or_default().push((policy, *until));
        }
        let mut renames = HashMap::new();
        for (policy, from, _, first, _) in &ends {
            let mut earlier = by_last.get(&(policy.name.as_str(), *first)).into_iter().flatten();
            let found = earlier.find(|(other, until)| other.service != policy.service && until <= from);
            if let Some((other, _)) = found {
                renames.insert(policy.clone(), (*other).clone());
            }
        }
        Ok(renames)
    }
}

fn hex(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(at: i64, text: u32) -> Recorded {
        Recorded {
            at: DateTime::from_timestamp(at, 0).unwrap(),
            collection: 1,
            cause: Cause::Change,
            text: Some(text),
            commit: "00ff10".repeat(4),
            origins: vec!["a".into(), "b".into()],
            engine: "1.0".into(),
        }
    }

    #[test]
    fn versions_are_added_to_and_every_text_is_read_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mut imported = Imported::open(dir.path()).unwrap();
        assert_eq!(imported.collection("example", "/tmp/a").unwrap(), 1);
        let id = PolicyId::new("Courier", "Privacy Policy");
        let text =
            |n: u32| -> String { (0..500).map(|line| format!("Line {line} {}\n", n.min(line))).collect() };
        for round in 0..3 {
            let mut policy = imported.load(&id).unwrap();
            assert_eq!(policy.recorded.len(), round as usize * 20);
            for n in round * 20..round * 20 + 20 {
                let number = policy.texts.push(text(n).as_bytes());
                policy.recorded.push(version(i64::from(n), number));
            }
            let addition = policy.pack(id.clone());
            assert_eq!(addition.versions(), 20);
            imported.add(&[addition]).unwrap();
        }
        let imported = Imported::open(dir.path()).unwrap();
        let row = imported.row(&id).unwrap().unwrap();
        let recorded = imported.recorded(row).unwrap();
        assert_eq!(recorded[7], version(7, 7));
        for n in 0..60 {
            assert_eq!(imported.text(row, n).unwrap(), text(n).into_bytes());
        }
        assert!(matches!(imported.text(row, 60), Err(TextError::NoText { .. } | TextError::Damaged(_))));
        assert_eq!(imported.load(&id).unwrap().texts.text(59), text(59));
    }

    #[test]
    fn a_newer_format_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        Imported::open(dir.path()).unwrap().connection.pragma_update(None, "user_version", 99).unwrap();
        let error = Imported::open(dir.path()).unwrap_err();
        assert!(error.to_string().contains("update walkback"), "{error}");
    }
}
