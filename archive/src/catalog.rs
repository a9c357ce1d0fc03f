//! The SQLite file that says where everything lies.
//!
//! `migration` brings an older file up to date; `capture` writes and asks for captures; `rebuild` writes
//! the capture tables again from the segments. The catalog is never the only place that knows a capture.

pub(crate) mod capture;
pub(crate) mod migration;
pub mod rebuild;

pub use migration::CatalogError;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Opens or creates the catalog for writing, and runs the migrations it lacks.
pub(crate) fn open(path: &Path) -> Result<Connection, CatalogError> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // NORMAL lost 4,232 of 9,617 captures reported stored in 25 power cuts; FULL none (docs/decisions).
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Plans that look at what is asked for would be made anew with each question.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    migration::run(&mut connection)?;
    Ok(connection)
}

/// Opens a catalog that somebody else may be writing.
pub(crate) fn open_read_only(path: &Path) -> Result<Connection, CatalogError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    match migration::check(&connection) {
        Err(CatalogError::Sqlite(error)) if needs_shared_memory(&error) => {
            // A read-only disk has no room for SQLite's shared-memory file. With no write-ahead log
            // beside it the catalog is complete, and may be read as a file that nobody changes.
            let wal = path.with_extension("sqlite-wal");
            if std::fs::metadata(&wal).is_ok_and(|wal| wal.len() > 0) {
                return Err(CatalogError::UnmergedLog { path: wal });
            }
            let uri = format!("file:{}?immutable=1", escaped(path));
            let connection = Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?;
            migration::check(&connection)?;
            Ok(connection)
        }
        Err(error) => Err(error),
        Ok(()) => Ok(connection),
    }
}

/// What SQLite's error asks of a person, for the end of a message: its own words seldom say.
pub(crate) fn remedy(error: &rusqlite::Error) -> &'static str {
    use rusqlite::ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseCorrupt, DiskFull, ReadOnly, SystemIoFailure,
    };
    match error.sqlite_error_code() {
        Some(DiskFull) => ": the disk is full; make room and run the command again",
        Some(SystemIoFailure | CannotOpen | ReadOnly) => {
            ": is the disk full, or the folder not writable? Mend that and run the command again"
        }
        Some(DatabaseBusy) => ": another process holds it; wait until that is done",
        Some(DatabaseCorrupt) => ": the file is damaged; `walkback check` says what to do",
        _ => "",
    }
}

fn needs_shared_memory(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, ReadOnly};
    matches!(error.sqlite_error_code(), Some(CannotOpen | ReadOnly))
}

/// A path inside a `file:` URI.
fn escaped(path: &Path) -> String {
    let path = path.to_string_lossy();
    path.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
