//! Whether two texts can be compared at all: a cut page, a wall, another edition is no change of promises.

use super::align;
use super::document::Document;
use super::rules::Rules;
use super::shape;
use crate::history::Reading;
use crate::statement::Role;

/// Why the difference between two texts is not the publisher's doing, or not judgeable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Artefact {
    /// The newer text is a beginning (or a part) of the older one.
    Truncated,
    /// The newer text is the older one with a further page.
    Extended,
    /// Another language.
    OtherLanguage,
    /// Hardly a statement in common: another document or another region's edition.
    OtherEdition,
    /// A bot wall, a login page, an error page.
    NotTheDocument,
}

impl Artefact {
    pub fn reading(&self) -> Reading {
        match self {
            Artefact::Truncated => Reading::Truncated,
            Artefact::Extended => Reading::Extended,
            Artefact::OtherLanguage | Artefact::OtherEdition => Reading::OtherEdition,
            Artefact::NotTheDocument => Reading::NotTheDocument,
        }
    }

    /// One sentence for people.
    pub fn note(&self) -> &'static str {
        match self {
            Artefact::Truncated => "A block of the page is missing that stood in the version before.",
            Artefact::Extended => "A further page was appended to the text.",
            Artefact::OtherLanguage => "The text is in another language than the version before.",
            Artefact::OtherEdition => "The text has hardly a statement in common with the version before.",
            Artefact::NotTheDocument => {
                "A login page, a bot check or an error page stood in the document's place."
            }
        }
    }
}

/// The judge's first question. `None`: the texts can be compared.
pub fn gate(rules: &Rules, before: &Document, after: &Document) -> Option<Artefact> {
    if before.placed.is_empty() {
        return None;
    }
    if after.placed.is_empty() || is_wall(before, after) {
        return Some(Artefact::NotTheDocument);
    }
    if !before.language.is_empty() && after.language != before.language {
        return Some(Artefact::OtherLanguage);
    }
    let changed = align::changed(before, after);
    let kept = after.placed.len() - changed.fresh.len().min(after.placed.len());
    if is_cut(before, after, &changed) {
        return Some(Artefact::Truncated);
    }
    let back = align::Changed { gone: changed.fresh.clone(), fresh: changed.gone.clone() };
    if is_appended(before, after, &changed) || is_cut(after, before, &back) && !is_preface(before, &changed) {
        return Some(Artefact::Extended);
    }
    if kept * 50 < before.placed.len() && shared_words(before, after) < 0.2 && before.placed.len() > 20 {
        return Some(Artefact::OtherEdition);
    }
    if is_exchanged(before, after, &changed) {
        return Some(Artefact::OtherEdition);
    }
    // Where no rule is sure, what the shape of the change looks like decides, as readers judged such shapes.
    (doubt(rules, before, after, &changed) >= rules.weights.artefact.threshold).then(|| {
        match changed.gone.len() as f32 / (changed.fresh.len() as f32 + 0.1) {
            ratio if ratio > 3.0 => Artefact::Truncated,
            ratio if ratio < 0.33 => Artefact::Extended,
            _ => Artefact::OtherEdition,
        }
    })
}

/// How likely the change is no doing of the publisher, by its shape: 0 to 1.
pub(super) fn doubt(rules: &Rules, before: &Document, after: &Document, changed: &align::Changed) -> f32 {
    if changed.gone.len() + changed.fresh.len() < SMALL {
        return 0.0;
    }
    rules.weights.artefact.chance(&shape::traits(rules, before, after, changed))
}

/// With fewer statements touched a change has no shape to speak of.
pub(super) const SMALL: usize = 8;

/// Words that a page shows when it does not show the document.
const WALL: [&str; 16] = [
    "enable javascript",
    "are you a robot",
    "verify you are human",
    "checking your browser",
    "access denied",
    "log in to continue",
    "sign in to continue",
    "captcha",
    "security check",
    "page not found",
    "not available in your",
    "unusual traffic",
    "enter your password",
    "forgot password",
    "forgot your password",
    "create new account",
];

fn is_wall(before: &Document, after: &Document) -> bool {
    if after.size * 3 > before.size && after.size > 1_500 {
        return false;
    }
    let text: String = after.placed.iter().take(60).map(|placed| placed.unit.tokens.form.as_str()).collect();
    after.size < 3_000 && WALL.iter().any(|wall| text.contains(wall))
}

/// The new text is the old one without a long tail or a long block, and little else differs.
fn is_cut(before: &Document, after: &Document, changed: &align::Changed) -> bool {
    let (gone, fresh) = (changed.gone.len(), changed.fresh.len());
    let total = before.placed.len();
    if gone >= 2 && fresh <= 2 && is_cut_within(before, after) {
        return true;
    }
    if gone < 3 || gone < fresh * 6 {
        return false;
    }
    // The longest run of neighbours among what is gone.
    let mut run = 0;
    let mut longest = (0, 0);
    for (n, at) in changed.gone.iter().enumerate() {
        run = if n > 0 && changed.gone[n - 1] + 2 >= *at { run + 1 } else { 1 };
        if run > longest.0 {
            longest = (run, *at);
        }
    }
    let tail = longest.1 + 2 >= total && longest.0 * 4 >= gone * 3;
    (tail && longest.0 * 5 >= total)
        || (longest.0 * 5 >= total * 2 && longest.0 * 4 >= gone * 3)
        // Hardly a word is new and a good part is missing: nobody edits like that.
        || (gone >= 12 && gone * 4 >= total && gone >= fresh * 9)
}

/// What is new stands before all that was there: publishers put summaries over a text, and a page that is
/// recorded with another one has that one behind it.
fn is_preface(before: &Document, changed: &align::Changed) -> bool {
    if changed.fresh.len() > before.placed.len() {
        return false;
    }
    let most = changed.fresh.len() * 9 / 10;
    changed.fresh.first().is_some_and(|first| *first <= 1)
        && changed.fresh.get(most.saturating_sub(1)).is_some_and(|last| *last < changed.fresh.len() + 2)
}

/// A further document of the same kind was appended: what is new stands together at the end, under a heading
/// that holds all words of the text's own title and more.
fn is_appended(before: &Document, after: &Document, changed: &align::Changed) -> bool {
    let (gone, fresh) = (changed.gone.len(), &changed.fresh);
    if fresh.len() < SMALL || gone * 8 > fresh.len() {
        return false;
    }
    let heading = |document: &Document, from: usize| {
        let headings = document.placed[from..].iter().map(|placed| &placed.unit);
        headings.take(3).find(|unit| unit.role == Role::Heading).map(|unit| {
            let words: Vec<u32> = unit.own_words().map(|word| word.hash).collect();
            words
        })
    };
    // The block begins where what follows is nearly all new, but for sentences that both documents have.
    let Some(first) = fresh.iter().copied().enumerate().find_map(|(n, at)| {
        let (rest, new) = (after.placed.len() - at, fresh.len() - n);
        (new * 2 >= rest && new * 10 >= fresh.len() * 9).then_some(at)
    }) else {
        return false;
    };
    let (Some(title), Some(other)) = (heading(before, 0), heading(after, first)) else { return false };
    title.len() >= 2 && other.len() > title.len() && title.iter().all(|word| other.contains(word))
}

/// The last statement breaks off where the old text went on.
fn is_cut_within(before: &Document, after: &Document) -> bool {
    let Some(last) = after.placed.last() else { return false };
    let text = last.unit.text.trim_end_matches(['…', '.']);
    let broken = !last.unit.text.ends_with(['.', '!', '?', ':', ')', ']', '”', '"', '。'])
        || last.unit.text.ends_with("...");
    broken
        && last.unit.role != Role::Heading
        && before.placed.iter().any(|placed| {
            let old = &placed.unit.text;
            old.len() > text.len() + 3 && text.len() >= 8 && old.starts_with(text)
        })
}

/// Of the statements that are gone, hardly one has a likeness in the other text: a sub-page was exchanged
/// for another, or an edition for another.
fn is_exchanged(before: &Document, after: &Document, changed: &align::Changed) -> bool {
    let (gone, fresh) = (changed.gone.len(), changed.fresh.len());
    if gone < 20 || fresh < 20 || gone * 10 < before.placed.len() * 8 || fresh * 10 < after.placed.len() * 7 {
        return false;
    }
    let weigher = align::Weigher { before, after };
    let alone = vec![true; after.placed.len()];
    let step = (gone / 40).max(1);
    let (mut asked, mut alike) = (0, 0);
    for n in changed.gone.iter().step_by(step) {
        let unit = &before.placed[*n].unit;
        if unit.bag.len() < 5 {
            continue;
        }
        asked += 1;
        let link = align::links(unit, after, weigher, &alone, 1);
        alike += usize::from(link.first().is_some_and(|link| link.similarity >= 0.35));
    }
    asked >= 8 && alike * 8 < asked
}

fn shared_words(before: &Document, after: &Document) -> f32 {
    let (before, after) = (before.postings(), after.postings());
    let shared = before.keys().filter(|word| after.contains_key(word)).count();
    shared as f32 / before.len().min(after.len()).max(1) as f32
}
