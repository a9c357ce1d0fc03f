//! Checks that everything reported stored is there, whole, and what the catalog says it is.
//!
//! Other checkers have holes: `warcio check` accepted 2,546 of 2,763 cuts of one file, `gzip -t` every cut
//! between two records (docs/decisions). So the members of a segment must cover it without a gap, each must
//! have its digest, each record its own, and each row must be what its record says.

use crate::body;
use crate::capture::Facts;
use crate::capture::records::payload_of;
use crate::catalog::capture as rows;
use crate::catalog::capture::{MemberRow, SegmentRow, StoredRow};
use crate::store::open::{SEGMENTS, segment_files};
use crate::store::read::{MAX_BLOCK, split};
use crate::store::{Archive, ReadError};
use crate::text::imported::{self, Imported};
use crate::warc::{Kind, Record, read_member};
use policy::capture::RecordPlace;
use policy::id::Digest;
use rayon::prelude::*;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Fault {
    #[error("segment `{segment}` is missing")]
    Missing { segment: String },
    #[error("segment `{segment}` cannot be read: {why}")]
    Unreadable { segment: String, why: String },
    #[error("segment `{segment}` has {found} bytes, {committed} were reported stored")]
    Short { segment: String, found: u64, committed: u64 },
    #[error("segment `{segment}` has {bytes} bytes behind its committed end")]
    Tail { segment: String, bytes: u64 },
    #[error("segment `{segment}` is not in the catalog")]
    Stray { segment: String },
    #[error("segment `{segment}`: no member covers the {length} bytes at {offset}")]
    Gap { segment: String, offset: u64, length: u64 },
    #[error("segment `{segment}`: the member at {offset} is not the one that was stored ({of})")]
    Altered { segment: String, offset: u64, of: String },
    #[error("segment `{segment}`: the record at {offset} cannot be read: {why}")]
    Record { segment: String, offset: u64, why: String },
    #[error("segment `{segment}`: the {which} digest of the record at {offset} is wrong")]
    Digest { segment: String, offset: u64, which: &'static str },
    #[error("catalog: {of}: its row is not what its record at {segment} byte {offset} says")]
    Row { segment: String, offset: u64, of: String },
    #[error("catalog: {of}: the response that it refers to is not there")]
    Dangling { of: String },
    #[error("catalog: {what}")]
    Catalog { what: String },
    #[error("imported texts: {what}")]
    Imported { what: String },
}

impl Fault {
    /// What a writer leaves that is at work or was stopped at it: it mends itself.
    pub fn is_passing(&self) -> bool {
        matches!(self, Fault::Tail { .. } | Fault::Stray { .. })
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Fault::Missing { .. } | Fault::Short { .. } | Fault::Altered { .. } | Fault::Gap { .. } => {
                "put the whole file back from a copy; captures in it cannot be made again"
            }
            Fault::Unreadable { .. } => "make the file readable by this user, or put it back from a copy",
            Fault::Tail { .. } | Fault::Stray { .. } => {
                "a writer is at work or was stopped at it; nothing reported stored is lost, and the next command that writes sets these bytes aside in `recovered` (if you put back an older catalog, run `walkback check --rebuild` first)"
            }
            Fault::Record { .. } | Fault::Digest { .. } => {
                "the bytes are those that were stored, so they were stored wrong: please report it"
            }
            Fault::Imported { .. } => {
                "put `imported.sqlite` back from a copy, or delete it and import the collections again"
            }
            Fault::Row { .. } | Fault::Dangling { .. } | Fault::Catalog { .. } => {
                "write the catalog again from the segments: `walkback check --rebuild`"
            }
        }
    }
}

impl Archive {
    /// Reads everything once and lists what is wrong, in order. Empty: all is well.
    pub fn verify(&self) -> Result<Vec<Fault>, ReadError> {
        let mut faults = Vec::new();
        let (segments, members, stored) = {
            let connection = self.connection();
            faults.extend(sqlite_faults(&connection)?);
            let segments = rows::segments(&connection)?;
            let (mut members, mut stored) = (Vec::new(), Vec::new());
            for row in &segments {
                members.push(rows::members(&connection, row.id)?);
                stored.push(rows::stored_rows(&connection, row.id)?);
            }
            (segments, members, stored)
        };
        let checked: Vec<Vec<Fault>> = segments
            .par_iter()
            .zip(members.par_iter().zip(&stored))
            .map(|(segment, (members, stored))| self.verify_segment(segment, members, stored))
            .collect();
        faults.extend(checked.into_iter().flatten());
        match segment_files(&self.dir().join(SEGMENTS)) {
            Ok(names) => faults.extend(
                names
                    .into_iter()
                    .filter(|name| !segments.iter().any(|row| &row.name == name))
                    .map(|segment| Fault::Stray { segment }),
            ),
            Err(error) => {
                faults.push(Fault::Unreadable { segment: SEGMENTS.to_owned(), why: error.to_string() })
            }
        }
        if self.dir().join(imported::FILE).exists() {
            let faulty = |what: String| Fault::Imported { what };
            faults.extend(
                self.imported_faults()
                    .unwrap_or_else(|error| vec![error.to_string()])
                    .into_iter()
                    .map(faulty),
            );
        }
        Ok(faults)
    }

    /// Imported texts are ground state too: nothing of ours can make them again.
    fn imported_faults(&self) -> Result<Vec<String>, Box<dyn std::error::Error>> {
        let imported = Imported::open(self.dir())?;
        let mut faults = Vec::new();
        for (policy, row) in imported.policies()? {
            let facts = imported.text_facts(row)?;
            let texts = match imported.texts(row) {
                Ok(texts) => texts,
                Err(error) => {
                    faults.push(format!("those of {policy} cannot be read: {error}"));
                    continue;
                }
            };
            for (number, facts) in (0..).zip(&facts) {
                let there = (number as usize) < texts.len();
                if !there || Digest::of(texts.bytes(number)) != facts.digest {
                    faults.push(format!("text {number} of {policy} is not the one that was imported"));
                }
            }
            for version in imported.recorded(row)? {
                if version.text.is_some_and(|text| text as usize >= facts.len()) {
                    faults.push(format!("a version of {policy} at {} has no text", version.at.to_rfc3339()));
                }
            }
        }
        Ok(faults)
    }

    fn verify_segment(&self, row: &SegmentRow, members: &[MemberRow], stored: &[StoredRow]) -> Vec<Fault> {
        let segment = || row.name.clone();
        let mut faults = Vec::new();
        let path = self.dir().join(SEGMENTS).join(&row.name);
        let unreadable =
            |error: std::io::Error| Fault::Unreadable { segment: row.name.clone(), why: error.to_string() };
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return vec![Fault::Missing { segment: segment() }];
            }
            Err(error) => return vec![unreadable(error)],
        };
        match file.metadata().map(|metadata| metadata.len()) {
            Ok(found) if found < row.committed => {
                faults.push(Fault::Short { segment: segment(), found, committed: row.committed });
            }
            // A writer at work is ahead of its catalog; what it has not committed is not looked at.
            Ok(found) if found > row.committed => {
                faults.push(Fault::Tail { segment: segment(), bytes: found - row.committed });
            }
            Ok(_) => {}
            Err(error) => return vec![unreadable(error)],
        }

        let mut covered = 0;
        let mut records: Vec<(u64, Record)> = Vec::new();
        for member in members {
            if member.place.offset != covered {
                let length = member.place.offset.abs_diff(covered);
                faults.push(Fault::Gap { segment: segment(), offset: covered, length });
            }
            covered = member.place.offset + member.place.length;
            let owner = member
                .capture
                .and_then(|id| stored.binary_search_by_key(&id, |row| row.id).ok())
                .map(|at| &stored[at]);
            let of = owner.map_or_else(|| "the segment's warcinfo".to_owned(), StoredRow::name);
            let mut bytes = Vec::new();
            let read = file
                .seek(SeekFrom::Start(member.place.offset))
                .and_then(|_| (&file).take(member.place.length).read_to_end(&mut bytes));
            if let Err(error) = read {
                faults.push(unreadable(error));
                continue;
            }
            let offset = member.place.offset;
            if Digest::of(&bytes) != member.place.sha256 {
                faults.push(Fault::Altered { segment: segment(), offset, of });
                records.clear();
                continue;
            }
            match read_member(&bytes, MAX_BLOCK) {
                Ok(record) => {
                    faults.extend(self.record_faults(&row.name, member, &record, owner));
                    records.push((offset, record));
                }
                Err(error) => {
                    faults.push(Fault::Record { segment: segment(), offset, why: error.to_string() });
                    records.clear();
                    continue;
                }
            }
            // The metadata closes its capture.
            if let Some(owner) = owner.filter(|owner| owner.facts == offset) {
                faults.extend(row_fault(&row.name, owner, &records));
                records.clear();
            } else if owner.is_none() {
                records.clear();
            }
        }
        if covered != row.committed {
            let length = row.committed.abs_diff(covered);
            faults.push(Fault::Gap { segment: segment(), offset: covered.min(row.committed), length });
        }
        for stored in stored.iter().filter(|stored| stored.kind.as_deref() == Some("revisit")) {
            if stored.body_record.is_none() || stored.body_payload != stored.payload {
                faults.push(Fault::Dangling { of: stored.name() });
            }
        }
        faults
    }

    /// The digests that a record says of itself, and the one the catalog says of its decoded payload.
    fn record_faults(
        &self,
        segment: &str,
        member: &MemberRow,
        record: &Record,
        owner: Option<&StoredRow>,
    ) -> Vec<Fault> {
        let offset = member.place.offset;
        let wrong = |which| Fault::Digest { segment: segment.to_owned(), offset, which };
        let mut faults = Vec::new();
        if record.field("WARC-Block-Digest") != Some(&format!("sha256:{}", Digest::of(&record.block))) {
            faults.push(wrong("block"));
        }
        if record.kind != Kind::Response {
            return faults;
        }
        let place = RecordPlace {
            segment: segment.to_owned(),
            offset,
            length: member.place.length,
            member_sha256: member.place.sha256,
        };
        let (head, body) = match split(record, &place) {
            Ok(parts) => parts,
            Err(error) => {
                let why = error.to_string();
                faults.push(Fault::Record { segment: segment.to_owned(), offset, why });
                return faults;
            }
        };
        let payload = payload_of(&head, body).unwrap_or_else(|_| body.into());
        let digest = Digest::of(&payload);
        if record.field("WARC-Payload-Digest") != Some(&format!("sha256:{digest}")) {
            faults.push(wrong("payload"));
        }
        let encodings = head.values("content-encoding");
        let decoded = if encodings.is_empty() {
            Some(digest)
        } else {
            let decoded = body::decode(&payload, encodings.iter().map(String::as_str), self.limits());
            decoded.ok().map(Digest::of)
        };
        if owner.is_some_and(|owner| owner.digest != decoded) {
            faults.push(wrong("decoded payload's"));
        }
        faults
    }
}

/// The row of a capture against the facts in its last record.
fn row_fault(segment: &str, row: &StoredRow, records: &[(u64, Record)]) -> Option<Fault> {
    let (first, facts) = (records.first()?, records.last()?);
    let said = Facts::from_json(&facts.1.block)
        .ok()
        .map(|said| StoredRow::said_by(&said, row.id, first.0, facts.0, row.body_payload));
    let fault = Fault::Row { segment: segment.to_owned(), offset: facts.0, of: row.name() };
    (said.as_ref() != Some(row)).then_some(fault)
}

fn sqlite_faults(connection: &rusqlite::Connection) -> rusqlite::Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    for what in statement.query_map([], |row| row.get::<_, String>(0))? {
        let what = what?;
        if what != "ok" {
            faults.push(Fault::Catalog { what });
        }
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let broken = statement.query_map([], |row| {
        let (table, id, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let id = id.map_or_else(String::new, |id| format!(" row {id}"));
        Ok(Fault::Catalog { what: format!("{table}{id} refers to a {parent} that is not there") })
    })?;
    for fault in broken {
        faults.push(fault?);
    }
    let orphan = "SELECT count(*) FROM capture WHERE NOT EXISTS (
        SELECT 1 FROM member WHERE member.capture = capture.id AND member.segment = capture.segment
            AND member.\"offset\" = capture.facts)";
    let orphans: i64 = connection.query_row(orphan, [], |row| row.get(0))?;
    if orphans > 0 {
        faults.push(Fault::Catalog { what: format!("{orphans} captures have no metadata record") });
    }
    Ok(faults)
}
