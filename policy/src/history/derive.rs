//! From recorded texts to a [`History`]: versions read, statements with lifespans, changes, findings.

use super::lifespan::{self, Sighting, stands};
use super::lineage::Lineage;
use super::{Change, History, Reading, Statement, Version};
use crate::change::{Difference, difference};
use crate::finding::{EvidenceClass, Finding, Judgement, Status, Topic};
use crate::history::Cause;
use crate::id::{Digest, FindingId, PolicyId, StatementId, VersionId};
use crate::ladder::Said;
use crate::noise::lanes::{self, Seen};
use crate::noise::sheet::{Known, Seeded};
use crate::noise::{Read, Sheet, Sheets};
use crate::promise::document::{Cache, Document};
use crate::promise::{Artefact, Rules, encryption_said, gate, judge_gated, promise_topic, stance};
use chrono::{DateTime, TimeDelta, Utc};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

/// A version as it was recorded: by a collection, or by extracting our own captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    pub at: DateTime<Utc>,
    /// When the text was last seen; `at` where nobody looked again.
    pub seen_until: DateTime<Utc>,
    /// How often the text was seen, the first time included.
    pub times_seen: u32,
    pub cause: Cause,
    pub class: EvidenceClass,
    /// Who recorded it: a collection's name, or empty for our own captures.
    pub recorder: String,
    /// Its text; `None` where the collection removed the file.
    pub text: Option<u32>,
    pub origins: Vec<String>,
}

/// The texts that recordings refer to, by number.
pub trait Texts {
    /// How many there are.
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// A text for reading.
    fn text(&self, number: u32) -> String;
    /// SHA-256 and size of its bytes.
    fn facts(&self, number: u32) -> (Digest, u64);
}

/// Texts in memory, each under its place.
impl<T: AsRef<str>> Texts for Vec<T> {
    fn len(&self) -> usize {
        self.len()
    }

    fn text(&self, number: u32) -> String {
        self[number as usize].as_ref().to_owned()
    }

    fn facts(&self, number: u32) -> (Digest, u64) {
        let text = self[number as usize].as_ref();
        (Digest::of(text), text.len() as u64)
    }
}

/// A fresh finding stands firm after it was seen over this time.
const SETTLED: TimeDelta = TimeDelta::hours(72);
/// A promise that comes back within this time was never withdrawn.
const CAME_BACK: TimeDelta = TimeDelta::days(30);
/// Documents with so many statements in all are kept read: some 30 MB.
const MOST_HELD: usize = 400_000;
/// The same finding from two recorders within this time is one.
const SAME_FINDING: TimeDelta = TimeDelta::days(60);

/// Derives everything about one policy. The same recordings give the same history, in whatever order they come.
pub fn derive(policy: &PolicyId, recordings: Vec<Recording>, texts: &dyn Texts, rules: &Rules) -> History {
    let order = in_order(&recordings);
    let recordings: Vec<Recording> = order.into_iter().map(|place| recordings[place].clone()).collect();
    let mut desk = Desk::new(&recordings, texts, rules);
    let reads = desk.read_all(&recordings);
    let mut history = History {
        policy: policy.clone(),
        follows: None,
        versions: versions(&recordings, &reads, &desk, texts),
        statements: Vec::new(),
        changes: Vec::new(),
        findings: Vec::new(),
    };
    let mut drafts = Vec::new();
    for (place, read) in reads.iter().enumerate() {
        let Some(against) = read.against.filter(|_| read.reading == Reading::Real) else { continue };
        let (change, judgements) = desk.change(&recordings, &history.versions, against, place);
        history.changes.push(change);
        drafts.extend(judgements.into_iter().map(|judgement| Draft { judgement, from: against, to: place }));
    }
    if desk.documents.is_empty() {
        // One text alone was never compared, but its promises stand.
        let last = recordings.iter().zip(&reads).rev().find(|(_, read)| stands(read.reading));
        if let Some(text) = last.and_then(|(recording, _)| recording.text) {
            desk.document(text);
        }
    }
    desk.place_statements(&recordings, &reads);
    let places = std::mem::take(&mut desk.places);
    history.statements = statements(&recordings, &reads, &desk, places);
    history.findings = findings(policy, drafts, &recordings, &history, desk.sheets.known());
    // Numbers of statements are in order of first sight already: the same texts give the same numbers.
    history
}

/// The places of recordings in order of time. Those of one instant keep the order of the record.
pub fn in_order(recordings: &[Recording]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..recordings.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (&recordings[*a], &recordings[*b]);
        (a.at, &a.recorder).cmp(&(b.at, &b.recorder))
    });
    order
}

/// A judgement with the places of its versions.
struct Draft {
    judgement: Judgement,
    from: usize,
    to: usize,
}

/// Where a statement stood when it was last seen in the document.
#[derive(Debug, Clone, Default)]
struct Place {
    section: Vec<String>,
    lead_in: Option<String>,
    topic: Option<Topic>,
    says: Vec<Said>,
    /// Some document that was read holds it, so that its topic is known.
    read: bool,
}

/// What is open while one policy is derived.
struct Desk<'a> {
    rules: &'a Rules,
    sheets: Rc<Sheets>,
    /// By text number; texts that no version uses stay empty.
    read: Rc<[Sheet]>,
    cache: Cache,
    /// The documents read last, and when each was last asked for: neighbours are compared more than once.
    documents: HashMap<u32, (Rc<Document>, u64)>,
    /// How often documents were asked for, and how many statements they hold.
    asked: u64,
    held: usize,
    /// What the gate said of pairs of texts.
    gated: HashMap<(u32, u32), Option<Artefact>>,
    /// By number of statement.
    places: Vec<Place>,
}

impl<'a> Desk<'a> {
    fn new(recordings: &[Recording], texts: &dyn Texts, rules: &'a Rules) -> Self {
        let mut sheets = Sheets::default();
        let mut read = vec![None; texts.len()];
        // In order of first use, so that the numbers of statements do not depend on the numbers of texts.
        for text in recordings.iter().filter_map(|recording| recording.text) {
            read[text as usize].get_or_insert_with(|| sheets.read(&texts.text(text)));
        }
        let mut read: Vec<Sheet> = read.into_iter().map(Option::unwrap_or_default).collect();
        let strands: Vec<Vec<Seen>> = strands(recordings).values().map(|at| seen(recordings, at)).collect();
        sheets.set_aside(&mut read, &strands);
        let places = vec![Place::default(); sheets.known().len()];
        Self {
            rules,
            sheets: Rc::new(sheets),
            read: read.into(),
            cache: Cache::default(),
            documents: HashMap::new(),
            asked: 0,
            held: 0,
            gated: HashMap::new(),
            places,
        }
    }

    /// Reads each recorder's versions by themselves, then sets the recorders beside each other.
    fn read_all(&mut self, recordings: &[Recording]) -> Vec<Read> {
        let strands = strands(recordings);
        let mut reads: Vec<Option<Read>> = vec![None; recordings.len()];
        for places in strands.values() {
            let seen = seen(recordings, places);
            let sheets = self.read.clone();
            let known = self.sheets.clone();
            let strand = lanes::read(&seen, &sheets, known.known(), &mut |before, after| {
                // A page that flips asks about the same pair again and again.
                if let Some(known) = self.gated.get(&(before, after)) {
                    return known.clone();
                }
                let (old, new) = (self.document(before), self.document(after));
                let found = gate(self.rules, &old, &new);
                self.gated.insert((before, after), found.clone());
                found
            });
            for (read, place) in strand.into_iter().zip(places) {
                let against = read.against.map(|nth| places[nth]);
                reads[*place] = Some(Read { against, ..read });
            }
        }
        let mut reads: Vec<Read> =
            reads.into_iter().map(|read| read.expect("each version is in one strand")).collect();
        if strands.len() > 1 {
            beside(&strands, recordings, &mut reads);
        }
        reads
    }

    fn document(&mut self, text: u32) -> Rc<Document> {
        self.asked += 1;
        if let Some((document, last)) = self.documents.get_mut(&text) {
            *last = self.asked;
            return document.clone();
        }
        let document = Rc::new(self.read_anew(text));
        self.held += document.placed.len();
        while self.held > MOST_HELD
            && let Some((oldest, _)) = self.documents.iter().min_by_key(|(_, (_, last))| *last)
        {
            let oldest = *oldest;
            let dropped = self.documents.remove(&oldest);
            self.held -= dropped.map_or(0, |(document, _)| document.placed.len());
        }
        self.documents.insert(text, (document.clone(), self.asked));
        document
    }

    /// Reads a text, and notes what each of its statements is about.
    fn read_anew(&mut self, text: u32) -> Document {
        let sheet = &self.read[text as usize];
        let segments = self.sheets.segments(sheet);
        let mut numbers = Cow::Borrowed(&sheet.order);
        let document = if sheet.aside.is_empty() {
            Document::read_with(self.rules, segments, &mut self.cache)
        } else {
            let is_own = |place: usize| !sheet.sets_aside(numbers[place]);
            let document = Document::read_own(self.rules, &segments, is_own, &mut self.cache);
            numbers.to_mut().retain(|number| !sheet.sets_aside(*number));
            document
        };
        for (placed, number) in document.placed.iter().zip(&*numbers) {
            let place = &mut self.places[*number as usize];
            place.read = true;
            if place.topic.is_none()
                && let Some(topic) = promise_topic(self.rules, &placed.unit)
            {
                place.topic = Some(topic);
                place.says.extend(stance(self.rules, placed, topic));
            }
        }
        // Read in its text: a sentence may go on about the one before. Where that changes, the last reading counts.
        for (place, said) in encryption_said(self.rules, &document) {
            let says = &mut self.places[numbers[place] as usize].says;
            says.retain(|said| said.topic != Topic::Encryption);
            says.extend(said);
        }
        document
    }

    fn change(
        &mut self,
        recordings: &[Recording],
        versions: &[Version],
        from: usize,
        to: usize,
    ) -> (Change, Vec<Judgement>) {
        let (old, new) = (recordings[from].text.expect("compared"), recordings[to].text.expect("compared"));
        let (before, after) = (self.document(old), self.document(new));
        let Difference { removed, added, reworded, moved } =
            difference(&self.read[old as usize], &self.read[new as usize], self.sheets.known());
        let gated = self.gated.get(&(old, new));
        let judgements = judge_gated(self.rules, &before, &after, recordings[to].at, || {
            gated.map_or_else(|| gate(self.rules, &before, &after).is_some(), Option::is_some)
        });
        let topic = |number: &u32| self.places[*number as usize].topic.is_some();
        let touches_promises = removed.iter().chain(&added).any(topic)
            || reworded.iter().any(|(old, new)| topic(old) || topic(new))
            || !judgements.is_empty();
        let (from, to) = (versions[from].id.clone(), versions[to].id.clone());
        (Change { from, to, removed, added, reworded, moved, touches_promises }, judgements)
    }

    /// Notes section and lead-in of each statement where it last stood in the document, and its topic where
    /// no comparison had asked for it: of a policy recorded once, nothing was compared.
    fn place_statements(&mut self, recordings: &[Recording], reads: &[Read]) {
        let mut wanted: Vec<Option<u32>> = vec![None; self.sheets.known().len()];
        let mut main = vec![false; self.read.len()];
        let by_time = recordings.iter().zip(reads);
        // Artefacts first, so that the document itself has the last word.
        for document in [false, true] {
            for (recording, read) in by_time.clone() {
                if let Some(text) = recording.text.filter(|_| stands(read.reading) == document) {
                    main[text as usize] |= document;
                    self.read[text as usize]
                        .whole()
                        .iter()
                        .for_each(|number| wanted[*number as usize] = Some(text));
                }
            }
        }
        let mut texts: Vec<u32> = wanted.iter().flatten().copied().collect();
        texts.sort_unstable();
        texts.dedup();
        for text in texts {
            let sheets = self.read.clone();
            let sheet = &sheets[text as usize];
            let segments = self.sheets.segments(sheet);
            let unread = |number: &u32| {
                let place = *number as usize;
                wanted[place] == Some(text) && !self.places[place].read && !sheet.sets_aside(*number)
            };
            if main[text as usize] && sheet.order.iter().any(unread) {
                self.read_anew(text);
            }
            for (segment, number) in segments.into_iter().zip(sheet.order.iter().copied()) {
                if wanted[number as usize] != Some(text) {
                    continue;
                }
                // The first place in the text counts.
                wanted[number as usize] = None;
                let place = &mut self.places[number as usize];
                place.section = segment.section.iter().map(|heading| heading.to_string()).collect();
                place.lead_in = segment.lead_in.map(|lead| lead.to_string());
            }
        }
    }
}

/// The places of each recorder's versions.
fn strands(recordings: &[Recording]) -> BTreeMap<&str, Vec<usize>> {
    let mut strands: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, recording) in recordings.iter().enumerate() {
        strands.entry(&recording.recorder).or_default().push(place);
    }
    strands
}

fn seen(recordings: &[Recording], places: &[usize]) -> Vec<Seen> {
    places
        .iter()
        .map(|place| &recordings[*place])
        .map(|r| Seen { at: r.at, cause: r.cause, sheet: r.text, is_ours: r.recorder.is_empty() })
        .collect()
}

/// Two recorders of one policy read the page with different selectors: while both record, one is the main
/// one and the other an edition of its own; where one takes over, the texts are not compared.
fn beside(strands: &BTreeMap<&str, Vec<usize>>, recordings: &[Recording], reads: &mut [Read]) {
    // Our own captures come first, then whoever recorded longest.
    let mut order: Vec<(&str, DateTime<Utc>, DateTime<Utc>)> = strands
        .iter()
        .map(|(name, places)| {
            (*name, recordings[places[0]].at, recordings[places[places.len() - 1]].seen_until)
        })
        .collect();
    order.sort_by_key(|(name, first, last)| (!name.is_empty(), std::cmp::Reverse(*last - *first), *name));
    let leader = |at: DateTime<Utc>| {
        order.iter().position(|(_, first, last)| *first <= at && at <= *last).unwrap_or(usize::MAX)
    };
    let mut main: Option<usize> = None;
    for (place, read) in reads.iter_mut().enumerate() {
        let rank =
            order.iter().position(|(name, ..)| *name == recordings[place].recorder).unwrap_or(usize::MAX);
        if leader(recordings[place].at) != rank {
            if !matches!(read.reading, Reading::Removed) {
                read.note =
                    format!("The same policy as recorded by {}, beside the main record.", order[rank].0);
                read.reading = Reading::Variant { lane: 1_000 + rank as u32 };
                read.against = None;
            }
            continue;
        }
        if main.replace(rank).is_some_and(|before| before != rank) && stands(read.reading) {
            read.note = "From here on another recorder's texts are the main record.".into();
            read.reading = Reading::Reextracted;
            read.against = None;
        }
    }
}

fn versions(recordings: &[Recording], reads: &[Read], desk: &Desk<'_>, texts: &dyn Texts) -> Vec<Version> {
    let empty = Digest::of(b"");
    let mut ordinals: HashMap<i64, usize> = HashMap::new();
    recordings
        .iter()
        .zip(reads)
        .map(|(recording, read)| {
            let ordinal = ordinals.entry(recording.at.timestamp()).or_insert(0);
            *ordinal += 1;
            let (digest, bytes) = recording.text.map_or((empty, 0), |text| texts.facts(text));
            Version {
                id: VersionId::new(recording.at, *ordinal),
                at: recording.at,
                seen_until: recording.seen_until,
                cause: recording.cause,
                reading: read.reading,
                note: read.note.clone(),
                class: recording.class,
                recorder: recording.recorder.clone(),
                digest,
                bytes,
                origins: recording.origins.clone(),
                statements: recording
                    .text
                    .map(|text| desk.read[text as usize].order.clone())
                    .unwrap_or_default(),
            }
        })
        .collect()
}

fn statements(
    recordings: &[Recording],
    reads: &[Read],
    desk: &Desk<'_>,
    places: Vec<Place>,
) -> Vec<Statement> {
    let known = desk.sheets.known();
    let sets: Vec<Cow<'_, [u32]>> = desk.read.iter().map(Sheet::whole).collect();
    let mut set_aside = vec![false; known.len()];
    desk.read.iter().flat_map(|sheet| &sheet.aside).for_each(|number| set_aside[*number as usize] = true);
    let sighted: Vec<Sighting<'_>> = recordings
        .iter()
        .zip(reads)
        .filter_map(|(recording, read)| {
            let set = &*sets[recording.text? as usize];
            Some(Sighting {
                at: recording.at,
                until: recording.seen_until,
                stands: stands(read.reading),
                set,
            })
        })
        .collect();
    let current = sighted.iter().rev().find(|seen| seen.stands).map(|seen| seen.set).unwrap_or_default();
    known
        .iter()
        .enumerate()
        .zip(lifespan::lifespans(known.len(), &sighted))
        .zip(places)
        .map(|(((number, statement), (lifespan, is_aside)), place)| Statement {
            id: statement.id.clone(),
            text: statement.text.to_string(),
            role: statement.role,
            section: place.section,
            lead_in: place.lead_in,
            lifespan,
            current: current.binary_search(&(number as u32)).is_ok(),
            aside: is_aside || set_aside[number],
            topic: place.topic,
            says: place.says,
        })
        .collect()
}

fn findings(
    policy: &PolicyId,
    drafts: Vec<Draft>,
    recordings: &[Recording],
    history: &History,
    known: &[Known],
) -> Vec<Finding> {
    if drafts.is_empty() {
        return Vec::new();
    }
    let by_text: HashMap<&str, &StatementId, Seeded> =
        history.statements.iter().map(|statement| (statement.text.as_str(), &statement.id)).collect();
    let number_of: HashMap<&StatementId, usize, Seeded> =
        history.statements.iter().enumerate().map(|(number, statement)| (&statement.id, number)).collect();
    let mut ids: HashMap<FindingId, usize> = HashMap::new();
    let mut lineage = Lineage::new(policy, known, &history.statements);
    let mut changes = history.changes.iter();
    let mut passed: HashSet<usize> = HashSet::new();
    let numbers: HashMap<&VersionId, usize> =
        history.versions.iter().enumerate().map(|(place, version)| (&version.id, place)).collect();
    let mut findings: Vec<Finding> = Vec::new();
    for Draft { judgement, from, to } in drafts {
        let (old, new) = (&history.versions[from], &history.versions[to]);
        // Up to the change that this finding is of; findings come in the changes' order.
        if !passed.contains(&to) {
            for change in changes.by_ref() {
                let at = numbers.get(&change.to).copied().unwrap_or(to);
                lineage.pass(change, history.versions[at].at);
                passed.insert(at);
                if at == to {
                    break;
                }
            }
        }
        let same = findings.iter().any(|other| {
            other.judgement.kind == judgement.kind
                && other.judgement.topic == judgement.topic
                && other.judgement.before == judgement.before
                && other.judgement.after == judgement.after
                && other.to != new.id
                && new.at - other.first_seen_after <= SAME_FINDING
                && history.versions.iter().any(|v| v.id == other.to && v.recorder != new.recorder)
        });
        if same {
            continue;
        }
        let id_of = |text: &str| -> Option<StatementId> {
            if text.is_empty() {
                return None;
            }
            by_text.get(text).map(|id| (*id).clone()).or_else(|| {
                let id = crate::statement::statement_id(text);
                number_of.contains_key(&id).then_some(id)
            })
        };
        let (before_statement, after_statement) = (id_of(&judgement.before), id_of(&judgement.after));
        // The last version that still had it may be later than the one it was compared with: flips lie between.
        let last_seen_before = recordings[from].seen_until.max(old.at);
        let Standing { status, note, retracted_at } = status(
            &judgement,
            before_statement.as_ref(),
            after_statement.as_ref(),
            to,
            history,
            &number_of,
            recordings,
        );
        let number = |id: &Option<StatementId>| {
            id.as_ref().and_then(|id| number_of.get(id)).map(|number| *number as u32)
        };
        let promise =
            lineage.promise(&judgement, number(&before_statement), number(&after_statement), new.at);
        // What is named by sentence and version keeps its name when the vocabulary learns a word.
        let primary = before_statement.as_ref().or(after_statement.as_ref());
        let key = primary.map_or(judgement.promise_key.as_str(), |id| id.0.as_str());
        let kind = judgement.kind.key();
        let mut id = FindingId::of(&[&policy.service, &policy.name, key, kind, &new.id.0]);
        let ordinal = ids.entry(id.clone()).or_insert(0);
        *ordinal += 1;
        if *ordinal > 1 {
            id = FindingId::of(&[&policy.service, &policy.name, key, kind, &new.id.0, &ordinal.to_string()]);
        }
        findings.push(Finding {
            id,
            promise,
            policy: policy.clone(),
            from: old.id.clone(),
            to: new.id.clone(),
            last_seen_before,
            first_seen_after: new.at,
            before_statement,
            after_statement,
            status,
            status_note: note,
            retracted_at,
            class: new.class.max(old.class),
            judgement,
        });
    }
    findings
}

/// How firmly a finding stands, why, and since when it does not.
struct Standing {
    status: Status,
    note: String,
    retracted_at: Option<DateTime<Utc>>,
}

impl Standing {
    fn new(status: Status, note: String) -> Standing {
        Standing { status, note, retracted_at: None }
    }

    fn retracted(note: String, at: DateTime<Utc>) -> Standing {
        Standing { status: Status::Retracted, note, retracted_at: Some(at) }
    }
}

/// How firmly a finding stands, from what came after it.
fn status(
    judgement: &Judgement,
    before: Option<&StatementId>,
    after: Option<&StatementId>,
    to: usize,
    history: &History,
    number_of: &HashMap<&StatementId, usize, Seeded>,
    recordings: &[Recording],
) -> Standing {
    let at = recordings[to].at;
    let statement =
        |id: Option<&StatementId>| id.and_then(|id| number_of.get(id)).map(|n| &history.statements[*n]);
    // The old sentence stood again soon, or the new one was soon gone while nothing had stood before.
    if let Some(old) = statement(before)
        && let Some(again) = old.lifespan.iter().find(|span| span.first_seen > at)
        && again.first_seen - at <= CAME_BACK
    {
        let note = format!("The sentence stood again on {}.", again.first_seen.format("%Y-%m-%d"));
        return Standing::retracted(note, again.first_seen);
    }
    if judgement.before.is_empty()
        && let Some(new) = statement(after)
        && let Some(gone) = new
            .lifespan
            .iter()
            .filter(|span| span.first_seen <= at)
            .filter_map(|span| span.gone_by)
            .find(|gone| *gone > at)
        && gone - at <= CAME_BACK
    {
        let note = format!("The sentence was gone again by {}.", gone.format("%Y-%m-%d"));
        return Standing::retracted(note, gone);
    }
    let recorder = &recordings[to].recorder;
    let later = history.versions[to + 1..].iter().filter(|version| {
        version.recorder == *recorder
            && (version.reading.is_document() || version.reading == Reading::Variant { lane: 0 })
    });
    let mut sightings = recordings[to].times_seen as usize;
    let mut until = recordings[to].seen_until;
    for version in later {
        sightings += 1;
        until = until.max(version.seen_until);
    }
    if recordings[to].class == EvidenceClass::A {
        if sightings >= 3 && until - at >= SETTLED {
            let note = format!("Seen {sightings} times until {}.", until.format("%Y-%m-%d"));
            return Standing::new(Status::Confirmed, note);
        }
        return Standing::new(Status::Provisional, "Seen too shortly: the sentence may come back.".into());
    }
    if until - at >= SETTLED {
        let note = format!("Later versions until {} agree.", until.format("%Y-%m-%d"));
        return Standing::new(Status::Confirmed, note);
    }
    Standing::new(Status::Provisional, "No later version was recorded that would settle it.".into())
}
