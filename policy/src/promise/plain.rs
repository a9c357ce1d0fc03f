//! Edits of one sentence that leave one reading: "not" taken away, an exception put in, a limit made longer.
//!
//! What a word does depends on where it stands: "or brokers" put into a denial denies more, put behind "with your
//! consent" asks for less. So each place where the sentence was edited is read by itself, and every one of them has to
//! break the promise or say nothing.

use super::clause::{self, Part, Promise};
use super::difference::{self, Weaker, is_permissive, is_protective};
use super::document::{Hit, Unit};
use super::edit::Edit;
use super::number::Quantity;
use super::row;
use super::rules::{Encryption, Grammar, Rules, Slot};
use super::word::{is_every, is_nobody, is_part, is_whole, joins, opens};
use crate::finding::Topic;
use std::ops::Range;

/// More words than this, taken out and put in, and the sentence is another one.
const MOST: usize = 14;
/// More words than this around a "not" are a statement of their own.
const LIFTED: usize = 6;
/// More words than this put into a denial at one place say something beside it.
const ASIDE: usize = 7;

/// How an edit broke the promise of a sentence, where it can only be read one way.
pub(super) fn broken(rules: &Rules, old: &Unit, new: &Unit, edit: &Edit) -> Option<Weaker> {
    if let Some((way, _)) = row::broken(rules, old, new) {
        return Some(way);
    }
    if edit.removed.len() + edit.added.len() > MOST
        || edit.share >= 0.6
        || !is_bound(rules, old)
        || [old, new].iter().any(|unit| is_nobodys(unit))
        || [(old, new), (new, old)].iter().any(|(a, b)| own(a, Grammar::Only) && names_nobody(b))
    {
        return None;
    }
    let places = || edit.hunks.iter().map(|(removed, added)| Place { rules, old, new, edit, removed, added });
    let way = places().find_map(|place| place.broken())?;
    places()
        .all(|place| place.broken().is_some() || place.says_nothing() || place.goes_along(way))
        .then_some(way)
}

/// What the edit is about, whatever the sentence speaks of besides.
pub(super) fn topic(rules: &Rules, old: &Unit, new: &Unit, way: Weaker) -> Option<Topic> {
    if let Some((_, topic @ Some(_))) = row::broken(rules, old, new) {
        return topic;
    }
    let keeps = ["retain", "delete", "log", "collect"]
        .iter()
        .any(|name| old.mask(Slot::Verb) & difference::verb_bit(rules, name) != 0);
    match way {
        Weaker::LimitLonger if keeps => Some(Topic::Retention),
        Weaker::NoticeShorter => Some(Topic::UserControl),
        Weaker::AgeLowered => Some(Topic::Children),
        _ => None,
    }
}

/// Behind the sentence as it stood an explanation was added: ", which means that nobody else can listen".
pub(super) fn explains(old: &Unit, new: &Unit, edit: &Edit) -> bool {
    let [(removed, added)] = edit.hunks.as_slice() else { return false };
    let weakens = [
        Grammar::Hedge,
        Grammar::Exception,
        Grammar::Condition,
        Grammar::Law,
        Grammar::Region,
        Grammar::Described,
        Grammar::OptOutNow,
        Grammar::Ended,
        Grammar::NoLonger,
        Grammar::Only,
    ];
    let cue = |hit: &Hit, cues: &[Grammar]| cues.iter().any(|cue| clause::grammar(hit, *cue));
    let may = touches(new, added, |hit| cue(hit, &[Grammar::May]));
    let denies = touches(new, added, |hit| cue(hit, &[Grammar::Negation]));
    removed.is_empty()
        && added.end == new.tokens.words.len()
        && added.start > new.lead_words
        && is_protective(old)
        && matches!(new.tokens.word(added.start), "which" | "so" | "meaning" | "because" | "since")
        && !touches(new, added, |hit| cue(hit, &weakens))
        && (!may || denies)
}

/// What people were told would not be done for them now is: "we don't let you know" became "we let you know".
pub(super) fn is_granted(rules: &Rules, old: &Unit, new: &Unit, edit: &Edit) -> bool {
    let denies = |unit: &Unit| own(unit, Grammar::Negation);
    let practices =
        old.frames.iter().filter(|f| f.negated && !rules.verbs[f.verb as usize].protective).count();
    edit.removed.len() <= LIFTED
        && denies(old)
        && !denies(new)
        && practices == 0
        && old.promise & Promise::Negative as u32 == 0
        && new.promise & Promise::Notice as u32 != 0
}

/// So much has to be at stake where the words tell what is.
const AT_STAKE: f32 = 0.4;
/// As much is enough where the service speaks of itself, or of deleting.
const AT_STAKE_OF_US: f32 = 0.2;

/// It promises something, or fences in what is done.
fn is_bound(rules: &Rules, unit: &Unit) -> bool {
    let fences = Promise::Only as u32 | Promise::Consent as u32 | Promise::Limit as u32;
    let binds = is_protective(unit) || unit.promise & fences != 0;
    if !unit.is_learned || !rules.stakes.is_known() {
        return binds;
    }
    let is_ours = unit.has(Grammar::We) || unit.promise & Promise::Deletes as u32 != 0;
    let least = if is_ours { AT_STAKE_OF_US } else { AT_STAKE };
    let gist = || rules.gists.as_deref().and_then(|network| network.of(unit));
    rules.stakes.of(unit).protects >= least || gist().is_some_and(|gist| gist.stake.protects >= least)
}

/// "Nobody but you can read it" says what "only you can read it" does.
fn names_nobody(unit: &Unit) -> bool {
    (unit.lead_words..unit.tokens.words.len()).any(|n| is_nobody(unit.tokens.word(n)))
        && !own(unit, Grammar::Only)
}

/// A duty of people, somebody's liability, a question, a story: no promise of the service's.
fn is_nobodys(unit: &Unit) -> bool {
    let others = [
        Grammar::Liability,
        Grammar::Commerce,
        Grammar::Hypothesis,
        Grammar::Quotation,
        Grammar::OtherCompany,
    ];
    let is_defined = unit.has(Grammar::Definition) && !is_protective(unit);
    let is_duty = unit.has(Grammar::YouDuty) && !unit.has(Grammar::We);
    is_duty || is_defined || others.iter().any(|cue| unit.has(*cue)) || unit.text.ends_with('?')
}

/// One place where a sentence was edited: the words taken away there and those put in their stead.
struct Place<'a> {
    rules: &'a Rules,
    old: &'a Unit,
    new: &'a Unit,
    edit: &'a Edit,
    removed: &'a Range<usize>,
    added: &'a Range<usize>,
}

impl Place<'_> {
    fn broken(&self) -> Option<Weaker> {
        let is_cut = self.added.is_empty();
        let is_put = self.removed.is_empty();
        if self.loses(Grammar::Negation) && !self.gains_denial() && !denies(self.new) {
            return self.lifted();
        }
        if self.is_end_to_end_lost() {
            return Some(Weaker::EndToEndLost);
        }
        if let Some(way) = self.longer() {
            return Some(way);
        }
        let excepts = self.gains(Grammar::Exception) || self.gains(Grammar::OptOutNow);
        if excepts
            && !self.gains(Grammar::Negation)
            && !is_put
            && self.removed.len() <= LIFTED
            && is_protective(self.old)
            && !self.fences_lost()
        {
            return Some(Weaker::ExceptionPut);
        }
        if let Some(way) = self.softened() {
            return Some(way);
        }
        if self.is_turned() {
            return Some(Weaker::DefaultLost);
        }
        if self.narrows_who() {
            return Some(Weaker::ScopePut);
        }
        if is_put {
            return self.put_in();
        }
        if (self.removed.len(), self.added.len()) == (1, 1)
            && self.gains(Grammar::May)
            && self.loses(Grammar::Will)
            && is_protective(self.old)
            && word(self.new, self.added.end) != "require"
            && !self.of_people(self.new, self.added.start)
        {
            return Some(Weaker::ModalityLowered);
        }
        let is_fence = self.old.promise & Promise::Only as u32 != 0
            || difference::denies_in_its_words(self.old)
            || self.is_audience_wider();
        if self.loses(Grammar::Only) && is_fence && !own(self.new, Grammar::Only) && !self.gains_fence() {
            return Some(Weaker::OnlyLost);
        }
        if is_cut {
            return self.cut_out();
        }
        None
    }

    /// One word for another that binds less: "never" for "generally not", "all" for "most", "required" for "encouraged",
    /// "neither sell nor rent" for "not rent".
    fn softened(&self) -> Option<Weaker> {
        if self.removed.is_empty() || self.added.is_empty() || !is_protective(self.old) {
            return None;
        }
        let binds = [Grammar::Negation, Grammar::Universal, Grammar::Will].iter().any(|cue| self.loses(*cue));
        let is_bare = |unit: &Unit, range: &Range<usize>| {
            range.clone().all(|n| {
                unit.bag.binary_search(&unit.tokens.words[n].stem).is_err()
                    || touches(unit, &(n..n + 1), |hit| hit.cue.slot == Slot::Grammar)
            })
        };
        let (was_bare, is_bare) = (is_bare(self.old, self.removed), is_bare(self.new, self.added));
        if binds && was_bare && is_bare && self.gains(Grammar::Hedge) && self.hedges() {
            return Some(Weaker::HedgePut);
        }
        let of_parts = ["most", "some", "many", "selected"].contains(&word(self.new, self.added.start));
        if (self.removed.len(), self.added.len()) == (1, 1)
            && is_every(word(self.old, self.removed.start))
            && of_parts
        {
            return Some(Weaker::UniversalLost);
        }
        // "Not any" became "not all".
        if self.removed.len() == 1
            && word(self.old, self.removed.start) == "any"
            && is_whole(word(self.new, self.added.start))
            && self.added.len() <= 2
            && self.is_denied(self.old, self.removed.start)
        {
            return Some(Weaker::UniversalLost);
        }
        let denied = |hit: &Hit| {
            hit.cue.slot == Slot::Verb && self.old.frames.iter().any(|f| f.negated && f.verb == hit.cue.id)
        };
        let still = self.new.frames.iter().any(|frame| frame.negated);
        (self.loses(Grammar::Negation)
            && self.gains(Grammar::Negation)
            && is_bare
            && still
            && touches(self.old, self.removed, denied)
            && self.removed.len() > self.added.len())
        .then_some(Weaker::VerbLost)
    }

    /// A "not" was taken out, and none is left.
    fn lifted(&self) -> Option<Weaker> {
        // "Nobody" became "only those who …".
        let to_all = self.removed.clone().any(|n| is_nobody(self.old.tokens.word(n)));
        let is_fenced =
            ((self.gains(Grammar::Only) && !to_all) || self.gains(Grammar::Consent)) && self.had_way_out();
        // A flat denial became "only …".
        let to_some = self.gains(Grammar::Only) && !self.had_way_out();
        let is_small = self.removed.len() + self.added.len() <= LIFTED;
        let is_lifted = (is_small || to_some)
            && !is_fenced
            && !own(self.new, Grammar::NoLonger)
            && self.denies()
            && (to_all || to_some || self.says_the_same());
        is_lifted.then_some(Weaker::NegationLifted)
    }

    /// "We cannot read it" became "our servers cannot read it": a part of the service stands for all of it.
    fn narrows_who(&self) -> bool {
        let names = |unit: &Unit, range: &Range<usize>| range.clone().any(|n| is_part(unit.tokens.word(n)));
        let opens = self.added.end <= self.denied_from(self.new);
        opens
            && self.denies()
            && self.removed.len() <= 2
            && self.added.len() <= 3
            && names(self.new, self.added)
            && !names(self.old, &(0..self.old.tokens.words.len()))
            && !self.joins()
    }

    /// Where the first denial of the sentence begins; behind its end where it denies nothing.
    fn denied_from(&self, unit: &Unit) -> usize {
        let own = denials(unit).map(|hit| usize::from(hit.from)).filter(|from| *from >= unit.lead_words);
        own.min().unwrap_or(usize::MAX)
    }

    /// Words were put in, none taken out.
    fn put_in(&self) -> Option<Weaker> {
        let binds = is_protective(self.old) || self.old.has(Grammar::Notice);
        let first = self.new.tokens.word(self.added.start);
        let names_all = self.added.clone().any(|n| is_nobody(self.new.tokens.word(n)));
        if !binds
            || self.gains(Grammar::Consent)
            || first == "even"
            || self.gains(Grammar::Negation)
            || names_all
        {
            return None;
        }
        if self.gains(Grammar::OptOutNow) || (self.gains(Grammar::Exception) && first != "however") {
            return Some(Weaker::ExceptionPut);
        }
        // "In accordance with the law" says nothing, "and comply with the law" more.
        if self.gains(Grammar::Law)
            && !self.gains(Grammar::Described)
            && !matches!(first, "in" | "comply" | "and")
        {
            return Some(Weaker::LawPut);
        }
        let is_condition = touches(self.new, self.added, |hit| {
            // "Where feasible" hedges.
            clause::grammar(hit, Grammar::Condition)
                && !touches(self.new, &(usize::from(hit.from)..usize::from(hit.to)), |other| {
                    clause::grammar(other, Grammar::Hedge) && other.from == hit.from
                })
        });
        let limits =
            ["in", "within", "living", "residing", "located", "innerhalb", "dans", "en", "résidant", "mit"];
        if (is_condition || limits.contains(&first)) && !joins(first) && self.gains(Grammar::Region) {
            return Some(Weaker::ScopePut);
        }
        let firm = Promise::EndToEnd as u32 | Promise::Negative as u32;
        let opens = touches(self.new, &(self.added.start..self.added.start + 1), |hit| {
            clause::grammar(hit, Grammar::Condition)
        });
        if opens && is_condition && self.old.promise & firm != 0 && !own(self.old, Grammar::Condition) {
            return Some(Weaker::ConditionPut);
        }
        let is_in_denial = self.is_denied(self.new, self.added.start);
        // "Any serious incident": what was promised of all is promised of some.
        let ahead = self.added.start.checked_sub(1).map_or("", |n| word(self.new, n));
        if !is_in_denial
            && self.added.len() <= 2
            && is_every(ahead)
            && self.old.promise
                & (Promise::Notice as u32 | Promise::Protected as u32 | Promise::EndToEnd as u32)
                != 0
            && self.has_content(self.new, self.added)
        {
            return Some(Weaker::ScopePut);
        }
        if self.gains(Grammar::Hedge) && !is_condition && self.added.len() <= 4 && self.hedges() {
            return Some(Weaker::HedgePut);
        }
        // A word put into a denial narrows it, whatever it is; "or …" denies more, "which …" explains.
        let adds = ["any", "which", "who", "that", "this", "so", "as", "including", "also", "ever", "to"];
        let denied = self.old.frames.iter().filter(|f| f.negated).fold(0u64, |bits, f| bits | 1 << f.verb);
        let does_more =
            touches(self.new, self.added, |hit| hit.cue.slot == Slot::Verb && denied >> hit.cue.id & 1 == 0);
        (is_in_denial
            && self.old.promise & Promise::Negative as u32 != 0
            && self.added.len() <= ASIDE
            && !adds.contains(&first)
            && !joins(first)
            && !joins(self.new.tokens.word(self.added.end - 1))
            && !self.new.tokens.words[self.added.start].after_break
            && !self.gains(Grammar::Universal)
            && !does_more
            && self.has_content(self.new, self.added))
        .then_some(Weaker::SlotLost)
    }

    /// Words were taken out, none put in: one of several things that were denied, or protected.
    fn cut_out(&self) -> Option<Weaker> {
        let (from, to) = (self.removed.start, self.removed.end);
        let word = |n: usize| self.old.tokens.word(n);
        let joins = |n: usize| joins(word(n));
        // "… and will not permit others to": a denial beside the one that stands.
        let loses_denial = self.loses(Grammar::Negation)
            && denies(self.new)
            && (from..to).any(joins)
            && self.old.promise & Promise::Negative as u32 != 0
            && (touches(self.old, self.removed, |hit| matches!(hit.cue.slot, Slot::Verb | Slot::Recipient))
                || (self.loses(Grammar::Will) && !own(self.new, Grammar::Will)));
        if loses_denial {
            return Some(Weaker::VerbLost);
        }
        let ends_list = self.old.tokens.words[from].after_break && (from..to).any(joins);
        let is_item = joins(from) || joins(to - 1) || ends_list;
        if !is_item
            || !is_protective(self.old)
            || self.fences_lost()
            || !self.has_content(self.old, self.removed)
        {
            return None;
        }
        // "We and our partners do not": one of those who were held to it.
        let was_held = joins(from) && to <= self.denied_from(self.old) && self.denies();
        if was_held || self.is_denied(self.old, from) {
            return Some(Weaker::SlotLost);
        }
        let protects = Promise::Protected as u32 | Promise::EndToEnd as u32 | Promise::Deletes as u32;
        let is_kept = self.old.promise & protects != 0 && !is_permissive(self.rules, self.old);
        is_kept.then_some(Weaker::ProtectionLost)
    }

    /// "End-to-end encrypted" became "encrypted".
    fn is_end_to_end_lost(&self) -> bool {
        let protects = Promise::Protected as u32;
        let says = |unit: &Unit| unit.encryption(Encryption::EndToEnd);
        touches(self.old, self.removed, |hit| {
            hit.cue.slot == Slot::Encryption && hit.cue.id == Encryption::EndToEnd as u8
        }) && !says(self.new)
            && self.old.promise & protects != 0
            && self.new.promise & protects != 0
            && !self.has_content(self.new, self.added)
            && !self.denies()
    }

    /// A time limit or an age moved against people.
    fn longer(&self) -> Option<Weaker> {
        let within = |range: &Range<usize>, unit: &Unit| -> Vec<Quantity> {
            let places = unit.quantities_at.iter().zip(&unit.quantities);
            let met = |at: &Range<usize>| at.start < range.end && range.start < at.end;
            places.filter(|(at, _)| met(at)).map(|(_, quantity)| *quantity).collect()
        };
        let (lost, gained) = (within(self.removed, self.old), within(self.added, self.new));
        match (lost.as_slice(), gained.as_slice()) {
            ([Quantity::Hours(a)], [Quantity::Hours(b)]) => {
                let has = |unit: &Unit, name: &str| {
                    unit.mask(Slot::Verb) & difference::verb_bit(self.rules, name) != 0
                };
                let keeps = ["retain", "delete", "log", "collect"].iter().any(|name| has(self.old, name));
                let tells = self.old.promise & Promise::Notice as u32 != 0 && !keeps;
                let limits = self.old.promise & (Promise::Limit as u32 | Promise::Deletes as u32) != 0;
                let is_longer = if tells {
                    difference::is_longer(*a, *b)
                } else {
                    limits && difference::is_longer(*b, *a)
                };
                is_longer.then_some(if tells { Weaker::NoticeShorter } else { Weaker::LimitLonger })
            }
            ([Quantity::Age(a)], [Quantity::Age(b)]) => {
                (b < a && self.denies()).then_some(Weaker::AgeLowered)
            }
            _ => None,
        }
    }

    /// But for data and recipients, nothing is named that was not: "stays inside" is another way to deny that it leaves.
    fn says_the_same(&self) -> bool {
        self.added.clone().all(|n| {
            let stem = self.new.tokens.words[n].stem;
            self.new.bag.binary_search(&stem).is_err()
                || touches(self.new, &(n..n + 1), |hit| hit.cue.slot == Slot::Grammar)
                || self.old.bag.binary_search(&stem).is_ok()
                || touches(self.new, &(n..n + 1), |hit| matches!(hit.cue.slot, Slot::Recipient | Slot::Data))
        })
    }

    /// "… unless you opt in" may become "only if you opt in": the same said otherwise.
    fn had_way_out(&self) -> bool {
        let ways_out = [Grammar::Only, Grammar::Consent, Grammar::Exception, Grammar::OptOutNow];
        ways_out.iter().any(|cue| self.old.has(*cue))
    }

    /// Nothing here takes back what the edit does elsewhere.
    fn goes_along(&self, way: Weaker) -> bool {
        match way {
            // What is no longer denied is now described: "… to check that it is you".
            Weaker::NegationLifted => self.is_afterthought(),
            // The one beside whom "only" named.
            Weaker::OnlyLost => self.removed.is_empty() && self.joins(),
            // "Ni … ne" became "ne … pas".
            Weaker::VerbLost | Weaker::SlotLost => {
                self.removed.is_empty() && self.gains(Grammar::Negation) && self.added.len() == 1
            }
            // "Everywhere", where an exception stands now.
            Weaker::ExceptionPut | Weaker::ScopePut | Weaker::HedgePut => {
                self.added.is_empty() && self.loses(Grammar::Universal)
            }
            _ => false,
        }
    }

    /// Words put behind the sentence, that fence nothing in.
    fn is_afterthought(&self) -> bool {
        let fences =
            [Grammar::Only, Grammar::Consent, Grammar::Condition, Grammar::Exception, Grammar::OptOutNow];
        self.removed.is_empty()
            && self.added.end == self.new.tokens.words.len()
            && !(self.had_way_out() && fences.iter().any(|cue| self.gains(*cue)))
            && !self.gains_denial()
    }

    fn joins(&self) -> bool {
        joins(self.new.tokens.word(self.added.start))
    }

    /// What was put in weakens the whole: "generally", not "certain cookies" or "at least 14 days".
    fn hedges(&self) -> bool {
        let word = |n: usize| self.new.tokens.word(n);
        let of_things = [
            "certain",
            "applicable",
            "relevant",
            "directly",
            "necessary",
            "designed",
            "at",
            "may",
            "namely",
            "material",
        ];
        !self.added.clone().any(|n| {
            of_things.contains(&word(n)) && n + 1 < self.new.tokens.words.len() && word(n + 1) != "of"
        })
    }

    /// Somebody is named at another place of the edit, beside whom "only" named: "to you and to our moderators".
    fn is_audience_wider(&self) -> bool {
        let more = self.added.end..self.new.tokens.words.len();
        let is_joined = self.removed.len() == 1 && more.clone().any(|n| joins(self.new.tokens.word(n)));
        let longer = self.new.tokens.words.len() > self.old.tokens.words.len();
        is_joined && longer && self.edit.hunks.len() == 2 && self.edit.hunks[1].0.is_empty()
    }

    /// "Off by default" became "on by default"; of a protection the other way round.
    fn is_turned(&self) -> bool {
        let word = |unit: &Unit, range: &Range<usize>| {
            (range.len() == 1).then(|| unit.tokens.word(range.start).to_owned())
        };
        let (Some(from), Some(to)) = (word(self.old, self.removed), word(self.new, self.added)) else {
            return false;
        };
        let protects = self.old.promise & (Promise::Protected as u32 | Promise::EndToEnd as u32) != 0;
        match opens(&from, &to) {
            Some(true) => !protects || from == "private",
            Some(false) => protects && to != "private",
            None => false,
        }
    }

    /// What was taken out had fenced the promise in.
    fn fences_lost(&self) -> bool {
        // "Nor", "ni" join what is denied.
        let denies = touches(self.old, self.removed, |hit| {
            clause::grammar(hit, Grammar::Negation) && !joins(self.old.tokens.word(usize::from(hit.from)))
        });
        let fences = [
            Grammar::Exception,
            Grammar::Condition,
            Grammar::Hedge,
            Grammar::May,
            Grammar::Region,
            Grammar::Law,
            Grammar::Described,
        ];
        denies || fences.iter().any(|cue| self.loses(*cue))
    }

    fn denies(&self) -> bool {
        let protects = Promise::Protected as u32 | Promise::EndToEnd as u32;
        (self.old.promise & Promise::Negative as u32 != 0 || difference::denies_in_its_words(self.old))
            && self.old.promise & protects == 0
    }

    /// A "not" stands before it in its clause, and denies a practice there.
    fn is_denied(&self, unit: &Unit, at: usize) -> bool {
        let clauses = clause::clauses(&unit.tokens, unit.lead_words, &unit.hits);
        clauses.iter().filter(|clause| (clause.from..clause.to).contains(&at)).any(|clause| {
            let within = clause.hits(&unit.hits);
            // In other languages than English it stands behind the verb, too.
            let is_before = |hit: &&Hit| usize::from(hit.from) < at || !unit.is_learned;
            clause.part == Part::Main
                && within.iter().filter(is_before).any(|hit| clause::grammar(hit, Grammar::Negation))
                && within
                    .iter()
                    .filter(|hit| hit.cue.slot == Slot::Verb)
                    .any(|verb| clause::is_negated(&unit.tokens, within, verb))
        })
    }

    /// What stands there is said of people: "you may".
    fn of_people(&self, unit: &Unit, at: usize) -> bool {
        let clauses = clause::clauses(&unit.tokens, unit.lead_words, &unit.hits);
        clauses.iter().filter(|clause| (clause.from..clause.to).contains(&at)).any(|clause| {
            clause::actor(&unit.tokens, clause.from, at, clause.hits(&unit.hits)) == clause::Actor::User
        })
    }

    fn loses(&self, cue: Grammar) -> bool {
        touches(self.old, self.removed, |hit| clause::grammar(hit, cue))
    }

    fn gains(&self, cue: Grammar) -> bool {
        touches(self.new, self.added, |hit| clause::grammar(hit, cue))
    }

    fn gains_denial(&self) -> bool {
        denials(self.new).any(|hit| {
            usize::from(hit.from) < self.added.end && usize::from(hit.to.max(hit.from + 1)) > self.added.start
        })
    }

    /// Something that fences in was put in the place of what did.
    fn gains_fence(&self) -> bool {
        [Grammar::Negation, Grammar::Consent, Grammar::Exception, Grammar::Condition]
            .iter()
            .any(|cue| self.gains(*cue))
    }

    fn has_content(&self, unit: &Unit, range: &Range<usize>) -> bool {
        range.clone().any(|n| {
            let is_word = unit.tokens.word(n).contains(char::is_alphabetic);
            is_word && unit.bag.binary_search(&unit.tokens.words[n].stem).is_ok()
        })
    }

    /// Only words without weight were exchanged here, or the same words in another form.
    fn says_nothing(&self) -> bool {
        let stems = |unit: &Unit, range: &Range<usize>| -> Vec<u32> {
            let mut stems: Vec<u32> = range
                .clone()
                .filter(|n| !joins(unit.tokens.word(*n)))
                .map(|n| unit.tokens.words[n].stem)
                .filter(|stem| unit.bag.binary_search(stem).is_ok())
                .collect();
            stems.sort_unstable();
            stems
        };
        let cues = |unit: &Unit, range: &Range<usize>| {
            let met = |hit: &Hit| {
                hit.cue.slot == Slot::Grammar
                    && usize::from(hit.from) < range.end
                    && usize::from(hit.to.max(hit.from + 1)) > range.start
            };
            let ignored = Grammar::We.bit() | Grammar::You.bit();
            unit.hits.iter().filter(|hit| met(hit)).fold(0u64, |bits, hit| bits | 1 << hit.cue.id) & !ignored
        };
        stems(self.old, self.removed) == stems(self.new, self.added)
            && cues(self.old, self.removed) == cues(self.new, self.added)
    }
}

/// A denial stands in it that is more than a way out: "unless you object" denies nothing.
fn denies(unit: &Unit) -> bool {
    denials(unit).any(|hit| usize::from(hit.from) >= unit.lead_words)
}

fn denials(unit: &Unit) -> impl Iterator<Item = &Hit> {
    let is_way_out = move |hit: &Hit| {
        let covers = |other: &&Hit| {
            (clause::grammar(other, Grammar::OptOutNow) || clause::grammar(other, Grammar::Exception))
                && other.from <= hit.from
                && hit.to <= other.to
        };
        unit.hits.iter().find(covers).is_some()
    };
    unit.hits.iter().filter(move |hit| clause::grammar(hit, Grammar::Negation) && !is_way_out(hit))
}

/// A word of a statement; behind its end none.
fn word(unit: &Unit, n: usize) -> &str {
    if n < unit.tokens.words.len() { unit.tokens.word(n) } else { "" }
}

fn own(unit: &Unit, cue: Grammar) -> bool {
    unit.own_masks[Slot::Grammar as usize] & cue.bit() != 0
}

/// Whether such a cue stands among these words.
fn touches(unit: &Unit, range: &Range<usize>, is: impl Fn(&Hit) -> bool) -> bool {
    unit.hits.iter().any(|hit| {
        is(hit) && usize::from(hit.from) < range.end && usize::from(hit.to.max(hit.from + 1)) > range.start
    })
}
