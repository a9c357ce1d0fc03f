//! From what the trees make of a short page to findings, each with its steps.

use super::wording::Claim;
use super::{Told, told};
use crate::finding::{Judgement, Kind};
use crate::promise::document::Unit;
use crate::promise::encryption::{Step, scope};
use crate::promise::features::Pair;
use crate::promise::judge::{Dates, is_grave, lead_in_at, promise_key, text_at};
use crate::promise::order::{PLAIN, Weight};
use crate::promise::rules::Rules;
use std::collections::BTreeSet;

/// The findings between two short pages.
pub(in crate::promise) fn findings(rules: &Rules, pair: &Pair<'_>, dates: &Dates) -> Vec<Judgement> {
    judgements(rules, pair, told(rules, pair), dates).into_iter().map(|(_, finding)| finding).collect()
}

/// The findings, of what the trees told.
pub(super) fn judgements(
    rules: &Rules,
    pair: &Pair<'_>,
    told: Vec<Told>,
    dates: &Dates,
) -> Vec<(Told, Judgement)> {
    let judged = |told: Told| {
        let finding = judgement(rules, pair, &told, dates);
        (told, finding)
    };
    told_singly(told).into_iter().map(judged).collect()
}

/// How sure a second finding of one topic and kind has to be: mostly it is another sentence of the same promise.
const SURE: f32 = 0.7;

/// Likeliest first: no sentence is told twice, and a second finding of one topic and kind has to be sure.
fn told_singly(told: Vec<Told>) -> Vec<Told> {
    let mut places = BTreeSet::new();
    let mut topics = BTreeSet::new();
    told.into_iter()
        .filter(|told| {
            let sides = [told.before.map(|n| (false, n)), told.after.map(|n| (true, n))];
            let is_new = !sides.iter().flatten().any(|side| places.contains(side));
            places.extend(sides.into_iter().flatten());
            let is_first = topics.insert((told.kind, told.topic));
            is_new && (is_first || told.chance >= SURE)
        })
        .collect()
}

fn judgement(rules: &Rules, pair: &Pair<'_>, told: &Told, dates: &Dates) -> Judgement {
    let unit = told.before.map(|n| &*pair.old.placed[n].unit);
    let after_unit = told.after.map(|n| &*pair.new.placed[n].unit);
    let bound = if told.kind == Kind::Reversal { unit.or(after_unit) } else { after_unit.or(unit) };
    let stake = |unit: Option<&Unit>| unit.map(|unit| rules.stakes.of(unit)).unwrap_or_default();
    let at_stake = match told.kind {
        Kind::Reversal => stake(unit).protects.max(stake(after_unit).permits),
        Kind::Expansion => stake(after_unit).permits,
        Kind::Strengthening => stake(after_unit).protects,
    };
    let severity = match told.states {
        Some((Step::Default, _) | (Step::OptIn, Step::None | Step::Ended(_))) => 3,
        Some(_) => 2,
        None if told.kind == Kind::Expansion => 2,
        None => 1 + u8::from(is_grave(told.topic)) + u8::from(at_stake >= PLAIN),
    };
    let mut steps = vec![match (told.before, told.after) {
        (Some(_), Some(_)) => "the new sentence stands in the old one's place, or takes from it".to_owned(),
        (Some(_), None) => "nothing stands in its place".to_owned(),
        _ => "nothing of the kind stood there".to_owned(),
    }];
    let sides = ["the old sentence", "the new sentence"].into_iter().zip(told.claims);
    steps.extend(sides.filter_map(|(side, claim)| {
        let (_, key) = Claim::ALL.into_iter().find(|(of, _)| Some(*of) == claim)?;
        Some(format!("{side} reads as {} of encryption", key.replace('_', " ")))
    }));
    for (odds, by) in told.turn.chunks(3).zip(["the words exchanged", "what those words mean"]) {
        let [lost, wider, gained] = [0, 1, 2].map(|n| odds[n]);
        steps.push(format!("{lost:+.2} a loss, {wider:+.2} a wider practice, {gained:+.2} a gain, by {by}"));
    }
    steps.push(format!(
        "together {:.0} in 100; {:.0} are asked for",
        told.chance * 100.0,
        told.asked * 100.0
    ));
    let scope = scope::names(told.scopes);
    let topic = told.topic.label();
    let (rule, reason) = match (told.kind, told.states) {
        (_, Some((from, to))) => (
            "encryption_ladder".to_owned(),
            format!(
                "End-to-end encryption{}: from {} to {}.",
                if scope.is_empty() { String::new() } else { format!(" of {}", scope.join(", ")) },
                from.key().replace('_', " "),
                to.key().replace('_', " ")
            ),
        ),
        (Kind::Reversal, None) if told.after.is_none() => (
            "short_page_gone".into(),
            format!("A promise about {topic} stood here, and nothing in the new text says as much."),
        ),
        (Kind::Reversal, None) => {
            ("short_page_weaker".into(), format!("What is said about {topic} is now weaker."))
        }
        (Kind::Expansion, None) => (
            "short_page_wider".into(),
            format!("The new text allows something about {topic} that the old text did not speak of."),
        ),
        (Kind::Strengthening, None) => {
            ("short_page_firmer".into(), format!("What is said about {topic} is now firmer."))
        }
    };
    let ended = match told.states {
        Some((_, Step::Ended(date))) if told.kind == Kind::Reversal => date,
        _ => None,
    };
    let key = |step: Step| step.key();
    Judgement {
        kind: told.kind,
        topic: told.topic,
        before: text_at(pair.old, told.before),
        after: text_at(pair.new, told.after),
        lead_in_before: lead_in_at(pair.old, told.before),
        lead_in_after: lead_in_at(pair.new, told.after),
        nearest: Vec::new(),
        severity,
        confidence: told.chance,
        weight: Weight { gravity: severity.into(), plainness: severity, confidence: told.chance, at_stake }
            .of(told.kind),
        rule,
        reason,
        steps,
        effective: ended.or_else(|| dates.effective(rules, pair.new, after_unit)),
        silent: dates.silent() && ended.is_none(),
        state_before: told.states.map(|(from, _)| key(from)),
        state_after: told.states.map(|(_, to)| key(to)),
        promise_key: match told.states {
            Some(_) => format!("encryption/{}", scope.join("+")),
            None => promise_key(rules, told.topic, bound),
        },
        scope,
    }
}
