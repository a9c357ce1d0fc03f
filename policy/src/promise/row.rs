//! Rows of a table, read cell by cell beside the names of their columns: what was answered to "Do we sell it?".

use super::answer::{self, Question};
use super::clause;
use super::difference::{self, Weaker};
use super::document::{Hit, Unit};
use super::features::Pair;
use super::number::Quantity;
use super::rules::{Grammar, Rules, Slot};
use super::token::Tokens;
use super::told;
use crate::finding::Topic;
use crate::statement::{BORDER, Role};
use std::ops::Range;

/// More words than this in a cell are no short answer ("Consent", "With your explicit consent").
const ANSWER: usize = 4;

/// How a row answers worse than it did, and what that is about.
pub(super) fn broken(rules: &Rules, old: &Unit, new: &Unit) -> Option<(Weaker, Option<Topic>)> {
    let (old, new) = (Row::of(rules, old)?, Row::of(rules, new)?);
    let is_same_table = old.unit.lead_in == new.unit.lead_in && old.cells.len() == new.cells.len();
    if !is_same_table || !old.is_about_the_same(&new) {
        return None;
    }
    let changed = || (1..old.cells.len()).filter(|n| old.words(*n) != new.words(*n));
    // Answered better in another column, the row is for readers to weigh.
    if changed().any(|n| new.worse(&old, n).is_some()) {
        return None;
    }
    changed().find_map(|n| {
        let way = old.worse(&new, n)?;
        let kept = (way == Weaker::LimitLonger).then_some(Topic::Retention);
        Some((way, kept.or_else(|| old.topic(n))))
    })
}

/// The row of the new text that answers worse what a row of the old one answered, how, and what that is about.
pub(super) fn answered(pair: &Pair<'_>, old: &Unit) -> Option<(usize, Weaker, Option<Topic>)> {
    if old.role != Role::Cell || !told::is_small(pair) {
        return None;
    }
    pair.changed.fresh.iter().find_map(|n| {
        let (way, topic) = broken(pair.rules, old, &pair.new.placed[*n].unit)?;
        Some((*n, way, topic))
    })
}

/// A row whose cells stand in a statement of their own, under the names of as many columns.
struct Row<'a> {
    rules: &'a Rules,
    unit: &'a Unit,
    /// Which words of the statement are each column's name, and each cell.
    heads: Vec<Range<usize>>,
    cells: Vec<Range<usize>>,
}

impl<'a> Row<'a> {
    fn of(rules: &'a Rules, unit: &'a Unit) -> Option<Self> {
        let lead_in = unit.lead_in.as_deref().filter(|_| unit.role == Role::Cell)?;
        let heads = parts(lead_in, 0);
        let cells = parts(&unit.text, unit.lead_words);
        let fits = heads.len() == cells.len()
            && cells.len() > 1
            && heads.last()?.end == unit.lead_words
            && cells.last()?.end == unit.tokens.words.len();
        fits.then_some(Self { rules, unit, heads, cells })
    }

    fn words(&self, n: usize) -> Vec<&str> {
        self.cells[n].clone().map(|word| self.unit.tokens.word(word)).collect()
    }

    /// The first cells name the same, give or take a word.
    fn is_about_the_same(&self, other: &Self) -> bool {
        let (mine, others) = (self.words(0), other.words(0));
        let shared = mine.iter().filter(|word| others.contains(word)).count();
        3 * shared >= 2 * mine.len().max(others.len())
    }

    /// How `new` answers column `n` worse for people.
    fn worse(&self, new: &Self, n: usize) -> Option<Weaker> {
        let asked = self.asks(&self.heads[n]).or_else(|| self.asks(&self.cells[0]));
        let denied = (self.denies(n), new.denies(n));
        match (asked, denied) {
            (Some(Question::Practice), (true, false)) => return Some(Weaker::NegationLifted),
            (Some(Question::Protection), (false, true)) => return Some(Weaker::ProtectionLost),
            _ => {}
        }
        if let (Some(from), Some(to)) = (self.hours(n), new.hours(n))
            && self.is_kept_for()
            && difference::is_longer(to, from)
        {
            return Some(Weaker::LimitLonger);
        }
        let consents = self.touches(&self.cells[n], Grammar::Consent)
            && !self.touches(&self.cells[n], Grammar::OptOutNow)
            && self.cells[n].len() <= ANSWER;
        if consents && !new.denies(n) && new.asks_less(n) {
            return Some(Weaker::ConsentLost);
        }
        let opened = self.cells[n]
            .clone()
            .zip(new.cells[n].clone())
            .find_map(|(from, to)| super::word::opens(self.unit.tokens.word(from), new.unit.tokens.word(to)));
        (opened == Some(true) && self.is_of_people() && asked != Some(Question::Protection))
            .then_some(Weaker::DefaultLost)
    }

    /// "Consent" became something else, or one of several grounds.
    fn asks_less(&self, n: usize) -> bool {
        let words = self.words(n);
        let joins = words.iter().position(|word| super::word::joins(word));
        !self.touches(&self.cells[n], Grammar::Consent) || joins.is_some_and(|at| at + 1 < words.len())
    }

    /// The one span of time that a cell gives.
    fn hours(&self, n: usize) -> Option<u32> {
        let places = self.unit.quantities_at.iter().zip(&self.unit.quantities);
        let mut within = places.filter(|(at, _)| self.cells[n].contains(&at.start)).map(|(_, given)| *given);
        match (within.next(), within.next()) {
            (Some(Quantity::Hours(hours)), None) => Some(hours),
            _ => None,
        }
    }

    /// The table tells how long data are kept.
    fn is_kept_for(&self) -> bool {
        let keeps = ["retain", "delete", "log"];
        self.hits(&(0..self.unit.lead_words)).any(|hit| {
            hit.cue.slot == Slot::Verb && keeps.contains(&&*self.rules.verbs[hit.cue.id as usize].name)
        })
    }

    fn denies(&self, n: usize) -> bool {
        let first = self.cells[n].start;
        self.hits(&(first..first + 1)).any(|hit| clause::grammar(hit, Grammar::Negation))
    }

    /// What the name of a column asks, or the first cell.
    fn asks(&self, range: &Range<usize>) -> Option<Question> {
        // "Can you turn it off?"
        let is_choice = self.touches(range, Grammar::You).then_some(Question::Protection);
        is_choice.or_else(|| answer::asks(self.rules, self.hits(range)))
    }

    /// The row is about people's data, or what is done with them.
    fn is_of_people(&self) -> bool {
        self.hits(&self.cells[0])
            .any(|hit| matches!(hit.cue.slot, Slot::Data | Slot::Verb | Slot::Recipient | Slot::Topic))
    }

    fn touches(&self, range: &Range<usize>, cue: Grammar) -> bool {
        self.hits(range).any(|hit| clause::grammar(hit, cue))
    }

    fn hits(&self, range: &Range<usize>) -> impl Iterator<Item = &Hit> + Clone {
        let range = range.clone();
        self.unit.hits.iter().filter(move |hit| range.contains(&usize::from(hit.from)))
    }

    /// What the column asks of what the first cell names.
    fn topic(&self, n: usize) -> Option<Topic> {
        let hits = |range: &Range<usize>| self.hits(range).copied().collect::<Vec<_>>();
        let (head, label) = (hits(&self.heads[n]), hits(&self.cells[0]));
        super::judge::topic_by_cues(self.rules, &[head.clone(), label].concat())
            .or_else(|| super::judge::topic_by_cues(self.rules, &head))
    }
}

/// Which words each part between borders has, the first of them being number `start`.
fn parts(text: &str, start: usize) -> Vec<Range<usize>> {
    let mut end = start;
    let mut part = |part| {
        let from = end;
        end += Tokens::of(part).words.len();
        from..end
    };
    text.split(BORDER).map(&mut part).collect()
}
