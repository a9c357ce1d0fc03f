//! Our own captures, extracted: what a policy's source documents said, put together, at each visit.
//!
//! Captures that follow each other closely are one visit. A visit that saw all source documents is a
//! sighting of the policy's text; a text that differs from the one before is a version. Where the
//! reading changed (other selectors, another extractor), the pages seen last are read anew first, so
//! that only what the publisher changed is a change.

use super::DeriveError;
use crate::store::{Archive, ReadError};
use crate::text::table::{self, TextError};
use crate::text::{Texts, chunk};
use chrono::{DateTime, TimeDelta, Utc};
use policy::capture::Capture;
use policy::declaration::{Declarations, SourceDocument};
use policy::extract::{decode, extract};
use policy::finding::EvidenceClass;
use policy::history::{Cause, Recording};
use policy::id::{Digest, PolicyId};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// Changes whenever our extractor reads a page differently, so that pages are read anew.
const EXTRACTOR: u32 = 1;
/// Captures of one policy closer than this are one visit.
const VISIT: TimeDelta = TimeDelta::hours(1);
/// What stands between the texts of several source documents, as Open Terms Archive writes it.
const BETWEEN: &str = "\n\n- - -\n\n";

/// The versions that our own captures of a policy give.
#[derive(Debug, Default)]
pub(crate) struct Own {
    pub recordings: Vec<Recording>,
    pub texts: Texts,
    packed: chunk::Packed,
    /// Body, reading, and its text's number or why there is none: what was extracted in this run.
    extracted: Vec<(Digest, String, Result<u32, String>)>,
    /// The recordings are those the stored history was derived from, but for their last sightings.
    pub only_seen_again: bool,
}

impl Own {
    /// How many pages were extracted in this run.
    pub fn extracted(&self) -> u64 {
        self.extracted.len() as u64
    }

    /// As it is saved.
    pub fn without_texts(self) -> Own {
        Own { texts: Texts::default(), recordings: Vec::new(), ..self }
    }

    /// What a history of these recordings hangs on, but for their last sightings; `with` is what else it
    /// hangs on.
    pub fn shape(&self, with: &str) -> Digest {
        let mut shape = with.to_owned();
        for recording in &self.recordings {
            let Recording { at, seen_until: _, times_seen: _, cause, class, recorder, text, origins } =
                recording;
            let at = at.timestamp_micros();
            shape.push_str(&format!("{at} {cause:?} {class:?} {recorder:?} {text:?} {origins:?}"));
        }
        Digest::of(shape)
    }
}

/// What the own versions of a policy depend on, and how many captures there are.
pub(crate) fn key(
    archive: &Archive,
    policy: &PolicyId,
    declarations: &Declarations,
) -> Result<(String, u64), ReadError> {
    let captures = archive.captures(policy)?;
    let mut key = format!("{EXTRACTOR} {}", captures.len());
    for capture in &captures {
        key.push_str(&format!(
            "{} {} {:?}",
            capture.at.timestamp_micros(),
            capture.outcome.key(),
            capture.digest
        ));
    }
    if let Some(declared) = declarations.policy(policy) {
        let documents =
            declared.documents.iter().chain(declared.past.iter().flat_map(|past| &past.documents));
        for document in documents {
            key.push_str(&format!("{} {}", document.location, document.reading_key()));
        }
        declared.past.iter().for_each(|past| key.push_str(&past.valid_until.to_rfc3339()));
    }
    Ok((Digest::of(key).to_string(), captures.len() as u64))
}

/// Reads what is new, and puts all visits in order. `is_known` tells whether a history of what was found
/// is stored but for its last sightings: then texts are not read.
pub(crate) fn read(
    archive: &Archive,
    connection: &Connection,
    policy: &PolicyId,
    declarations: &Declarations,
    is_known: impl FnOnce(&Own) -> bool,
) -> Result<Own, DeriveError> {
    let row: Option<i64> = connection
        .query_row(
            "SELECT id FROM policy WHERE service = ? AND name = ?",
            [&policy.service, &policy.name],
            |row| row.get(0),
        )
        .optional()?;
    let mut own = Own::default();
    let (mut stored, mut lines, mut sequences) = (0, None, None);
    let mut reader =
        Reader { archive, connection, row, known: BTreeMap::new(), extracted: Vec::new(), texts: None };
    if let Some(row) = row {
        (stored, lines, sequences) = table::tails(connection, row)?;
        reader.known = known(connection, row)?;
    }
    let mut captures = archive.captures(policy)?;
    captures.sort_by_key(|capture| capture.at);
    let mut last: BTreeMap<&str, &Capture> = BTreeMap::new();
    let mut before: Option<Sighting<'_>> = None;
    for visit in visits(&captures) {
        for capture in
            visit.iter().filter(|capture| capture.digest.is_some() && capture.outcome.saw_document())
        {
            last.insert(&capture.source, capture);
        }
        let at = visit[visit.len() - 1].at;
        let documents = documents(declarations, policy, at, &captures);
        let missed = visit.iter().any(|capture| {
            !capture.outcome.saw_document()
                && documents.iter().any(|document| document.location.as_str() == capture.source)
                // A failed try that was followed by a good one in the same visit was made good.
                && !visit.iter().any(|other| other.source == capture.source && other.outcome.saw_document())
        });
        if missed {
            continue;
        }
        let pages: Option<Vec<&Capture>> =
            documents.iter().map(|document| last.get(document.location.as_str()).copied()).collect();
        let Some(pages) = pages.filter(|pages| !pages.is_empty()) else { continue };
        let Some(text) = reader.put_together(&documents, &pages)? else { continue };
        let reading: Vec<String> =
            documents.iter().map(|d| format!("{} {}", d.location, d.reading_key())).collect();
        let class = visit.iter().map(|capture| capture.class).max().unwrap_or(EvidenceClass::A);
        let recording = |cause, text| Recording {
            at,
            seen_until: at,
            times_seen: 1,
            cause,
            class,
            recorder: String::new(),
            text: Some(text),
            origins: pages.iter().flat_map(|page| origins(page)).collect(),
        };
        match &before {
            None => own.recordings.push(recording(Cause::First, text)),
            Some(sighting) => {
                let mut standing = sighting.text;
                if sighting.reading != reading && sighting.pages.len() == pages.len() {
                    // The pages seen last, as they read today.
                    if let Some(anew) = reader.put_together(&documents, &sighting.pages)?
                        && anew != standing
                    {
                        own.recordings.push(recording(Cause::Reextraction, anew));
                        standing = anew;
                    }
                }
                if text == standing {
                    if let Some(open) = own.recordings.last_mut().filter(|open| open.at < at) {
                        open.seen_until = at;
                        open.times_seen += 1;
                    }
                } else {
                    // Other source documents make another document: that was the declaration's doing.
                    let same_sources = sighting.reading.len() == reading.len();
                    let cause = if same_sources { Cause::Change } else { Cause::Reextraction };
                    own.recordings.push(recording(cause, text));
                }
            }
        }
        before = Some(Sighting { text, reading, pages });
    }
    own.only_seen_again = is_known(&own);
    if !own.only_seen_again {
        reader.texts()?;
    }
    if let Some(texts) = reader.texts {
        own.packed = chunk::pack(&texts, stored, lines, sequences, chunk::FOR_NOW);
        own.texts = texts;
    }
    own.extracted = reader.extracted;
    Ok(own)
}

/// What was seen at a visit.
struct Sighting<'a> {
    text: u32,
    reading: Vec<String>,
    pages: Vec<&'a Capture>,
}

/// Captures in order of time, parted where nobody looked for a while.
fn visits(captures: &[Capture]) -> Vec<&[Capture]> {
    let mut visits = Vec::new();
    let mut start = 0;
    for place in 1..=captures.len() {
        let ends = place == captures.len()
            || captures[place].at - captures[place - 1].at > VISIT
            // The same page twice is two looks at it, however close.
            || captures[start..place].iter().any(|earlier| {
                earlier.source == captures[place].source && earlier.outcome.saw_document()
            });
        if ends {
            visits.push(&captures[start..place]);
            start = place;
        }
    }
    visits
}

/// The source documents that held at `at`; of a policy that is not declared, the captured ones, read whole.
fn documents(
    declarations: &Declarations,
    policy: &PolicyId,
    at: DateTime<Utc>,
    captures: &[Capture],
) -> Vec<SourceDocument> {
    if let Some(declared) = declarations.policy(policy) {
        return declared.documents_at(at).to_vec();
    }
    let sources: BTreeSet<&str> = captures.iter().map(|capture| capture.source.as_str()).collect();
    sources.into_iter().filter_map(|source| Url::parse(source).ok()).map(SourceDocument::at).collect()
}

fn origins(page: &Capture) -> Vec<String> {
    let mut origins = vec![page.url.clone()];
    origins.extend(page.place.as_ref().map(|place| format!("warc:{}@{}", place.segment, place.offset)));
    origins
}

struct Reader<'a> {
    archive: &'a Archive,
    connection: &'a Connection,
    row: Option<i64>,
    known: BTreeMap<(Digest, String), Option<u32>>,
    extracted: Vec<(Digest, String, Result<u32, String>)>,
    /// Loaded when first asked for: where nothing is new their numbers will do.
    texts: Option<Texts>,
}

impl Reader<'_> {
    fn texts(&mut self) -> Result<&mut Texts, TextError> {
        if self.texts.is_none() {
            let stored = self.row.map(|row| table::load(self.connection, row)).transpose()?;
            self.texts = Some(stored.unwrap_or_default());
        }
        Ok(self.texts.get_or_insert_default())
    }

    /// The number of the text that these pages give together; `None` where one of them gives none.
    fn put_together(
        &mut self,
        documents: &[SourceDocument],
        pages: &[&Capture],
    ) -> Result<Option<u32>, DeriveError> {
        let mut numbers = Vec::new();
        for (document, page) in documents.iter().zip(pages) {
            match self.page(document, page)? {
                None => return Ok(None),
                Some(number) => numbers.push(number),
            }
        }
        if let [only] = numbers.as_slice() {
            return Ok(Some(*only));
        }
        let stored = self.texts()?;
        let texts: Vec<String> = numbers.iter().map(|number| stored.text(*number)).collect();
        let joined = texts.iter().map(|text| text.trim_end_matches('\n')).collect::<Vec<_>>().join(BETWEEN);
        Ok(Some(stored.push(joined.as_bytes())))
    }

    fn page(&mut self, document: &SourceDocument, page: &Capture) -> Result<Option<u32>, DeriveError> {
        let Some(digest) = page.digest else { return Ok(None) };
        // Links are made absolute with the page's URL, so it is part of the reading.
        let reading = format!("{EXTRACTOR} {} {}", page.url, document.reading_key());
        if let Some(number) = self.known.get(&(digest, reading.clone())) {
            return Ok(*number);
        }
        let response = self.archive.response(page)?;
        let html = decode(&response.body, response.content_type().as_deref());
        let url = Url::parse(&page.url).unwrap_or_else(|_| document.location.clone());
        let text = match extract(&html, &url, document) {
            Ok(text) => Ok(self.texts()?.push(text.as_bytes())),
            Err(error) => Err(error.to_string()),
        };
        self.known.insert((digest, reading.clone()), text.clone().ok());
        let number = text.clone().ok();
        self.extracted.push((digest, reading, text));
        Ok(number)
    }
}

fn known(connection: &Connection, row: i64) -> Result<BTreeMap<(Digest, String), Option<u32>>, TextError> {
    let mut read =
        connection.prepare_cached("SELECT digest, reading, text FROM extracted WHERE policy = ?")?;
    let rows = read.query_map([row], |row| Ok(((Digest(row.get(0)?), row.get(1)?), row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes the extracted texts; to be called within a transaction.
pub(crate) fn save(connection: &Connection, policy: &PolicyId, own: &Own) -> Result<(), TextError> {
    let row = table::policy_row(connection, &policy.service, &policy.name)?;
    table::save(connection, row, &own.packed)?;
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO extracted(digest, reading, policy, text, why) VALUES(?, ?, ?, ?, ?)",
    )?;
    for (digest, reading, text) in &own.extracted {
        let (number, why) = match text {
            Ok(number) => (Some(*number), ""),
            Err(why) => (None, why.as_str()),
        };
        insert.execute(params![digest.0, reading, row, number, why])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Head, NewCapture, Response};
    use crate::derived::{Derivation, Report};
    use policy::capture::Outcome;
    use policy::finding::Status;
    use policy::history::{History, Reading};
    use policy::promise::Rules;

    const SOURCE: &str = "https://courier.example/privacy";

    fn store(archive: &Archive, hour: i64, body: &str) {
        let at = DateTime::from_timestamp(1_700_000_000 + hour * 3600, 0).unwrap();
        let policy = PolicyId::new("Courier", "Privacy Policy");
        let mut capture = NewCapture::new(policy, SOURCE, at, Outcome::Fetched);
        capture.status = Some(200);
        capture.response = Some(Response {
            head: Head::response(200, "OK", [("content-type", b"text/html; charset=utf-8".as_slice())]),
            body: body.as_bytes().to_vec(),
            truncated: None,
            decoded: None,
        });
        archive.store(capture).unwrap();
    }

    fn page(sentence: &str) -> String {
        let filler: String = (0..12)
            .map(|n| {
                format!("<p>Paragraph {n} tells at some length how the service works and whom to ask.</p>")
            })
            .collect();
        format!(
            "<html><body><nav>Menu</nav><main><h1>Privacy</h1><p>{sentence}</p>{filler}</main></body></html>"
        )
    }

    fn derive(archive: &Archive, select: &str) -> History {
        derive_counted(archive, select, false).0
    }

    fn derive_counted(archive: &Archive, select: &str, all: bool) -> (History, Report) {
        let json = format!(
            r#"{{"name":"Courier","terms":{{"Privacy Policy":{{"fetch":"{SOURCE}","select":"{select}"}}}}}}"#
        );
        let (declarations, faults) = Declarations::parse([("Courier.json".to_owned(), json)]);
        assert!(faults.is_empty(), "{faults:?}");
        let rules = Rules::builtin();
        let derivation = Derivation {
            rules: &rules,
            rules_digest: Digest::of(select),
            declarations: &declarations,
            all,
            threads: 1,
        };
        let report = archive.derive(&derivation, &|_| {}).unwrap();
        assert!(report.failed.is_empty(), "{report:?}");
        (archive.history(&PolicyId::new("Courier", "Privacy Policy")).unwrap().unwrap(), report)
    }

    fn shape(history: &History) -> Vec<(Reading, i64)> {
        history.versions.iter().map(|v| (v.reading, (v.seen_until - v.at).num_hours())).collect()
    }

    #[test]
    fn captures_become_versions_and_unchanged_ones_sightings() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(&dir.path().join("archive")).unwrap();
        let (old, new) =
            (page("We never sell your personal data."), page("Parcels reach most towns within two days."));
        store(&archive, 0, &old);
        store(&archive, 24, &old);
        store(&archive, 48, &new);
        let history = derive(&archive, "main");
        assert_eq!(shape(&history), [(Reading::Real, 24), (Reading::Real, 0)]);
        assert!(history.versions[0].origins.iter().any(|origin| origin.starts_with("warc:")));
        assert!(history.findings.iter().all(|finding| finding.status == Status::Provisional));
        assert!(!history.statements.iter().any(|statement| statement.text == "Menu"));

        store(&archive, 72, &new);
        store(&archive, 121, &new);
        let history = derive(&archive, "main");
        assert_eq!(shape(&history), [(Reading::Real, 24), (Reading::Real, 73)]);
        assert!(!history.findings.is_empty());
        assert!(
            history.findings.iter().all(|finding| finding.status == Status::Confirmed),
            "{:?}",
            history.findings
        );
        assert_eq!(history.findings[0].class, EvidenceClass::A);

        // From scratch it is the same.
        std::fs::remove_file(archive.dir().join(super::super::FILE)).unwrap();
        assert_eq!(derive(&archive, "main"), history);
    }

    #[test]
    fn a_page_that_stayed_is_neither_extracted_nor_judged_again() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(&dir.path().join("archive")).unwrap();
        let (old, new) = (page("Parcels reach most towns."), page("Parcels reach all towns but two."));
        let json = |history: &History| serde_json::to_string(history).unwrap();
        for (hour, page, extracted, seen_again) in
            [(0, &old, 1, 0), (24, &old, 0, 1), (48, &new, 1, 0), (72, &new, 0, 1), (96, &new, 0, 1)]
        {
            store(&archive, hour, page);
            let (history, report) = derive_counted(&archive, "main", false);
            assert!(history.findings.is_empty(), "{:?}", history.findings);
            let counted = (report.derived, report.extracted, report.seen_again);
            assert_eq!(counted, (1, extracted, seen_again), "hour {hour}");
            assert_eq!(derive_counted(&archive, "main", false).1.derived, 0, "hour {hour}");
            // From scratch it is the same, byte for byte: beside this archive, so that it keeps what it has.
            let other = tempfile::tempdir().unwrap();
            let copy = other.path().join("archive");
            copy_folder(archive.dir(), &copy);
            let copy = Archive::open(&copy).unwrap();
            let (anew, report) = derive_counted(&copy, "main", true);
            assert_eq!((report.derived, report.seen_again), (1, 0));
            assert_eq!(json(&anew), json(&history), "hour {hour}");
            std::fs::remove_file(copy.dir().join(super::super::FILE)).unwrap();
            assert_eq!(json(&derive(&copy, "main")), json(&history), "hour {hour}");
        }
        let history = derive(&archive, "main");
        assert_eq!(shape(&history), [(Reading::Real, 24), (Reading::Real, 48)]);
        let standing = history.statements.iter().find(|s| s.text.contains("but two")).unwrap();
        assert_eq!((standing.lifespan[0].last_seen - standing.lifespan[0].first_seen).num_hours(), 48);
    }

    fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy_folder(&entry.path(), &target);
            } else {
                std::fs::copy(entry.path(), target).unwrap();
            }
        }
    }

    #[test]
    fn another_selector_is_no_change_by_the_publisher() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(&dir.path().join("archive")).unwrap();
        store(&archive, 0, &page("We never sell your personal data."));
        derive(&archive, "main");
        let history = derive(&archive, "main p + p");
        assert!(history.findings.is_empty());
        assert_eq!(history.versions.len(), 1, "what was captured before is read with today's selectors");
    }
}
