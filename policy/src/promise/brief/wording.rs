//! What words tell, learned from pages written for it: what a sentence claims of encryption, what an exchange of one
//! sentence for another does to people, and which topic both are about. Sums over stems and their neighbours, and over
//! the senses of words.

use super::sense::Senses;
use crate::finding::{Kind, Topic};
use crate::promise::document::{Unit, WordHasher};
use crate::promise::rules::RuleError;
use crate::promise::token;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

/// What one sentence says of the encryption of what people write, store or say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Claim {
    /// For all, without doing anything.
    Default,
    OptIn,
    /// For some people, places or contents only.
    Limited,
    Announced,
    /// A plan is called off.
    Dropped,
    Ended,
    /// The service can read it.
    None,
    /// Nothing of the kind.
    Nothing,
}

impl Claim {
    pub const ALL: [(Claim, &'static str); 8] = [
        (Claim::Default, "default"),
        (Claim::OptIn, "opt_in"),
        (Claim::Limited, "limited"),
        (Claim::Announced, "announced"),
        (Claim::Dropped, "dropped"),
        (Claim::Ended, "ended"),
        (Claim::None, "none"),
        (Claim::Nothing, "nothing"),
    ];

    /// The claim of that name; a date may follow it, as in `ended:2026-05-08`.
    pub fn parse(name: &str) -> Option<Claim> {
        let name = name.split_once(':').map_or(name, |(name, _)| name);
        Self::ALL.iter().find(|(_, key)| *key == name).map(|(claim, _)| *claim)
    }
}

/// How likely each [`Claim`] is, 0 to 1, in their order.
pub type Claims = [f32; Claim::ALL.len()];

/// Log-odds that the exchange is a reversal, an expansion, a strengthening: by its words, then by their senses.
pub type Turn = [f32; TURNS];

/// What the sums are of: turns by words, turns by senses, claims, topics, states before and after, in this order.
const OUTPUTS: usize = STATES + SHIFTS;
const SENSED: usize = 3;
const TURNS: usize = 6;
const CLAIMS: usize = TURNS;
const TOPICS: usize = CLAIMS + Claim::ALL.len();
const STATES: usize = TOPICS + Topic::ALL.len();
/// States that encryption is taken from, then those that it is taken to.
pub(super) const SHIFTS: usize = 12;
const SHIFT_NAMES: [&str; SHIFTS] = [
    "from_default",
    "from_opt_in",
    "from_limited",
    "from_announced",
    "from_ended",
    "from_none",
    "to_default",
    "to_opt_in",
    "to_limited",
    "to_announced",
    "to_ended",
    "to_none",
];

/// Log-odds of each state before and after: see [`shift_name`].
pub(super) type Shift = [f32; SHIFTS];

pub(super) fn shift_name(n: usize) -> &'static str {
    SHIFT_NAMES[n]
}

fn output_name(n: usize) -> &'static str {
    match n {
        0..SENSED => [Kind::Reversal, Kind::Expansion, Kind::Strengthening][n].key(),
        SENSED..CLAIMS => ["sensed_reversal", "sensed_expansion", "sensed_strengthening"][n - SENSED],
        CLAIMS..TOPICS => Claim::ALL[n - CLAIMS].1,
        TOPICS..STATES => Topic::ALL[n - TOPICS].key(),
        _ => SHIFT_NAMES[n - STATES],
    }
}

fn output(name: &str) -> Option<usize> {
    (0..OUTPUTS).find(|n| output_name(*n) == name)
}

/// The fitted numbers: by term, the outputs that it weighs for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    rows: BTreeMap<String, BTreeMap<&'static str, f32>>,
}

/// The row that is no term.
const BIAS: &str = "(bias)";

impl Table {
    /// A line a term: the term and, with tabs between them, `output:number`. `#` begins a comment.
    pub fn write(&self) -> String {
        let mut out = String::new();
        for (term, numbers) in &self.rows {
            out.push_str(term);
            for (output, number) in numbers {
                let _ = write!(out, "\t{output}:{number}");
            }
            out.push('\n');
        }
        out
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// The table made ready to be asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::promise) struct Wording {
    bias: Vec<f32>,
    terms: HashMap<Term, (u32, u32), WordHasher>,
    /// Outputs and their numbers, term by term.
    numbers: Vec<(u8, f32)>,
}

impl Wording {
    pub fn new(table: &Table) -> Wording {
        let mut wording = Wording { bias: vec![0.0; OUTPUTS], ..Wording::default() };
        for (name, numbers) in &table.rows {
            wording.add(name, numbers.iter().filter_map(|(name, number)| Some((output(name)?, *number))));
        }
        wording
    }

    fn add(&mut self, name: &str, numbers: impl Iterator<Item = (usize, f32)>) {
        if name == BIAS {
            numbers.for_each(|(n, number)| self.bias[n] = number);
            return;
        }
        let from = self.numbers.len() as u32;
        self.numbers.extend(numbers.map(|(n, number)| (n as u8, number)));
        self.terms.insert(term_of(name), (from, self.numbers.len() as u32));
    }

    /// What [`Table::write`] wrote.
    pub fn parse(file: &str, text: &str) -> Result<Wording, RuleError> {
        let mut wording = Wording { bias: vec![0.0; OUTPUTS], ..Wording::default() };
        wording.terms.reserve(text.len() / 40);
        for (n, line) in
            text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        {
            let mut parts = line.split('\t');
            let name = parts.next().unwrap_or_default();
            let numbers: Option<Vec<(usize, f32)>> = parts
                .map(|part| {
                    let (name, number) = part.split_once(':')?;
                    Some((output(name)?, number.parse().ok()?))
                })
                .collect();
            let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else {
                return Err(RuleError::Fault {
                    file: file.to_owned(),
                    field: format!("line {}", n + 1),
                    fault: format!("`{line}` is no row"),
                    remedy: "write a term and, with tabs between them, what it weighs for: `reversal:0.2`"
                        .into(),
                });
            };
            wording.add(name, numbers.into_iter());
        }
        Ok(wording)
    }

    /// Whether anything was learned.
    pub fn is_known(&self) -> bool {
        !self.terms.is_empty()
    }

    fn sums<const N: usize>(&self, first: usize, terms: &[(Term, f32)]) -> [f32; N] {
        let mut sums = [0.0; N];
        sums.copy_from_slice(&self.bias[first..first + N]);
        for (term, value) in terms {
            let Some((from, to)) = self.terms.get(term) else { continue };
            for (n, number) in &self.numbers[*from as usize..*to as usize] {
                if let Some(sum) = usize::from(*n).checked_sub(first).and_then(|n| sums.get_mut(n)) {
                    *sum += number * value;
                }
            }
        }
        sums
    }

    pub fn claims(&self, senses: &Senses, unit: &Unit) -> Claims {
        self.sums(CLAIMS, &plain(senses, &[unit])).map(|odds: f32| 1.0 / (1.0 + (-odds).exp()))
    }

    pub fn turn(&self, senses: &Senses, old: Option<&Unit>, new: Option<&Unit>) -> Turn {
        let words = self.sums::<SENSED>(0, &exchanged(old, new));
        let sensed = self.sums::<{ TURNS - SENSED }>(SENSED, &sensed(senses, old, new));
        let mut turn = [0.0; TURNS];
        turn.iter_mut()
            .zip(words.iter().chain(&sensed))
            .for_each(|(turn, odds)| *turn = odds.clamp(-6.0, 6.0));
        turn
    }

    /// How far encryption was promised and is, by what the loss of one sentence for another says of it.
    pub fn shift(&self, senses: &Senses, old: Option<&Unit>, new: Option<&Unit>) -> Shift {
        self.sums::<SHIFTS>(STATES, &shifted(senses, old, new)).map(|odds| odds.clamp(-6.0, 6.0))
    }

    /// Log-odds that sentences are about the topic, if they are about any.
    pub fn about(&self, senses: &Senses, units: &[&Unit], topic: Topic) -> f32 {
        let [odds] = self.sums::<1>(TOPICS + topic as usize, &plain(senses, units));
        odds.clamp(-6.0, 6.0)
    }
}

/// A term's number.
pub(super) type Term = u64;

/// What a term of an exchange tells of its stems.
#[derive(Debug, Clone, Copy)]
enum Side {
    /// `-never`: in the old sentence alone.
    Taken,
    /// `+may`: in the new one alone.
    Put,
    /// `=data`: in both.
    Both,
    /// `~may`: as `+`, and with the sign turned as `-`.
    Moved,
}

impl Side {
    const ALL: [(Side, char); 4] =
        [(Side::Taken, '-'), (Side::Put, '+'), (Side::Both, '='), (Side::Moved, '~')];

    fn of(self, term: Term) -> Term {
        (term ^ (self as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)).rotate_left(17)
    }
}

const EDGES: [&str; 2] = ["^", "$"];

/// Neither the old nor the new sentence is there.
const NEW: &str = "(new)";
const GONE: &str = "(gone)";

/// The number of up to three stems in a row.
pub(super) fn row(stems: &[u32]) -> Term {
    stems.iter().fold(stems.len() as u64, |term, stem| {
        (term.rotate_left(21) ^ u64::from(*stem)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

/// The term of that name.
pub(super) fn term_of(name: &str) -> Term {
    let side = Side::ALL.iter().find(|(_, sign)| name.starts_with(*sign) && name.len() > 1);
    let stems = side.map_or(name, |_| &name[1..]);
    let numbers: Vec<u32> = stems.split(' ').map(token::hash).collect();
    side.map_or(row(&numbers), |(side, _)| side.of(row(&numbers)))
}

/// The stems of a sentence's own words, with `^` before and `$` after them.
fn stems(unit: &Unit) -> Vec<u32> {
    let own = unit.own_words().map(|word| word.stem);
    std::iter::once(token::hash(EDGES[0])).chain(own).chain([token::hash(EDGES[1])]).collect()
}

fn grams(unit: &Unit, longest: usize) -> HashSet<Term, WordHasher> {
    let stems = stems(unit);
    let mut terms: HashSet<Term, WordHasher> = HashSet::default();
    for length in 1..=longest {
        terms.extend(stems.windows(length).map(row));
    }
    terms
}

/// Stems, pairs and threes of all the sentences and their senses, each once, in a fixed order.
fn plain(senses: &Senses, units: &[&Unit]) -> Vec<(Term, f32)> {
    let own = |unit: &&Unit| grams(unit, 3).into_iter().chain(senses.terms(unit));
    let mut terms: Vec<(Term, f32)> = units.iter().flat_map(own).map(|term| (term, 1.0)).collect();
    terms.sort_unstable_by_key(|(term, _)| *term);
    terms.dedup_by_key(|(term, _)| *term);
    terms
}

/// Stems and pairs that the exchange took, put and kept.
fn exchanged(old: Option<&Unit>, new: Option<&Unit>) -> Vec<(Term, f32)> {
    let of = |unit: Option<&Unit>| unit.map(|unit| grams(unit, 2)).unwrap_or_default();
    sides(&of(old), &of(new), [old.is_none(), new.is_none()])
}

/// The same for senses.
fn sensed(senses: &Senses, old: Option<&Unit>, new: Option<&Unit>) -> Vec<(Term, f32)> {
    let of = |unit: Option<&Unit>| unit.map(|unit| senses.terms(unit)).unwrap_or_default();
    sides(&of(old), &of(new), [old.is_none(), new.is_none()])
}

/// Both together.
fn shifted(senses: &Senses, old: Option<&Unit>, new: Option<&Unit>) -> Vec<(Term, f32)> {
    let mut terms = exchanged(old, new);
    // Which sentence is not there, the words have told.
    terms.extend(
        sensed(senses, old, new).into_iter().filter(|(term, _)| ![NEW, GONE].map(term_of).contains(term)),
    );
    terms
}

/// What is in the one, the other, or both, and which of both sentences is not there.
fn sides(
    a: &HashSet<Term, WordHasher>,
    b: &HashSet<Term, WordHasher>,
    [is_new, is_gone]: [bool; 2],
) -> Vec<(Term, f32)> {
    let mut terms: Vec<(Term, f32)> = Vec::with_capacity(2 * (a.len() + b.len()));
    for term in a {
        if b.contains(term) {
            terms.push((Side::Both.of(*term), 0.5));
        } else {
            terms.push((Side::Taken.of(*term), 1.0));
            terms.push((Side::Moved.of(*term), -1.0));
        }
    }
    for term in b.difference(a) {
        terms.push((Side::Put.of(*term), 1.0));
        terms.push((Side::Moved.of(*term), 1.0));
    }
    if is_new {
        terms.push((row(&[token::hash(NEW)]), 1.0));
    }
    if is_gone {
        terms.push((row(&[token::hash(GONE)]), 1.0));
    }
    terms.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    terms
}

/// The names of terms, for the table: see [`term_of`].
#[derive(Default)]
pub(super) struct Names(HashMap<Term, String>);

impl Names {
    pub fn add(&mut self, senses: &Senses, unit: &Unit) {
        let own = (unit.lead_words..unit.tokens.words.len()).map(|n| unit.tokens.stem(n));
        let stems: Vec<&str> = std::iter::once(EDGES[0]).chain(own).chain([EDGES[1]]).collect();
        for length in 1..=3 {
            for stems in stems.windows(length) {
                let name = stems.join(" ");
                let term = term_of(&name);
                for (side, sign) in Side::ALL.iter().filter(|_| length < 3) {
                    self.0.entry(side.of(term)).or_insert_with(|| format!("{sign}{name}"));
                }
                self.0.entry(term).or_insert(name);
            }
        }
        for name in senses.term_names(unit) {
            let term = term_of(&name);
            if self.0.contains_key(&term) {
                continue;
            }
            for (side, sign) in Side::ALL {
                self.0.insert(side.of(term), format!("{sign}{name}"));
            }
            self.0.insert(term, name);
        }
    }

    fn get(&self, term: Term) -> &str {
        match self.0.get(&term) {
            Some(name) => name,
            None if term == term_of(NEW) => NEW,
            None => GONE,
        }
    }
}

/// One thing to learn from: terms, and which of the outputs that were asked for hold.
pub(super) struct Lesson {
    terms: Vec<(Term, f32)>,
    holds: Option<usize>,
    origin: Origin,
}

/// Where a lesson comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A page written to learn from.
    Written,
    /// A real text that careful readers labelled: it weighs less and brings no terms of its own.
    Labelled,
    /// The same, but nobody looked for gains in it.
    Read,
}

impl Origin {
    pub fn is_real(self) -> bool {
        self != Origin::Written
    }

    /// What it counts for findings of that kind.
    pub fn weight(self, kind: usize) -> f32 {
        match self {
            Origin::Written => 1.0,
            Origin::Read if kind == Kind::Strengthening as usize => 0.0,
            Origin::Labelled | Origin::Read => REAL,
        }
    }
}

impl Lesson {
    pub fn claim(senses: &Senses, unit: &Unit, claim: Claim) -> Lesson {
        Lesson {
            terms: plain(senses, &[unit]),
            holds: Some(CLAIMS + claim as usize),
            origin: Origin::Written,
        }
    }

    pub fn topic(senses: &Senses, units: &[&Unit], topic: Topic, origin: Origin) -> Lesson {
        Lesson { terms: plain(senses, units), holds: Some(TOPICS + topic as usize), origin }
    }

    pub fn turn(old: Option<&Unit>, new: Option<&Unit>, kind: Option<Kind>, origin: Origin) -> Lesson {
        Lesson { terms: exchanged(old, new), holds: kind.map(|kind| kind as usize), origin }
    }

    /// By [`SHIFT_NAMES`] without their beginning; `None`: a state of another kind.
    pub fn shift(
        senses: &Senses,
        old: Option<&Unit>,
        new: Option<&Unit>,
        side: &'static str,
        state: &str,
    ) -> Lesson {
        let name = format!("{side}{state}");
        let holds = SHIFT_NAMES.iter().position(|known| *known == name).map(|n| STATES + n);
        Lesson { terms: shifted(senses, old, new), holds, origin: Origin::Written }
    }

    pub fn sensed(
        senses: &Senses,
        old: Option<&Unit>,
        new: Option<&Unit>,
        kind: Option<Kind>,
        origin: Origin,
    ) -> Lesson {
        Lesson { terms: sensed(senses, old, new), holds: kind.map(|kind| SENSED + kind as usize), origin }
    }
}

/// What a lesson from a real text counts.
const REAL: f32 = 0.35;
/// A term met in fewer lessons is left out.
const LEAST: usize = 2;

/// Logistic regressions of outputs of one sort, one against the others. The same lessons give the same numbers.
pub(super) fn fit(
    lessons: &[&Lesson],
    Outputs { range: outputs, penalty, told }: Outputs,
    names: &Names,
    table: &mut Table,
) {
    use crate::promise::fit::{Row, fit};
    let mut seen: BTreeMap<Term, usize> = BTreeMap::new();
    lessons
        .iter()
        .filter(|lesson| !lesson.origin.is_real())
        .flat_map(|lesson| &lesson.terms)
        .for_each(|(term, _)| *seen.entry(*term).or_default() += 1);
    seen.retain(|_, count| *count >= LEAST);
    let numbers: HashMap<Term, u32> = seen.keys().enumerate().map(|(n, term)| (*term, n as u32)).collect();
    let mut rows: Vec<Row> = lessons
        .iter()
        .map(|lesson| {
            let known = lesson.terms.iter().filter_map(|(term, value)| Some((*numbers.get(term)?, *value)));
            Row { traits: known.collect(), is_finding: false, weight: 1.0 }
        })
        .collect();
    for n in outputs {
        for (row, lesson) in rows.iter_mut().zip(lessons) {
            row.is_finding = lesson.holds == Some(n);
            row.weight = lesson.origin.weight(if (SENSED..CLAIMS).contains(&n) { n - SENSED } else { n });
        }
        let (weights, bias) = fit(&rows.iter().collect::<Vec<_>>(), numbers.len(), penalty);
        let mut put = |name: &str, number: f64| {
            let number = ((number * 100.0).round() / 100.0) as f32;
            table.rows.entry(name.to_owned()).or_default().insert(output_name(n), number);
        };
        put(BIAS, bias);
        for (term, number) in seen.keys().zip(&weights).filter(|(_, number)| number.abs() >= told) {
            put(names.get(*term), *number);
        }
    }
}

/// What a regression is asked for, how small its numbers are held (L2), and nearer to nothing than what a number is left
/// out of the table.
#[derive(Debug, Clone)]
pub(super) struct Outputs {
    range: std::ops::Range<usize>,
    penalty: f64,
    told: f64,
}

pub(super) const TURN_OUTPUTS: Outputs = Outputs { range: 0..SENSED, penalty: 2.0, told: 0.1 };
pub(super) const SENSED_OUTPUTS: Outputs = Outputs { range: SENSED..TURNS, penalty: 10.0, told: 0.1 };
pub(super) const CLAIM_OUTPUTS: Outputs = Outputs { range: CLAIMS..TOPICS, penalty: 4.0, told: 0.05 };
pub(super) const TOPIC_OUTPUTS: Outputs = Outputs { range: TOPICS..STATES, penalty: 4.0, told: 0.1 };
pub(super) const FROM_OUTPUTS: Outputs =
    Outputs { range: STATES..STATES + SHIFTS / 2, penalty: 3.0, told: 0.05 };
pub(super) const TO_OUTPUTS: Outputs =
    Outputs { range: STATES + SHIFTS / 2..OUTPUTS, penalty: 3.0, told: 0.05 };
