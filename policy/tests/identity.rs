//! Names of promises and findings over invented histories: one promise keeps its name, two keep apart, and what
//! is recorded later changes no name.

use chrono::{DateTime, NaiveDate, Utc};
use policy::finding::{EvidenceClass, Kind};
use policy::history::{Cause, History, Recording, derive};
use policy::id::PolicyId;
use policy::promise::Rules;
use std::collections::{BTreeMap, BTreeSet};

fn at(month: usize) -> DateTime<Utc> {
    let (year, month) = (2015 + month / 6, 1 + 2 * (month % 6));
    let day = NaiveDate::from_ymd_opt(year as i32, month as u32, 1).unwrap();
    day.and_hms_opt(12, 0, 0).unwrap().and_utc()
}

/// Versions two months apart, each with the same frame around its sentences.
fn history(said: &[&str]) -> History {
    let frame = |said: &str| {
        let rest: String = ('a'..='z')
            .map(|c| format!("Paragraph {c}{c} tells how Courier works with part {c}{c} of it.\n\n"))
            .collect();
        format!(
            "# Privacy at Courier\n\nThis page tells how the service works for you and what we do.\n\n{said}\n\n{rest}"
        )
    };
    let texts: Vec<String> = said.iter().map(|said| frame(said)).collect();
    let recordings = (0..said.len())
        .map(|n| Recording {
            at: at(n),
            seen_until: at(n),
            times_seen: 1,
            cause: if n == 0 { Cause::First } else { Cause::Change },
            class: EvidenceClass::C,
            recorder: "Collection".into(),
            text: Some(n as u32),
            origins: Vec::new(),
        })
        .collect();
    derive(&PolicyId::new("Courier", "Privacy Policy"), recordings, &texts, &Rules::builtin())
}

/// The promises that findings are about, and of how many kinds each.
fn promises(history: &History) -> BTreeMap<String, Vec<Kind>> {
    let mut promises: BTreeMap<String, Vec<Kind>> = BTreeMap::new();
    for finding in &history.findings {
        promises.entry(finding.promise.0.clone()).or_default().push(finding.judgement.kind);
    }
    promises
}

fn one_promise(said: &[&str], findings: usize) {
    let history = history(said);
    let promises = promises(&history);
    let told: Vec<_> = history
        .findings
        .iter()
        .map(|f| {
            format!(
                "{} {} {} | {} -> {}",
                f.to, f.promise, f.judgement.kind, f.judgement.before, f.judgement.after
            )
        })
        .collect();
    assert_eq!(promises.len(), 1, "{told:#?}");
    assert_eq!(history.findings.len(), findings, "{told:#?}");
    let ids: BTreeSet<_> = history.findings.iter().map(|finding| &finding.id).collect();
    assert_eq!(ids.len(), findings);
}

#[test]
fn reversed_restored_and_reversed_again_is_one_promise_with_three_findings() {
    let kept = "We never sell your personal data to third parties.";
    one_promise(&[kept, "", kept, ""], 3);
}

#[test]
fn another_number_is_the_same_promise() {
    one_promise(
        &[
            "We delete your chats within 30 days.",
            "We delete your chats within 12 months.",
            "We delete your chats within 30 days.",
            "We delete your chats within 24 months.",
        ],
        3,
    );
}

#[test]
fn reworded_meanwhile_it_is_the_same_promise() {
    let history = history(&[
        "We never sell your personal data to third parties.",
        "We do not sell your personal data to third parties or others.",
        "We may sell your personal data to third parties or others.",
        "We never sell your personal data to third parties.",
        "We may sell your personal data to third parties.",
    ]);
    assert_eq!(promises(&history).len(), 1, "{:#?}", history.findings);
}

#[test]
fn gone_and_back_in_other_words_it_is_the_same_promise() {
    let history = history(&[
        "We never sell your personal data to anyone.",
        "",
        "We do not sell your personal data to anyone, ever.",
        "",
    ]);
    assert_eq!(promises(&history).len(), 1, "{:#?}", history.findings);
    assert!(history.findings.len() >= 2);
}

#[test]
fn two_promises_of_one_topic_stay_apart() {
    let both =
        "We never sell your contacts to third parties.\n\nWe never sell your location to third parties.";
    let none = "";
    let promises = promises(&history(&[both, none, both, none]));
    assert_eq!(promises.len(), 2, "{promises:?}");
    assert!(promises.values().all(|kinds| kinds.iter().filter(|kind| **kind == Kind::Reversal).count() == 2));
}

#[test]
fn the_ladder_of_chats_is_one_promise() {
    one_promise(
        &[
            "All messages are end-to-end encrypted by default.",
            "You can turn on end-to-end encryption for messages.",
            "Every message is end-to-end encrypted by default.",
            "Messages are encrypted in transit.",
        ],
        3,
    );
}

#[test]
fn later_versions_change_no_name() {
    let said = [
        "We never sell your personal data to third parties.\n\nWe delete your chats within 30 days.",
        "We may sell your personal data to third parties.\n\nWe delete your chats within 30 days.",
        "We may sell your personal data to third parties.\n\nWe delete your chats within 12 months.",
        "We never sell your personal data to third parties.\n\nWe delete your chats within 12 months.",
        "We never sell your personal data to third parties.\n\nWe delete your chats within 7 days.",
        "We delete your chats within 7 days.\n\nAll messages are end-to-end encrypted by default.",
        "We delete your chats within 7 days.\n\nWe do not sell your personal data to third parties, ever.",
    ];
    let all = history(&said);
    let mut compared = 0;
    for n in 2..said.len() {
        for finding in history(&said[..n]).findings {
            let later = all.findings.iter().find(|other| other.id == finding.id);
            let later = later.unwrap_or_else(|| panic!("{} is lost with version {n}", finding.id));
            assert_eq!(later.promise, finding.promise, "after version {n}");
            compared += 1;
        }
    }
    assert!(compared >= 10, "{compared}");
}
