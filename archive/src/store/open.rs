//! Opening: one writer, and whatever an earlier one left behind is settled before anything else.

use super::Archive;
use super::lock::WriterLock;
use super::segment::{FULL_AT, Segments, id_of, sync_dir};
use crate::body::Limits;
use crate::catalog::{self, CatalogError, rebuild::RebuildError};
use crate::warc::record_id;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

pub(crate) const CATALOG: &str = "catalog.sqlite";
pub(crate) const SEGMENTS: &str = "segments";
pub(crate) const RECOVERED: &str = "recovered";

/// Why an archive cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("there is no archive at `{dir}`: `walkback crawl` or `walkback import` makes one")]
    Missing { dir: PathBuf },
    #[error("another walkback{holder} is writing to `{dir}`: wait until it is done, or stop it")]
    Locked { dir: PathBuf, holder: String },
    #[error("cannot use `{path}`: the folder and its files must be readable and writable by this user")]
    Io {
        path: PathBuf,
        #[source]
        error: io::Error,
    },
    #[error("catalog `{path}`")]
    Catalog {
        path: PathBuf,
        #[source]
        error: CatalogError,
    },
    #[error(
        "segment `{path}` has {found} bytes, but {committed} were reported stored: bytes are missing. Put the whole \
         file back from a copy; `walkback check` says which captures it held"
    )]
    Short { path: PathBuf, found: u64, committed: u64 },
    #[error("segment `{path}` is missing, and captures in it were reported stored: put it back from a copy")]
    Lost { path: PathBuf },
    #[error(
        "the catalog `{path}` is missing, but its segments are there: `walkback check --rebuild` writes it again"
    )]
    NoCatalog { path: PathBuf },
    #[error("the catalog is missing and cannot be rebuilt from the segments")]
    Rebuild(#[from] Box<RebuildError>),
}

impl Archive {
    /// Opens the archive to write, and makes it where there is none. One process at a time.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        Self::open_with(dir, FULL_AT)
    }

    /// As [`Archive::open`], with segments that are full at `full_at` bytes.
    pub fn open_with(dir: &Path, full_at: u64) -> Result<Self, OpenError> {
        let segments_dir = dir.join(SEGMENTS);
        fs::create_dir_all(&segments_dir).map_err(|error| io_error(&segments_dir, error))?;
        let lock = WriterLock::take(dir)?;
        let path = dir.join(CATALOG);
        if is_empty(&path) && !segment_files(&segments_dir)?.is_empty() {
            tracing::warn!(catalog = %path.display(), "the catalog is missing: rebuilding it from the segments");
            catalog::rebuild::into_new_file(dir).map_err(Box::new)?;
        }
        let catalog_error = |error: CatalogError| OpenError::Catalog { path: path.clone(), error };
        let sqlite_error = |error: rusqlite::Error| catalog_error(error.into());
        let connection = catalog::open(&path).map_err(catalog_error)?;
        let archive_id = match catalog::capture::meta(&connection, "archive").map_err(sqlite_error)? {
            Some(id) => id,
            None => {
                let id = record_id();
                catalog::capture::set_meta(&connection, "archive", &id).map_err(sqlite_error)?;
                id
            }
        };
        let known = catalog::capture::segments(&connection).map_err(sqlite_error)?;
        for row in &known {
            settle(dir, &row.name, row.committed)?;
        }
        for name in segment_files(&segments_dir)? {
            if !known.iter().any(|row| row.name == name) {
                // Made by a process that died before its first capture was committed.
                settle(dir, &name, 0)?;
            }
        }
        sync_dir(&segments_dir).map_err(|error| io_error(&segments_dir, error))?;
        sync_dir(dir).map_err(|error| io_error(dir, error))?;
        let segments = Segments::new(segments_dir.clone(), archive_id, &known, lock, full_at)
            .map_err(|error| io_error(&segments_dir, error))?;
        Ok(Self {
            dir: dir.to_path_buf(),
            catalog: Mutex::new(connection),
            segments: Some(Mutex::new(segments)),
            limits: Limits::default(),
        })
    }

    /// Opens the archive to read, also while another process writes, also on a disk that cannot be written.
    pub fn open_read_only(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join(CATALOG);
        let nothing = || match segment_files(&dir.join(SEGMENTS)) {
            Ok(files) if !files.is_empty() => OpenError::NoCatalog { path: path.clone() },
            Ok(_) => OpenError::Missing { dir: dir.to_path_buf() },
            Err(error) => error,
        };
        if is_empty(&path) {
            return Err(nothing());
        }
        let connection = match catalog::open_read_only(&path) {
            Ok(connection) => connection,
            // Whoever made it was stopped before it had a table.
            Err(CatalogError::Older { found: 0, .. }) => return Err(nothing()),
            Err(error) => return Err(OpenError::Catalog { path, error }),
        };
        Ok(Self {
            dir: dir.to_path_buf(),
            catalog: Mutex::new(connection),
            segments: None,
            limits: Limits::default(),
        })
    }
}

/// No catalog, or one of no bytes: SQLite makes the file before it writes to it.
fn is_empty(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |file| file.len() == 0)
}

/// Names of the segment files in the folder, in order.
pub(crate) fn segment_files(segments: &Path) -> Result<Vec<String>, OpenError> {
    let entries = match fs::read_dir(segments) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_error(segments, error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| io_error(segments, error))?.file_name();
        names.extend(name.into_string().ok().filter(|name| id_of(name).is_some()));
    }
    names.sort_by_key(|name| id_of(name));
    Ok(names)
}

/// Brings a segment's file to its committed end. What is beyond was never reported stored; it is kept aside
/// all the same, since it may be all there is of a capture that cannot be made again.
pub(crate) fn settle(dir: &Path, name: &str, committed: u64) -> Result<(), OpenError> {
    let path = dir.join(SEGMENTS).join(name);
    let found = match fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(OpenError::Lost { path }),
        Err(error) => return Err(io_error(&path, error)),
    };
    if found < committed {
        return Err(OpenError::Short { path, found, committed });
    }
    if found > committed {
        set_tail_aside(dir, name, committed, found)?;
    }
    if committed == 0 {
        return fs::remove_file(&path).map_err(|error| io_error(&path, error));
    }
    Ok(())
}

fn set_tail_aside(dir: &Path, name: &str, committed: u64, found: u64) -> Result<(), OpenError> {
    let path = dir.join(SEGMENTS).join(name);
    let recovered = dir.join(RECOVERED);
    let aside = recovered.join(format!("{name}.{committed}-{}", found - committed));
    tracing::warn!(
        segment = name,
        bytes = found - committed,
        "an earlier run was stopped while writing: its unfinished bytes go to {}",
        aside.display()
    );
    let copied = fs::create_dir_all(&recovered).and_then(|()| {
        let mut from = File::open(&path)?;
        from.seek(SeekFrom::Start(committed))?;
        let mut to = File::create(&aside)?;
        io::copy(&mut from, &mut to)?;
        to.sync_all()?;
        sync_dir(&recovered)
    });
    if let Err(error) = copied {
        // On a full disk the copy has no room; the tail must go all the same, or nothing can go on.
        // What was reported stored is not in it.
        if error.kind() != io::ErrorKind::StorageFull && error.kind() != io::ErrorKind::QuotaExceeded {
            return Err(io_error(&aside, error));
        }
        tracing::warn!(segment = name, "the disk is full: the unfinished bytes could not be kept");
        let _ = fs::remove_file(&aside);
    }
    let cut = OpenOptions::new().write(true).open(&path).and_then(|file| {
        file.set_len(committed)?;
        file.sync_all()
    });
    cut.map_err(|error| io_error(&path, error))
}

pub(crate) fn io_error(path: &Path, error: io::Error) -> OpenError {
    OpenError::Io { path: path.to_path_buf(), error }
}
