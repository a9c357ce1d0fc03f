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
fn a_finding_weighs_more_where_it_is_graver_and_surer() {
    use super::order::{PLAIN, Weight};
    use crate::finding::Kind::{Expansion, Reversal};
    let plain = Weight { gravity: 2.0, plainness: 1, confidence: 0.5, at_stake: PLAIN };
    assert_eq!(plain.of(Reversal), 1.0);
    for more in [
        Weight { gravity: 2.4, ..plain },
        Weight { plainness: 2, ..plain },
        Weight { confidence: 0.6, ..plain },
        Weight { at_stake: 2.0, ..plain },
    ] {
        assert!(more.of(Reversal) > plain.of(Reversal), "{more:?}");
        assert!(more.of(Expansion) < plain.of(Reversal), "{more:?}");
    }
    // A guess below nothing is nothing, and nothing does not sink it.
    assert_eq!(Weight { at_stake: -1.0, ..plain }.of(Reversal), 0.3);
}

#[test]
fn what_a_lost_promise_weighs_hangs_on_the_promise() {
    // A text long enough not to be judged as a short page.
    let rest: String = (0..60)
        .map(|n| format!("Chapter {n} of this text tells how part {n} of Courier works.\n\n"))
        .collect();
    let lost = |promise: &str| judged(&format!("{rest}\n{promise}\n"), &rest);
    let (plain, small) = (
        lost("We never sell your precise location or your messages to anyone."),
        lost(
            "We will never sell aggregated statistics about shop visits in California to resellers of ours.",
        ),
    );
    assert_eq!(plain.len(), 1);
    let weight = |found: &[Judgement]| found.iter().map(|f| f.weight).fold(0.0, f32::max);
    assert!(weight(&plain) > weight(&small), "{plain:?} {small:?}");
}

#[test]
fn what_end_to_end_encryption_denies_is_a_promise_and_its_loss_is_grave() {
    let found = reversals(
        "End-to-end encryption means that Courier cannot open Courier Post, neither letters nor enclosures that members send.",
        "With end-to-end encryption of Courier Post, members or their employers hold a key and may open letters and enclosures.",
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].severity >= 2, "{found:?}");
    // Only mentioned, nothing denied.
    let mention = reversals("Learn more about end-to-end encryption.", "Learn more about our apps.");
    assert!(mention.is_empty(), "{mention:?}");
    let pointer = reversals(
        "You can read more on end-to-end encryption of Courier Post and Courier Calls on the page about it.",
        "The page about Courier Post tells more.",
    );
    assert!(pointer.is_empty(), "{pointer:?}");
    let promise = reversals(
        "You can read more on this page, and letters in Courier Post are end-to-end encrypted by default.",
        "You can read more on this page, and Courier Post is here to stay.",
    );
    assert_eq!(promise.len(), 1, "{promise:?}");
    // Cues of menus in a promise lead nowhere.
    for opening in ["After you log in", "As this privacy policy says,"] {
        let kept = format!("{opening} all letters in Courier Post are end-to-end encrypted by default.");
        let promise = reversals(&kept, "Courier Post is here to stay.");
        assert_eq!(promise.len(), 1, "{opening}: {promise:?}");
    }
}

/// The reversals of a text long enough not to be judged as a short page.
fn reversals(before: &str, after: &str) -> Vec<Judgement> {
    let rest: String = (0..60)
        .map(|n| format!("Chapter {n} of this text tells how part {n} of Courier works.\n\n"))
        .collect();
    let found = judged(&format!("{rest}\n{before}\n"), &format!("{rest}\n{after}\n"));
    found.into_iter().filter(|finding| finding.kind == crate::finding::Kind::Reversal).collect()
}

#[test]
fn that_people_are_read_after_all_is_grave() {
    for (before, after) in [
        (
            "Your conversations are yours: Courier has no access to them.",
            "Your conversations are yours: Courier's servers have no decrypted access to them.",
        ),
        ("Nobody at Courier can read your messages.", ""),
    ] {
        let found = reversals(before, after);
        assert_eq!(found.len(), 1, "{before}: {found:?}");
        assert!(found[0].severity >= 2, "{before}: {found:?}");
    }
}

#[test]
fn a_claim_of_encryption_that_is_bounded_is_told_though_encryption_stays() {
    let claim = |what: &str| format!("Since Courier 4, {what} with end-to-end encryption: chats and calls.");
    let all = claim("all of Courier's core features are secured");
    let found = reversals(&all, &claim("Courier's core features are secured"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].topic, Topic::Encryption);
    // Said otherwise, as wide as before.
    for same in ["each of Courier's core features is secured", "all of Courier's core features are protected"]
    {
        let found = reversals(&all, &claim(same));
        assert!(found.is_empty(), "{same}: {found:?}");
    }
}

#[test]
fn what_moved_is_not_lost_where_a_place_is_read_by_itself() {
    let claim =
        "Letters in Courier Post are end-to-end encrypted by default, so nobody at Courier can read them.";
    let chapters = |from: u32| -> String {
        (from..from + 30)
            .map(|n| format!("Chapter {n} of this text tells how part {n} of Courier works.\n\n"))
            .collect()
    };
    let before = format!("{}{claim}\n\nOur desk opens at eight.\n\n{}", chapters(0), chapters(30));
    let lost = format!("{}Our desk opens at nine.\n\n{}", chapters(0), chapters(30));
    let moved = format!("{lost}{claim}\n\n");
    let losses = |after: &str| {
        let found = judged(&before, after).into_iter();
        found.filter(|finding| finding.kind == crate::finding::Kind::Reversal).collect::<Vec<_>>()
    };
    assert_eq!(losses(&lost).len(), 1, "{:?}", losses(&lost));
    assert!(losses(&moved).is_empty(), "{:?}", losses(&moved));
}

#[test]
fn each_further_finding_of_a_change_weighs_less() {
    let promises = [
        "We never sell your precise location to anyone.",
        "We do not keep your messages once they were delivered.",
    ];
    let both = reversals(&promises.join("\n\n"), "");
    assert_eq!(both.len(), 2, "{both:?}");
    let alone: f32 =
        promises.iter().flat_map(|promise| reversals(promise, "")).map(|found| found.weight).sum();
    assert!(both[0].weight + both[1].weight < alone, "{alone}: {both:?}");
    // One of another kind is the first of its kind.
    let mut found = vec![both[0].clone(), both[1].clone(), both[0].clone(), both[1].clone()];
    found[3].kind = crate::finding::Kind::Expansion;
    found.iter_mut().for_each(|finding| finding.weight = 1.0);
    super::order::ease(&mut found);
    assert_eq!(found.iter().map(|finding| finding.weight).collect::<Vec<_>>(), [1.0, 0.9, 0.81, 1.0]);
    super::order::sort(&mut found);
    assert_eq!(found.iter().map(|finding| finding.weight).collect::<Vec<_>>(), [1.0, 1.0, 0.9, 0.81]);
}

fn likely(topic: Topic, n: usize, chance: f32) -> told::Kept {
    told::Kept {
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
    }
}

fn asked(told: Vec<told::Kept>) -> Vec<(usize, f32)> {
    let rounded = |share: f32| (share * 100.0).round() / 100.0;
    told.into_iter().map(|kept| (kept.candidate.before.unwrap(), rounded(kept.asked))).collect()
}

#[test]
fn a_second_finding_of_one_topic_has_to_be_surer() {
    let all = || {
        vec![
            likely(Topic::DataSale, 0, 0.5),
            likely(Topic::DataSale, 1, 0.41),
            likely(Topic::Sharing, 2, 0.36),
            likely(Topic::DataSale, 3, 0.34),
            likely(Topic::Sharing, 4, 0.31),
        ]
    };
    assert_eq!(asked(told::reversals(0.3, false, all())), [(0, 0.3), (1, 0.38), (2, 0.3)]);
    // Each expansion asks more than the one before.
    assert_eq!(asked(told::expansions(0.29, false, all())), [(0, 0.29), (1, 0.4), (2, 0.35)]);
    assert_eq!(asked(told::expansions(0.35, false, all())), [(0, 0.35)]);
}

#[test]
fn where_one_promise_broke_others_are_told_sooner() {
    let all = || {
        vec![
            likely(Topic::DataSale, 0, 0.5),
            likely(Topic::Sharing, 1, 0.22),
            likely(Topic::Location, 2, 0.2),
        ]
    };
    assert_eq!(asked(told::reversals(0.3, false, all())), [(0, 0.3)]);
    assert_eq!(asked(told::reversals(0.29, true, all())), [(0, 0.22), (1, 0.22)]);
    assert!(told::holds_one(0.5, &all()) && !told::holds_one(0.51, &all()) && !told::holds_one(0.1, &[]));
}

#[test]
fn an_edit_bounds_a_claim_where_a_cue_does_and_the_sentence_stands() {
    use super::difference::Weaker;
    let is_bounded = |mode: Mode, way: Weaker| {
        let kept = likely(Topic::Encryption, 0, 0.3);
        let traits = vec![(("weaker", way as u32), 1.0)];
        told::is_bounded(&Candidate { mode, traits, ..kept.candidate })
    };
    assert!(is_bounded(Mode::Tight, Weaker::UniversalLost) && is_bounded(Mode::Tight, Weaker::ScopePut));
    assert!(!is_bounded(Mode::Gone, Weaker::UniversalLost) && !is_bounded(Mode::Tight, Weaker::SlotLost));
}

#[test]
fn correlation_is_one_along_a_line_and_none_with_a_constant() {
    use super::score::correlation;
    assert!((correlation(&[(1.0, 10.0), (2.0, 20.0), (4.0, 40.0)]) - 1.0).abs() < 1e-9);
    assert!((correlation(&[(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)]) + 1.0).abs() < 1e-9);
    assert_eq!(correlation(&[(1.0, 5.0), (2.0, 5.0)]), 0.0);
    assert_eq!(correlation(&[]), 0.0);
}

#[test]
fn weights_that_ask_for_a_missing_table_name_it() {
    for missing in ["stakes.tsv", "gists.tsv"] {
        let files: Vec<(String, String)> = Rules::BUILTIN
            .iter()
            .filter(|(name, _)| *name != missing)
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        let error = Rules::parse(&files).unwrap_err().to_string();
        assert!(error.contains(missing) && error.contains("beside it"), "{error}");
    }
}
