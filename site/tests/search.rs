//! Queries over an index of invented policies.

mod common;

use site::search::{Index, Query};

struct Fixture {
    _dir: tempfile::TempDir,
    index: Index,
}

fn small() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let (histories, events) = common::small();
    common::index(dir.path(), &histories, &events);
    Fixture { index: Index::open(dir.path()).unwrap(), _dir: dir }
}

/// The hits of a query, as `kind: first words` lines.
#[track_caller]
fn check(query: &str, total: u64, first: &[&str]) {
    let answer = small().index.search(&Query::parse(query), 10).unwrap();
    let found: Vec<&str> =
        answer.hits.iter().map(|hit| if hit.title.is_empty() { &*hit.text } else { &*hit.title }).collect();
    assert_eq!(answer.total, total, "{query}: {found:#?} {:?}", answer.problems);
    for (found, expected) in found.iter().zip(first) {
        assert!(found.starts_with(expected), "{query}: {found} is not {expected}");
    }
    assert!(found.len() >= first.len(), "{query}: {found:#?}");
}

#[test]
fn findings_come_before_events_and_statements() {
    check(
        "sell",
        4,
        &["Promise about sale of data removed", "We never sell", "Selling access", "You may not sell"],
    );
    check("courier encryption", 2, &["Courier turns encryption on", "Messages are"]);
}

#[test]
fn words_phrases_prefixes() {
    check("never sell", 2, &[]);
    check("\"sell your\"", 3, &[]);
    check("\"your sell\"", 0, &[]);
    check("end-to-end", 1, &["Messages are"]);
    check("encr*", 3, &[]);
    check("sell -account", 3, &[]);
    check("sells", 4, &[]);
    check("隐私", 1, &["<script>"]);
    check("-sell service:example", 1, &["Group chats"]);
}

#[test]
fn filters() {
    check("service:courier", 7, &[]);
    check("service:\"example chat\" encrypted", 1, &["Group chats"]);
    check("topic:data-sale", 2, &[]);
    check("topic:\"sale of data\"", 2, &[]);
    check("policy:terms", 2, &[]);
    check("kind:reversal", 1, &[]);
    check("kind:finding", 1, &[]);
    check("kind:event", 1, &[]);
    check("kind:statement", 7, &[]);
    check("-kind:statement", 2, &[]);
    check("-service:courier", 2, &[]);
    check("service:nobody", 0, &[]);
}

#[test]
fn what_stood_and_what_is_gone() {
    check("gone:", 1, &["We never sell"]);
    check("sell gone:no", 3, &[]);
    check("sell as-of:2016", 1, &["You may not sell"]);
    check("sell as-of:2024-02-29", 2, &[]);
    check("sell as-of:2024-03-01", 3, &[]);
    check("contact as-of:2018-06-01", 0, &[]);
    check("contact as-of:2019-01-01", 1, &[]);
}

#[test]
fn a_question_is_answered_by_most_of_its_words() {
    check("which services encrypt groups by default today?", 1, &["Group chats"]);
    check("courier encryption default december 2023 zebra", 1, &["Courier turns"]);
    check("zebra unicorn", 0, &[]);
}

#[test]
fn a_statement_does_not_hide_an_event_that_lacks_one_word() {
    let answer = small().index.search(&Query::parse("group chats encrypted"), 10).unwrap();
    assert_eq!((answer.events, answer.statements), (1, 1), "{:#?}", answer.hits);
    assert_eq!((answer.one_word_short, answer.matched), (vec!["events"], None));
    check("\"group chats\" encrypted", 1, &["Group chats"]);
}

#[test]
fn a_hit_says_where_and_when() {
    let answer = small().index.search(&Query::parse("never sell kind:statement"), 10).unwrap();
    let hit = serde_json::to_value(&answer.hits[0]).unwrap();
    assert_eq!(hit["service"], "Courier");
    assert_eq!(hit["policy"], "Privacy Policy");
    assert_eq!(hit["first_seen"], "2018-05-25");
    assert_eq!(hit["last_seen"], "2024-02-29");
    assert_eq!(hit["current"], false);
    assert!(hit["url"].as_str().unwrap().starts_with("services/courier/privacy-policy/statements/#s-"));
}

#[test]
fn only_what_changed_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut histories, events) = common::small();
    assert_eq!(common::index(dir.path(), &histories, &events).policies, 2);
    assert_eq!(common::index(dir.path(), &histories, &events).policies, 0);
    histories[1].statements[0].text = "Group calls are not encrypted at all.".into();
    let updated = common::index(dir.path(), &histories, &events);
    assert_eq!((updated.policies, updated.removed, updated.records), (1, 0, 2));
    let total = |query: &str| Index::open(dir.path()).unwrap().search(&Query::parse(query), 1).unwrap().total;
    assert_eq!((total("calls"), total("\"group chats\"")), (1, 0));
    histories.remove(0);
    assert_eq!(common::index(dir.path(), &histories, &[]).removed, 1);
    assert_eq!((total("kind:event"), total("service:courier"), total("account")), (0, 0, 1));
    assert_eq!(Index::open(dir.path()).unwrap().records(), 2);
}

#[test]
fn an_index_that_was_not_finished_is_built_again() {
    let dir = tempfile::tempdir().unwrap();
    let (histories, events) = common::small();
    common::index(dir.path(), &histories, &events);
    std::fs::remove_file(dir.path().join("state.json")).unwrap();
    assert!(Index::open(dir.path()).is_err());
    assert_eq!(common::index(dir.path(), &histories, &events).policies, 2);
    assert!(Index::open(dir.path()).is_ok());
}
