//! When each statement stood, from the versions that had it.

use super::{History, Interval, Reading};
use chrono::{DateTime, Utc};

/// A text seen from one time to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting<'a> {
    pub at: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// It is the main text: see [`stands`].
    pub stands: bool,
    /// Its statements, each once, sorted.
    pub set: &'a [u32],
}

/// The version shows the main text: its statements stand.
pub(super) fn stands(reading: Reading) -> bool {
    reading.is_document() || reading == (Reading::Variant { lane: 0 })
}

/// The intervals of each of so many statements, and whether it only ever stood beside the main text.
pub(super) fn lifespans(statements: usize, sighted: &[Sighting<'_>]) -> Vec<(Vec<Interval>, bool)> {
    let mut spans = Spans::new(statements);
    sighted.iter().filter(|seen| seen.stands).for_each(|seen| spans.see(seen));
    // What stood only in variants and artefacts has its sightings there.
    let mut aside = Spans::new(statements);
    sighted.iter().filter(|seen| !seen.stands).for_each(|seen| aside.see(seen));
    spans
        .closed
        .into_iter()
        .zip(aside.closed)
        .map(|(stood, aside)| {
            if !stood.is_empty() {
                return (stood, false);
            }
            // Nobody can say when an edition that comes and goes lost it.
            let joined = aside.first().zip(aside.last()).map(|(first, last)| Interval {
                first_seen: first.first_seen,
                last_seen: last.last_seen,
                gone_by: None,
            });
            (joined.into_iter().collect(), true)
        })
        .collect()
}

/// Intervals in which statements stood, while going along the versions.
struct Spans {
    closed: Vec<Vec<Interval>>,
    /// Statements of the version before.
    standing: Vec<u32>,
}

impl Spans {
    fn new(statements: usize) -> Self {
        Self { closed: vec![Vec::new(); statements], standing: Vec::new() }
    }

    fn see(&mut self, seen: &Sighting<'_>) {
        for number in &self.standing {
            if seen.set.binary_search(number).is_err()
                && let Some(interval) = self.closed[*number as usize].last_mut()
            {
                interval.gone_by = Some(seen.at);
            }
        }
        for number in seen.set {
            let spans = &mut self.closed[*number as usize];
            match spans.last_mut() {
                Some(open) if open.gone_by.is_none() => open.last_seen = open.last_seen.max(seen.until),
                last => {
                    if last.is_none() {
                        // Most stand once.
                        spans.reserve_exact(1);
                    }
                    spans.push(Interval { first_seen: seen.at, last_seen: seen.until, gone_by: None });
                }
            }
        }
        self.standing = seen.set.to_vec();
    }
}

/// Puts later last sightings of its versions into a history, as deriving it anew would.
///
/// For a history without findings (how firmly these stand hangs on the sightings) and without removals
/// (they have no text, which is not an empty one), of one recorder (which of several leads hangs on them too).
pub fn seen_again(history: &mut History, until: &[DateTime<Utc>]) {
    for (version, until) in history.versions.iter_mut().zip(until) {
        version.seen_until = *until;
    }
    let sets: Vec<Vec<u32>> = history
        .versions
        .iter()
        .map(|version| {
            let mut set = version.statements.clone();
            set.sort_unstable();
            set.dedup();
            set
        })
        .collect();
    let sighted: Vec<Sighting<'_>> = history
        .versions
        .iter()
        .zip(&sets)
        .map(|(version, set)| Sighting {
            at: version.at,
            until: version.seen_until,
            stands: stands(version.reading),
            set,
        })
        .collect();
    let spans = lifespans(history.statements.len(), &sighted);
    for (statement, (lifespan, _)) in history.statements.iter_mut().zip(spans) {
        statement.lifespan = lifespan;
    }
}
