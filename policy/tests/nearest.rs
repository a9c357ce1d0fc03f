//! What comes nearest in the other text to a sentence that nothing there stands for.

use chrono::DateTime;
use policy::finding::{Judgement, Kind};
use policy::promise::{Document, Rules, judge};

const AROUND: &str = "# Privacy at Courier\n\nCourier carries messages between people.\n\n\
    We process the information that you give us when you open an account.\n\n\
    We keep a record of every payment for as long as the tax office asks.\n\n{}\n\n## Selling and sharing\n\n\
    Write to our team with any question about this page.\n\n";

fn judged(before: &str, after: &str) -> Vec<Judgement> {
    let rules = Rules::builtin();
    let text = |sentences: &str| Document::read(&rules, &AROUND.replace("{}", sentences));
    judge(&rules, &text(before), &text(after), DateTime::UNIX_EPOCH)
}

fn one(found: Vec<Judgement>, kind: Kind) -> Judgement {
    found.into_iter().find(|finding| finding.kind == kind).expect("a finding of that kind")
}

#[test]
fn a_lost_denial_stands_beside_what_is_said_of_the_same_practice() {
    let kept = "Sponsors to whom we sell space see no personal data of anyone.";
    let finding =
        one(judged(&format!("We never sell your personal data to anyone.\n\n{kept}"), kept), Kind::Reversal);
    assert_eq!(
        (finding.before.as_str(), finding.after.as_str()),
        ("We never sell your personal data to anyone.", "")
    );
    let told: Vec<_> = finding.nearest.iter().map(|one| (one.text.as_str(), one.in_both)).collect();
    assert_eq!(told.first(), Some(&(kept, true)), "{told:?}");
    assert!(told.iter().all(|(text, _)| *text != "Selling and sharing"), "a heading says nothing: {told:?}");
    assert!(told.len() <= 3);
    assert_eq!(finding.nearest[0].standing(true), "stood there before, too");
}

#[test]
fn nothing_is_near_where_nothing_speaks_of_it() {
    let finding = one(judged("We never sell your personal data to anyone.", ""), Kind::Reversal);
    assert_eq!((finding.after.as_str(), finding.nearest.len()), ("", 0), "{:?}", finding.nearest);
}

#[test]
fn where_both_sentences_are_told_no_others_are() {
    let finding = one(
        judged(
            "We delete your messages within 14 days.",
            "We delete your messages within 6 months.\n\nWe delete drafts within 6 months.",
        ),
        Kind::Reversal,
    );
    assert!(!finding.after.is_empty() && finding.nearest.is_empty(), "{finding:?}");
}

#[test]
fn a_gain_stands_beside_what_the_old_text_says_of_it() {
    let kept = "Advertisers to whom we sell space tell us which of their notices people saw.";
    let gained = "We never sell your data to advertisers.";
    let finding = one(judged(kept, &format!("{kept}\n\n{gained}")), Kind::Strengthening);
    assert_eq!((finding.before.as_str(), finding.after.as_str()), ("", gained));
    assert_eq!(finding.nearest.first().map(|one| (one.text.as_str(), one.in_both)), Some((kept, true)));
    assert_eq!(finding.nearest[0].standing(false), "still stands");
}

#[test]
fn what_a_question_sets_side_by_side_stays_so() {
    let asked = |answer: &str| format!("## Do you sell my personal data?\n\n{answer}");
    let finding = one(judged(&asked("No."), &asked("Yes, to some of our partners.")), Kind::Reversal);
    assert_eq!((finding.before.as_str(), finding.after.as_str()), ("No.", "Yes, to some of our partners."));
    assert!(finding.nearest.is_empty(), "{:?}", finding.nearest);
}

#[test]
fn a_gain_is_not_set_beside_a_sentence_that_has_two_words_of_it() {
    let rules = Rules::builtin();
    let text = |sentences: [&str; 5]| {
        Document::read(&rules, &include_str!("cases/long.md").replace("{}", &sentences.join("\n\n")))
    };
    let before = text([
        "Photos and personal notes.",
        "Stickers come in three sizes.",
        "The blue theme is for the night.",
        "Our office is closed on Sundays.",
        "Pens are handed out at fairs.",
    ]);
    let gained =
        "We do not sell your photos, and we never share your personal data with advertisers or brokers.";
    let after = text([
        gained,
        "Stickers come in nine sizes.",
        "The green theme is for the morning.",
        "Our office is closed on Mondays.",
        "Cups are handed out at shows.",
    ]);
    let finding = one(judge(&rules, &before, &after, DateTime::UNIX_EPOCH), Kind::Strengthening);
    assert_eq!(finding.steps.first().map(String::as_str), Some("something similar stands in the other text"));
    assert_eq!((finding.before.as_str(), finding.after.as_str()), ("", gained));
    assert_eq!(finding.rule, "new_promise");
    assert!(finding.reason.contains("did not make"), "{}", finding.reason);
}
