//! How the tables and trees of short pages are learned: from pages and sentences written for it.

use super::couple::{self, Couple, Page};
use super::excerpt::excerpts;
use super::wording::{self, Claim, Lesson, Names, Origin, Table, Wording};
use super::{Brief, Forest, MOST, Trees};
use crate::finding::{Kind, Topic};
use crate::id::Digest;
use crate::promise::boost::{self, Growth};
use crate::promise::document::{Document, Placed};
use crate::promise::features::Pair;
use crate::promise::fit::Row;
use crate::promise::rules::Rules;
use crate::promise::score::{self, Said};
use crate::promise::train::{Example, Source};
use std::collections::BTreeMap;

/// A sentence with what it claims of encryption.
pub struct Sentence {
    placed: Placed,
    claim: Claim,
}

impl Sentence {
    /// `None` where the text holds no statement.
    pub fn new(rules: &Rules, claim: Claim, text: &str) -> Option<Sentence> {
        let placed = Document::read(rules, text).placed.into_iter().next()?;
        Some(Sentence { placed, claim })
    }
}

/// What was learned: `wording.tsv` and `brief.toml`.
pub struct Learned {
    pub table: Table,
    pub trees: Trees,
}

impl Learned {
    /// The rules with what was learned in place of their own.
    pub fn rules(&self, rules: &Rules) -> Rules {
        let mut rules = rules.clone();
        rules.wording = Wording::new(&self.table);
        // Trees that were just grown ask for known traits.
        rules.brief = Brief::new("brief.toml", &self.trees).unwrap_or_default();
        rules
    }
}

/// Pages on the side of one fold learn the words with which those of it are read.
const FOLDS: usize = 5;

/// From these probabilities on it is a finding.
const THRESHOLDS: [f32; 3] = [0.48, 0.48, 0.4];

const KINDS: Growth =
    Growth { trees: 400, leaves: 10, rate: 0.03, least: 15, rows: 0.7, traits: 0.3, penalty: 3.0, seed: 1 };

const STATES: Growth =
    Growth { trees: 150, leaves: 6, rate: 0.05, least: 8, rows: 0.8, traits: 0.4, penalty: 3.0, seed: 1 };

/// A page and its revision; written ones are also read backwards, where a loss is a gain.
struct Lecture<'a> {
    example: &'a Example,
    before: Document,
    after: Document,
    fold: usize,
    is_back: bool,
    /// Real texts come as excerpts.
    origin: Origin,
}

impl Lecture<'_> {
    fn texts(&self) -> (&Document, &Document) {
        if self.is_back { (&self.after, &self.before) } else { (&self.before, &self.after) }
    }

    /// Whether the excerpt tells enough of a couple that readers found nothing in: what is gone here may stand
    /// elsewhere in the text.
    fn is_plain(&self, rules: &Rules, couple: &Couple) -> bool {
        let harmless = |place: usize| rules.stakes.of(&self.before.placed[place].unit).protects < HARMLESS;
        !self.origin.is_real() || couple.after.is_some() || couple.before.is_some_and(harmless)
    }

    /// What readers found in the couple; `None`: nothing.
    fn finding(&self, couple: &Couple) -> Option<(Kind, &Said)> {
        let (old, new) = self.texts();
        let text = |document: &Document, place: Option<usize>| {
            place.map(|n| document.placed[n].unit.text.to_string()).unwrap_or_default()
        };
        let (mut before, mut after) = (text(old, couple.before), text(new, couple.after));
        if self.is_back {
            std::mem::swap(&mut before, &mut after);
        }
        let said = Said::of(Kind::Reversal, before, after);
        let label = self.example.answer.findings.iter().find(|label| score::is_about(&said, label))?;
        let kind = match (label.kind, self.is_back) {
            (kind, false) => kind,
            (Kind::Reversal, true) => Kind::Strengthening,
            (Kind::Strengthening, true) => Kind::Reversal,
            // What is done no more is not asked for.
            (Kind::Expansion, true) => return None,
        };
        Some((kind, label))
    }

    /// How far encryption was promised and is, where that was lost; read so that the loss is ahead, a gain tells it as
    /// well. Without dates.
    fn states(&self, found: Option<(Kind, &Said)>) -> Option<[String; 2]> {
        match found? {
            (Kind::Reversal, Said { state_before: Some(a), state_after: Some(b), .. }) => {
                let both = if self.is_back { [b, a] } else { [a, b] };
                Some(both.map(|state| key(state)))
            }
            _ => None,
        }
    }
}

/// What a page with a single made-up edit counts for the trees that find findings: most of them hold one, unlike pages.
const MADE: f32 = 0.6;

/// The old sentence of a couple, or the one most like the new.
fn promised(couple: &Couple) -> Option<usize> {
    couple.before.or(couple.related.filter(|related| related.1 >= super::RELATED).map(|related| related.0))
}

/// So little at stake, nobody misses the statement.
const HARMLESS: f32 = 0.3;
/// Excerpts of one real change.
const EXCERPTS: usize = 10;

/// Learns from pages with their revisions and from sentences, and from excerpts of real texts how much there is that
/// means nothing. The same lessons give the same numbers.
pub fn learn(rules: &Rules, pages: &[&Example], sentences: &[Sentence], real: &[&Example]) -> Learned {
    let fold = |example: &Example| usize::from(Digest::of(format!("page:{}", example.id)).0[0]) % FOLDS;
    let is_short =
        |example: &&&Example| example.before.placed.len() <= MOST && example.after.placed.len() <= MOST;
    let mut lectures: Vec<Lecture<'_>> = Vec::new();
    for example in pages.iter().filter(is_short) {
        lectures.extend([false, true].map(|is_back| Lecture {
            example,
            before: example.before.clone(),
            after: example.after.clone(),
            fold: fold(example),
            is_back,
            origin: Origin::Written,
        }));
    }
    for example in real {
        let lecture = |(before, after)| Lecture {
            example,
            before,
            after,
            fold: fold(example),
            is_back: false,
            origin: match example.source {
                Source::Label => Origin::Labelled,
                _ => Origin::Read,
            },
        };
        let shown = excerpts(&example.before, &example.after).take(EXCERPTS);
        lectures.extend(shown.map(|excerpt| lecture((excerpt.before, excerpt.after))));
    }
    let mut names = Names::default();
    let units = lectures
        .iter()
        .filter(|lecture| !lecture.origin.is_real())
        .flat_map(|lecture| lecture.before.placed.iter().chain(&lecture.after.placed));
    units
        .chain(sentences.iter().map(|sentence| &sentence.placed))
        .for_each(|placed| names.add(&rules.senses, &placed.unit));

    // What single sentences claim comes first: all else is read with it.
    let mut table = Table::default();
    let claims: Vec<Lesson> =
        sentences.iter().map(|s| Lesson::claim(&rules.senses, &s.placed.unit, s.claim)).collect();
    wording::fit(&claims.iter().collect::<Vec<_>>(), wording::CLAIM_OUTPUTS, &names, &mut table);
    let with = |table: &Table| Learned { table: table.clone(), trees: Trees::default() }.rules(rules);

    // What an exchange does and what it is about; which sentences are coupled needs no words learned.
    let plain = with(&table);
    let mut lessons: [(wording::Outputs, Vec<(usize, Lesson)>); 5] = [
        wording::TURN_OUTPUTS,
        wording::SENSED_OUTPUTS,
        wording::TOPIC_OUTPUTS,
        wording::FROM_OUTPUTS,
        wording::TO_OUTPUTS,
    ]
    .map(|outputs| (outputs, Vec::new()));
    for lecture in &lectures {
        read(&plain, lecture, |pair, couple, _| {
            let old = couple.before.map(|n| &*pair.old.placed[n].unit);
            let new = couple.after.map(|n| &*pair.new.placed[n].unit);
            let found = lecture.finding(couple);
            if found.is_none() && !lecture.is_plain(&plain, couple) {
                return;
            }
            let kind = found.map(|(kind, _)| kind);
            let mut put = |n: usize, lesson: Lesson| lessons[n].1.push((lecture.fold, lesson));
            put(0, Lesson::turn(old, new, kind, lecture.origin));
            put(1, Lesson::sensed(&rules.senses, old, new, kind, lecture.origin));
            if let Some(topic) = found
                .filter(|_| !lecture.is_back)
                .and_then(|(_, label)| Topic::ALL.into_iter().find(|topic| topic.key() == label.topic))
            {
                let units = old.into_iter().chain(new).collect::<Vec<_>>();
                put(2, Lesson::topic(&rules.senses, &units, topic, lecture.origin));
            }
            if let Some([from, to]) = lecture.states(found) {
                let old = promised(couple).map(|n| &*pair.old.placed[n].unit);
                put(3, Lesson::shift(&rules.senses, old, new, "from_", &from));
                put(4, Lesson::shift(&rules.senses, old, new, "to_", &to));
            }
        });
    }
    let fit_all = |is_seen: &dyn Fn(usize) -> bool, table: &mut Table| {
        for (outputs, lessons) in &lessons {
            let seen: Vec<&Lesson> =
                lessons.iter().filter(|(fold, _)| is_seen(*fold)).map(|(_, lesson)| lesson).collect();
            wording::fit(&seen, outputs.clone(), &names, table);
        }
    };
    let mut unseen: Vec<Rules> = Vec::new();
    for fold in 0..FOLDS {
        let mut table = table.clone();
        fit_all(&|of| of != fold, &mut table);
        unseen.push(with(&table));
    }
    fit_all(&|_| true, &mut table);

    let mut kinds: Vec<(Vec<f32>, Option<Kind>, &Lecture<'_>)> = Vec::new();
    let mut states: Vec<(Vec<f32>, [String; 2])> = Vec::new();
    for lecture in &lectures {
        let rules = &unseen[lecture.fold];
        read(rules, lecture, |pair, couple, state_traits| {
            let found = lecture.finding(couple);
            if found.is_none() && !lecture.is_plain(rules, couple) {
                return;
            }
            kinds.push((couple.traits.clone(), found.map(|(kind, _)| kind), lecture));
            if let Some(both) = lecture.states(found) {
                states.push((state_traits(pair, couple), both));
            }
        });
    }
    let forest = |rows: Vec<Row>, count: usize, name: fn(usize) -> String, growth: Growth| {
        let (trees, start) = boost::grow(&rows.iter().collect::<Vec<_>>(), count, growth);
        let trees = trees.iter().map(|tree| tree.write(&|n| name(n as usize))).collect();
        Forest { start: (start * 1000.0).round() as f32 / 1000.0, trees }
    };
    let kind = |kind: Kind| {
        let rows = kinds
            .iter()
            .map(|(traits, found, lecture)| {
                let is_made = lecture.example.source == Source::Written;
                let made = if is_made { MADE } else { 1.0 };
                row(traits, *found == Some(kind), lecture.origin.weight(kind as usize) * made)
            })
            .filter(|row| row.weight > 0.0)
            .collect();
        forest(rows, couple::COUNT, couple::trait_name, KINDS)
    };
    let side = |n: usize| -> BTreeMap<String, Forest> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        states.iter().for_each(|(_, both)| *counts.entry(&both[n]).or_default() += 1);
        counts
            .into_iter()
            .filter(|(key, count)| super::step(key).is_some() && *count >= STATES.least)
            .map(|(key, _)| {
                let rows = states.iter().map(|(traits, both)| row(traits, both[n] == key, 1.0)).collect();
                (key.to_owned(), forest(rows, couple::STATE_COUNT, couple::state_trait_name, STATES))
            })
            .collect()
    };
    let trees = Trees {
        thresholds: THRESHOLDS,
        reversal: kind(Kind::Reversal),
        expansion: kind(Kind::Expansion),
        strengthening: kind(Kind::Strengthening),
        from: side(0),
        to: side(1),
    };
    Learned { table, trees }
}

/// The state without its date.
fn key(state: &str) -> String {
    match state.split_once("_on:") {
        Some((end, _)) => end.to_owned(),
        None => state.to_owned(),
    }
}

fn row(traits: &[f32], is_finding: bool, weight: f32) -> Row {
    let traits = traits.iter().enumerate().filter(|(_, value)| **value != 0.0);
    Row { traits: traits.map(|(n, value)| (n as u32, *value)).collect(), is_finding, weight }
}

/// Every couple of a lecture, with a way to ask for the traits of its states.
fn read(
    rules: &Rules,
    lecture: &Lecture<'_>,
    mut take: impl FnMut(&Pair<'_>, &Couple, &dyn Fn(&Pair<'_>, &Couple) -> Vec<f32>),
) {
    let (before, after) = lecture.texts();
    let pair = Pair::new(rules, before, after);
    let (old, new) = (Page::new(rules, before), Page::new(rules, after));
    let (moves, views) = couple::ladder(rules, &pair);
    let state_traits = |pair: &Pair<'_>, couple: &Couple| {
        couple::state_traits(
            rules,
            [&old, &new],
            [promised(couple), couple.after],
            &pair.changed.fresh,
            &views,
        )
    };
    for couple in couple::couples(rules, &pair, &old, &new, &moves) {
        take(&pair, &couple, &state_traits);
    }
}
