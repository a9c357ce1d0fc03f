//! What is told of a finding in one sentence, and by which rule.

use super::features::Mode;
use crate::finding::{Kind, Topic};

/// The rule and the reason of what stands in one of the texts only.
pub(super) fn alone(kind: Kind, topic: Topic) -> (String, String) {
    let topic = topic.label();
    let (rule, reason) = match kind {
        Kind::Reversal => {
            ("gone", format!("A promise about {topic} stood here, and nothing in the new text says as much."))
        }
        Kind::Expansion => (
            "new_practice",
            format!("The new text allows something about {topic} that the old text did not speak of."),
        ),
        Kind::Strengthening => {
            ("new_promise", format!("A promise about {topic} that the old text did not make."))
        }
    };
    (rule.into(), reason)
}

/// The rule and the reason of a candidate whose wording differs in these `ways`, named and told, most telling first.
pub(super) fn reason(kind: Kind, mode: Mode, topic: Topic, ways: &[(&str, &str)]) -> (String, String) {
    if mode == Mode::Gone {
        return alone(kind, topic);
    }
    let rule = ways.first().map_or_else(|| format!("{}_reworded", mode.key()), |(key, _)| (*key).to_owned());
    let verb = match kind {
        Kind::Reversal => "weaker",
        Kind::Expansion => "wider for the service",
        Kind::Strengthening => "firmer",
    };
    let why = ways.first().map_or_else(String::new, |(_, words)| format!(": {words}"));
    (rule, format!("The wording about {} is now {verb}{why}.", topic.label()))
}
