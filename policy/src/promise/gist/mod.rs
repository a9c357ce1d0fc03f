//! What a statement comes to, read in the order of its words: how much is at stake in it, and how likely a careful reader
//! lists it where it is lost or new. A sum over words, as [`super::stake`] has it, cannot tell "we share what you allow" from
//! "you allow what we share".
//!
//! - `lesson`: the statements that the network is fitted to
//! - `net`, `matrix`: the network
//! - `table`: its numbers as a file

pub mod lesson;
mod matrix;
pub mod net;
mod table;

use super::document::{Unit, WordHasher};
use super::rules::{Grammar, Slot};
use super::stake::Stake;
use super::token;
use crate::statement::Role;
use net::{Lesson, Net, TOLD, WIDTH};
use std::collections::{BTreeMap, HashMap};

/// What a statement comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gist {
    pub stake: Stake,
    /// The odds, as a logarithm, that readers list it as a reversal where nothing like it is left.
    pub lost: f32,
    /// The same as an expansion, where nothing like it was there before.
    pub new: f32,
}

impl Gist {
    /// Of a statement that is not there.
    pub const NOTHING: Gist = Gist { stake: Stake { protects: 0.0, permits: 0.0 }, lost: RARE, new: RARE };

    /// What the network is to tell: all of about one size, so that each is learned.
    fn goal(self) -> [f32; TOLD] {
        let odds = |odds: f32| (odds - RARE) / SPAN;
        [self.stake.protects / 3.0, self.stake.permits / 3.0, odds(self.lost), odds(self.new)]
    }

    fn told([protects, permits, lost, new]: [f32; TOLD]) -> Gist {
        let odds = |told: f32| told * SPAN + RARE;
        let stake = Stake { protects: protects * 3.0, permits: permits * 3.0 };
        Gist { stake, lost: odds(lost), new: odds(new) }
    }
}

/// The odds of what hardly ever is listed, and how far the others are spread.
const RARE: f32 = -4.0;
const SPAN: f32 = 4.0;

/// Words that a statement has at least, and at most.
const WORDS: std::ops::RangeInclusive<usize> = 3..=200;

/// Whether a statement is one that the judge looks at.
fn is_read(unit: &Unit) -> bool {
    unit.role != Role::Heading && WORDS.contains(&unit.own_words().len())
}

/// Stands where punctuation parts two words.
const BREAK: &str = ",";
/// Rows of words that are met too seldom, by their last three letters.
const ENDINGS: u32 = 300;
const ENDING: usize = 3;

/// The words that have a row, and the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Gists {
    /// In the order of their rows, which follow those of the endings.
    words: Vec<String>,
    rows: HashMap<u32, u32, WordHasher>,
    net: Net,
    /// Tells gists of one network from those of another.
    id: u64,
}

impl Gists {
    fn new(words: Vec<String>, net: Net, id: u64) -> Gists {
        let rows = words.iter().zip(ENDINGS..).map(|(word, row)| (token::hash(word), row)).collect();
        Gists { words, rows, net, id }
    }

    /// `None` where it has too few words that the network knows: in another language, say.
    pub fn of(&self, unit: &Unit) -> Option<Gist> {
        let known = *unit.gist.get_or_init(|| (self.id, self.read(unit)));
        if known.0 == self.id { known.1 } else { self.read(unit) }
    }

    fn read(&self, unit: &Unit) -> Option<Gist> {
        let words = &unit.tokens.words;
        if words.iter().filter(|word| self.rows.contains_key(&word.hash)).count() * 2 < words.len() {
            return None;
        }
        let first = if is_turned(unit) { 0 } else { unit.lead_words };
        let rows: Vec<u32> = spelled(unit, first).map(|(hash, word)| row(&self.rows, hash, word)).collect();
        Some(Gist::told(self.net.told(&rows)))
    }
}

/// Whether its lead-in turns what it says round: "We do not:" is half of what its items say, "Only as follows:" is not.
fn is_turned(unit: &Unit) -> bool {
    let lead_in = unit.mask(Slot::Grammar) & !unit.own_masks[Slot::Grammar as usize];
    let has = |cue: Grammar| lead_in & cue.bit() != 0;
    (has(Grammar::Negation) || has(Grammar::NoLonger)) && !has(Grammar::Exception) && !has(Grammar::Only)
}

/// Its words with their numbers, from the `first` on, a [`BREAK`] where punctuation parts two.
fn spelled(unit: &Unit, first: usize) -> impl Iterator<Item = (u32, &str)> {
    (first..unit.tokens.words.len()).flat_map(move |n| {
        let word = unit.tokens.words[n];
        let parted = (word.after_break && n > first).then(|| (token::hash(BREAK), BREAK));
        parted.into_iter().chain([(word.hash, unit.tokens.word(n))])
    })
}

fn row(rows: &HashMap<u32, u32, WordHasher>, hash: u32, word: &str) -> u32 {
    rows.get(&hash).copied().unwrap_or_else(|| {
        let from = word.char_indices().rev().nth(ENDING - 1).map_or(0, |(at, _)| at);
        token::hash(&word[from..]) % ENDINGS
    })
}

/// A word met in fewer statements has no row of its own.
const LEAST: usize = 6;
/// So many words have one at most.
const MOST: usize = 10_000;

/// The words that are to have a row: the commonest first.
pub fn vocabulary(statements: &lesson::Statements) -> Vec<String> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for statement in statements.iter() {
        let mut own: Vec<&str> = statement.words.split(' ').collect();
        own.sort_unstable();
        own.dedup();
        own.into_iter().for_each(|word| *seen.entry(word).or_default() += 1);
    }
    let mut words: Vec<(usize, &str)> =
        seen.into_iter().filter(|(_, count)| *count >= LEAST).map(|(word, count)| (count, word)).collect();
    words.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    words.into_iter().take(MOST).map(|(_, word)| word.to_owned()).collect()
}

/// Fits a network to the guesses of statements, by mark, and to what readers marked. `half`: those of one half of the
/// services alone. `start`: what words begin with, see [`net::Start`].
pub fn fit(
    words: &[String],
    start: &BTreeMap<String, [f32; WIDTH]>,
    statements: &lesson::Statements,
    guesses: &BTreeMap<String, Gist>,
    half: Option<usize>,
    fitting: net::Fitting,
) -> Gists {
    let rows: HashMap<u32, u32, WordHasher> =
        words.iter().zip(ENDINGS..).map(|(word, row)| (token::hash(word), row)).collect();
    let mut lessons = Vec::new();
    for statement in statements.iter().filter(|s| half.is_none_or(|half| s.half == half)) {
        let words: Vec<u32> =
            statement.words.split(' ').map(|word| row(&rows, token::hash(word), word)).collect();
        if let Some([protects, permits]) = statement.marks {
            let goal = Gist { stake: Stake { protects, permits }, ..Gist::NOTHING }.goal();
            lessons.push(Lesson { words: words.clone(), goal, weight: [1.0, 1.0, 0.0, 0.0] });
        }
        if let Some(guess) = guesses.get(&statement.mark) {
            lessons.push(Lesson { words, goal: guess.goal(), weight: [1.0; TOLD] });
        }
    }
    let endings = std::iter::repeat_n(None, ENDINGS as usize);
    let start: Vec<net::Start> = endings.chain(words.iter().map(|word| start.get(word).copied())).collect();
    let net = net::fit(&start, &lessons, fitting);
    // What is read back is what is judged with.
    let text = Gists::new(words.to_vec(), net, 0).write();
    Gists::parse("gists.tsv", &text).unwrap_or_else(|error| panic!("a table just written: {error}"))
}

/// How well a network tells what readers said of statements of one half of the services.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Pearson's correlation with the marks: protects, permits.
    pub marks: [f64; 2],
    /// Average precision of what was listed where it was lost, where it was new.
    pub listed: [f64; 2],
}

impl Agreement {
    pub fn of(gists: &Gists, statements: &lesson::Statements, half: usize) -> Agreement {
        let mut marks: [Vec<(f64, f64)>; 2] = Default::default();
        let mut listed: [Vec<(f64, bool)>; 2] = Default::default();
        for statement in statements.iter().filter(|statement| statement.half == half) {
            let rows = |word| row(&gists.rows, token::hash(word), word);
            let rows: Vec<u32> = statement.words.split(' ').map(rows).collect();
            let gist = Gist::told(gists.net.told(&rows));
            if let Some([protects, permits]) = statement.marks {
                marks[0].push((gist.stake.protects.into(), protects.into()));
                marks[1].push((gist.stake.permits.into(), permits.into()));
            }
            for (n, (said, guess)) in
                [(statement.lost, gist.lost), (statement.new, gist.new)].into_iter().enumerate()
            {
                if said.weight > 0.0 {
                    listed[n].push((guess.into(), said.chance >= super::train::LIKELY));
                }
            }
        }
        Agreement {
            marks: marks.map(|both| super::score::correlation(&both)),
            listed: listed.map(super::score::average_precision),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promise::{Document, Rules};
    use lesson::{Statements, half};

    /// Statements that differ in nothing but who allows and who shares, each with its guess.
    fn statements(rules: &Rules) -> (Statements, BTreeMap<String, Gist>) {
        let things = [
            "messages", "photos", "names", "calls", "contacts", "files", "letters", "places", "searches",
            "votes", "orders", "voices", "faces", "steps", "meals", "rides",
        ];
        let (mut all, mut guesses) = (Statements::default(), BTreeMap::new());
        for (n, first) in things.iter().enumerate() {
            for second in things.iter().filter(|second| *second != first) {
                let turned = [
                    (format!("We share {first} where you allow {second}."), 2.4, 0.0),
                    (format!("You allow {first} where we share {second}."), 0.0, 2.4),
                ];
                for (text, protects, permits) in turned {
                    all.add(&format!("Service {n}"), &Document::read(rules, &text));
                    let stake = Stake { protects, permits };
                    let gist = Gist { stake, lost: protects - 4.0, new: permits - 4.0 };
                    guesses.insert(crate::promise::reading::mark(&text), gist);
                }
            }
        }
        (all, guesses)
    }

    #[test]
    fn the_order_of_words_is_told_and_the_table_survives_being_written() {
        let rules = Rules::builtin();
        let (statements, guesses) = statements(&rules);
        assert_eq!(statements.iter().count(), 480);
        let words = vocabulary(&statements);
        assert!(words.contains(&"share".to_owned()) && !words.contains(&"sell".to_owned()), "{words:?}");
        let gists =
            fit(&words, &BTreeMap::new(), &statements, &guesses, None, net::Fitting { rounds: 12, seed: 1 });
        let of = |text: &str| gists.of(&Document::read(&rules, text).placed[0].unit);
        let (careful, careless) = (
            of("We share your votes where you allow it.").unwrap(),
            of("You allow your votes where we share it.").unwrap(),
        );
        assert!(careful.stake.protects > careless.stake.protects + 1.0, "{careful:?} {careless:?}");
        assert!(careless.stake.permits > careful.stake.permits + 1.0, "{careful:?} {careless:?}");
        assert!(
            careful.lost > careless.lost + 1.0 && careless.new > careful.new + 1.0,
            "{careful:?} {careless:?}"
        );
        assert_eq!(of("Wir verkaufen Ihre Daten nicht."), None, "hardly a word is known");

        let text = gists.write();
        let again = Gists::parse("gists.tsv", &text).unwrap();
        let document = Document::read(&rules, "We share your votes where you allow it.");
        let read = again.of(&document.placed[0].unit).unwrap();
        assert!((read.stake.protects - careful.stake.protects).abs() < 0.1, "{read:?} {careful:?}");
        assert!(again.words == gists.words);
        let cut = text.rsplit_once("(out bias)").unwrap().0;
        let error = Gists::parse("gists.tsv", cut).unwrap_err().to_string();
        assert!(error.contains("gists.tsv") && error.contains("no whole network"), "{error}");
        let error = Gists::parse("gists.tsv", "we\t0.1\t5 600\n").unwrap_err().to_string();
        assert!(error.contains("line 1") && error.contains("whole numbers"), "{error}");
    }

    #[test]
    fn a_gist_is_read_anew_for_another_network() {
        let rules = Rules::builtin();
        let (statements, guesses) = statements(&rules);
        let words = vocabulary(&statements);
        let [one, other] = [0, 1].map(|side| {
            fit(
                &words,
                &BTreeMap::new(),
                &statements,
                &guesses,
                Some(side),
                net::Fitting { rounds: 1, seed: 1 },
            )
        });
        let document = Document::read(&rules, "We share your votes where you allow it.");
        let unit = &document.placed[0].unit;
        let first = one.of(unit);
        assert_ne!(first, other.of(unit));
        assert_eq!(first, one.of(unit));
        assert_ne!(half("Service 0"), half("Service 1"), "both halves are tried");
    }

    #[test]
    fn an_item_is_read_with_a_lead_in_that_denies_and_with_no_other() {
        let rules = Rules::builtin();
        let (statements, guesses) = statements(&rules);
        let words = vocabulary(&statements);
        let fitting = net::Fitting { rounds: 1, seed: 1 };
        let gists = fit(&words, &BTreeMap::new(), &statements, &guesses, None, fitting);
        let item = |lead_in: &str| {
            let document =
                Document::read(&rules, &format!("{lead_in}\n\n*   photos where you allow messages\n"));
            let unit = &document.placed.last().unwrap().unit;
            assert_eq!(unit.lead_in.as_deref(), Some(lead_in), "it hangs under its lead-in");
            gists.of(unit).unwrap()
        };
        let plain = item("We share:");
        assert_ne!(item("We never share:"), plain);
        for other in ["We allow:", "We share only:", "We never share votes, except:"] {
            assert_eq!(item(other), plain, "{other}");
        }
    }

    #[test]
    fn what_is_told_of_a_goal_is_the_goal() {
        let gist = Gist { stake: Stake { protects: 1.5, permits: 0.75 }, lost: -2.0, new: 1.0 };
        assert_eq!(Gist::told(gist.goal()), gist);
    }
}
