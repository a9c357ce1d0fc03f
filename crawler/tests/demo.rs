//! The demonstration gives exactly the findings that its script tells of, and no others.

use archive::{Archive, Derivation};
use crawler::demo::Demo;
use policy::declaration::Declarations;
use policy::history::Reading;
use policy::id::{Digest, PolicyId};
use policy::promise::Rules;

fn played() -> (tempfile::TempDir, Archive) {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let files = Demo::bundled().unwrap().play(&archive, |_, _| {}).unwrap();
    let (declarations, errors) = Declarations::parse(files);
    assert!(errors.is_empty(), "{errors:?}");
    let rules = Rules::builtin();
    let derivation = Derivation {
        rules: &rules,
        rules_digest: Digest::of("builtin"),
        declarations: &declarations,
        all: false,
        threads: 1,
    };
    let report = archive.derive(&derivation, &|_| {}).unwrap();
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    (dir, archive)
}

#[test]
fn exactly_the_right_findings() {
    let (_dir, archive) = played();
    let mut found: Vec<String> = archive
        .findings()
        .unwrap()
        .iter()
        .map(|finding| {
            // Shown where the test fails.
            println!(
                "{} {} {} {:?}\n  - {}\n  + {}",
                finding.judgement.rule,
                finding.judgement.confidence,
                finding.judgement.weight,
                finding.status_note,
                finding.judgement.before,
                finding.judgement.after
            );
            format!(
                "{} {}: {} {} {}",
                finding.first_seen_after.date_naive(),
                finding.policy,
                finding.judgement.kind,
                finding.judgement.topic,
                finding.status.key(),
            )
        })
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "2024-09-16 Parley / End-to-End Encryption: reversal encryption confirmed",
            "2025-06-02 Lanternpost / Privacy Policy: strengthening advertising confirmed",
            "2026-03-12 Parley / End-to-End Encryption: reversal encryption confirmed",
            "2026-05-09 Parley / End-to-End Encryption: reversal encryption confirmed",
        ]
    );
}

#[test]
fn what_the_publisher_did_not_do_is_no_change() {
    let (_dir, archive) = played();
    let readings = |service: &str, name: &str| {
        let history = archive.history(&PolicyId::new(service, name)).unwrap().unwrap();
        let readings = history.versions.iter();
        readings.map(|version| (version.at.date_naive().to_string(), version.reading)).collect::<Vec<_>>()
    };
    let tally = readings("Tally", "Privacy Policy");
    assert!(
        tally.iter().any(|(_, reading)| matches!(reading, Reading::Variant { .. } | Reading::OtherEdition)),
        "{tally:?}"
    );
    let parley = readings("Parley", "Privacy Policy");
    assert!(parley.contains(&("2026-03-12".to_owned(), Reading::Truncated)), "{parley:?}");
    // The bot wall of that day left no version at all.
    let lanternpost = readings("Lanternpost", "Privacy Policy");
    assert!(!lanternpost.iter().any(|(day, _)| day == "2026-03-12"), "{lanternpost:?}");
}
