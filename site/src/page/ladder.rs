//! A policy's state on each topic over time, as its own sentences told it: an observation, beside the events.

use crate::date::Day;
use crate::place;
use crate::shown::{capitalised, clip, shown};
use policy::finding::Topic;
use policy::history::History;
use policy::id::PolicyId;
use policy::ladder::{Ladder, Rung, ladders};
use serde::Serialize;

/// One topic, or one scope of encryption.
#[derive(Serialize)]
pub struct LadderView {
    pub name: String,
    pub steps: Vec<StepView>,
}

/// A step and the sentence that proves it.
#[derive(Serialize)]
pub struct StepView {
    pub day: Day,
    /// It stood when the record began.
    pub from_start: bool,
    pub label: String,
    pub text: String,
    /// The sentence's permanent place.
    pub href: String,
    pub stands: bool,
}

/// Encryption, and whatever else took a step since the record began.
pub fn views(history: &History) -> Vec<LadderView> {
    let mut all: Vec<Ladder> = ladders(history);
    all.retain(|ladder| ladder.topic == Topic::Encryption || ladder.rungs.len() > 1);
    all.iter()
        .map(|ladder| LadderView {
            name: name(ladder),
            steps: ladder.rungs.iter().rev().map(|rung| step(&history.policy, rung)).collect(),
        })
        .collect()
}

/// `Encryption of backups`
fn name(ladder: &Ladder) -> String {
    let topic = capitalised(ladder.topic.label());
    match ladder.scope.as_str() {
        "" => topic,
        "other" => format!("{topic} of other data"),
        "business" => format!("{topic} of chats with businesses"),
        scope => format!("{topic} of {scope}"),
    }
}

fn step(policy: &PolicyId, rung: &Rung) -> StepView {
    StepView {
        day: Day::of(rung.at),
        from_start: rung.from_start,
        label: rung.step.label(),
        text: shown(&clip(&rung.text, 240)),
        href: place::statement(policy, &rung.statement),
        stands: rung.stands,
    }
}
