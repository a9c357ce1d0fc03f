//! Writes the capture tables again from the segments alone.
//!
//! Every capture closes with its facts in a `metadata` record, so what a rebuild finds is what was
//! stored, row for row. Tables of other parts in the same file are left as they are.

use super::{CatalogError, capture as rows, migration};
use crate::capture::Facts;
use crate::catalog::capture::Place;
use crate::store::open::{CATALOG, OpenError, SEGMENTS, segment_files};
use crate::store::read::MAX_BLOCK;
use crate::store::segment::id_of;
use crate::warc::{Kind, Reader, WarcError};
use rusqlite::Connection;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

/// Why the catalog cannot be written from the segments.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error("the archive `{dir}` was opened to read only")]
    ReadOnly { dir: PathBuf },
    #[error("cannot read segment `{path}`")]
    Read {
        path: PathBuf,
        #[source]
        error: io::Error,
    },
    #[error("segment `{path}` is damaged in the middle: put the whole file back from a copy")]
    Damaged {
        path: PathBuf,
        #[source]
        error: WarcError,
    },
    #[error("segment `{path}` holds records at byte {offset} that this walkback does not understand")]
    Foreign { path: PathBuf, offset: u64 },
    #[error("cannot write the rebuilt catalog")]
    Catalog(#[from] CatalogError),
    #[error("the folder of the archive cannot be used")]
    Folder(#[source] Box<OpenError>),
}

impl From<rusqlite::Error> for RebuildError {
    fn from(error: rusqlite::Error) -> Self {
        RebuildError::Catalog(error.into())
    }
}

/// What a rebuild found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuilt {
    pub segments: usize,
    pub captures: usize,
    /// Bytes at the end of the last segments that belong to no whole capture.
    pub unfinished_bytes: u64,
}

/// For an archive whose catalog is missing: writes one beside its place and moves it there when whole.
pub(crate) fn into_new_file(dir: &Path) -> Result<Rebuilt, RebuildError> {
    let unfinished = dir.join("catalog.rebuilding");
    let moved = |error| RebuildError::Folder(Box::new(OpenError::Io { path: unfinished.clone(), error }));
    for leftover in ["", "-wal", "-shm", "-journal"] {
        let path = dir.join(format!("catalog.rebuilding{leftover}"));
        if path.exists() {
            fs::remove_file(path).map_err(moved)?;
        }
    }
    let mut connection = Connection::open(&unfinished)?;
    connection.pragma_update(None, "synchronous", "full")?;
    migration::run(&mut connection)?;
    let rebuilt = capture_tables(&mut connection, dir)?;
    connection.close().map_err(|(_, error)| error)?;
    fs::rename(&unfinished, dir.join(CATALOG)).map_err(moved)?;
    Ok(rebuilt)
}

/// Empties the capture tables and fills them from the segments, in one transaction.
pub(crate) fn capture_tables(connection: &mut Connection, dir: &Path) -> Result<Rebuilt, RebuildError> {
    let segments = dir.join(SEGMENTS);
    let names = segment_files(&segments).map_err(|error| RebuildError::Folder(Box::new(error)))?;
    let transaction = connection.transaction()?;
    // Rows of other tables may point at captures; the same rows are back before the end.
    transaction.pragma_update(None, "defer_foreign_keys", true)?;
    let guards = guards(&transaction)?;
    for (name, _) in &guards {
        transaction.execute_batch(&format!("DROP TRIGGER {name}"))?;
    }
    transaction.execute_batch("DELETE FROM member; DELETE FROM capture; DELETE FROM segment;")?;
    let mut rebuilt = Rebuilt::default();
    for name in names {
        one_segment(&transaction, &segments.join(&name), &name, &mut rebuilt)?;
    }
    for (_, sql) in &guards {
        transaction.execute_batch(sql)?;
    }
    transaction.commit()?;
    Ok(rebuilt)
}

/// Name and text of the triggers that keep captures append-only.
fn guards(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let sql =
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'capture' ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

fn one_segment(
    connection: &Connection,
    path: &Path,
    name: &str,
    rebuilt: &mut Rebuilt,
) -> Result<(), RebuildError> {
    let read = |error| RebuildError::Read { path: path.to_path_buf(), error };
    let file = File::open(path).map_err(read)?;
    let found = file.metadata().map_err(read)?.len();
    let id = id_of(name).unwrap_or_default();
    let mut committed = 0;
    let mut bundle: Vec<Place> = Vec::new();
    let mut warcinfo = None;
    let mut captures = Vec::new();
    for next in Reader::new(BufReader::with_capacity(1 << 16, file), MAX_BLOCK) {
        let located = match next {
            Ok(located) => located,
            // A torn end is what a kill leaves: whatever stands before it is whole.
            Err(error) if error.fault.is_torn() => break,
            Err(error) => return Err(RebuildError::Damaged { path: path.to_path_buf(), error }),
        };
        let place = Place { offset: located.offset, length: located.length, sha256: located.sha256 };
        let foreign = || RebuildError::Foreign { path: path.to_path_buf(), offset: place.offset };
        match located.record.kind {
            Kind::Warcinfo if place.offset == 0 => {
                if let Some(archive) = archive_id(&located.record.block)
                    && rows::meta(connection, "archive")?.is_none()
                {
                    rows::set_meta(connection, "archive", &archive)?;
                }
                warcinfo = Some(place);
            }
            Kind::Response | Kind::Revisit | Kind::Request => bundle.push(place),
            Kind::Metadata => {
                let facts = Facts::from_json(&located.record.block).map_err(|_| foreign())?;
                bundle.push(place);
                captures.push((facts, std::mem::take(&mut bundle)));
                committed = place.offset + place.length;
            }
            _ => return Err(foreign()),
        }
    }
    rebuilt.unfinished_bytes += found - committed;
    if committed == 0 {
        // Nothing in it was ever stored; opening sets the file aside.
        return Ok(());
    }
    rows::commit_segment(connection, id, name, committed)?;
    if let Some(place) = warcinfo {
        rows::insert_member(connection, id, place, None)?;
    }
    rebuilt.segments += 1;
    rebuilt.captures += captures.len();
    for (facts, places) in captures {
        rows::insert(connection, &facts, id, &places)?;
    }
    Ok(())
}

/// The archive's id out of the block of a `warcinfo`.
fn archive_id(block: &[u8]) -> Option<String> {
    let block = String::from_utf8_lossy(block);
    let value = block.lines().find_map(|line| line.strip_prefix("isPartOf:"))?;
    Some(value.trim().to_owned())
}
