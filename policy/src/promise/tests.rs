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

#[test]
fn a_finding_weighs_more_where_more_is_at_stake() {
    use super::judge::weigh;
    use crate::finding::Kind::{Expansion, Reversal};
    assert_eq!(weigh(Reversal, 2, 0.5, 1.4), 1.0);
    assert!(weigh(Reversal, 2, 0.5, 2.0) > weigh(Reversal, 2, 0.5, 1.0));
    assert!(weigh(Reversal, 1, 0.5, 1.0) > weigh(Expansion, 2, 0.5, 1.0));
    // A guess below nothing is nothing, and nothing does not sink it.
    assert_eq!(weigh(Reversal, 2, 0.5, -1.0), 0.3);
}

#[test]
fn what_a_lost_promise_weighs_hangs_on_the_promise() {
    let rest = "We like to keep in touch with everyone who uses Courier.\n\nWrite to us at any time.\n";
    let lost = judged(&format!("{rest}\nWe never sell your personal data.\n"), rest);
    let rules = Rules::builtin();
    let promise = Document::read(&rules, "We never sell your personal data.");
    let at_stake = rules.stakes.of(&promise.placed[0].unit).protects;
    let expected = super::judge::weigh(lost[0].kind, lost[0].severity, lost[0].confidence, at_stake);
    assert_eq!(lost[0].weight, expected);
    assert!(at_stake > 0.5, "{at_stake}");
}

#[test]
fn a_second_reversal_of_one_topic_has_to_be_surer() {
    let kept = |topic, n, chance| judge::Kept {
        candidate: Candidate {
            kind: crate::finding::Kind::Reversal,
            mode: Mode::Gone,
            before: Some(n),
            after: None,
            topic,
            traits: Vec::new(),
        },
        chance,
        asked: 0.3,
    };
    let all = [
        kept(Topic::DataSale, 0, 0.5),
        kept(Topic::DataSale, 1, 0.4),
        kept(Topic::Sharing, 2, 0.35),
        kept(Topic::DataSale, 3, 0.34),
        kept(Topic::Sharing, 4, 0.31),
    ];
    let told: Vec<(usize, f32)> = judge::told_once(all.into_iter())
        .filter_map(|kept| Some((kept.candidate.before?, kept.asked)))
        .collect();
    assert_eq!(told, [(0, 0.3), (1, 0.38), (2, 0.3)]);
}
