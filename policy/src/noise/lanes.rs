//! Reads each version of one recorder's history: real, cosmetic, a variant, an artefact.
//!
//! The reader walks along the versions holding the *main* text: the last one that was the document in its
//! main edition. Each version is compared with that text, never merely with its neighbour, so that a flip
//! there and back is no change, and a change that happens while the page flips is found when it returns.
//!
//! A step away from the main text is an excursion if the main text comes back: what was removed stands
//! again and what was added is gone. A page that returns within days, that flips often, that was plainly
//! cut, or of which dozens of statements were exchanged and all put back, is noise. A text that stays away
//! long and returns once is the publisher changing their mind, and both steps are real. A text that is
//! served in turns with the old one for some days and then stays was being introduced: its first sight is real.

use super::sheet::{Known, Sheet};
use crate::history::{Cause, Reading};
use crate::promise::Artefact;
use crate::statement::Role;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;

/// A version, as far as reading it needs.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub at: DateTime<Utc>,
    pub cause: Cause,
    /// Its sheet; `None` where the file was removed.
    pub sheet: Option<u32>,
    /// Our own captures: what was read anew is the very page of before. Others fetch it at the same time.
    pub is_ours: bool,
}

/// How a version reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    pub reading: Reading,
    pub note: String,
    /// The version it was compared with: where it is real, the two make a change.
    pub against: Option<usize>,
}

/// Versions looked at to see whether the main text comes back nearly.
const LOOK: usize = 60;
/// A text that returns within this time was not changed by the publisher: 505 of 591 flips in one public
/// collection took no longer.
const SOON: TimeDelta = TimeDelta::days(3);
/// A page that was cut may take this long to be whole again.
const CUT: TimeDelta = TimeDelta::days(400);
/// So many visits make an edition; fewer may be the publisher changing their mind.
const OFTEN: usize = 3;
/// A block of so many statements that comes or goes by itself is a part of the page, not an edit.
const BLOCK: usize = 8;
/// Flips within this time before a text stays are its introduction, not an edition of its own.
const ROLLOUT: TimeDelta = TimeDelta::days(45);
/// So many statements exchanged, and every one of them put back within [`TURN`], make another edition of the
/// page: nobody rewrites a text and then takes back each word.
const EXCHANGE: usize = 30;
const TURN: TimeDelta = TimeDelta::days(200);

/// So many sentences with words exchanged are the publisher's doing, though the page was read anew in the same step.
const REWORDED: usize = 3;
/// A statement of so many words, at most, may be a label of a menu.
const LABEL: usize = 8;
const BESIDE: &str = "Only what stands around the document differs: menus, news, data for scripts.";

/// Reads all versions, in order of time. `gate` says whether two sheets can be compared at all.
pub fn read(
    seen: &[Seen],
    sheets: &[Sheet],
    known: &[Known],
    gate: &mut dyn FnMut(u32, u32) -> Option<Artefact>,
) -> Vec<Read> {
    let mut reader = Reader::new(seen, sheets, known);
    (0..seen.len()).map(|place| reader.version(place, gate)).collect()
}

/// An edition that the policy was seen in beside the main one.
#[derive(Debug)]
struct Lane {
    /// Its last text.
    sheet: u32,
    first: DateTime<Utc>,
    flips: u32,
}

struct Reader<'a> {
    seen: &'a [Seen],
    sheets: &'a [Sheet],
    known: &'a [Known],
    /// Sheets with the same statements are of one class.
    class_of: Vec<u32>,
    /// Where each class occurs, in order.
    places: Vec<Vec<usize>>,
    /// The version whose text is the main one.
    main: Option<usize>,
    /// The version before was not the main text.
    away: bool,
    lanes: Vec<Lane>,
    /// The edition that was visited last.
    visited: Option<usize>,
    /// Main texts that another document or a part of a page took the place of, oldest first.
    displaced: Vec<usize>,
}

/// What one text lacks of another and what it holds beyond it.
struct Step {
    removed: Vec<u32>,
    added: Vec<u32>,
}

impl<'a> Reader<'a> {
    fn new(seen: &'a [Seen], sheets: &'a [Sheet], known: &'a [Known]) -> Self {
        let mut classes: HashMap<&[u32], u32> = HashMap::new();
        let class_of: Vec<u32> = sheets
            .iter()
            .map(|sheet| {
                let next = classes.len() as u32;
                *classes.entry(&sheet.kin).or_insert(next)
            })
            .collect();
        let mut places = vec![Vec::new(); classes.len()];
        for (place, version) in seen.iter().enumerate() {
            if let Some(sheet) = version.sheet {
                places[class_of[sheet as usize] as usize].push(place);
            }
        }
        Self {
            seen,
            sheets,
            known,
            class_of,
            places,
            main: None,
            away: false,
            lanes: Vec::new(),
            visited: None,
            displaced: Vec::new(),
        }
    }

    fn version(&mut self, place: usize, gate: &mut dyn FnMut(u32, u32) -> Option<Artefact>) -> Read {
        let Seen { at, cause, sheet, is_ours } = self.seen[place];
        let Some(sheet) = sheet else {
            return Read {
                reading: Reading::Removed,
                note: "The collection removed the file.".into(),
                against: None,
            };
        };
        let Some(mut main) = self.main else {
            return self.first(place, sheet);
        };
        if let Some(former) = self.is_back(main, sheet, at) {
            self.displaced.retain(|other| *other < former);
            self.main = Some(former);
            self.away = true;
            main = former;
        }
        let main_sheet = self.seen[main].sheet.expect("the main version has a text");
        let against = Some(main);
        let read = |reading, note: String| Read { reading, note, against };
        if self.class(sheet) == self.class(main_sheet) {
            let away = std::mem::replace(&mut self.away, false);
            self.main = Some(place);
            if away {
                let note = format!("Back to the text of {}.", date(self.seen[main].at));
                return read(Reading::Variant { lane: 0 }, note);
            }
            return read(Reading::Cosmetic, self.cosmetic_note(main_sheet, sheet).into());
        }
        let step = step(&self.sheets[main_sheet as usize], &self.sheets[sheet as usize]);
        let is_anew = cause == Cause::Reextraction;
        let reworded = if is_anew && !is_ours { self.exchanges_words(&step) } else { 0 };
        if is_anew && reworded < REWORDED {
            self.main = Some(place);
            self.away = false;
            return read(
                Reading::Reextracted,
                "The page was read anew with another declaration or extractor; the publisher changed nothing.".into(),
            );
        }
        if self.is_beside(main_sheet, sheet, &step) {
            self.main = Some(place);
            self.away = false;
            return read(Reading::Cosmetic, BESIDE.into());
        }
        let back = self.returns(place, main_sheet, &step);
        let lane = self.lane_of(sheet, &step);
        if let Some(back) = back {
            let away_for = self.seen[back].at - at;
            if lane.is_none() && self.is_introduced(place, back, &step) {
                self.main = Some(place);
                self.away = false;
                return read(Reading::Real, changed_note(&step));
            }
            let artefact = gate(main_sheet, sheet).or_else(|| block(&step));
            let often = lane.is_some_and(|lane| self.lanes[lane].flips as usize >= OFTEN)
                || self.leaves_again(back, &step) >= OFTEN;
            let exchanged = away_for <= TURN && self.is_exchange(&step, back);
            if away_for <= SOON || often || exchanged || artefact.is_some() && away_for <= CUT {
                let goes_on = std::mem::replace(&mut self.away, true);
                let until = date(self.seen[back].at);
                if let Some(artefact) = artefact {
                    let note = format!("{} It was back on {until}.", artefact.note());
                    return read(artefact.reading(), note);
                }
                let number = self.visit(lane, sheet, at, goes_on);
                let note = format!(
                    "Another edition of the page ({} statements fewer, {} more); the main text was back on {until}.",
                    step.removed.len(),
                    step.added.len()
                );
                return read(Reading::Variant { lane: number }, note);
            }
        } else if let Some(number) = lane
            && (self.lanes[number].flips > 1 && self.is_nearer(sheet, self.lanes[number].sheet, main_sheet)
                || self.is_another(main_sheet, sheet, &step))
            && at - self.lanes[number].first > ROLLOUT
        {
            // The edition that was served in turns is the only one from here on.
            self.main = Some(place);
            self.away = false;
            let first = date(self.lanes[number].first);
            self.lanes.remove(number);
            self.visited = None;
            let note = format!("From here on only the edition that was first seen on {first} is served.");
            return read(Reading::OtherEdition, note);
        }
        if let Some(artefact) = gate(main_sheet, sheet) {
            let reading = artefact.reading();
            if reading == Reading::NotTheDocument {
                self.away = true;
            } else {
                self.displaced.push(main);
                self.main = Some(place);
                self.away = false;
            }
            return read(reading, artefact.note().into());
        }
        if let Some(whole) = self.whole_soon(place, sheet, &step) {
            self.away = true;
            let until = date(self.seen[whole].at);
            return read(Reading::Truncated, format!("A part of a new text, which was whole on {until}."));
        }
        self.main = Some(place);
        self.away = false;
        let note = match cause {
            Cause::First => "The collection recorded the page anew.".to_owned(),
            Cause::Reextraction => format!(
                "{} The page was read with another declaration or extractor in the same step; no extractor rewords {reworded} sentences.",
                changed_note(&step)
            ),
            _ => changed_note(&step),
        };
        read(Reading::Real, note)
    }

    /// The displaced main text that this one is far nearer to than to what took its place.
    fn is_back(&self, main: usize, sheet: u32, at: DateTime<Utc>) -> Option<usize> {
        let former = self.displaced.iter().rev().copied().find(|place| at - self.seen[*place].at <= CUT)?;
        let text = |place: usize| self.seen[place].sheet.expect("a main text");
        let near = self.apart(text(former), sheet);
        let size = self.sheets[text(former) as usize].kin.len();
        (near * 3 < self.apart(text(main), sheet) && near < size).then_some(former)
    }

    /// How many statements, but for tokens that rotate, stand in one of two texts only.
    fn apart(&self, a: u32, b: u32) -> usize {
        let (a, b) = (&self.sheets[a as usize].kin, &self.sheets[b as usize].kin);
        let both = a.iter().filter(|kin| b.binary_search(kin).is_ok()).count();
        a.len() + b.len() - 2 * both
    }

    fn is_nearer(&self, sheet: u32, to: u32, than: u32) -> bool {
        self.apart(sheet, to) * 2 <= self.apart(sheet, than)
    }

    /// A menu came, went or changed, and but for a few labels that is all.
    fn is_beside(&self, main: u32, sheet: u32, step: &Step) -> bool {
        let (old, new) = (&self.sheets[main as usize].aside, &self.sheets[sheet as usize].aside);
        let only = |a: &[u32], b: &[u32]| a.iter().filter(|number| b.binary_search(number).is_err()).count();
        let is_label = |number: &u32| self.known[*number as usize].words.len() <= LABEL;
        only(old, new) + only(new, old) >= (step.removed.len() + step.added.len()).max(BLOCK)
            && step.removed.iter().chain(&step.added).all(is_label)
    }

    /// In how many sentences words were exchanged for others: an extractor cuts, glues and moves, and writes nothing.
    fn exchanges_words(&self, step: &Step) -> usize {
        let known = |number: &u32| &self.known[*number as usize];
        let squeezed = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        let are_reworded = |old: &Known, new: &Known| {
            // Most pairs have little in common, and their fingerprints say so at once.
            let fewest = old.print.count_ones().min(new.print.count_ones());
            if (old.print & new.print).count_ones() * 3 < fewest {
                return false;
            }
            let shared = old.words.iter().filter(|word| new.words.binary_search(word).is_ok()).count();
            let most = old.words.len().max(new.words.len());
            shared * 10 >= most * 6
                && shared < old.words.len().min(new.words.len())
                && squeezed(&old.text) != squeezed(&new.text)
        };
        let is_sentence = |known: &Known| known.role != Role::Heading && known.words.len() > LABEL;
        let added: Vec<&Known> = step.added.iter().map(known).filter(|known| is_sentence(known)).collect();
        let removed = step.removed.iter().map(known).filter(|known| is_sentence(known));
        removed.filter(|old| added.iter().any(|new| are_reworded(old, new))).count()
    }

    /// The text that is left at `back` comes again soon, and stays: this is its first sight, and what came
    /// between is the old text served once more.
    fn is_introduced(&self, place: usize, back: usize, step: &Step) -> bool {
        let at = |place: usize| self.seen[place].at;
        let is = |seen: &Seen, holds: &dyn Fn(&Sheet) -> bool| {
            let sheet = seen.sheet.filter(|_| seen.cause != Cause::Reextraction);
            sheet.is_some_and(|sheet| holds(&self.sheets[sheet as usize]))
        };
        let window = &self.seen[back..(back + LOOK).min(self.seen.len())];
        let made = |sheet: &Sheet| self.made(sheet, step, 85);
        let Some(again) = window.iter().position(|seen| is(seen, &made)).map(|ahead| back + ahead) else {
            return false;
        };
        let for_good = self.seen[again..].iter().take_while(|seen| seen.at - at(again) <= CUT);
        let undone = |sheet: &Sheet| self.undone(sheet, step, 60);
        at(again) - at(back) <= SOON.max(at(back) - at(place))
            && at(again) - at(place) <= TURN
            && !for_good.clone().any(|seen| is(seen, &undone))
    }

    /// Dozens of statements were exchanged for others, and at `back` every one of them is put back.
    fn is_exchange(&self, step: &Step, back: usize) -> bool {
        let (removed, added) = (step.removed.len(), step.added.len());
        let Some(sheet) = self.seen[back].sheet.filter(|_| self.seen[back].cause != Cause::Reextraction)
        else {
            return false;
        };
        removed + added >= EXCHANGE
            && removed.min(added) >= BLOCK
            && self.undone(&self.sheets[sheet as usize], step, 95)
    }

    /// Hardly anything of one text stands in the other, and it begins otherwise: another document.
    fn is_another(&self, main: u32, sheet: u32, step: &Step) -> bool {
        let (main, sheet) = (&self.sheets[main as usize], &self.sheets[sheet as usize]);
        let begins = |sheet: &Sheet| -> Vec<u32> {
            let own = sheet.order.iter().filter(|number| !sheet.sets_aside(**number));
            own.take(3).map(|number| self.known[*number as usize].kin).collect()
        };
        let (old_begin, new_begin) = (begins(main), begins(sheet));
        let (old, new) = (&main.set, &sheet.set);
        old_begin.first().is_some_and(|title| !new_begin.contains(title))
            && new_begin.first().is_some_and(|title| !old_begin.contains(title))
            && step.removed.len() >= BLOCK
            && step.added.len() >= BLOCK
            && step.removed.len() * 10 >= old.len() * 7
            && step.added.len() * 10 >= new.len() * 7
    }

    /// Where, within days, a text follows that holds this new one and much more.
    fn whole_soon(&self, place: usize, sheet: u32, step: &Step) -> Option<usize> {
        if step.added.len() * 2 < self.sheets[sheet as usize].set.len() {
            return None;
        }
        let part = &self.sheets[sheet as usize];
        let at = self.seen[place].at;
        let later = self.seen[place + 1..].iter().take_while(|seen| seen.at - at <= SOON);
        let is_whole = |seen: &Seen| {
            let Some(whole) = seen.sheet.map(|sheet| &self.sheets[sheet as usize]) else { return false };
            whole.bytes * 5 >= part.bytes * 8
                && whole.kin.len() >= part.kin.len() + BLOCK
                && part.kin.iter().filter(|kin| whole.kin.binary_search(kin).is_ok()).count() * 10
                    >= part.kin.len() * 6
        };
        later.clone().position(is_whole).map(|ahead| place + 1 + ahead)
    }

    fn first(&mut self, place: usize, sheet: u32) -> Read {
        // A first text that hardly says anything while later ones do is a wall or an empty page.
        let bytes = self.sheets[sheet as usize].bytes;
        let later = self.seen[place + 1..].iter().take(LOOK).filter_map(|seen| seen.sheet);
        let largest = later.map(|sheet| self.sheets[sheet as usize].bytes).max().unwrap_or(0);
        if bytes < 600 && bytes * 8 < largest {
            let note = "Hardly a text, while the following ones are whole.".into();
            return Read { reading: Reading::NotTheDocument, note, against: None };
        }
        self.main = Some(place);
        Read { reading: Reading::Real, note: "The first text on record.".into(), against: None }
    }

    fn class(&self, sheet: u32) -> u32 {
        self.class_of[sheet as usize]
    }

    fn cosmetic_note(&self, before: u32, after: u32) -> &'static str {
        let (before, after) = (&self.sheets[before as usize], &self.sheets[after as usize]);
        if before.order == after.order {
            "The same statements in the same order: typography, links or marks differ."
        } else if before.set == after.set && before.aside != after.aside {
            BESIDE
        } else if before.set == after.set {
            "The same statements in another order."
        } else {
            "The same statements but for dates, counters or tokens that rotate."
        }
    }

    /// The first later version in which the step is undone.
    fn returns(&self, place: usize, main: u32, step: &Step) -> Option<usize> {
        let nearly = |seen: &Seen| {
            let Some(sheet) = seen.sheet else { return false };
            let sheet = &self.sheets[sheet as usize];
            if !self.undone(sheet, step, 85) {
                return false;
            }
            // It must be the main text, not a third one that happens to lack the same.
            let main = &self.sheets[main as usize];
            let lacks = main.kin.iter().filter(|kin| sheet.kin.binary_search(kin).is_err()).count();
            let holds_more = sheet.kin.iter().filter(|kin| main.kin.binary_search(kin).is_err()).count();
            let size = step.removed.len() + step.added.len();
            if lacks > (main.kin.len() * 15 / 100).max(usize::from(size > 1)) {
                return false;
            }
            // The main text may have changed a little meanwhile.
            lacks + holds_more <= (size * 30 / 100).max(usize::from(size > 1))
        };
        let near = self.seen[place + 1..].iter().take(LOOK).position(nearly).map(|ahead| place + 1 + ahead);
        let places = &self.places[self.class(main) as usize];
        let exact = places.get(places.partition_point(|other| *other <= place)).copied();
        [near, exact].into_iter().flatten().min()
    }

    /// Of a hundred statements so many are back that were removed, and gone that were added.
    fn undone(&self, sheet: &Sheet, step: &Step, hundredths: usize) -> bool {
        let back = step.removed.iter().filter(|number| self.holds(sheet, **number)).count();
        let left = step.added.iter().filter(|number| self.holds(sheet, **number)).count();
        back * 100 >= step.removed.len() * hundredths && left * 100 <= step.added.len() * (100 - hundredths)
    }

    /// Of a hundred statements so many are gone that the step removed, and there that it added.
    fn made(&self, sheet: &Sheet, step: &Step, hundredths: usize) -> bool {
        let gone = step.removed.iter().filter(|number| !self.holds(sheet, **number)).count();
        let there = step.added.iter().filter(|number| self.holds(sheet, **number)).count();
        gone * 100 >= step.removed.len() * hundredths && there * 100 >= step.added.len() * hundredths
    }

    /// A statement or its kin stands in the sheet.
    fn holds(&self, sheet: &Sheet, number: u32) -> bool {
        sheet.kin.binary_search(&self.known[number as usize].kin).is_ok()
    }

    /// How often, after the text came back, the same step is made again.
    fn leaves_again(&self, back: usize, step: &Step) -> usize {
        let (mut times, mut away) = (0, false);
        for seen in self.seen[back + 1..].iter().take(LOOK) {
            let Some(sheet) = seen.sheet else { continue };
            let left = self.made(&self.sheets[sheet as usize], step, 60);
            times += usize::from(left && !away);
            away = left;
        }
        times
    }

    /// The edition this text belongs to: what sets it apart from the main text sets the edition apart too.
    fn lane_of(&self, sheet: u32, step: &Step) -> Option<usize> {
        self.lanes.iter().position(|lane| {
            if self.class(lane.sheet) == self.class(sheet) {
                return true;
            }
            self.made(&self.sheets[lane.sheet as usize], step, 70)
        })
    }

    /// Notes a visit to an edition; gives its number from 1.
    fn visit(&mut self, lane: Option<usize>, sheet: u32, at: DateTime<Utc>, goes_on: bool) -> u32 {
        let number = match lane {
            Some(number) => number,
            None => {
                self.lanes.push(Lane { sheet, first: at, flips: 0 });
                self.lanes.len() - 1
            }
        };
        self.lanes[number].sheet = sheet;
        // Several texts of one stay are one visit.
        if !(goes_on && self.visited == Some(number)) {
            self.lanes[number].flips += 1;
        }
        self.visited = Some(number);
        number as u32 + 1
    }
}

/// A block that comes or goes by itself: known to be an artefact once it is undone.
fn block(step: &Step) -> Option<Artefact> {
    let (removed, added) = (step.removed.len(), step.added.len());
    if removed >= BLOCK && added * 10 <= removed {
        Some(Artefact::Truncated)
    } else if added >= BLOCK && removed * 10 <= added {
        Some(Artefact::Extended)
    } else {
        None
    }
}

fn step(before: &Sheet, after: &Sheet) -> Step {
    let only =
        |a: &[u32], b: &[u32]| a.iter().filter(|number| b.binary_search(number).is_err()).copied().collect();
    Step { removed: only(&before.set, &after.set), added: only(&after.set, &before.set) }
}

fn changed_note(step: &Step) -> String {
    format!("{} statements fewer, {} more.", step.removed.len(), step.added.len())
}

fn date(at: DateTime<Utc>) -> impl std::fmt::Display {
    at.format("%Y-%m-%d")
}

#[cfg(test)]
mod tests;
