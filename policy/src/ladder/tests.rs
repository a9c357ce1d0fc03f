//! Short histories, each with the steps that must be read off it.

use super::*;
use crate::finding::EvidenceClass;
use crate::history::{Cause, Recording, derive};
use crate::id::PolicyId;
use crate::promise::Rules;

fn at(day: &str) -> DateTime<Utc> {
    day.parse::<chrono::NaiveDate>().unwrap().and_hms_opt(12, 0, 0).unwrap().and_utc()
}

/// A policy with the same frame around the sentences of each day.
fn history(versions: &[(&str, &str)]) -> History {
    let frame = |said: &str| {
        let rest: String = ('a'..='z')
            .map(|c| format!("Paragraph {c}{c} tells how Courier works with part {c}{c} of it.\n\n"))
            .collect();
        format!(
            "# Privacy at Courier\n\nThis page tells how the service works for you and what we do.\n\n{said}\n\n{rest}"
        )
    };
    let texts: Vec<String> = versions.iter().map(|(_, said)| frame(said)).collect();
    let recordings = versions
        .iter()
        .enumerate()
        .map(|(n, (day, _))| Recording {
            at: at(day),
            seen_until: at(day),
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

/// `chats 2020-01-01 default`, a line a rung.
fn told(versions: &[(&str, &str)], topic: Topic) -> Vec<String> {
    ladders(&history(versions))
        .iter()
        .filter(|ladder| ladder.topic == topic)
        .flat_map(|ladder| {
            ladder.rungs.iter().map(|rung| {
                let scope = if ladder.scope.is_empty() { "all" } else { &ladder.scope };
                format!("{scope} {} {}", rung.at.date_naive(), rung.step)
            })
        })
        .collect()
}

#[test]
fn encryption_climbs_and_falls_scope_by_scope() {
    let versions = [
        ("2020-01-01", "You can turn on end-to-end encryption for messages."),
        (
            "2021-01-01",
            "All messages are end-to-end encrypted by default. Backups are not end-to-end encrypted.",
        ),
        (
            "2022-01-01",
            "All messages are end-to-end encrypted by default. Backups are end-to-end encrypted too.",
        ),
        ("2023-01-01", "Messages will no longer be end-to-end encrypted after 1 March 2023."),
    ];
    assert_eq!(
        told(&versions, Topic::Encryption),
        [
            "backups 2021-01-01 none",
            "backups 2022-01-01 default",
            "backups 2023-01-01 unsaid",
            "chats 2020-01-01 opt_in",
            "chats 2021-01-01 default",
            "chats 2023-01-01 ended_on:2023-03-01",
        ]
    );
}

#[test]
fn each_step_names_the_statement_that_proves_it() {
    let versions = [
        ("2020-01-01", "All messages are end-to-end encrypted."),
        ("2021-01-01", "We like messages."),
        ("2021-06-01", "We like messages a lot."),
    ];
    let history = history(&versions);
    let ladders = ladders(&history);
    let chats = ladders.iter().find(|ladder| ladder.scope == "chats").unwrap();
    assert_eq!(chats.rungs.len(), 2);
    assert!(chats.rungs[0].stands && chats.rungs[0].from_start);
    assert_eq!(chats.rungs[0].version, history.versions[0].id);
    assert_eq!(chats.rungs[1].step, Step::Unsaid);
    assert!(!chats.rungs[1].stands);
    assert_eq!(chats.rungs[1].statement, chats.rungs[0].statement);
    assert_eq!(chats.rungs[1].version, history.versions[1].id);
}

#[test]
fn a_promise_in_new_words_is_no_step() {
    let versions = [
        ("2020-01-01", "We never sell your personal data."),
        ("2021-01-01", "Your personal data is never sold."),
        ("2022-01-01", "We do not sell your personal data unless you agree."),
    ];
    assert_eq!(told(&versions, Topic::DataSale), ["all 2020-01-01 promised", "all 2022-01-01 conditional"]);
}

#[test]
fn a_page_that_flips_takes_no_step() {
    let sold = "We never sell your personal data.";
    let versions =
        [("2020-01-01", sold), ("2020-06-01", "We love data."), ("2020-06-09", sold), ("2021-01-01", sold)];
    assert_eq!(told(&versions, Topic::DataSale), ["all 2020-01-01 promised"]);
}
