//! The archive as a whole: opened, written to, asked.
//!
//! The order of a write is the promise of this module: members whole in memory, written behind the
//! committed end, `fdatasync`, one SQLite transaction, and only then "stored".

#[cfg(test)]
mod crash;
mod lock;
mod memory;
pub(crate) mod open;
pub(crate) mod read;
pub(crate) mod segment;

pub use open::OpenError;
pub use read::{ReadError, StoredResponse};

use crate::body::Limits;
use crate::capture::NewCapture;
use crate::capture::records::{Bundle, Keep, Measured, Original, bundle, measure};
use crate::catalog::capture::{LookUp, Place};
use crate::catalog::rebuild::{RebuildError, Rebuilt};
use crate::catalog::{self, CatalogError};
use policy::capture::{Capture, Outcome, RecordPlace};
use policy::id::Digest;
use rayon::prelude::*;
use rusqlite::Connection;
use segment::{Segments, Written};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Everything under `data/archive`. Shared between threads by reference.
#[derive(Debug)]
pub struct Archive {
    dir: PathBuf,
    catalog: Mutex<Connection>,
    /// `None`: opened to read.
    segments: Option<Mutex<Segments>>,
    limits: Limits,
}

/// Why captures were not stored. None of the batch is then in the archive.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the archive `{dir}` was opened to read only")]
    ReadOnly { dir: PathBuf },
    #[error(
        "cannot write segment `{path}`; nothing of this batch was stored, what was stored before is safe"
    )]
    Write {
        path: PathBuf,
        #[source]
        error: std::io::Error,
    },
    #[error("cannot write the catalog; nothing of this batch was stored, what was stored before is safe")]
    Catalog(#[source] CatalogError),
    #[error(
        "the catalog failed while committing, so it is not known what the disk holds: open the archive again, that settles it"
    )]
    Unsettled,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::Catalog(error.into())
    }
}

impl Archive {
    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the search index of this archive lies. It is derived and may be deleted.
    pub fn index_dir(&self) -> PathBuf {
        index_dir(self.dir())
    }

    /// The limits within which bodies are decoded.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Stores one capture. When this returns, it survives a power cut.
    pub fn store(&self, capture: NewCapture) -> Result<Capture, StoreError> {
        let mut stored = self.store_many(vec![capture])?;
        Ok(stored.remove(0))
    }

    /// Stores captures with one `fdatasync` and one transaction: all or none. Each comes back as stored.
    pub fn store_many(&self, captures: Vec<NewCapture>) -> Result<Vec<Capture>, StoreError> {
        let Some(segments) = &self.segments else {
            return Err(StoreError::ReadOnly { dir: self.dir.clone() });
        };
        if captures.is_empty() {
            return Ok(Vec::new());
        }
        let limits = self.limits;
        let mut measured: Vec<Measured> =
            captures.into_par_iter().map(|capture| measure(capture, limits)).collect();

        // One writer from here on: what is decided from the catalog must still hold when it is written.
        let mut segments = segments.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connection = self.connection();
        let plan = plan(&connection, &mut measured)?;
        let bundles: Vec<Bundle> = match plan {
            Plan::Ready(keeps) => {
                measured.into_par_iter().zip(keeps).map(|(m, keep)| bundle(m, keep)).collect()
            }
            Plan::SharedWithin(keeps) => bundle_in_order(measured, keeps),
        };
        write(&mut segments, &mut connection, &bundles)
    }

    /// The catalog, for the parts of this crate that keep tables of their own in it.
    pub(crate) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the capture tables again from the segments. Every other table stays as it is.
    pub fn rebuild_catalog(&self) -> Result<Rebuilt, RebuildError> {
        let Some(segments) = &self.segments else {
            return Err(RebuildError::ReadOnly { dir: self.dir.clone() });
        };
        let _writing = segments.lock().unwrap_or_else(PoisonError::into_inner);
        catalog::rebuild::capture_tables(&mut self.connection(), &self.dir)
    }

    /// Another connection to the catalog, to read with while this one is busy: one a thread.
    pub fn reader(&self) -> Result<Connection, CatalogError> {
        catalog::open_read_only(&self.dir.join(open::CATALOG))
    }
}

/// What is kept of each body.
enum Plan {
    Ready(Vec<Keep>),
    /// Some refer to a response of this very batch, whose record id does not exist before it is built.
    SharedWithin(Vec<Share>),
}

enum Share {
    Keep(Keep),
    /// Refers to the capture of this batch with that index.
    With(usize),
}

/// Settles outcomes and finds what need not be written twice.
fn plan(connection: &Connection, batch: &mut [Measured]) -> rusqlite::Result<Plan> {
    let mut shares = Vec::with_capacity(batch.len());
    let mut within = false;
    let mut new_payloads: HashMap<Digest, usize> = HashMap::new();
    let mut last_digests: HashMap<(String, String, String, &'static str), Option<Digest>> = HashMap::new();
    let mut last_at = catalog::capture::last_at(connection)?;
    for (index, measured) in batch.iter_mut().enumerate() {
        let capture = &mut measured.capture;
        let class = catalog::capture::class_name(capture.class);
        if class == "A" {
            if let Some(last) = last_at.filter(|last| *last > capture.at) {
                let seconds = (last - capture.at).as_seconds_f64();
                capture.notes.insert(
                    "clock".to_owned(),
                    format!("{seconds:.3} s before the capture stored last: a clock went backwards"),
                );
            }
            last_at = Some(capture.at);
        }
        if let (Some(decoded), true) = (measured.decoded, capture.outcome.saw_document()) {
            let look_up = LookUp { policy: &capture.policy, source: &capture.source, class: capture.class };
            let key =
                (capture.policy.service.clone(), capture.policy.name.clone(), capture.source.clone(), class);
            let last = match last_digests.get(&key) {
                Some(last) => *last,
                None => catalog::capture::last_digest(connection, &look_up)?,
            };
            capture.outcome = if last == Some(decoded) { Outcome::Unchanged } else { Outcome::Fetched };
            last_digests.insert(key, Some(decoded));
        }
        shares.push(match measured.payload {
            None => Share::Keep(Keep::Nothing),
            Some(_) if measured.empty => Share::Keep(Keep::Response),
            Some(payload) => {
                match (new_payloads.get(&payload), catalog::capture::original(connection, &payload)?) {
                    (_, Some(original)) => Share::Keep(Keep::Revisit(original)),
                    (Some(&index), None) => {
                        within = true;
                        Share::With(index)
                    }
                    (None, None) => {
                        new_payloads.insert(payload, index);
                        Share::Keep(Keep::Response)
                    }
                }
            }
        });
    }
    if within {
        return Ok(Plan::SharedWithin(shares));
    }
    let keeps = shares.into_iter().map(|share| match share {
        Share::Keep(keep) => keep,
        Share::With(_) => unreachable!("nothing is shared within this batch"),
    });
    Ok(Plan::Ready(keeps.collect()))
}

fn bundle_in_order(measured: Vec<Measured>, shares: Vec<Share>) -> Vec<Bundle> {
    let mut bundles: Vec<Bundle> = Vec::with_capacity(measured.len());
    for (measured, share) in measured.into_iter().zip(shares) {
        let keep = match share {
            Share::Keep(keep) => keep,
            Share::With(index) => {
                let facts = &bundles[index].facts;
                let record = facts.record.clone().unwrap_or_default();
                Keep::Revisit(Original { record, target: facts.url.clone(), date: facts.at })
            }
        };
        bundles.push(bundle(measured, keep));
    }
    bundles
}

/// Writes the members, then the catalog. On an error nothing of it is stored.
fn write(
    segments: &mut Segments,
    connection: &mut Connection,
    bundles: &[Bundle],
) -> Result<Vec<Capture>, StoreError> {
    let at = bundles.iter().map(|bundle| bundle.facts.at).max().unwrap_or_default();
    let members: Vec<&[u8]> =
        bundles.iter().flat_map(|bundle| &bundle.members).map(|member| member.bytes.as_slice()).collect();
    #[cfg(test)]
    if crash::CATALOG_FIRST.load(std::sync::atomic::Ordering::Relaxed) {
        return crash::write_catalog_first(segments, connection, bundles, &members, at);
    }
    let written = segments.append(&members, at)?;
    match record(connection, &written, bundles) {
        Ok(stored) => {
            segments.commit(&written);
            Ok(stored)
        }
        Err(error) => Err(segments.give_back(error)),
    }
}

fn record(
    connection: &mut Connection,
    written: &Written,
    bundles: &[Bundle],
) -> rusqlite::Result<Vec<Capture>> {
    let transaction = connection.transaction()?;
    catalog::capture::commit_segment(&transaction, written.id, &written.name, written.end)?;
    for segment in &written.sealed {
        catalog::capture::seal_segment(&transaction, *segment)?;
    }
    if let Some(warcinfo) = written.warcinfo {
        catalog::capture::insert_member(&transaction, written.id, warcinfo, None)?;
    }
    let mut offset = written.start;
    let mut stored = Vec::with_capacity(bundles.len());
    for Bundle { facts, members } in bundles {
        let places: Vec<Place> = members
            .iter()
            .map(|member| {
                let length = member.bytes.len() as u64;
                let place = Place { offset, length, sha256: member.sha256 };
                offset += length;
                place
            })
            .collect();
        catalog::capture::insert(&transaction, facts, written.id, &places)?;
        stored.push(Capture {
            policy: facts.policy_id(),
            source: facts.source.clone(),
            url: facts.url.clone(),
            at: facts.at,
            class: facts.class,
            outcome: facts.outcome().expect("an outcome's own key is known"),
            status: facts.status,
            digest: facts.digest,
            place: places.first().map(|place| RecordPlace {
                segment: written.name.clone(),
                offset: place.offset,
                length: place.length,
                member_sha256: place.sha256,
            }),
        });
    }
    transaction.commit()?;
    Ok(stored)
}

/// Where the search index of the archive in `dir` lies, without opening the archive.
pub fn index_dir(dir: &Path) -> PathBuf {
    dir.join("index")
}
