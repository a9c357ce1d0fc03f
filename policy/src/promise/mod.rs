//! Which statements bind the service, and what a change did to them.
//!
//! In order of a judgement:
//!
//! - `rules`: the vocabulary and weights under data/promises, checked and compiled
//! - `token`, `number`, `clause`: a statement's words, limits and frames (who does what to which data)
//! - `document`: a text read whole, with a memory for statements that stood before
//! - `shape`, `gate`: may the two texts be compared at all?
//! - `align`: what stands for a statement in the other text
//! - `kept`: is the promise said again elsewhere?
//! - `plain`, `row`, `answer`: edits that leave one reading, of a sentence, a table's row, the answer to a question
//! - `difference`, `edit`, `traits`, `features`: what is telling about a changed statement
//! - `stake`: what is at stake in a statement by itself
//! - `gist`: what it comes to, read in the order of its words
//! - `weights`: what that weighs
//! - `severity`: how grave a finding is
//! - `encryption`, `ladder`, `date`: what is said of encryption, scope by scope; the step between two texts; when
//!   a change takes effect
//! - `stance`: what statements say for the ladders over time
//! - `brief`: short pages, judged with what was learned from pages written for it
//! - `judge`: the findings, each with its steps
//! - `order`: what each of them weighs
//! - `reading`: what a reader is shown who labels a change
//! - `score`, `train`, `fit`, `boost`, `draw`: how good that is, and how the weights and trees are learned

mod align;
mod answer;
mod beyond_doubt;
mod boost;
pub mod brief;
mod clause;
mod date;
mod denial;
mod difference;
pub mod document;
mod draw;
mod edit;
mod encryption;
mod features;
mod fit;
mod gate;
pub mod gist;
mod judge;
mod kept;
mod ladder;
mod lexicon;
mod nearest;
mod number;
mod order;
mod plain;
pub mod reading;
mod reason;
pub mod row;
mod rules;
pub mod score;
pub mod severity;
mod shape;
pub mod stake;
mod stance;
#[cfg(test)]
mod tests;
mod token;
mod told;
pub mod train;
mod traits;
mod weights;
mod word;

pub use align::{Changed, changed};
pub use clause::{Actor, Frame, Promise};
pub use document::{Cache, Document, Placed, Unit};
pub use features::{Candidate, Mode};
pub use gate::{Artefact, gate};
pub(crate) use judge::judge_gated;
pub use judge::{judge, promise_topic, topic_of};
pub use number::Quantity;
pub use rules::{RuleError, Rules};
pub use stance::{encryption_said, stance};
pub use weights::{Table, Weights};

/// All candidates of a change with their traits by name, for fitting and for `walkback explain`.
pub fn candidates(
    rules: &Rules,
    before: &Document,
    after: &Document,
) -> Vec<(Candidate, Vec<(String, f32)>)> {
    let words = document::words([before, after]);
    let pair = features::Pair::new(rules, before, after);
    let mut found = features::reversals(&pair);
    found.extend(features::expansions(&pair));
    found
        .into_iter()
        .map(|candidate| {
            let traits =
                candidate.traits.iter().map(|(t, v)| (features::name(rules, &words, *t), *v)).collect();
            (candidate, traits)
        })
        .collect()
}
