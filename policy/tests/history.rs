//! Histories of a few short texts.

use chrono::{DateTime, TimeDelta};
use policy::finding::{EvidenceClass, Topic};
use policy::history::{Cause, History, Recording, derive};
use policy::id::PolicyId;
use policy::promise::Rules;

fn history(texts: &[&str]) -> History {
    let recording = |(n, _): (usize, &&str)| {
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(18_000 + 90 * n as i64);
        let cause = if n == 0 { Cause::First } else { Cause::Change };
        Recording {
            at,
            seen_until: at,
            times_seen: 1,
            cause,
            class: EvidenceClass::C,
            recorder: "tried".into(),
            text: Some(n as u32),
            origins: Vec::new(),
        }
    };
    let recordings = texts.iter().enumerate().map(recording).collect();
    derive(&PolicyId::new("Courier", "Privacy Policy"), recordings, &texts.to_vec(), &Rules::builtin())
}

const TEXT: &str = "# Privacy\n\nWe never sell your personal data to anyone.\n\nYour chats are always end-to-end encrypted.\n\nThis page was written in spring.\n";

#[test]
fn a_policy_recorded_once_tells_what_its_promises_are_about() {
    let topics = |history: &History| -> Vec<Option<Topic>> {
        history.statements.iter().map(|statement| statement.topic).collect()
    };
    let once = history(&[TEXT]);
    assert_eq!(topics(&once), [None, Some(Topic::DataSale), Some(Topic::Encryption), None]);
    // And the same as where a comparison asked.
    let twice = history(&[TEXT, &format!("{TEXT}\nIt was read again in autumn.\n")]);
    assert_eq!(topics(&twice)[..4], topics(&once)[..]);
}
