//! What a reader is shown who labels a change: every candidate with both texts, and how likely the judge
//! thinks it. Labels made from it name statements by digest, so that they can be published without the texts.

use super::align::{self, Weigher};
use super::document::Document;
use super::features::{self, Candidate, Pair};
use super::gate::gate;
use super::rules::Rules;
use super::score;
use crate::finding::Kind;
use crate::history::Reading;
use crate::id::Digest;
use serde::Serialize;

/// One change, ready to be read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sheet {
    /// What the gate takes the change for, if it does not judge it.
    pub gate: Option<Reading>,
    /// Statements of the old and the new text, and how many of them stand in one text only.
    pub before: usize,
    pub after: usize,
    pub gone: usize,
    pub fresh: usize,
    pub candidates: Vec<Shown>,
}

/// One candidate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    pub kind: Kind,
    pub mode: &'static str,
    pub topic: &'static str,
    /// Probability, 0 to 1.
    pub chance: f32,
    /// The headings above the statement.
    pub section: Vec<String>,
    pub lead_in: Option<String>,
    pub before: String,
    pub after: String,
    /// What the other text has that is most like it, where that is not `before` or `after`.
    pub like: Option<String>,
}

impl Sheet {
    pub fn new(rules: &Rules, before: &Document, after: &Document) -> Sheet {
        let pair = Pair::new(rules, before, after);
        let mut candidates: Vec<Shown> =
            features::reversals(&pair).iter().map(|candidate| shown(rules, &pair, candidate)).collect();
        candidates.extend(features::expansions(&pair).iter().map(|candidate| shown(rules, &pair, candidate)));
        Sheet {
            gate: gate(rules, before, after).map(|artefact| artefact.reading()),
            before: before.placed.len(),
            after: after.placed.len(),
            gone: pair.changed.gone.len(),
            fresh: pair.changed.fresh.len(),
            candidates,
        }
    }
}

/// A statement's name in published labels: `#` and twelve digits of its text's digest.
pub fn mark(text: &str) -> String {
    format!("#{}", Digest::of(text).short(12))
}

/// The mark of the statement that a reader quoted, as far as it is quoted: the one with most words in common, half of all
/// at least. `None`: the text has none.
pub fn mark_of_quote(quote: &str, document: &Document) -> Option<String> {
    let texts = document.placed.iter().map(|placed| &*placed.unit.text);
    let scored = texts.map(|text| (score::likeness(quote, text), text));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= 0.5).then(|| mark(best.1))
}

/// The statement's text that a mark names, if either document holds it.
pub fn unmark<'a>(mark: &str, document: &'a Document) -> Option<&'a str> {
    document.placed.iter().map(|placed| &*placed.unit.text).find(|text| self::mark(text) == mark)
}

fn shown(rules: &Rules, pair: &Pair<'_>, candidate: &Candidate) -> Shown {
    let is_new = candidate.kind == Kind::Expansion;
    let ready = if is_new { &rules.expansion } else { &rules.reversal };
    let (own, other, at) =
        if is_new { (pair.new, pair.old, candidate.after) } else { (pair.old, pair.new, candidate.before) };
    let placed = at.map(|n| &own.placed[n]);
    let text = |document: &Document, place: Option<usize>| {
        place.map(|n| document.placed[n].unit.text.to_string()).unwrap_or_default()
    };
    let weigher = Weigher { before: pair.old, after: pair.new };
    let flags = vec![false; other.placed.len()];
    let counterpart = if is_new { candidate.before } else { candidate.after };
    let like = placed
        .and_then(|placed| align::links(&placed.unit, other, weigher, &flags, 1).first().copied())
        .filter(|link| Some(link.to) != counterpart)
        .map(|link| other.placed[link.to].unit.text.to_string());
    Shown {
        kind: candidate.kind,
        mode: candidate.mode.key(),
        topic: candidate.topic.key(),
        chance: ready.weigh(candidate.mode, &candidate.traits),
        section: placed.map(|p| p.section.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        lead_in: placed.and_then(|p| p.unit.lead_in.as_deref()).map(str::to_owned),
        before: text(pair.old, candidate.before),
        after: text(pair.new, candidate.after),
        like,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_marked_as_the_statement_that_holds_most_of_it() {
        let rules = Rules::builtin();
        let text = "We never sell your data to anyone. We keep logs for 30 days, then we delete them.";
        let document = Document::read(&rules, text);
        let marked = |quote: &str| {
            let mark = mark_of_quote(quote, &document)?;
            Some(unmark(&mark, &document).unwrap().to_owned())
        };
        let first = Some("We never sell your data to anyone.".to_owned());
        assert_eq!(marked("We never sell your data to anyone."), first);
        assert_eq!(marked("we NEVER sell your data"), first);
        assert_eq!(
            marked("We keep logs for 30 days").as_deref(),
            Some("We keep logs for 30 days, then we delete them.")
        );
        assert_eq!(marked("We read your messages where the law asks us to."), None);
        assert_eq!(marked(""), None);
    }
}
