//! In which order findings are told.

use chrono::DateTime;
use policy::finding::{EvidenceClass, Finding, Judgement, Kind, Status, Topic, heaviest_first};
use policy::id::{FindingId, PolicyId, PromiseId, VersionId};

fn finding(id: &str, policy: [&str; 2], before: &str, weight: f32, status: Status) -> Finding {
    Finding {
        id: FindingId(id.into()),
        promise: PromiseId("p".into()),
        policy: PolicyId::new(policy[0], policy[1]),
        from: VersionId("20200101T000000Z".into()),
        to: VersionId("20210101T000000Z".into()),
        last_seen_before: DateTime::UNIX_EPOCH,
        first_seen_after: DateTime::UNIX_EPOCH,
        before_statement: None,
        after_statement: None,
        status,
        status_note: String::new(),
        retracted_at: None,
        class: EvidenceClass::C,
        judgement: Judgement {
            kind: Kind::Reversal,
            topic: Topic::DataSale,
            before: before.into(),
            after: String::new(),
            lead_in_before: None,
            lead_in_after: None,
            nearest: Vec::new(),
            severity: 2,
            confidence: 0.5,
            weight,
            rule: "test".into(),
            reason: String::new(),
            steps: Vec::new(),
            effective: None,
            silent: false,
            state_before: None,
            state_after: None,
            scope: Vec::new(),
            promise_key: "k".into(),
        },
    }
}

fn order(mut findings: Vec<Finding>) -> Vec<String> {
    heaviest_first(&mut findings);
    findings.into_iter().map(|finding| finding.id.0).collect()
}

#[test]
fn the_heavier_comes_first_and_the_retracted_last() {
    use Status::{Confirmed, Provisional, Retracted};
    let findings = vec![
        finding("light", ["Example Chat", "Privacy"], "We never rent your data.", 0.2, Confirmed),
        finding("back", ["Example Mail", "Privacy"], "We never sell your data.", 3.0, Retracted),
        finding("heavy", ["Example Chat", "Privacy"], "We never sell your data.", 2.0, Provisional),
    ];
    assert_eq!(order(findings), ["heavy", "light", "back"]);
}

#[test]
fn one_sentence_taken_back_on_two_pages_is_told_once_before_the_rest() {
    use Status::{Confirmed, Retracted};
    let sentence = "We never sell your data.";
    let findings = vec![
        finding("terms", ["Example Chat", "Terms"], sentence, 1.9, Confirmed),
        finding("privacy", ["Example Chat", "Privacy"], sentence, 2.0, Confirmed),
        // Another service's promise in the same words is another promise.
        finding("mail", ["Example Mail", "Privacy"], sentence, 1.0, Confirmed),
        finding("light", ["Example Mail", "Privacy"], "We never rent your data.", 0.1, Confirmed),
    ];
    assert_eq!(order(findings), ["privacy", "mail", "light", "terms"]);
    // What was retracted does not stand in the way of what holds.
    let findings = vec![
        finding("came-back", ["Example Chat", "Privacy"], sentence, 2.0, Retracted),
        finding("left-for-good", ["Example Chat", "Privacy"], sentence, 1.0, Confirmed),
    ];
    assert_eq!(order(findings), ["left-for-good", "came-back"]);
}
