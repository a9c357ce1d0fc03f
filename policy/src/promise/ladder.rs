//! The ladder of encryption between two texts: default, opt-in, limited, announced, none, ended.
//!
//! Each scope (chats, groups, calls, backups, files) has a state of its own in each text; a change is told of
//! the scopes whose state changed, and of no other.

use super::clause::Promise;
use super::document::Document;
use super::encryption::{self, Claim, Said, Step, scope};
use super::features::Pair;
use super::rules::{Encryption, Grammar, Rules, Slot};
use crate::finding::Kind;
use crate::statement::Role;

/// A step on the ladder between two texts.
pub(super) struct Move {
    pub kind: Kind,
    pub before: Option<usize>,
    pub after: Option<usize>,
    pub from: Step,
    pub to: Step,
    /// Bits of [`scope`].
    pub scopes: u16,
    /// The old statement still stands; a new one takes from it.
    pub overruled: bool,
}

/// What one text says of encryption, asked scope by scope.
#[derive(Clone)]
pub(super) struct View {
    said: Vec<Said>,
    /// By place: the statement stands in this text only.
    alone: Vec<bool>,
}

impl View {
    pub fn new(rules: &Rules, text: &Document, alone: &[bool]) -> View {
        View { said: encryption::said(rules, text), alone: alone.to_vec() }
    }

    /// The statements that say something of encryption.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        self.said.iter().map(|said| said.place)
    }

    fn claims(&self) -> impl Iterator<Item = (usize, &Claim)> {
        self.said.iter().flat_map(|said| said.claims.iter().map(|claim| (said.place, claim)))
    }

    fn is_about(claim: &Claim, of: u16) -> bool {
        if of == scope::ALL { claim.scopes == 0 } else { claim.scopes & of != 0 }
    }

    /// What is said of the scope by name.
    fn named(&self, of: u16) -> impl Iterator<Item = (usize, &Claim)> {
        self.claims().filter(move |(_, claim)| Self::is_about(claim, of))
    }

    fn names(&self, of: u16) -> bool {
        self.named(of).next().is_some()
    }

    /// What is said of the scope without naming it: of the service as a whole, of chats where groups are asked for.
    fn covers(claim: &Claim, of: u16) -> bool {
        match of {
            // The whole is covered by whatever people write with.
            scope::ALL => claim.scopes & (scope::CHATS | scope::MAIL | scope::FILES) != 0,
            // A promise of everything has to say so before it is taken for the copy in a cloud.
            scope::BACKUPS | scope::OTHER => claim.scopes == 0 && claim.whole,
            scope::GROUPS => claim.scopes == 0 || (claim.scopes & scope::CHATS != 0 && !claim.direct),
            _ => claim.scopes == 0,
        }
    }

    /// The state of a scope, with the statement that proves it; `None` where nothing is said of it.
    fn state(&self, of: u16) -> Option<(Step, usize)> {
        // A fresh notice of the end overrules what stands below it.
        if let Some((place, claim)) =
            self.named(of).chain(self.claims().filter(|(_, claim)| claim.scopes == 0)).find(
                |(place, claim)| self.alone[*place] && matches!(claim.step, Step::Ended(_)) && !claim.fenced,
            )
            && (of != scope::BACKUPS && of != scope::OTHER || Self::is_about(claim, of))
        {
            return Some((claim.step, place));
        }
        let best = |claims: &mut dyn Iterator<Item = (usize, &Claim)>| {
            claims
                .filter(|(_, claim)| !(claim.fenced && claim.step.rank() == 0))
                .max_by_key(|(place, claim)| {
                    (claim.step.rank(), self.alone[*place], std::cmp::Reverse(*place))
                })
                .map(|(place, claim)| (claim.step, place))
        };
        let named = best(&mut self.named(of));
        let covered =
            || best(&mut self.claims().filter(|(_, claim)| Self::covers(claim, of) && claim.step.rank() > 0));
        let (step, place) = named.or_else(covered)?;
        // Taken from people of some region or age by a fresh sentence.
        let fence = self
            .named(of)
            .find(|(place, claim)| self.alone[*place] && claim.fenced && claim.step.rank() == 0);
        match fence {
            Some((at, _)) if step.rank() > Step::Limited.rank() => Some((Step::Limited, at)),
            _ => Some((step, place)),
        }
    }

    /// Another scope than these still has it.
    fn others_stand(&self, of: u16) -> bool {
        self.claims().any(|(_, claim)| {
            claim.step.rank() >= Step::Limited.rank() && (claim.scopes == 0 || claim.scopes & !of != 0)
        })
    }

    /// Whether the text still says of all that `claims` promise at least as much.
    fn keeps(&self, claims: &[Claim]) -> bool {
        claims.iter().filter(|claim| claim.step.rank() > 0).all(|claim| {
            scope::EACH
                .iter()
                .filter(|(of, _)| Self::is_about(claim, *of))
                .all(|(of, _)| self.state(*of).is_some_and(|(step, _)| step.rank() >= claim.step.rank()))
        })
    }

    fn of(&self, place: usize) -> Option<&[Claim]> {
        self.said.iter().find(|said| said.place == place).map(|said| said.claims.as_slice())
    }
}

/// What both texts say of encryption.
pub(super) struct Views {
    pub old: View,
    pub new: View,
}

impl Views {
    pub fn new(rules: &Rules, pair: &Pair<'_>) -> Views {
        Views { old: View::new(rules, pair.old, &pair.gone), new: View::new(rules, pair.new, &pair.fresh) }
    }

    /// The old statement's word on encryption holds in the new text, or was none for people: its wording alone
    /// changed.
    pub fn is_kept(&self, place: usize) -> bool {
        self.old.of(place).is_some_and(|claims| self.new.keeps(claims))
    }

    /// The old statement only mentions end-to-end encryption: a title to read on, another meaning of the words. What
    /// denies something ("means that nobody else can …") says more than that.
    pub fn is_mention(&self, pair: &Pair<'_>, place: usize) -> bool {
        let unit = &pair.old.placed[place].unit;
        let kinds = unit.promise;
        if unit.has(Grammar::Negation) {
            return false;
        }
        let (named, protected) = (Promise::EndToEnd as u32, Promise::Protected as u32);
        self.old.of(place).is_none() && kinds & named != 0 && kinds & !(named | protected) == 0
    }

    /// The old statement speaks of encryption.
    pub fn speaks(&self, place: usize) -> bool {
        self.old.of(place).is_some()
    }

    /// The steps of two statements; `None` where neither is about end-to-end encryption.
    pub fn step_of(&self, old: Option<usize>, new: Option<usize>) -> Option<(Step, Step)> {
        let best = |claims: Option<&[Claim]>| {
            claims.and_then(|claims| claims.iter().map(|claim| claim.step).max_by_key(|step| step.rank()))
        };
        let (old, new) = (best(old.and_then(|n| self.old.of(n))), best(new.and_then(|n| self.new.of(n))));
        (old.is_some() || new.is_some()).then(|| (old.unwrap_or(Step::None), new.unwrap_or(Step::None)))
    }

    pub fn scopes_of(&self, old: Option<usize>, new: Option<usize>) -> u16 {
        let all = |claims: Option<&[Claim]>| claims.into_iter().flatten().fold(0, |bits, c| bits | c.scopes);
        let old = all(old.and_then(|n| self.old.of(n)));
        if old != 0 { old } else { all(new.and_then(|n| self.new.of(n))) }
    }
}

/// One scope's step.
struct Change {
    of: u16,
    from: (Step, Option<usize>),
    to: (Step, Option<usize>),
}

/// The steps that the text as a whole takes, if statements that changed take them: at most one down and one up.
pub(super) fn moved(pair: &Pair<'_>, views: &Views) -> Vec<Move> {
    let (old, new) = (&views.old, &views.new);
    let changed = |view: &View| view.said.iter().any(|said| view.alone[said.place]);
    if !changed(old) && !changed(new) {
        return Vec::new();
    }
    let mut down: Vec<Change> = Vec::new();
    let mut up: Vec<Change> = Vec::new();
    for (of, _) in scope::EACH {
        if !old.names(of) && !new.names(of) {
            continue;
        }
        let (from, to) = (old.state(of), new.state(of));
        // To say for the first time that something is not encrypted takes nothing back.
        let Some(rank) = from.map(|(step, _)| step.rank()).or_else(|| to.map(|_| 0)) else { continue };
        let after = to.map_or(0, |(step, _)| step.rank());
        let change = Change {
            of,
            from: (from.map_or(Step::None, |(step, _)| step), from.map(|(_, place)| place)),
            to: (to.map_or(Step::None, |(step, _)| step), to.map(|(_, place)| place)),
        };
        let was_here = change.from.1.is_some_and(|n| pair.gone[n]);
        let is_new = change.to.1.is_some_and(|n| pair.fresh[n]);
        if after < rank && (was_here || is_new) {
            // A bare denial under a promise that still stands word for word is about something narrower.
            let told = matches!(change.to.0, Step::Ended(_)) || change.to.0 == Step::Limited;
            if was_here || told || !old.names(of) {
                down.push(change);
            }
        } else if after > rank && is_new && is_plain(pair, &change) {
            up.push(change);
        }
    }
    let mut moves: Vec<Move> = Vec::new();
    moves.extend(told(pair, views, &down, Kind::Reversal));
    let lost: Vec<Option<usize>> = moves.iter().flat_map(|step| [step.before, step.after]).collect();
    moves.extend(told(pair, views, &up, Kind::Strengthening).filter(|step| {
        // One sentence is not both a loss and a gain.
        !(step.after.is_some() && lost.contains(&step.after))
    }));
    moves
}

/// That people need no longer ask for it must be said; a sentence that only names encryption does not say so.
fn is_plain(pair: &Pair<'_>, change: &Change) -> bool {
    change.from.0 != Step::OptIn
        || change.to.1.is_some_and(|n| {
            let unit = &pair.new.placed[n].unit;
            unit.encryption(Encryption::Default) || unit.has(Grammar::Default) || unit.has(Grammar::Universal)
        })
}

/// The weightiest of the changes, with all scopes that took the same way.
fn told(pair: &Pair<'_>, views: &Views, changes: &[Change], kind: Kind) -> Option<Move> {
    let drop = |change: &Change| change.from.0.rank().abs_diff(change.to.0.rank());
    let main = changes.iter().reduce(|best, next| if drop(next) > drop(best) { next } else { best })?;
    let scopes = changes.iter().fold(0, |bits, change| bits | change.of);
    // Where the rest of the service keeps it, the service is left with less than all, not with nothing.
    let partly = |step: Step, view: &View| match step {
        Step::None | Step::Ended(None) if view.others_stand(scopes) => Step::Limited,
        step => step,
    };
    let (from, to) = match kind {
        Kind::Reversal => (main.from.0, partly(main.to.0, &views.new)),
        _ => (partly(main.from.0, &views.old), main.to.0),
    };
    if from.rank() == to.rank() {
        return None;
    }
    let overruled = main.from.1.is_some_and(|n| !pair.gone[n]);
    let after = main.to.1.filter(|n| kind != Kind::Reversal || pair.fresh[*n]);
    let after = after.or_else(|| said_instead(pair, main, kind));
    let before = if kind == Kind::Reversal { main.from.1 } else { main.from.1.filter(|n| pair.gone[*n]) };
    Some(Move { kind, before, after, from, to, scopes, overruled })
}

/// What the new text says where the lost promise stood: a sentence on the same scope, or on encryption.
fn said_instead(pair: &Pair<'_>, change: &Change, kind: Kind) -> Option<usize> {
    if kind != Kind::Reversal {
        return None;
    }
    let place = change.from.1?;
    let unit = &pair.old.placed[place].unit;
    let encryption = unit.mask(Slot::Topic) & 1 << crate::finding::Topic::Encryption as u64;
    pair.changed
        .fresh
        .iter()
        .copied()
        .filter(|n| pair.new.placed[*n].unit.role != Role::Heading)
        .map(|n| {
            let other = &pair.new.placed[n].unit;
            let shared = unit.bag.iter().filter(|word| other.bag.binary_search(word).is_ok()).count();
            let same_scope = other.mask(Slot::Encryption) & unit.mask(Slot::Encryption) != 0;
            let same_topic = other.mask(Slot::Topic) & encryption != 0;
            (n, shared + 2 * usize::from(same_scope) + 2 * usize::from(same_topic), shared, same_topic)
        })
        .filter(|(_, _, shared, same_topic)| *shared >= 2 || *same_topic)
        .max_by_key(|(n, score, ..)| (*score, std::cmp::Reverse(*n)))
        .map(|(n, ..)| n)
}
