//! Sentences to clauses, clauses to frames: who does what, to what, for whom, under which condition.

use super::document::Hit;
use super::number::Quantity;
use super::rules::{Grammar, Rules, SLOTS, Slot};
use super::token::Tokens;
use crate::statement::Role;

/// Who acts in a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    Service,
    User,
    Other,
}

/// One thing that a clause says is or is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Place among the rules' verbs.
    pub verb: u8,
    pub actor: Actor,
    pub negated: bool,
    /// "only", "solely": the practice is fenced in.
    pub only: bool,
    pub may: bool,
    /// Stands in a clause that only sets a condition: "if you share your contacts".
    pub conditional: bool,
    /// Stands in the exception to another clause.
    pub excepted: bool,
    pub consent: bool,
    pub hedged: bool,
    /// Bits of the rules' lists.
    pub data: u64,
    pub recipients: u64,
    pub purposes: u64,
}

/// The kinds of promise a statement can make, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Promise {
    /// "We do not …"
    Negative = 1,
    /// "We only …"
    Only = 2,
    /// "You can …": a choice, a right, a tool.
    Control = 4,
    /// "With your consent"
    Consent = 8,
    /// "Within 30 days", "for 18 months"
    Limit = 16,
    /// "We will notify you"
    Notice = 32,
    /// Encrypted, anonymised, aggregated.
    Protected = 64,
    /// Deletes, erases.
    Deletes = 128,
    /// Holds others to something.
    BindsOthers = 256,
    /// End-to-end encryption or keys.
    EndToEnd = 512,
}

impl Promise {
    pub const ALL: [(Promise, &'static str); 10] = [
        (Promise::Negative, "negative"),
        (Promise::Only, "only"),
        (Promise::Control, "control"),
        (Promise::Consent, "consent"),
        (Promise::Limit, "limit"),
        (Promise::Notice, "notice"),
        (Promise::Protected, "protected"),
        (Promise::Deletes, "deletes"),
        (Promise::BindsOthers, "binds_others"),
        (Promise::EndToEnd, "end_to_end"),
    ];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Main,
    Condition,
    Exception,
}

/// Words `from..to` of a sentence.
pub(super) struct Clause {
    pub from: usize,
    pub to: usize,
    pub part: Part,
}

impl Clause {
    /// Those that start in it; hits come in order of where they start.
    pub fn hits<'a>(&self, hits: &'a [Hit]) -> &'a [Hit] {
        let start = hits.partition_point(|hit| (hit.from as usize) < self.from);
        let len = hits[start..].partition_point(|hit| (hit.from as usize) < self.to);
        &hits[start..start + len]
    }
}

pub(super) fn grammar(hit: &Hit, cue: Grammar) -> bool {
    hit.cue.slot == Slot::Grammar && hit.cue.id == cue as u8
}

/// Where a sentence falls apart: at conditions and exceptions, at "but", "which", "who", and where a new
/// subject follows a comma.
pub(super) fn clauses(tokens: &Tokens, lead_words: usize, hits: &[Hit]) -> Vec<Clause> {
    let mut clauses: Vec<Clause> = Vec::new();
    let mut from = 0;
    let mut part = Part::Main;
    // Hits come in order of where they start.
    let mut ahead = hits;
    for n in 0..tokens.words.len() {
        let word = tokens.word(n);
        let starting = ahead.iter().take_while(|hit| hit.from as usize <= n).count();
        let (starts, rest) = ahead.split_at(starting);
        ahead = rest;
        let mut opens = None;
        for hit in starts {
            if grammar(hit, Grammar::Exception) || grammar(hit, Grammar::OptOutNow) {
                opens = Some(Part::Exception);
            } else if grammar(hit, Grammar::Condition) && word != "where" {
                opens = Some(Part::Condition);
            }
        }
        if opens.is_none() && n > from {
            let subject_ahead = || {
                let last = (n + 3).min(tokens.words.len());
                (n..last).any(|m| matches!(tokens.word(m), "we" | "you" | "they" | "it" | "i"))
            };
            let after_break = tokens.words[n].after_break;
            if matches!(word, "but" | "which" | "who" | "whereas" | "while")
                || (after_break && n != lead_words && (part == Part::Condition || subject_ahead()))
                || (matches!(word, "and" | "or") && subject_ahead() && part != Part::Condition)
            {
                opens = Some(Part::Main);
            }
        }
        if let Some(next) = opens {
            if n > from {
                clauses.push(Clause { from, to: n, part });
            }
            from = n;
            part = next;
        }
    }
    clauses.push(Clause { from, to: tokens.words.len(), part });
    clauses
}

/// The frames of a statement under its lead-in; `masks` are the bits of its hits, by slot. `capital_nouns`: see
/// [`super::rules::Language`].
pub(super) fn frames(
    tokens: &Tokens,
    lead_words: usize,
    hits: &[Hit],
    masks: &[u64; SLOTS],
    capital_nouns: bool,
) -> Vec<Frame> {
    let mut frames = Vec::new();
    if masks[Slot::Verb as usize] == 0 {
        return frames;
    }
    let has = |cue: Grammar| masks[Slot::Grammar as usize] & cue.bit() != 0;
    let (consent, hedged) = (has(Grammar::Consent), has(Grammar::Hedge));
    let only_anywhere = has(Grammar::Only);
    for clause in clauses(tokens, lead_words, hits) {
        let within = clause.hits(hits);
        for hit in within.iter().filter(|hit| hit.cue.slot == Slot::Verb) {
            if !capital_nouns && is_name(tokens, hit.from as usize) {
                continue;
            }
            let may = within.iter().any(|other| other.from <= hit.from && grammar(other, Grammar::May));
            let negated = is_negated(tokens, within, hit);
            frames.push(Frame {
                verb: hit.cue.id,
                actor: actor(tokens, clause.from, hit.from as usize, within),
                negated,
                only: only_anywhere,
                may,
                conditional: clause.part == Part::Condition,
                excepted: clause.part == Part::Exception,
                consent,
                hedged,
                data: masks[Slot::Data as usize],
                recipients: masks[Slot::Recipient as usize],
                purposes: masks[Slot::Purpose as usize],
            });
        }
    }
    frames
}

/// Whether what a verb says is denied; `within` are the cues of its clause.
pub(super) fn is_negated(tokens: &Tokens, within: &[Hit], verb: &Hit) -> bool {
    // A later "will" after "and" takes the negation off only with a new subject, which is a new clause.
    within
        .iter()
        .take_while(|other| other.from <= verb.from)
        .any(|other| grammar(other, Grammar::Negation) || grammar(other, Grammar::NoLonger))
        || within.iter().any(|other| {
            let word = |n: u16| tokens.word(n as usize);
            grammar(other, Grammar::Negation)
            // "shares no data", "with no one"
            && ((other.from >= verb.from
                && other.from <= verb.to + 2
                && matches!(word(other.from), "no" | "none" | "nothing" | "nobody" | "neither"))
                // "Wir verkaufen Ihre Daten nicht": in German it stands behind the verb, however far.
                || (other.from >= verb.from
                    && matches!(word(other.from), "nicht" | "nie" | "niemals" | "kein" | "keine" | "keinen" | "keinem"))
                // "can be read by you and by nobody else": what the passive's agent denies.
                || (other.from > verb.to
                    && word(other.from - 1) == "by"
                    && matches!(word(other.from), "no" | "none" | "nobody")))
        })
}

/// A capital within a sentence of small letters: "the App Store".
fn is_name(tokens: &Tokens, n: usize) -> bool {
    let word = &tokens.words[n];
    n > 0
        && word.capital
        && !word.after_break
        && tokens.words[n - 1].capital
        && tokens.words.iter().any(|word| !word.capital)
}

/// The nearest subject before the verb; without one, the service speaks of itself or in the passive.
pub(super) fn actor(tokens: &Tokens, from: usize, verb: usize, within: &[Hit]) -> Actor {
    for n in (from..verb).rev() {
        match tokens.word(n) {
            "we" | "i" => return Actor::Service,
            // "What you write plays no part …": only the writing is yours.
            "you" if n > from && tokens.word(n - 1) == "what" && verb > n + 1 => {}
            "you" => return Actor::User,
            // German and French begin with it where it is the subject.
            "sie" | "du" | "vous" | "tu" if n == from => return Actor::User,
            "users" | "members" | "customers" | "individuals" | "people" | "anyone" if n < from + 3 => {
                return Actor::User;
            }
            "they" => return Actor::Other,
            _ => {}
        }
        // "Our partners may …"
        if n + 3 >= verb
            && n < from + 5
            && within.iter().any(|hit| hit.cue.slot == Slot::Recipient && hit.to as usize == n + 1)
        {
            return Actor::Other;
        }
    }
    // "Do not share your password": told to people.
    let imperative = matches!(tokens.word(from), "do" | "dont" | "never" | "please" | "avoid");
    if imperative
        && from + 4 > verb.min(from + 3)
        && !within.iter().any(|hit| grammar(hit, Grammar::We) && (hit.from as usize) < verb)
    {
        return Actor::User;
    }
    Actor::Service
}

/// Which kinds of promise a statement makes.
pub(super) fn promises(
    rules: &Rules,
    role: Role,
    tokens: &Tokens,
    frames: &[Frame],
    masks: &[u64; SLOTS],
    quantities: &[Quantity],
) -> u32 {
    if role == Role::Heading || tokens.words.len() < 3 {
        return 0;
    }
    let has = |cue: Grammar| masks[Slot::Grammar as usize] & cue.bit() != 0;
    let mut bits = 0;
    let duty = has(Grammar::YouDuty);
    for frame in frames {
        let verb = &rules.verbs[frame.verb as usize];
        if frame.conditional || frame.excepted {
            continue;
        }
        match (verb.name.as_str(), frame.actor, frame.negated) {
            ("control", Actor::User | Actor::Service, false) => bits |= Promise::Control as u32,
            ("delete", Actor::User, false) => bits |= Promise::Control as u32,
            ("delete", _, false) => bits |= Promise::Deletes as u32,
            ("protect", _, false) => bits |= Promise::Protected as u32,
            ("require_others", _, _) => bits |= Promise::BindsOthers as u32,
            (_, Actor::Service | Actor::Other, true) if !verb.protective => {
                let about = frame.data | frame.recipients | frame.purposes != 0;
                if about || has(Grammar::You) {
                    bits |= Promise::Negative as u32;
                }
            }
            (_, Actor::Service | Actor::Other, false) if !verb.protective => {
                if frame.only {
                    bits |= Promise::Only as u32;
                }
                if frame.consent && !duty {
                    bits |= Promise::Consent as u32;
                }
            }
            _ => {}
        }
    }
    let practice = frames.iter().any(|frame| {
        matches!(rules.verbs[frame.verb as usize].name.as_str(), "retain" | "delete" | "collect" | "log")
    });
    if quantities.iter().any(|q| matches!(q, Quantity::Hours(_))) && (practice || has(Grammar::Answer)) {
        bits |= Promise::Limit as u32;
    }
    if has(Grammar::Notice) && has(Grammar::We) && !has(Grammar::YouDuty) {
        bits |= Promise::Notice as u32;
    }
    if has(Grammar::Consent) && has(Grammar::We) && !duty {
        bits |= Promise::Consent as u32;
    }
    let encryption = masks[Slot::Encryption as usize];
    if encryption & super::rules::Encryption::EndToEnd.bit() != 0
        || encryption & super::rules::Encryption::KeyCustody.bit() != 0
    {
        bits |= Promise::EndToEnd as u32;
    }
    bits
}
