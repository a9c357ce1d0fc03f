//! The WARC files: appended to by one writer, rolled over, cut back to what is committed.

use super::StoreError;
use super::lock::WriterLock;
use crate::capture::records::warcinfo;
use crate::catalog::CatalogError;
use crate::catalog::capture::{Place, SegmentRow};
use chrono::{DateTime, Utc};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// A segment that has reached this takes no further captures. Small enough to copy and to check one by
/// one, large enough that ten years of a few hundred policies are a few dozen files.
pub(crate) const FULL_AT: u64 = 256 << 20;

/// The one writer's view of `segments/`.
#[derive(Debug)]
pub(super) struct Segments {
    dir: PathBuf,
    archive_id: String,
    current: Option<Segment>,
    last_id: i64,
    full_at: u64,
    unsettled: bool,
    /// Segments to be marked sealed with the next transaction.
    to_seal: Vec<i64>,
    _lock: WriterLock,
    /// Test: how many `fdatasync` are to fail.
    #[cfg(test)]
    pub failing_syncs: u32,
}

#[derive(Debug)]
struct Segment {
    id: i64,
    name: String,
    file: File,
    /// The committed end.
    end: u64,
    /// No capture in it is committed yet.
    fresh: bool,
}

/// Members on the disk that the catalog does not know yet.
#[derive(Debug)]
pub(super) struct Written {
    pub id: i64,
    pub name: String,
    /// Where the first capture starts.
    pub start: u64,
    pub end: u64,
    /// Where the `warcinfo` of a new segment lies.
    pub warcinfo: Option<Place>,
    /// Segments that failed and take no further captures.
    pub sealed: Vec<i64>,
}

impl Segments {
    /// `known`: all segments of the catalog, each file as long as its committed end.
    pub(super) fn new(
        dir: PathBuf,
        archive_id: String,
        known: &[SegmentRow],
        lock: WriterLock,
        full_at: u64,
    ) -> Result<Self, io::Error> {
        let mut segments = Self {
            dir,
            archive_id,
            current: None,
            last_id: known.last().map_or(0, |row| row.id),
            full_at,
            unsettled: false,
            to_seal: Vec::new(),
            _lock: lock,
            #[cfg(test)]
            failing_syncs: 0,
        };
        if let Some(row) = known.last().filter(|row| !row.sealed && row.committed < full_at) {
            let file = OpenOptions::new().write(true).open(segments.dir.join(&row.name))?;
            let (id, name, end) = (row.id, row.name.clone(), row.committed);
            segments.current = Some(Segment { id, name, file, end, fresh: false });
        }
        Ok(segments)
    }

    /// Writes members one behind the other and makes them durable. On an error they are gone again.
    pub(super) fn append(&mut self, members: &[&[u8]], at: DateTime<Utc>) -> Result<Written, StoreError> {
        if self.unsettled {
            return Err(StoreError::Unsettled);
        }
        match self.try_append(members, at) {
            // After a failed fdatasync the kernel may have dropped the pages and say yes the next time:
            // never ask this file again. One try in a new file; what fails there is the disk.
            Err(Failed::Sync(_)) => {
                self.seal();
                self.try_append(members, at)
            }
            other => other,
        }
        .map_err(|failed| {
            let path = self.path();
            match failed {
                Failed::Write(error) => {
                    self.cut_back();
                    StoreError::Write { path, error }
                }
                Failed::Sync(error) => {
                    self.seal();
                    StoreError::Write { path, error }
                }
            }
        })
    }

    fn try_append(&mut self, members: &[&[u8]], at: DateTime<Utc>) -> Result<Written, Failed> {
        let mut info = None;
        if self.current.as_ref().is_none_or(|segment| segment.end >= self.full_at) {
            let segment = self.create().map_err(Failed::Write)?;
            info = Some(warcinfo(&segment.name, &self.archive_id, at));
            self.current = Some(segment);
        }
        let segment = self.current.as_mut().expect("made above where it was missing");
        // A fresh segment whose first batch failed has been emptied: its warcinfo is written again.
        if segment.fresh && info.is_none() {
            info = Some(warcinfo(&segment.name, &self.archive_id, at));
        }
        let file = &mut segment.file;
        file.seek(SeekFrom::Start(segment.end)).map_err(Failed::Write)?;
        let mut start = segment.end;
        let mut place = None;
        if let Some(info) = &info {
            file.write_all(&info.bytes).map_err(Failed::Write)?;
            let length = info.bytes.len() as u64;
            place = Some(Place { offset: start, length, sha256: info.sha256 });
            start += length;
        }
        let mut end = start;
        for member in members {
            file.write_all(member).map_err(Failed::Write)?;
            end += member.len() as u64;
        }
        #[cfg(test)]
        if self.failing_syncs > 0 {
            self.failing_syncs -= 1;
            return Err(Failed::Sync(io::Error::other("told to fail")));
        }
        file.sync_data().map_err(Failed::Sync)?;
        if segment.fresh {
            sync_dir(&self.dir).map_err(Failed::Sync)?;
        }
        let (id, name) = (segment.id, segment.name.clone());
        Ok(Written { id, name, start, end, warcinfo: place, sealed: self.to_seal.clone() })
    }

    /// Test: where [`Segments::append`] is going to write.
    #[cfg(test)]
    pub(super) fn planned(&mut self, members: &[&[u8]]) -> Result<Written, StoreError> {
        if self.current.as_ref().is_none_or(|segment| segment.end >= self.full_at) {
            // A first batch, to have a segment: the order of the rest is what is tried.
            let segment =
                self.create().map_err(|error| StoreError::Write { path: self.dir.clone(), error })?;
            self.current = Some(Segment { fresh: false, ..segment });
        }
        let segment = self.current.as_ref().expect("just made");
        let length: usize = members.iter().map(|member| member.len()).sum();
        let (id, name, start) = (segment.id, segment.name.clone(), segment.end);
        let end = start + length as u64;
        Ok(Written { id, name, start, end, warcinfo: None, sealed: Vec::new() })
    }

    /// The catalog knows them now.
    pub(super) fn commit(&mut self, written: &Written) {
        self.to_seal.clear();
        if let Some(segment) = &mut self.current {
            segment.end = written.end;
            segment.fresh = false;
        }
    }

    /// The catalog refused them: cut them off, where that is safe, and say what went wrong.
    pub(super) fn give_back(&mut self, error: rusqlite::Error) -> StoreError {
        use rusqlite::ErrorCode::{ConstraintViolation, DatabaseBusy, DatabaseLocked, DiskFull, ReadOnly};
        match error.sqlite_error_code() {
            // These are refused before the commit is in the log.
            Some(DiskFull | DatabaseBusy | DatabaseLocked | ReadOnly | ConstraintViolation) => {
                self.cut_back();
                StoreError::Catalog(error.into())
            }
            // An error of the disk in the middle of a commit leaves open whether the next reader of the
            // log will find it. Bytes without a row are harmless, a row without bytes is not: leave them.
            Some(rusqlite::ErrorCode::SystemIoFailure) => {
                self.unsettled = true;
                StoreError::Unsettled
            }
            _ => {
                self.cut_back();
                StoreError::Catalog(CatalogError::Sqlite(error))
            }
        }
    }

    /// Cuts the current file back to its committed end; where even that fails, leaves the file alone for good.
    fn cut_back(&mut self) {
        if let Some(segment) = &mut self.current
            && segment.file.set_len(segment.end).is_err()
        {
            self.seal();
        }
    }

    fn seal(&mut self) {
        self.to_seal.extend(self.current.take().filter(|segment| !segment.fresh).map(|segment| segment.id));
    }

    fn create(&mut self) -> io::Result<Segment> {
        // A number is never used twice, not even one whose file was never committed.
        loop {
            self.last_id += 1;
            let name = name_of(self.last_id);
            match OpenOptions::new().write(true).create_new(true).open(self.dir.join(&name)) {
                Ok(file) => return Ok(Segment { id: self.last_id, name, file, end: 0, fresh: true }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn path(&self) -> PathBuf {
        let name =
            self.current.as_ref().map_or_else(|| name_of(self.last_id), |segment| segment.name.clone());
        self.dir.join(name)
    }
}

enum Failed {
    Write(io::Error),
    Sync(io::Error),
}

pub(crate) fn name_of(id: i64) -> String {
    format!("walkback-{id:06}.warc.gz")
}

/// The number in a segment's name.
pub(crate) fn id_of(name: &str) -> Option<i64> {
    name.strip_prefix("walkback-")?.strip_suffix(".warc.gz")?.parse().ok()
}

/// Makes the entries of a folder durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    // Only Unix lets a folder be opened and synced.
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
