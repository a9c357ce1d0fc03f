//! Typed differences between two wordings of one sentence, each with its direction.
//!
//! What a difference means depends on the sentence's polarity: a condition put into a promise weakens it, a
//! condition put into a permission fences it in. So each difference is named once, as what makes the newer
//! wording weaker for people; the same list with the texts exchanged names what makes it firmer.

use super::clause::{Actor, Promise};
use super::document::Unit;
use super::number::Quantity;
use super::rules::{Encryption, Grammar, Rules, SLOTS, Slot};
use crate::finding::Topic;

/// A way in which a wording got weaker for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Weaker {
    NegationLifted,
    ModalityLowered,
    HedgePut,
    ConditionPut,
    ExceptionPut,
    LawPut,
    DescribedPut,
    ScopePut,
    OnlyLost,
    UniversalLost,
    ConsentLost,
    OptOutPut,
    DefaultLost,
    LimitLonger,
    LimitLost,
    NoticeLost,
    ControlLost,
    ProtectionLost,
    SlotLost,
    VerbLost,
    ListOpened,
    FenceLost,
    AgeLowered,
    DataAdded,
    RecipientAdded,
    PurposeAdded,
    PracticeAdded,
    Ended,
    /// Told of short edits only, see [`super::plain`].
    EndToEndLost,
    ListLonger,
    NoticeShorter,
}

impl Weaker {
    pub const ALL: [(Weaker, &'static str, &'static str); 31] = [
        (Weaker::NegationLifted, "negation_lifted", "what was ruled out is no longer ruled out"),
        (Weaker::ModalityLowered, "modality_lowered", "\"will\" became \"may\""),
        (Weaker::HedgePut, "hedge_put", "a hedge was put in"),
        (Weaker::ConditionPut, "condition_put", "a condition was put in"),
        (Weaker::ExceptionPut, "exception_put", "an exception was put in"),
        (Weaker::LawPut, "law_put", "it now holds only where the law asks for it"),
        (Weaker::DescribedPut, "described_put", "it now holds except as described elsewhere"),
        (Weaker::ScopePut, "scope_put", "it now holds for some people, places or cases only"),
        (Weaker::OnlyLost, "only_lost", "\"only\" was dropped"),
        (Weaker::UniversalLost, "universal_lost", "\"all\", \"any\" or \"never\" was dropped"),
        (Weaker::ConsentLost, "consent_lost", "consent is no longer asked for"),
        (Weaker::OptOutPut, "opt_out_put", "it now happens unless people object"),
        (Weaker::DefaultLost, "default_lost", "it is no longer the default"),
        (Weaker::LimitLonger, "limit_longer", "the time limit is longer"),
        (Weaker::LimitLost, "limit_lost", "the time limit is gone"),
        (Weaker::NoticeLost, "notice_lost", "notice is no longer promised"),
        (Weaker::ControlLost, "control_lost", "a choice or right is gone"),
        (
            Weaker::ProtectionLost,
            "protection_lost",
            "a protection (encryption, anonymity) is gone from the sentence",
        ),
        (Weaker::SlotLost, "slot_lost", "fewer data, recipients or purposes are ruled out"),
        (Weaker::VerbLost, "verb_lost", "fewer practices are ruled out"),
        (Weaker::ListOpened, "list_opened", "a closed list became examples"),
        (Weaker::FenceLost, "fence_lost", "a condition on what the service does was dropped"),
        (Weaker::AgeLowered, "age_lowered", "the age is lower"),
        (Weaker::DataAdded, "data_added", "it covers more kinds of data"),
        (Weaker::RecipientAdded, "recipient_added", "more recipients get data"),
        (Weaker::PurposeAdded, "purpose_added", "data serve further purposes"),
        (Weaker::PracticeAdded, "practice_added", "the service does more with data"),
        (Weaker::Ended, "ended", "the new wording says that it ends"),
        (Weaker::EndToEndLost, "end_to_end_lost", "\"end-to-end\" was dropped"),
        (Weaker::ListLonger, "list_longer", "a list that \"only\" closes got a further item"),
        (Weaker::NoticeShorter, "notice_shorter", "the time of notice is shorter"),
    ];

    pub fn bit(self) -> u32 {
        1 << self as u8
    }

    /// What it is called, and told as, where the newer wording undoes it.
    pub fn undone(self) -> (&'static str, &'static str) {
        match self {
            Weaker::NegationLifted => ("negation_put", "it is ruled out now"),
            Weaker::ModalityLowered => ("modality_raised", "\"may\" became \"will\""),
            Weaker::HedgePut => ("hedge_dropped", "a hedge was dropped"),
            Weaker::ConditionPut => ("condition_dropped", "a condition was dropped"),
            Weaker::ExceptionPut => ("exception_dropped", "an exception was dropped"),
            Weaker::LawPut => ("law_dropped", "it no longer holds only where the law asks for it"),
            Weaker::DescribedPut => ("described_dropped", "it no longer holds except as described elsewhere"),
            Weaker::ScopePut => ("scope_dropped", "it no longer holds for some people, places or cases only"),
            Weaker::OnlyLost => ("only_put", "\"only\" was put in"),
            Weaker::UniversalLost => ("universal_put", "\"all\", \"any\" or \"never\" was put in"),
            Weaker::ConsentLost => ("consent_put", "consent is asked for"),
            Weaker::OptOutPut => ("opt_out_dropped", "it no longer happens unless people object"),
            Weaker::DefaultLost => ("default_put", "it is the default now"),
            Weaker::LimitLonger => ("limit_shorter", "the time limit is shorter"),
            Weaker::LimitLost => ("limit_put", "a time limit was put in"),
            Weaker::NoticeLost => ("notice_put", "notice is promised"),
            Weaker::ControlLost => ("control_put", "a choice or right was put in"),
            Weaker::ProtectionLost => {
                ("protection_put", "a protection (encryption, anonymity) was put into the sentence")
            }
            Weaker::SlotLost => ("slot_put", "more data, recipients or purposes are ruled out"),
            Weaker::VerbLost => ("verb_put", "more practices are ruled out"),
            Weaker::ListOpened => ("list_closed", "a list of examples became a closed one"),
            Weaker::FenceLost => ("fence_put", "a condition on what the service does was put in"),
            Weaker::AgeLowered => ("age_raised", "the age is higher"),
            Weaker::DataAdded => ("data_dropped", "it covers fewer kinds of data"),
            Weaker::RecipientAdded => ("recipient_dropped", "fewer recipients get data"),
            Weaker::PurposeAdded => ("purpose_dropped", "data serve fewer purposes"),
            Weaker::PracticeAdded => ("practice_dropped", "the service does less with data"),
            Weaker::Ended => ("end_dropped", "the new wording no longer says that it ends"),
            Weaker::EndToEndLost => ("end_to_end_put", "\"end-to-end\" was put in"),
            Weaker::ListLonger => ("list_shorter", "a list that \"only\" closes lost an item"),
            Weaker::NoticeShorter => ("notice_longer", "the time of notice is longer"),
        }
    }

    /// Differences that leave no room for another reading, where little else was edited.
    pub const DECISIVE: u32 = 1 << Weaker::NegationLifted as u8
        | 1 << Weaker::LimitLonger as u8
        | 1 << Weaker::OptOutPut as u8
        | 1 << Weaker::AgeLowered as u8
        | 1 << Weaker::VerbLost as u8;

    /// Differences that break a promise rather than widen a permission.
    pub const BREAKING: u32 = !(1 << Weaker::DataAdded as u8
        | 1 << Weaker::RecipientAdded as u8
        | 1 << Weaker::PurposeAdded as u8
        | 1 << Weaker::PracticeAdded as u8);
}

/// The statement holds something for people: a denial, a choice, a notice, a limit, a protection.
pub(super) fn is_protective(unit: &Unit) -> bool {
    unit.promise
        & (Promise::Negative as u32
            | Promise::Control as u32
            | Promise::Notice as u32
            | Promise::Deletes as u32
            | Promise::BindsOthers as u32
            | Promise::Protected as u32
            | Promise::EndToEnd as u32)
        != 0
        || denies_in_its_words(unit)
}

/// Of other languages than English few practices are known: what denies or closes something, and speaks of encryption
/// or of selling what is people's, is a promise.
pub(super) fn denies_in_its_words(unit: &Unit) -> bool {
    let speaks_of = |topic: Topic| unit.mask(Slot::Topic) >> topic as u64 & 1 == 1;
    let of_people = || unit.mask(Slot::Data) != 0 || unit.has(Grammar::You);
    let closes = unit.has(Grammar::Negation) || unit.has(Grammar::Only);
    !unit.is_learned
        && closes
        && !unit.has(Grammar::YouDuty)
        && (speaks_of(Topic::Encryption) || (speaks_of(Topic::DataSale) && of_people()))
}

/// The statement says that the service (or someone on its behalf) does something with data.
pub(super) fn is_permissive(rules: &Rules, unit: &Unit) -> bool {
    unit.frames.iter().any(|frame| {
        !frame.negated
            && !frame.conditional
            && frame.actor != Actor::User
            && !rules.verbs[frame.verb as usize].protective
    })
}

/// What makes `new` weaker than `old`. `lost` and `gained` are the cues among the edited words that the other
/// wording has nowhere.
pub(super) fn weaker(
    rules: &Rules,
    old: &Unit,
    new: &Unit,
    lost: &[u64; SLOTS],
    gained: &[u64; SLOTS],
) -> u32 {
    let mut bits = 0u32;
    let mut put = |rule: Weaker, holds: bool| {
        if holds {
            bits |= rule.bit();
        }
    };
    let grammar = Slot::Grammar as usize;
    let lost_cue = |cue: Grammar| lost[grammar] & cue.bit() != 0;
    let gained_cue = |cue: Grammar| gained[grammar] & cue.bit() != 0;
    let protective = is_protective(old);
    let permissive = is_permissive(rules, old);
    let fenced = old.promise & (Promise::Only as u32 | Promise::Consent as u32) != 0;
    let bound = protective || fenced;
    let negative = old.promise & Promise::Negative as u32 != 0;

    let denied = |unit: &Unit| {
        unit.frames
            .iter()
            .filter(|frame| frame.negated && !frame.conditional && frame.actor != Actor::User)
            .fold(0u64, |bits, frame| bits | 1 << frame.verb)
    };
    let done = |unit: &Unit| {
        unit.frames
            .iter()
            .filter(|frame| !frame.negated && !frame.conditional && frame.actor != Actor::User)
            .fold(0u64, |bits, frame| bits | 1 << frame.verb)
    };
    let protective_verbs =
        rules.verbs.iter().enumerate().filter(|(_, v)| v.protective).fold(0u64, |bits, (n, _)| bits | 1 << n);
    let practices = !protective_verbs;
    let lifted = denied(old) & done(new) & !denied(new) & practices;
    put(Weaker::NegationLifted, lifted != 0 || (lost_cue(Grammar::Negation) && negative && denied(new) == 0));
    put(
        Weaker::ModalityLowered,
        bound && gained_cue(Grammar::May) && !old.has(Grammar::May) && !old.has(Grammar::Negation),
    );
    put(Weaker::HedgePut, bound && gained_cue(Grammar::Hedge));
    put(Weaker::ConditionPut, protective && gained_cue(Grammar::Condition));
    put(Weaker::ExceptionPut, bound && gained_cue(Grammar::Exception));
    put(Weaker::LawPut, bound && gained_cue(Grammar::Law));
    put(Weaker::DescribedPut, bound && gained_cue(Grammar::Described) && !old.has(Grammar::Described));
    put(
        Weaker::ScopePut,
        bound
            && (gained_cue(Grammar::Region)
                || gained_cue(Grammar::Business)
                || (gained_cue(Grammar::Minor) && !old.has(Grammar::Minor))),
    );
    put(Weaker::OnlyLost, lost_cue(Grammar::Only));
    put(Weaker::UniversalLost, bound && lost_cue(Grammar::Universal));
    put(Weaker::ConsentLost, lost_cue(Grammar::Consent) && !old.has(Grammar::YouDuty));
    put(Weaker::OptOutPut, gained_cue(Grammar::OptOutNow));
    put(Weaker::DefaultLost, protective && lost_cue(Grammar::Default));
    put(Weaker::NoticeLost, lost_cue(Grammar::Notice) && old.promise & Promise::Notice as u32 != 0);
    let control = verb_bit(rules, "control") | verb_bit(rules, "delete");
    put(
        Weaker::ControlLost,
        old.promise & Promise::Control as u32 != 0 && lost[Slot::Verb as usize] & control != 0,
    );
    let protect = verb_bit(rules, "protect");
    let encryption = Encryption::EndToEnd.bit() | Encryption::KeyCustody.bit();
    put(
        Weaker::ProtectionLost,
        lost[Slot::Verb as usize] & protect != 0
            || (lost[Slot::Encryption as usize] & encryption != 0
                && new.mask(Slot::Encryption) & encryption & old.mask(Slot::Encryption) == 0),
    );
    put(
        Weaker::SlotLost,
        negative
            && (lost[Slot::Data as usize] | lost[Slot::Recipient as usize] | lost[Slot::Purpose as usize])
                != 0,
    );
    put(Weaker::VerbLost, negative && lost[Slot::Verb as usize] & denied(old) != 0);
    put(
        Weaker::ListOpened,
        gained_cue(Grammar::Example)
            && (old.has(Grammar::Only) || lost_cue(Grammar::Hedge) || lost_cue(Grammar::Only)),
    );
    put(
        Weaker::FenceLost,
        permissive
            && !negative
            && (lost_cue(Grammar::Condition)
                || lost_cue(Grammar::Exception)
                || lost_cue(Grammar::Law)
                || lost_cue(Grammar::Region))
            && new.frames.iter().any(|frame| !frame.negated),
    );
    let longest = |unit: &Unit| {
        unit.quantities.iter().filter_map(|q| if let Quantity::Hours(h) = q { Some(*h) } else { None }).max()
    };
    // How long data are kept, not how long a refund takes.
    let limited = (old.promise & (Promise::Limit as u32 | Promise::Deletes as u32) != 0 || permissive)
        && !old.has(Grammar::Commerce);
    if let (Some(a), Some(b)) = (longest(old), longest(new)) {
        // Of a notice or a claim period more is better; of keeping and answering less is.
        let notice = old.promise & Promise::Notice as u32 != 0
            && old.mask(Slot::Verb) & verb_bit(rules, "retain") == 0;
        put(Weaker::LimitLonger, limited && if notice { is_longer(a, b) } else { is_longer(b, a) });
    }
    put(Weaker::LimitLost, limited && longest(old).is_some() && longest(new).is_none());
    let age = |unit: &Unit| {
        unit.quantities.iter().filter_map(|q| if let Quantity::Age(a) = q { Some(*a) } else { None }).max()
    };
    if let (Some(a), Some(b)) = (age(old), age(new)) {
        put(Weaker::AgeLowered, b < a);
    }
    let widened = permissive && !negative && done(new) & practices != 0;
    put(Weaker::DataAdded, widened && gained[Slot::Data as usize] != 0);
    put(Weaker::RecipientAdded, widened && gained[Slot::Recipient as usize] != 0);
    put(Weaker::PurposeAdded, widened && gained[Slot::Purpose as usize] != 0);
    put(Weaker::PracticeAdded, done(new) & !done(old) & practices & gained[Slot::Verb as usize] != 0);
    put(Weaker::Ended, bound && (gained_cue(Grammar::Ended) || (gained_cue(Grammar::NoLonger) && !negative)));
    bits
}

/// Whether `a` hours are longer than `b`; twelve months and a year are the same.
pub(super) fn is_longer(a: u32, b: u32) -> bool {
    u64::from(a) * 100 > u64::from(b) * 104
}

pub(super) fn verb_bit(rules: &Rules, name: &str) -> u64 {
    rules.verbs.iter().position(|verb| verb.name == name).map_or(0, |n| 1 << n)
}
