use super::lesson::{Sentence, learn};
use super::wording::{Claim, Wording};
use super::{Brief, Forest, Trees};
use crate::finding::{Judgement, Kind, Topic};
use crate::promise::document::Document;
use crate::promise::rules::Rules;
use crate::promise::score::{Answer, Said};
use crate::promise::train::{Example, Source};
use chrono::DateTime;

fn judged(rules: &Rules, before: &str, after: &str) -> Vec<Judgement> {
    let read = |text: &str| Document::read(rules, text);
    crate::promise::judge(rules, &read(before), &read(after), DateTime::UNIX_EPOCH)
}

fn page(promise: &str) -> String {
    format!(
        "# Chats in Courier\n\nCourier carries your words to the people you choose.\n\n{promise}\n\n\
         You can block anybody from their profile.\n\nWrite to us if something does not work.\n"
    )
}

#[test]
fn what_no_list_knows_is_known_from_pages_written_for_it() {
    let rules = Rules::builtin();
    let found = judged(
        &rules,
        &page(
            "Your words are scrambled on your phone, and nobody in between can make them out, not even us.",
        ),
        &page(
            "Your words are unscrambled at our servers, which can make them out to show you better offers.",
        ),
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].kind, found[0].topic), (Kind::Reversal, Topic::Encryption));
    assert_eq!(found[0].state_before.as_deref(), Some("default"));
    assert_eq!(found[0].state_after.as_deref(), Some("none"));
    assert!(found[0].steps.iter().any(|step| step.contains("reads as default")), "{:?}", found[0].steps);
}

#[test]
fn what_was_on_by_default_and_must_be_turned_on_is_opt_in() {
    let rules = Rules::builtin();
    let dated = |promise: &str, date: &str| format!("{}\nUpdated {date}.\n", page(promise));
    let found = judged(
        &rules,
        &dated(
            "End-to-end encryption is on by default for all chats, so nobody outside can read them.",
            "3 May 2023",
        ),
        &dated("You can turn on end-to-end encryption for a chat in its settings.", "16 September 2024"),
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].state_before.as_deref(), Some("default"));
    assert_eq!(found[0].state_after.as_deref(), Some("opt_in"));
}

#[test]
fn an_end_takes_its_date_from_the_sentence() {
    let rules = Rules::builtin();
    let found = judged(
        &rules,
        &page("If you want, you can start a secret chat, which is end-to-end encrypted."),
        &page(
            "Secret chats, which are end-to-end encrypted, will no longer be available after the 8th of May 2026.",
        ),
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].state_after.as_deref(), Some("ended_on:2026-05-08"));
    assert!(!found[0].before.is_empty(), "what ends is shown");
    assert_eq!(found[0].effective.map(|date| date.to_string()).as_deref(), Some("2026-05-08"));
}

#[test]
fn a_page_in_other_words_is_left_alone() {
    let rules = Rules::builtin();
    let found = judged(
        &rules,
        &page("All chats are end-to-end encrypted. We cannot read what you write."),
        &page("Every chat is end-to-end encrypted, so what you write cannot be read by us."),
    );
    assert_eq!(found, []);
}

fn lesson(n: usize, before: &str, after: &str, kind: Option<Kind>) -> Example {
    let rules = Rules::builtin();
    let finding = kind.map(|kind| Said {
        kind,
        topic: "encryption".into(),
        before: before.into(),
        after: after.into(),
        severity: 3,
        sure: true,
        state_before: Some("default".into()),
        state_after: Some("none".into()),
        also: Vec::new(),
    });
    Example {
        id: format!("page-{n}"),
        service: format!("Service {n}"),
        file: "pages.jsonl".into(),
        before: Document::read(&rules, &page(before)),
        after: Document::read(&rules, &page(after)),
        answer: Answer { artefact: false, findings: finding.into_iter().collect() },
        at: DateTime::UNIX_EPOCH,
        source: Source::Label,
        shown: None,
        grades: Default::default(),
        chances: Default::default(),
    }
}

/// Pages on which "glorped" is a promise and "blarped" is none.
fn lessons() -> Vec<Example> {
    let things = ["notes", "songs", "maps", "plans", "drafts"];
    let places = ["at home", "on the road", "at work", "abroad"];
    let mut lessons = Vec::new();
    for (n, thing) in things.iter().enumerate() {
        for (m, place) in places.iter().enumerate() {
            let kept = format!("Your {thing} are glorped {place}.");
            let lost = format!("Your {thing} are blarped {place}.");
            let same = format!("Your {thing} are always glorped {place}.");
            lessons.push(lesson(n * 20 + m * 2, &kept, &lost, Some(Kind::Reversal)));
            lessons.push(lesson(n * 20 + m * 2 + 1, &kept, &same, None));
        }
    }
    lessons
}

fn sentences(rules: &Rules) -> Vec<Sentence> {
    let all = [(Claim::Default, "Your songs are glorped."), (Claim::None, "Your songs are blarped.")];
    all.into_iter().chain(all).filter_map(|(claim, text)| Sentence::new(rules, claim, text)).collect()
}

#[test]
fn words_are_learned_from_pages_and_the_same_pages_teach_the_same() {
    let rules = Rules::builtin();
    let lessons = lessons();
    let pages: Vec<&Example> = lessons.iter().collect();
    let learned = learn(&rules, &pages, &sentences(&rules), &[]);
    let again = learn(&rules, &pages, &sentences(&rules), &[]);
    assert_eq!(learned.table.write(), again.table.write());
    assert_eq!(learned.trees, again.trees);
    let taught = learned.rules(&rules);
    let before = page("Your photos are glorped by day.");
    let kinds = |after: &str| {
        let found = judged(&taught, &before, &page(after));
        found.iter().map(|finding| finding.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds("Your photos are blarped by day."), [Kind::Reversal]);
    assert_eq!(kinds("Your photos are always glorped by day."), []);
}

#[test]
fn the_table_survives_being_written() {
    let rules = Rules::builtin();
    let lessons = lessons();
    let learned = learn(&rules, &lessons.iter().collect::<Vec<_>>(), &sentences(&rules), &[]);
    assert!(!learned.table.is_empty());
    let text = format!("# a comment\n{}", learned.table.write());
    assert_eq!(Wording::parse("wording.tsv", &text).unwrap(), Wording::new(&learned.table));
}

#[test]
fn a_row_or_a_tree_that_is_none_is_named_with_its_remedy() {
    for broken in ["never", "never\treversal", "never\tworse:0.1", "never\treversal:much"] {
        let error = Wording::parse("wording.tsv", &format!("# x\n{broken}\n")).unwrap_err().to_string();
        assert!(error.contains("wording.tsv: line 2") && error.contains("`reversal:0.2`"), "{error}");
    }
    for broken in ["(alike 0.5 1)", "(moon 0.5 0.1 0.2)"] {
        let forest = Forest { start: 0.0, trees: vec![broken.into()] };
        let trees = Trees { reversal: forest, ..Trees::default() };
        let error = Brief::new("brief.toml", &trees).unwrap_err().to_string();
        assert!(error.contains("brief.toml: trees") && error.contains(broken), "{error}");
    }
}

#[test]
fn a_long_text_is_not_judged_as_a_short_page() {
    let rules = Rules::builtin();
    let long: String = (0..60).map(|n| format!("Paragraph {n} speaks of the weather.\n\n")).collect();
    let read = |text: &str| Document::read(&rules, text);
    assert!(super::is_brief(&rules, &read(&page("We never read chats.")), &read(&page("We read chats."))));
    assert!(!super::is_brief(&rules, &read(&long), &read(&long)));
    let german = "Wir lesen deine Nachrichten nicht und geben sie auch nicht an andere weiter.";
    assert!(!super::is_brief(&rules, &read(german), &read(german)));
}
