//! Short texts, each with what the judge must say of them, and properties that hold for every text.

use chrono::DateTime;
use policy::finding::{Judgement, Kind};
use policy::promise::{Document, Rules, judge};
use std::fmt::Write as _;

/// Sentences that stand in both texts, so that a case is an edit and not a rewriting.
const FRAME: &str = "# Privacy at Courier\n\nCourier carries messages between people.\n\n\
    We wrote this page to tell you how Courier works.\n\n## Your information\n\n\
    We process the information that you give us when you open an account.\n\n\
    We use it to run the service and to answer your questions.\n\n{}\n\n## Questions\n\n\
    Write to our team with any question about this page.\n";

/// The same in the other languages that the rules know, for the cases marked with their code.
const GERMAN: &str = "# Datenschutz bei Courier\n\nCourier bringt Nachrichten von einem Menschen zum anderen.\n\n\
    Auf dieser Seite steht, wie der Dienst arbeitet und was er dafür braucht.\n\n## Ihre Angaben\n\n\
    Wir verarbeiten die Angaben, die Sie bei der Anmeldung machen.\n\n{}\n\n## Fragen\n\n\
    Schreiben Sie uns, wenn Sie eine Frage zu dieser Seite haben.\n";
const FRENCH: &str = "# Vos données chez Courier\n\nCourier porte les messages d'une personne à une autre.\n\n\
    Cette page explique comment le service marche et ce dont il a besoin.\n\n## Vos informations\n\n\
    Nous traitons les informations que vous donnez à l'ouverture du compte.\n\n{}\n\n## Questions\n\n\
    Écrivez à notre équipe pour toute question sur cette page.\n";

fn judged(rules: &Rules, before: &str, after: &str) -> Vec<Judgement> {
    judge(rules, &Document::read(rules, before), &Document::read(rules, after), DateTime::UNIX_EPOCH)
}

fn in_frame(sentence: &str) -> String {
    FRAME.replace("{}", sentence)
}

struct Case {
    line: usize,
    known_miss: bool,
    frame: &'static str,
    expected: String,
    before: String,
    after: String,
}

fn cases(text: &str) -> Vec<Case> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(n, line)| {
            let (known_miss, line) = match line.strip_prefix("? ") {
                Some(line) => (true, line),
                None => (false, line),
            };
            let (frame, line) = match line.split_at_checked(3) {
                Some(("de ", line)) => (GERMAN, line),
                Some(("fr ", line)) => (FRENCH, line),
                _ => (FRAME, line),
            };
            // A line holds a list or a table too: `\n` is a new line, `¦` a table's bar.
            let mut parts = line.splitn(3, '|').map(str::trim);
            let mut part = || parts.next().unwrap_or_default().replace("\\n", "\n").replace('¦', "|");
            Case { line: n + 1, known_miss, frame, expected: part(), before: part(), after: part() }
        })
        .collect()
}

/// A policy of usual length, in which nothing else changes.
const LONG: &str = include_str!("cases/long.md");

fn check(file: &str, text: &str) {
    check_in(None, file, text);
}

/// Every case holds, but those marked as known misses, which must still be missed. They stand in this `frame`, or in that
/// of their language.
fn check_in(frame: Option<&str>, file: &str, text: &str) {
    let rules = Rules::builtin();
    let mut faults = String::new();
    for case in cases(text) {
        let frame = frame.unwrap_or(case.frame);
        let found = judged(&rules, &frame.replace("{}", &case.before), &frame.replace("{}", &case.after));
        let weak: Vec<_> = found.iter().filter(|f| f.kind != Kind::Strengthening).collect();
        let holds = match case.expected.as_str() {
            "nothing" => weak.is_empty(),
            expected => weak.iter().any(|f| format!("{} {}", f.kind, f.topic) == expected),
        };
        if holds == case.known_miss {
            let said: Vec<_> = weak.iter().map(|f| format!("{} {}", f.kind, f.topic)).collect();
            let note = if holds { "holds now: take the `?` away" } else { "does not hold" };
            let _ = writeln!(
                faults,
                "{file}:{}: {note}: {} | {} | {} (said: {said:?})",
                case.line, case.expected, case.before, case.after
            );
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn reversals_are_found() {
    check("reversals.txt", include_str!("cases/reversals.txt"));
}

#[test]
fn near_misses_stay_quiet() {
    check("near-misses.txt", include_str!("cases/near-misses.txt"));
}

#[test]
fn edits_of_one_sentence_are_read() {
    check("plain.txt", include_str!("cases/plain.txt"));
}

#[test]
fn edits_within_long_policies_are_read() {
    check_in(Some(LONG), "long.txt", include_str!("cases/long.txt"));
}

#[test]
fn german_and_french_edits_are_read() {
    check("languages.txt", include_str!("cases/languages.txt"));
}

#[test]
fn rows_of_tables_and_answers_to_questions_are_read() {
    check("answers.txt", include_str!("cases/answers.txt"));
}

/// All sentences of the cases as one text, a section each.
fn long_text() -> Vec<String> {
    cases(include_str!("cases/reversals.txt"))
        .into_iter()
        .map(|case| format!("## Section {}\n\n{}\n", case.line, case.before))
        .collect()
}

#[test]
fn a_text_never_differs_from_itself() {
    let rules = Rules::builtin();
    let text = long_text().join("\n");
    assert!(judged(&rules, &text, &text).is_empty());
}

#[test]
fn the_order_of_sections_is_no_promise() {
    let rules = Rules::builtin();
    let mut sections = long_text();
    let before = sections.join("\n");
    sections.reverse();
    assert!(judged(&rules, &before, &sections.join("\n")).is_empty());
}

#[test]
fn typography_is_no_change() {
    let rules = Rules::builtin();
    let before = long_text().join("\n");
    let after = before.replace('\'', "’").replace(" we ", "  we ").replace('.', " .");
    assert!(judged(&rules, &before, &after).is_empty());
}

#[test]
fn numbers_of_a_list_are_no_change() {
    let rules = Rules::builtin();
    let list = |first: usize| -> String {
        ["sell your data;", "read your messages;", "share your contacts."]
            .iter()
            .enumerate()
            .map(|(n, item)| format!("{}. {item}\n", n + first))
            .collect()
    };
    let before = format!("We do not:\n\n{}", list(1));
    assert!(judged(&rules, &before, &format!("We do not:\n\n{}", list(4))).is_empty());
    assert!(judged(&rules, &before, &format!("We do not:\n\n{}", list(1).replace("1. ", "(a) "))).is_empty());
}

#[test]
fn a_lead_in_that_turns_round_is_a_change_of_its_items() {
    let rules = Rules::builtin();
    let text = |lead: &str| {
        in_frame(&format!(
            "{lead}\n\n* sell your personal data to third parties;\n* read your private messages."
        ))
    };
    let found = judged(&rules, &text("We do not:"), &text("We may:"));
    assert!(found.iter().any(|f| f.kind == Kind::Reversal), "{found:?}");
}

#[test]
fn german_and_french_encryption_steps_are_read() {
    let rules = Rules::builtin();
    let pairs = [
        (
            "Wir erklären hier, wie der Dienst mit Ihren Daten umgeht und was Sie dazu wissen sollten.\n\nAlle Nachrichten sind standardmäßig Ende-zu-Ende-verschlüsselt.\n",
            "Wir erklären hier, wie der Dienst mit Ihren Daten umgeht und was Sie dazu wissen sollten.\n\nSie können die Ende-zu-Ende-Verschlüsselung in den Einstellungen aktivieren.\n",
        ),
        (
            "Nous expliquons ici comment le service traite vos données et ce que vous pouvez faire.\n\nTous les messages sont chiffrés de bout en bout par défaut.\n",
            "Nous expliquons ici comment le service traite vos données et ce que vous pouvez faire.\n\nVous pouvez activer le chiffrement de bout en bout dans les réglages.\n",
        ),
    ];
    for (before, after) in pairs {
        let found = judged(&rules, before, after);
        let step = found.iter().find(|f| f.rule == "encryption_ladder").unwrap_or_else(|| panic!("{before}"));
        assert_eq!(step.kind, Kind::Reversal);
        assert_eq!(step.state_before.as_deref(), Some("default"));
        assert_eq!(step.state_after.as_deref(), Some("opt_in"));
    }
}

#[test]
fn a_sunset_date_becomes_effective() {
    let rules = Rules::builtin();
    let before = in_frame("You can turn on end-to-end encryption for a chat.");
    let after = in_frame("End-to-end encryption will no longer be available after 8 May 2026.");
    let at = "2026-03-10T00:00:00Z".parse().unwrap();
    let found = judge(&rules, &Document::read(&rules, &before), &Document::read(&rules, &after), at);
    let step = found.iter().find(|f| f.kind == Kind::Reversal).unwrap();
    assert_eq!(step.effective.map(|date| date.to_string()).as_deref(), Some("2026-05-08"));
    assert_eq!(step.state_after.as_deref(), Some("ended_on:2026-05-08"));
}

#[test]
fn an_unchanged_date_makes_a_reversal_silent() {
    let rules = Rules::builtin();
    let before = format!("Last updated: 4 May 2024\n\n{}", in_frame("We never sell your personal data."));
    let quiet = format!("Last updated: 4 May 2024\n\n{}", in_frame("We may sell your personal data."));
    let told = format!("Last updated: 9 June 2025\n\n{}", in_frame("We may sell your personal data."));
    let silent = |after: &str| {
        judged(&rules, &before, after).iter().find(|f| f.kind == Kind::Reversal).unwrap().silent
    };
    assert!(silent(&quiet));
    assert!(!silent(&told));
}

#[test]
fn nothing_makes_the_reader_panic() {
    let rules = Rules::builtin();
    for text in [
        "",
        "[",
        "](",
        "![](",
        "**",
        "|",
        "||\n|-",
        "# ",
        "1.",
        "* ",
        "<",
        "&",
        "\\",
        "\u{feff}",
        "é.\u{301} é",
        "a\u{0}b. C",
    ] {
        for other in ["", "We never sell your data.", text] {
            judged(&rules, text, other);
            judged(&rules, other, text);
        }
    }
}

/// The folder of shared input, where there is one.
fn shared() -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("WALKBACK_SHARED").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared").into(),
        std::path::PathBuf::from,
    );
    folder.join("labels/score.py").exists().then_some(folder)
}

#[test]
fn the_measure_counts_as_the_readers_script_counts() {
    use policy::promise::score::{Answer, Said, score};
    let Some(shared) = shared() else {
        return println!("skipped: no folder of shared input; set WALKBACK_SHARED");
    };
    let rules = Rules::builtin();
    let labels = shared.join("labels/pairs.jsonl");
    let (mut gold, mut said) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
    let mut lines = String::new();
    for line in std::fs::read_to_string(&labels).unwrap().lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let id = value["id"].as_str().unwrap().to_owned();
        let text = |field: &str| value[field].as_str().unwrap().to_owned();
        let findings = judged(&rules, &text("before"), &text("after"));
        let answer = Answer { artefact: false, findings: findings.iter().map(Said::from).collect() };
        let mut line_out = serde_json::to_value(&answer).unwrap();
        line_out["id"] = id.as_str().into();
        let _ = writeln!(lines, "{line_out}");
        gold.insert(id.clone(), serde_json::from_value::<Answer>(value).unwrap());
        said.insert(id, answer);
    }
    let predictions = std::env::temp_dir().join(format!("walkback-score-{}.jsonl", std::process::id()));
    std::fs::write(&predictions, lines).unwrap();
    let output = std::process::Command::new("python3")
        .arg(shared.join("labels/score.py"))
        .args([&labels, &predictions])
        .arg("--json")
        .output();
    std::fs::remove_file(&predictions).unwrap();
    let Ok(output) = output else { return println!("skipped: no python3") };
    let theirs: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let ours = score(&gold, &said);
    let same = |mine: f64, field: &serde_json::Value| {
        assert!((mine - field.as_f64().unwrap()).abs() < 0.0006, "{mine} against {field}: {theirs}");
    };
    same(ours.finding_reversal.f1, &theirs["finding.reversal"]["f1"]);
    same(ours.finding_reversal.precision, &theirs["finding.reversal"]["precision"]);
    same(ours.finding_weakening.recall, &theirs["finding.weakening"]["recall"]);
    same(ours.finding_strengthening.f1, &theirs["finding.strengthening"]["f1"]);
    same(ours.change_reversal.f1, &theirs["change.reversal"]["f1"]);
    same(ours.change_weakening.f1, &theirs["change.weakening"]["f1"]);
    same(ours.finding_reversal.topic_right.unwrap(), &theirs["finding.reversal"]["topic_right"]);
    same(ours.quiet.unwrap(), &theirs["quiet"]);
    same(ours.artefacts.unwrap(), &theirs["artefacts"]);
    same(ours.states_right.unwrap(), &theirs["states_right"]);
}

#[test]
fn average_precision_is_that_of_the_standard() {
    use policy::promise::score::average_precision;
    // Right, wrong, right: (1/1 + 2/3) / 2.
    let said = vec![(0.2, true), (0.9, true), (0.5, false)];
    assert!((average_precision(said) - 5.0 / 6.0).abs() < 1e-9);
    // A tie is no help, and nothing true gives nothing.
    assert!((average_precision(vec![(0.5, true), (0.5, false)]) - 0.5).abs() < 1e-9);
    assert_eq!(average_precision(vec![(0.9, false)]), 0.0);
}

#[test]
fn what_was_read_alone_measures_and_teaches_nothing() {
    use policy::promise::score::{Answer, Said};
    use policy::promise::train::{Example, Settings, Source, train};
    let rules = Rules::builtin();
    let rest: String =
        (0..30).map(|n| format!("Part {n} of this text is about part {n} of Courier.\n\n")).collect();
    let promise = |n: usize| format!("We never sell the letters of circle {n} to anyone.");
    let house = |n: usize| format!("Please tell us which stamp of series {n} you like.");
    let example = |n: usize, source: Source| {
        let (kept, lost) = if n.is_multiple_of(2) { (house(n), promise(n)) } else { (promise(n), house(n)) };
        let before = Document::read(&rules, &format!("{rest}{kept}\n\n{lost}\n"));
        let after = Document::read(&rules, &format!("{rest}{kept}\n"));
        let said: Said = serde_json::from_value(
            serde_json::json!({ "kind": "reversal", "topic": "data_sale", "before": lost }),
        )
        .unwrap();
        let chance = if n.is_multiple_of(2) { 0.9 } else { 0.1 };
        let alone = [(policy::promise::reading::mark(&lost), chance)].into();
        Example {
            id: format!("{source:?}-{n}"),
            service: format!("Courier {n}"),
            file: "labels.jsonl".into(),
            before,
            after,
            answer: Answer {
                artefact: false,
                findings: if n.is_multiple_of(2) { vec![said] } else { Vec::new() },
            },
            at: DateTime::UNIX_EPOCH,
            source,
            shown: None,
            grades: Default::default(),
            chances: if source == Source::Chances {
                [(Kind::Reversal, alone)].into()
            } else {
                Default::default()
            },
        }
    };
    let settings = Settings { folds: 3, least: 1, thresholds: Some([0.3; 3]), ..Settings::default() };
    let labels = || (0..24).map(|n| example(n, Source::Label));
    let plain = train(&rules, None, &labels().collect::<Vec<_>>(), &[], settings);
    let with: Vec<Example> = labels().chain((24..48).map(|n| example(n, Source::Chances))).collect();
    let measured = train(&rules, None, &with, &[], settings);
    assert_eq!(plain.weights, measured.weights);
    assert!(plain.precision_alone.is_empty());
    // Told apart without fault: whoever promises is a finding here.
    let [(Kind::Reversal, _, precision)] = measured.precision_alone[..] else {
        panic!("{:?}", measured.precision_alone)
    };
    assert!(precision > 0.95, "{precision}");
    assert!(measured.precision["labels.jsonl"][0] > 0.95, "{:?}", measured.precision);
}
