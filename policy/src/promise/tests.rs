use super::*;
use crate::finding::{Judgement, Topic};
use chrono::DateTime;

fn judged(before: &str, after: &str) -> Vec<Judgement> {
    let rules = Rules::builtin();
    judge(&rules, &Document::read(&rules, before), &Document::read(&rules, after), DateTime::UNIX_EPOCH)
}

#[test]
fn the_rules_in_the_repository_parse() {
    Rules::builtin();
}

#[test]
fn a_word_that_can_never_match_is_named_with_its_remedy() {
    let file = "language = \"en\"\ncommon = [\"the\"]\n[grammar]\nnegation = [\"=Don't\"]\n";
    let error = Rules::parse(&[("x.toml".into(), file.into())]).unwrap_err().to_string();
    assert_eq!(
        error,
        "x.toml: grammar.negation: `=Don't` can never match; write small letters, single spaces and no punctuation: `dont`"
    );
}

#[test]
fn a_text_against_itself_gives_nothing() {
    let text = "# Privacy\n\nWe never sell your personal data.\n\nWe do not:\n\n* share your messages.\n";
    assert!(judged(text, text).is_empty());
}

#[test]
fn a_vanished_promise_is_found() {
    let rest = "We like to keep in touch with everyone who uses Courier.\n\nWrite to us at any time.\n";
    let found = judged(&format!("{rest}\nWe never sell your personal data.\n"), rest);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].topic, Topic::DataSale);
}
