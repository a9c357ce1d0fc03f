//! How versions read among their neighbours, a letter a statement.

use super::*;
use crate::noise::Sheets;

/// Each version: day, cause, text. Each text is a letter a statement.
fn check(versions: &[(i64, Cause, &str)], expected: &str) {
    let mut sheets = Sheets::default();
    let read_sheets: Vec<Sheet> = versions
        .iter()
        .map(|(_, _, text)| {
            let lines: String = text.chars().map(|c| format!("Statement {c}{c} stands here.\n\n")).collect();
            sheets.read(&lines)
        })
        .collect();
    let seen: Vec<Seen> = versions
        .iter()
        .enumerate()
        .map(|(n, (day, cause, _))| Seen {
            at: DateTime::from_timestamp(day * 86_400, 0).unwrap(),
            cause: *cause,
            sheet: (*cause != Cause::Removal).then_some(n as u32),
            is_ours: false,
        })
        .collect();
    let reads = read(&seen, &read_sheets, sheets.known(), &mut |_, _| None);
    let shown: Vec<String> = reads
        .iter()
        .map(|read| match read.reading {
            Reading::Variant { lane } => format!("lane{lane}"),
            other => format!("{other:?}").to_lowercase(),
        })
        .collect();
    assert_eq!(shown.join(" "), expected);
}

use Cause::{Change, First, Reextraction, Removal};

#[test]
fn a_change_that_stays_is_real() {
    check(&[(0, First, "abc"), (10, Change, "abd"), (20, Change, "abde")], "real real real");
}

#[test]
fn a_flip_of_a_day_is_a_variant_and_its_return_too() {
    check(&[(0, First, "abc"), (10, Change, "abx"), (11, Change, "abc")], "real lane1 lane0");
}

#[test]
fn a_text_that_stays_away_long_and_returns_once_was_changed_twice() {
    check(&[(0, First, "abc"), (10, Change, "abx"), (200, Change, "abc")], "real real real");
}

#[test]
fn a_change_while_the_page_flips_is_found_when_it_returns() {
    check(
        &[
            (0, First, "abc"),
            (10, Change, "abx"),
            (11, Change, "abcd"),
            (12, Change, "abx"),
            (13, Change, "abcd"),
        ],
        "real lane1 real lane1 lane0",
    );
}

#[test]
fn a_block_that_comes_back_was_cut() {
    check(
        &[(0, First, "abcdefghijklm"), (10, Change, "abc"), (100, Change, "abcdefghijklm")],
        "real truncated lane0",
    );
    check(&[(0, First, "abc"), (10, Change, "abcdefghijklm"), (100, Change, "abc")], "real extended lane0");
}

#[test]
fn what_was_reworded_while_the_page_was_read_anew_is_the_publishers_doing() {
    let text = |verbs: [&str; 4], menu: &str| {
        let [a, b, c, d] = verbs;
        format!(
            "{menu}We will never {a} the messages that you send to anyone else.\n\n\
             Our staff {b} the photos that people upload to their own albums.\n\n\
             Everything that you write here is {c} within thirty days of writing it.\n\n\
             People who open an account with us {d} a notice before anything changes.\n\n"
        )
    };
    let old = text(["sell", "cannot see", "deleted", "receive"], "");
    let read_anew = |new: &str, is_ours: bool| {
        let mut sheets = Sheets::default();
        let read_sheets = [old.as_str(), new].map(|text| sheets.read(text));
        let day = |day: i64| DateTime::from_timestamp(day * 86_400, 0).unwrap();
        let seen = [
            Seen { at: day(0), cause: First, sheet: Some(0), is_ours },
            Seen { at: day(9), cause: Reextraction, sheet: Some(1), is_ours },
        ];
        let reads = read(&seen, &read_sheets, sheets.known(), &mut |_, _| None);
        (reads[1].reading, reads[1].note.clone())
    };
    let (reading, note) = read_anew(&text(["rent", "may see", "deleted", "get"], ""), false);
    assert_eq!(reading, Reading::Real);
    assert!(note.contains("no extractor rewords 3 sentences"), "{note}");
    // Two may be an address that is hidden; words cut, glued or put beside a sentence are an extractor's work.
    for extracted in [
        text(["sell", "may see", "deleted", "get"], ""),
        text(["sell", "cannot see", "deleted", "receive"], "Menu Home Prices Help Blog Jobs\n\n"),
        old.replace("the messages", "themessages")
            .replace("the photos", "thephotos")
            .replace("you write", "youwrite"),
        old.replace(" to anyone else", "").replace(" to their own albums", "").replace(" of writing it", ""),
    ] {
        assert_eq!(read_anew(&extracted, false).0, Reading::Reextracted, "{extracted}");
    }
    // What we read anew ourselves is the page of before, or another one that the declaration names now.
    assert_eq!(read_anew(&text(["rent", "may see", "deleted", "get"], ""), true).0, Reading::Reextracted);
}

#[test]
fn reading_anew_and_removal_are_no_changes() {
    check(
        &[
            (0, First, "abc"),
            (10, Reextraction, "bcd"),
            (20, Change, "bcd"),
            (30, Removal, ""),
            (40, First, "bcd"),
        ],
        "real reextracted cosmetic removed cosmetic",
    );
}

/// Statements `from..to` of an endless text.
fn part(from: char, to: char) -> String {
    (from..to).collect()
}

#[test]
fn dozens_of_statements_exchanged_and_put_back_are_an_edition() {
    let (main, other) = (part('a', 'z'), part('a', 'f') + &part('α', 'ω'));
    check(
        &[(0, First, &main), (10, Change, &other), (110, Change, &main), (300, Change, &part('b', 'z'))],
        "real lane1 lane0 real",
    );
}

#[test]
fn a_text_that_is_introduced_is_real_at_first_sight() {
    let (main, other) = (part('a', 'z'), part('a', 'f') + &part('α', 'ω'));
    check(
        &[(0, First, &main), (10, Change, &other), (30, Change, &main), (40, Change, &other)],
        "real real lane1 lane0",
    );
}

#[test]
fn a_part_of_a_new_text_waits_for_the_whole() {
    check(
        &[(0, First, &part('a', 'z')), (10, Change, &part('α', 'ζ')), (11, Change, &part('α', 'ω'))],
        "real truncated real",
    );
}

#[test]
fn what_another_document_displaced_is_known_again_though_edited() {
    let main = part('a', 'z');
    let edited = part('d', 'z') + "αβγ";
    let texts = [(0, First, &*main), (10, Change, "αβγδεζηθικλμ"), (20, Change, &*edited)];
    let mut sheets = Sheets::default();
    let lines =
        |text: &str| -> String { text.chars().map(|c| format!("Statement {c}{c} stands.\n\n")).collect() };
    let read_sheets: Vec<Sheet> = texts.iter().map(|(_, _, text)| sheets.read(&lines(text))).collect();
    let seen: Vec<Seen> = (0..3)
        .map(|n| Seen {
            at: DateTime::from_timestamp(i64::from(n) * 864_000, 0).unwrap(),
            cause: Change,
            sheet: Some(n),
            is_ours: false,
        })
        .collect();
    let reads = read(&seen, &read_sheets, sheets.known(), &mut |before, after| {
        ((before, after) == (0, 1)).then_some(Artefact::OtherEdition)
    });
    assert_eq!(reads[1].reading, Reading::OtherEdition);
    assert_eq!((reads[2].reading, reads[2].against), (Reading::Real, Some(0)));
}
