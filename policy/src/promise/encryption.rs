//! What statements say of the service's own end-to-end encryption: which step of the ladder, of which scopes.
//!
//! A sentence is read part by part, so that "chats are …, but backups are not" says one thing of chats and
//! another of backups. What is said of one scope says nothing of another.

use super::clause;
use super::date;
use super::document::{self, Document, Hit, Placed, Unit};
use super::rules::{Encryption, Grammar, Language, Rules, Slot};
use super::token::Tokens;
use crate::event::State;
use crate::statement::Role;
use chrono::NaiveDate;

/// How far end-to-end encryption is promised. Higher is better for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Ended(Option<NaiveDate>),
    None,
    Announced,
    Limited,
    OptIn,
    Default,
}

impl Step {
    /// As findings, events and the board write it.
    pub fn state(self) -> State {
        match self {
            Step::Ended(Some(date)) => State::EndedOn(date),
            Step::Ended(None) | Step::None => State::None,
            Step::Announced => State::Announced,
            Step::Limited => State::Limited,
            Step::OptIn => State::OptIn,
            Step::Default => State::Default,
        }
    }

    pub fn key(self) -> String {
        self.state().to_string()
    }

    pub(super) fn rank(self) -> u8 {
        match self {
            Step::Ended(_) | Step::None => 0,
            Step::Announced => 1,
            Step::Limited => 2,
            Step::OptIn => 3,
            Step::Default => 4,
        }
    }

    /// People have it, if only some of them.
    pub(super) fn stands(self) -> bool {
        self.rank() >= Step::Limited.rank()
    }
}

/// What is encrypted, as bits; none of them: the service as a whole.
pub(super) mod scope {
    pub const CHATS: u16 = 1;
    pub const GROUPS: u16 = 2;
    pub const CALLS: u16 = 4;
    pub const BACKUPS: u16 = 8;
    pub const FILES: u16 = 16;
    pub const MAIL: u16 = 32;
    pub const BUSINESS: u16 = 64;
    /// Something else that the statement names: locations, contacts.
    pub const OTHER: u16 = 128;
    /// The service as a whole, where a state is asked for scope by scope.
    pub const ALL: u16 = 256;

    /// In the order in which a change is told.
    pub const EACH: [(u16, &str); 9] = [
        (ALL, ""),
        (CHATS, "chats"),
        (GROUPS, "groups"),
        (CALLS, "calls"),
        (MAIL, "mail"),
        (FILES, "files"),
        (BACKUPS, "backups"),
        (BUSINESS, "business"),
        (OTHER, "other"),
    ];

    pub fn names(bits: u16) -> Vec<String> {
        EACH.iter()
            .filter(|(bit, name)| bits & bit != 0 && !name.is_empty())
            .map(|(_, n)| (*n).to_owned())
            .collect()
    }
}

/// One thing said: a step, of some scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub step: Step,
    /// Bits of [`scope`]; none: the service as a whole.
    pub scopes: u16,
    /// Holds for some regions or ages only.
    pub fenced: bool,
    /// "Direct messages": says nothing of groups.
    pub direct: bool,
    /// "Everything": backups too.
    pub whole: bool,
}

/// What a statement in its place says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub place: usize,
    pub claims: Vec<Claim>,
}

/// All that a text says, in reading order.
pub(super) fn said(rules: &Rules, text: &Document) -> Vec<Said> {
    if !text.placed.iter().any(|placed| speaks(&placed.unit)) {
        return Vec::new();
    }
    let language = rules.language(&text.language);
    let mut all: Vec<Said> = Vec::new();
    // The feature that a section is named for, once a sentence of it has said that it encrypts.
    let mut feature: Option<(usize, String, Vec<Claim>)> = None;
    for (place, placed) in text.placed.iter().enumerate() {
        let unit = &placed.unit;
        let named = feature
            .as_ref()
            .filter(|(at, name, _)| {
                !speaks(unit)
                    && text.placed[*at].section == placed.section
                    && unit.tokens.form.contains(name.as_str())
            })
            .map(|(.., claims)| claims.as_slice());
        // A sentence that goes on about what the one before said.
        let before = all
            .last()
            .filter(|last| last.place + 2 >= place && text.placed[last.place].section == placed.section)
            .map(|last| last.claims.as_slice());
        let by_name = named.is_some();
        let claims = claims(rules, language, placed, named.or(before), by_name);
        let speaks = speaks(unit);
        if speaks
            && !claims.is_empty()
            && let Some(name) = feature_name(placed)
        {
            feature = Some((place, name, claims.clone()));
        }
        if !speaks && claims.iter().all(|claim| claim.step == Step::OptIn) && !claims.is_empty() {
            // "You can turn it on" says how that stands which the sentence before only offers.
            all.iter_mut()
                .filter(|said| text.placed[said.place].section == placed.section)
                .filter(|said| by_name || said.place + 3 >= place)
                .flat_map(|said| &mut said.claims)
                .filter(|claim| claim.step == Step::Default)
                .for_each(|claim| claim.step = Step::OptIn);
            all.push(Said { place, claims });
        } else if !claims.is_empty() {
            all.push(Said { place, claims });
        }
    }
    all
}

/// The heading above, where it is short and the statement says it: "Locked chats are end-to-end encrypted."
fn feature_name(placed: &Placed) -> Option<String> {
    let tokens = Tokens::of(placed.section.last()?);
    // "Locked chats (formerly Hushed chats)"
    let words = 1 + tokens.words.iter().skip(1).take_while(|word| !word.after_break).count();
    let end = tokens.words.get(words).map_or(tokens.form.len(), |word| word.start as usize);
    let name = tokens.form[..end].to_owned();
    let said = &placed.unit.tokens.form;
    let begins =
        said.starts_with(&name) || said.strip_prefix(" the").is_some_and(|rest| rest.starts_with(&name));
    ((2..=4).contains(&words) && begins).then_some(name)
}

fn speaks(unit: &Unit) -> bool {
    unit.encryption(Encryption::EndToEnd) || unit.encryption(Encryption::KeyCustody)
}

/// What one statement says; `before` is what the sentence before it said, if it said something, and `goes_on`
/// that it names the feature which that was about.
pub(super) fn claims(
    rules: &Rules,
    language: &Language,
    placed: &Placed,
    before: Option<&[Claim]>,
    goes_on: bool,
) -> Vec<Claim> {
    let unit = &*placed.unit;
    let words = &language.ladder;
    let reader = Reader { rules, language, unit };
    let refers = before.is_some()
        && !speaks(unit)
        && (goes_on || reader.any(&words.refers, 0, unit.tokens.words.len()));
    if !(speaks(unit) || refers) || unit.role == Role::Heading || unit.text.ends_with('?') {
        return Vec::new();
    }
    for other in [Grammar::OtherCompany, Grammar::Definition, Grammar::Hypothesis, Grammar::Quotation] {
        if unit.has(other) {
            return Vec::new();
        }
    }
    if reader.leads_on() || (unit.has(Grammar::Navigation) && unit.own_words().len() <= 7) {
        return Vec::new();
    }
    // "An end-to-end platform" encrypts nothing.
    if !refers
        && !words.about.is_empty()
        && !words.about.iter().any(|stem| unit.tokens.form.contains(stem.trim_end()))
    {
        return Vec::new();
    }
    let mut claims = reader.read(if refers { before } else { None }, goes_on);
    let fenced = placed.scope & (document::scope::REGION | document::scope::MINOR) != 0;
    for claim in &mut claims {
        if fenced && claim.step.rank() > Step::Limited.rank() {
            claim.step = Step::Limited;
        }
        claim.fenced |= fenced;
        if claim.scopes == 0 && !refers {
            claim.scopes = heading_scopes(language, placed);
        }
    }
    claims
}

/// So many words may stand ahead of "read more": "If you wish you can".
const OPENING: usize = 5;

/// The scopes that the heading right above names, where it is short.
fn heading_scopes(language: &Language, placed: &Placed) -> u16 {
    let Some(heading) = placed.section.last() else { return 0 };
    let tokens = Tokens::of(heading);
    if tokens.words.len() > 6 {
        return 0;
    }
    document::find(language, &tokens).iter().fold(0, |bits, hit| bits | scope_of(hit)) & !scope::BUSINESS
}

fn scope_of(hit: &Hit) -> u16 {
    if hit.cue.slot != Slot::Encryption {
        return 0;
    }
    match hit.cue.id {
        id if id == Encryption::Chats as u8 => scope::CHATS,
        id if id == Encryption::Groups as u8 => scope::GROUPS,
        id if id == Encryption::Calls as u8 => scope::CALLS,
        id if id == Encryption::Backups as u8 => scope::BACKUPS,
        id if id == Encryption::Files as u8 => scope::FILES,
        id if id == Encryption::Business as u8 => scope::BUSINESS,
        _ => 0,
    }
}

fn is_encryption(hit: &Hit, cue: Encryption) -> bool {
    hit.cue.slot == Slot::Encryption && hit.cue.id == cue as u8
}

use clause::grammar as is_grammar;

/// How a part of a sentence stands to what comes before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Main,
    /// "but …"
    Contrast,
    /// "while …": sets apart even without a negation.
    Apart,
    /// "except …"
    Exception,
    /// "if …"
    Condition,
}

#[derive(Debug, Clone, Copy)]
struct Part {
    from: usize,
    to: usize,
    kind: Kind,
}

/// Reads one statement.
struct Reader<'a> {
    rules: &'a Rules,
    language: &'a Language,
    unit: &'a Unit,
}

impl Reader<'_> {
    /// The words `from..to` between spaces.
    fn text(&self, from: usize, to: usize) -> &str {
        let tokens = &self.unit.tokens;
        let Some(first) = tokens.words.get(from) else { return " " };
        let end = tokens.words.get(to).map_or(tokens.form.len(), |word| word.start as usize);
        &tokens.form[first.start as usize - 1..end]
    }

    fn any(&self, list: &[String], from: usize, to: usize) -> bool {
        let text = self.text(from, to);
        list.iter().any(|phrase| text.contains(phrase.as_str()))
    }

    /// "Learn more about end-to-end encryption", "You can read more on how letters are end-to-end encrypted": this names a
    /// page to read, and promises nothing. "You can read more, and letters are end-to-end encrypted" promises.
    fn leads_on(&self) -> bool {
        let (unit, words) = (self.unit, &self.unit.tokens.words);
        let opens =
            |hit: &Hit| is_grammar(hit, Grammar::Navigation) && usize::from(hit.from) <= unit.lead_words;
        if unit.hits.iter().any(opens) {
            return true;
        }
        let Some(said) = unit.hits.iter().find(|hit| is_encryption(hit, Encryption::EndToEnd)) else {
            return false;
        };
        let said = usize::from(said.from);
        (unit.lead_words..said.min(unit.lead_words + OPENING + 1)).any(|n| {
            self.starts(&self.language.ladder.leads_on, n)
                && words[n + 1..=said].iter().all(|word| !word.after_break)
        })
    }

    /// A phrase of the list starts at word `n`.
    fn starts(&self, list: &[String], n: usize) -> bool {
        let text = self.text(n, self.unit.tokens.words.len());
        list.iter().any(|phrase| text.starts_with(phrase.as_str()))
    }

    fn hits(&self, from: usize, to: usize) -> impl Iterator<Item = &Hit> {
        self.unit.hits.iter().filter(move |hit| (from..to).contains(&(hit.from as usize)))
    }

    fn has(&self, part: Part, cue: Grammar) -> bool {
        self.hits(part.from, part.to).any(|hit| is_grammar(hit, cue))
    }

    fn speaks(&self, from: usize, to: usize) -> bool {
        self.hits(from, to).any(|hit| is_encryption(hit, Encryption::EndToEnd))
    }

    /// Where the sentence falls apart: at contrasts, conditions and exceptions, and where after "and" or a comma
    /// another thing gets a verb of its own.
    fn parts(&self) -> Vec<Part> {
        let count = self.unit.tokens.words.len();
        let words = &self.language.ladder;
        let mut parts: Vec<Part> = Vec::new();
        let mut part = Part { from: 0, to: 0, kind: Kind::Main };
        for n in 0..count {
            let at = |cue: Grammar| {
                self.unit.hits.iter().any(|hit| hit.from as usize == n && is_grammar(hit, cue))
            };
            let transit = || {
                self.unit
                    .hits
                    .iter()
                    .any(|hit| hit.from as usize == n && is_encryption(hit, Encryption::OnlyTransit))
            };
            let opens = if at(Grammar::Exception) {
                Some(Kind::Exception)
            } else if at(Grammar::Condition) && self.unit.tokens.word(n) != "where" {
                Some(Kind::Condition)
            } else if self.starts(&words.apart, n) && !transit() {
                Some(Kind::Apart)
            } else if self.starts(&words.contrast, n) && !transit() {
                Some(Kind::Contrast)
            } else if self.resumes(part, n) || self.goes_to_another(part, n) {
                Some(Kind::Main)
            } else {
                None
            };
            if let Some(kind) = opens {
                if n > part.from {
                    parts.push(Part { to: n, ..part });
                }
                part = Part { from: n, to: n, kind };
            }
        }
        parts.push(Part { to: count, ..part });
        parts
    }

    /// A comma ends a condition, and an exception that the sentence began with.
    fn resumes(&self, part: Part, n: usize) -> bool {
        let ends = part.kind == Kind::Condition || (part.kind == Kind::Exception && part.from == 0);
        ends && n > part.from && self.unit.tokens.words[n].after_break
    }

    /// After "and" or a comma something else gets a verb of its own.
    fn goes_to_another(&self, part: Part, n: usize) -> bool {
        let joins = self.unit.tokens.words[n].after_break
            || matches!(self.unit.tokens.word(n), "and" | "und" | "et" | "or");
        joins
            && matches!(part.kind, Kind::Main | Kind::Contrast | Kind::Apart)
            && self.has_verb(part.from, n)
            && self.another_subject(n)
    }

    fn has_verb(&self, from: usize, to: usize) -> bool {
        self.any(&self.language.ladder.be, from, to) || self.speaks(from, to)
    }

    /// From word `n` on another scope follows that has a verb of its own.
    fn another_subject(&self, n: usize) -> bool {
        self.hits(n, n + 6).find(|hit| scope_of(hit) != 0).is_some_and(|hit| {
            let after = hit.to as usize;
            self.any(&self.language.ladder.be, after, (after + 4).min(self.unit.tokens.words.len()))
                && !self.speaks(n, hit.from as usize)
        })
    }

    /// What is encrypted, as the part names it.
    fn scopes(&self, part: Part) -> u16 {
        let mut bits = 0;
        for hit in self.hits(part.from, part.to) {
            bits |= scope_of(hit);
            // "Every chat" is found as a whole; within it stands what it is about.
            if is_encryption(hit, Encryption::Default) && hit.to > hit.from + 1 {
                for n in hit.from..hit.to {
                    let word = Tokens::of(self.unit.tokens.word(n as usize));
                    bits |= document::find(self.language, &word).iter().fold(0, |b, hit| b | scope_of(hit));
                }
            }
        }
        if self.any(&self.language.ladder.mail, part.from, part.to) {
            bits |= scope::MAIL;
        }
        bits
    }

    fn fence(&self, part: Part) -> bool {
        self.hits(part.from, part.to)
            .any(|hit| is_encryption(hit, Encryption::Regions) || is_encryption(hit, Encryption::Minors))
    }

    fn read(&self, before: Option<&[Claim]>, goes_on: bool) -> Vec<Claim> {
        let words = &self.language.ladder;
        let mut claims: Vec<Claim> = Vec::new();
        // "Messages are encrypted, but they are not end-to-end encrypted": the part goes on about the last scopes.
        let mut last_scopes = 0;
        let mut spoken = false;
        let mut conditions = false;
        for part in self.parts() {
            let mut named = self.scopes(part);
            conditions |= part.kind == Kind::Condition;
            let scopes = if named == 0 { last_scopes } else { named };
            let claim = |step: Step, scopes: u16| {
                // What is denied to chats with businesses is not denied to chats.
                let denied = !step.stands() && scopes & scope::BUSINESS != 0;
                let scopes = if denied { scope::BUSINESS } else { scopes };
                let chats = self.any(&words.direct, part.from, part.to);
                Claim {
                    step,
                    scopes,
                    fenced: self.fence(part),
                    direct: chats,
                    whole: self.any(&words.whole, part.from, part.to),
                }
            };
            let own = self.speaks(part.from, part.to);
            let keys = self.hits(part.from, part.to).any(|hit| is_encryption(hit, Encryption::KeyCustody));
            let negated = self.has(part, Grammar::Negation);
            let no_longer = self.has(part, Grammar::NoLonger);
            let standalone =
                own || part.kind != Kind::Exception || (negated && self.has_verb(part.from, part.to));
            if part.kind == Kind::Exception && !standalone {
                if named != 0 && spoken {
                    claims.push(claim(Step::None, named));
                    // The exception's own words are not the promise's.
                } else if spoken && !self.has(part, Grammar::OptOutNow) && self.fence(part) {
                    for claim in claims.iter_mut().filter(|claim| claim.step.rank() > Step::Limited.rank()) {
                        claim.step = Step::Limited;
                        claim.fenced = true;
                    }
                }
                continue;
            }
            let refers = before.is_some() && (goes_on || self.any(&words.refers, part.from, part.to));
            if own {
                if part.kind == Kind::Condition && !self.unit.encryption(Encryption::OptIn) {
                    last_scopes = scopes;
                    continue;
                }
                if let Some(step) = self.step(part) {
                    let scopes = if scopes == 0 { self.other(part) } else { scopes };
                    // "If you write to a bot, messages are not …" is about what people do, not about messages.
                    let of_users = conditions && step.rank() == 0 && scopes & scope::BACKUPS == 0;
                    // What is said of a channel or a bot is not said of chats.
                    let narrow = step == Step::None
                        && scopes & !(scope::CHATS | scope::BUSINESS) == 0
                        && self.any(&words.narrow, part.from, part.to);
                    named = if narrow { scope::OTHER } else { named };
                    if !of_users {
                        claims.push(claim(step, if narrow { scope::OTHER } else { scopes }));
                    }
                }
                spoken = true;
            } else if keys && self.any(&words.key, 0, self.unit.tokens.words.len()) {
                let lost = self.any(&words.keys_lost, part.from, part.to) && !negated;
                claims.push(claim(if lost { Step::None } else { Step::Default }, scopes));
                spoken = true;
            } else if refers && let Some(before) = before {
                if let Some(step) = self.referred(part, before) {
                    let narrow = self.any(&words.narrow, part.from, part.to);
                    let all = before.iter().fold(0, |bits, claim| bits | claim.scopes);
                    let all = if narrow { scope::OTHER } else { all };
                    claims.push(claim(step, if named == 0 { all } else { named }));
                }
            } else if spoken && named != 0 {
                let elliptic = (negated || no_longer) && self.is_elliptic(part);
                let transit =
                    self.hits(part.from, part.to).any(|hit| is_encryption(hit, Encryption::OnlyTransit));
                if elliptic || transit || part.kind == Kind::Apart {
                    claims.push(claim(Step::None, named));
                }
            }
            // "If you back up your chats, the copies …" goes on about the backup.
            let copied = part.kind == Kind::Condition && named & scope::BACKUPS != 0;
            if named != 0 {
                last_scopes = if copied { scope::BACKUPS } else { named };
            }
        }
        claims
    }

    /// "backups are not", "does not cover groups": the negation is about what was said before.
    fn is_elliptic(&self, part: Part) -> bool {
        // A practice of its own ("but we do not read backups") is another matter.
        self.hits(part.from, part.to).all(|hit| hit.cue.slot != Slot::Verb)
    }

    /// What a part says that goes on about the sentence before.
    fn referred(&self, part: Part, before: &[Claim]) -> Option<Step> {
        let words = &self.language.ladder;
        let best = before.iter().map(|claim| claim.step).max_by_key(|step| step.rank())?;
        let gone = self.has(part, Grammar::NoLonger) || self.has(part, Grammar::Ended);
        if gone && !self.is_kept_on(part) {
            let date = date::dates(self.language, &self.unit.tokens).into_iter().next();
            return Some(Step::Ended(date));
        }
        if self.has(part, Grammar::Negation) {
            let narrow = self.any(&words.narrow, part.from, part.to);
            return (narrow || self.scopes(part) != 0).then_some(Step::None);
        }
        if self.any(&words.likewise, part.from, part.to) {
            return (self.scopes(part) != 0).then_some(best);
        }
        self.unit.encryption(Encryption::OptIn).then_some(Step::OptIn)
    }

    /// "cannot be turned off", "you can turn it off" are no end.
    fn is_kept_on(&self, part: Part) -> bool {
        let words = &self.language.ladder;
        let ended = |hit: &&Hit| is_grammar(hit, Grammar::Ended) || is_grammar(hit, Grammar::NoLonger);
        self.hits(part.from, part.to).filter(ended).all(|hit| {
            self.any(&words.off, hit.from as usize, hit.to as usize)
                && (self.has(part, Grammar::Negation) || self.has(part, Grammar::May))
        })
    }

    /// The step that a part takes which names end-to-end encryption; `None` if it takes none.
    fn step(&self, part: Part) -> Option<Step> {
        let words = &self.language.ladder;
        let unit = self.unit;
        if self.any(&words.effortless, 0, unit.tokens.words.len()) {
            return Some(Step::Default);
        }
        let place = *self.hits(part.from, part.to).find(|hit| is_encryption(hit, Encryption::EndToEnd))?;
        let no_longer = self.has(part, Grammar::NoLonger);
        if self.any(&words.past, part.from, part.to) && !no_longer {
            return None;
        }
        let date = || date::dates(self.language, &unit.tokens).into_iter().next();
        let near = |hit: &Hit| (i32::from(hit.from) - i32::from(place.from)).abs() <= 12;
        let ending = self
            .hits(part.from, part.to)
            .any(|hit| near(hit) && (is_grammar(hit, Grammar::Ended) || is_grammar(hit, Grammar::NoLonger)));
        let switched_off = self.any(&words.off, part.from, part.to);
        if ending && !self.is_kept_on(part) {
            // "starts with … switched off, and you can switch it on"
            if switched_off && !no_longer && unit.encryption(Encryption::OptIn) {
                return Some(Step::OptIn);
            }
            return Some(Step::Ended(date()));
        }
        if self.is_denied(part, place) {
            return Some(match date() {
                Some(date)
                    if unit.has(Grammar::Will) || self.text(part.from, part.to).contains(" after ") =>
                {
                    Step::Ended(Some(date))
                }
                _ => Step::None,
            });
        }
        if self.has(part, Grammar::Announced) {
            return Some(Step::Announced);
        }
        if self.fence(part) || self.any(&words.limited, part.from, part.to) {
            return Some(Step::Limited);
        }
        if unit.encryption(Encryption::OptIn) && !unit.encryption(Encryption::Default) {
            return Some(Step::OptIn);
        }
        Some(Step::Default)
    }

    /// A negation is about end-to-end encryption itself, and not about what somebody does with what is encrypted.
    fn is_denied(&self, part: Part, place: Hit) -> bool {
        // "We cannot read your end-to-end encrypted messages" denies reading.
        let practice = |from: u16, to: u16| {
            self.hits(from as usize, to as usize).any(|hit| {
                hit.cue.slot == Slot::Verb
                    && self.rules.entry(hit.cue).is_some_and(|verb| !verb.protective && verb.name != "use")
            })
        };
        let off = self.any(&self.language.ladder.off, part.from, part.to);
        self.hits(part.from, part.to).any(|hit| {
            if !(is_grammar(hit, Grammar::Negation) || is_grammar(hit, Grammar::NoLonger)) {
                return false;
            }
            let word = self.unit.tokens.word(hit.from as usize);
            if matches!(word, "without" | "nothing" | "ohne" | "sans") || off {
                return false;
            }
            if hit.from <= place.from {
                place.from - hit.from <= 8 && !practice(hit.to, place.from)
            } else {
                // "… is not available for groups": nothing but a verb's help stands between.
                (place.to..hit.from).all(|n| self.starts(&self.language.ladder.be, n as usize))
                    && hit.from - place.to <= 2
                    && !practice(hit.to, hit.to + 4)
            }
        })
    }

    /// Something else that is encrypted: locations, contacts, "this information".
    fn other(&self, part: Part) -> u16 {
        if self.any(&self.language.ladder.whole, part.from, part.to) {
            return 0;
        }
        let first = part.from.max(self.unit.lead_words);
        let pointed = first < part.to && matches!(self.unit.tokens.word(first), "this" | "these" | "such");
        if pointed {
            return scope::OTHER;
        }
        let named = self.hits(part.from, part.to).any(|hit| {
            hit.cue.slot == Slot::Data
                && self.rules.entry(hit.cue).is_some_and(|data| {
                    !matches!(data.name.as_str(), "content" | "personal" | "keys" | "child")
                })
        });
        if named { scope::OTHER } else { 0 }
    }
}
