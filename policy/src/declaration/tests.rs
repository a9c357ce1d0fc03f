use super::*;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use std::path::PathBuf;

fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// Parses `json` as Courier.json and gives the faults, one a line.
fn faults(json: &str) -> String {
    match Declaration::parse("Courier.json", json) {
        Ok(_) => String::new(),
        Err(error) => error.faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n"),
    }
}

const COURIER: &str = r##"{
    "name": "Courier",
    "operator": "Example Ltd",
    "kind": "messenger",
    "jurisdiction": "CH",
    "languages": ["en", "de-CH"],
    "tags": ["e2ee"],
    "aliases": ["Courier Messenger"],
    "formerly": ["Post", { "name": "Pigeon", "until": "2023-07-24" }],
    "terms": {
        "Privacy Policy": {
            "fetch": "https://courier.example/privacy",
            "select": ["main", { "startBefore": "h1", "endAfter": "#end" }],
            "remove": ".nav",
            "filter": ["tidy", { "removeQueryParams": ["ref"] }],
            "language": "en",
            "verified": "2026-05-08",
            "verifiedBy": "our capture of that day",
            "every": "24h",
            "robots": { "ignore": true, "reason": "a legal text of public interest" }
        },
        "How encryption works": {
            "kind": "white_paper",
            "combine": [
                { "fetch": "https://courier.example/a" },
                { "fetch": "https://courier.example/b", "select": "#b" }
            ],
            "select": "article",
            "executeClientScripts": true
        }
    }
}"##;

#[test]
fn a_whole_declaration() {
    let declaration = Declaration::parse("Courier.json", COURIER).unwrap();
    assert_eq!(declaration.service, "Courier");
    assert_eq!(declaration.kind, Some(ServiceKind::Messenger));
    assert_eq!(declaration.formerly[1].until, NaiveDate::from_ymd_opt(2023, 7, 24));
    let [paper, privacy] = declaration.policies.as_slice() else { panic!("two policies, by name") };
    assert_eq!(privacy.kind, PolicyKind::PrivacyPolicy);
    assert_eq!(privacy.verified_by.as_deref(), Some("our capture of that day"));
    assert_eq!(privacy.every, Some(TimeDelta::hours(24)));
    assert_eq!(privacy.robots.as_ref().unwrap().reason, "a legal text of public interest");
    let page = &privacy.documents[0];
    assert_eq!(page.select.len(), 2);
    assert!(
        matches!(&page.select[1], Selection::Between(Range { start: Edge::Before(start), end: Edge::After(_) }) if start.text() == "h1")
    );
    assert_eq!(page.filters[1], Filter::RemoveQueryParams(vec!["ref".to_owned()]));
    assert_eq!(page.filters[0].name(), "tidy");
    assert_eq!(paper.kind, PolicyKind::WhitePaper);
    let selected: Vec<String> = paper.documents.iter().map(|page| page.select[0].to_string()).collect();
    assert_eq!(selected, ["article", "#b"], "an item's own selector wins over the shared one");
    assert_eq!(paper.documents[1].execute_client_scripts, Some(true));
}

#[test]
fn a_page_is_read_with_the_declaration_of_its_day() {
    let history = r#"{
        "Privacy Policy": [
            { "fetch": "https://courier.example/new", "select": ".b", "validUntil": "2025-06-01T02:00:00+02:00" },
            { "fetch": "https://courier.example/old", "select": ".a", "validUntil": "2024-03-18T18:30:09Z" }
        ],
        "Cookies": [{ "fetch": "https://courier.example/cookies", "validUntil": "2022-01-01T00:00:00Z" }]
    }"#;
    let declaration = Declaration::parse("Courier.json", COURIER)
        .unwrap()
        .with_history("Courier.history.json", history)
        .unwrap();
    let read_at = |at: &str| {
        declaration.policy("Privacy Policy").unwrap().documents_at(instant(at))[0].location.path().to_owned()
    };
    assert_eq!(read_at("2020-01-01T00:00:00Z"), "/old");
    assert_eq!(read_at("2024-03-18T18:30:09Z"), "/old", "the instant itself is included");
    assert_eq!(read_at("2024-03-18T18:30:10Z"), "/new");
    assert_eq!(read_at("2025-06-01T00:00:01Z"), "/privacy", "offsets are honoured");
    assert_eq!(declaration.retired.len(), 1);
    assert_eq!(declaration.retired[0].kind, PolicyKind::Cookies);
    let then = declaration.at(instant("2024-01-01T00:00:00Z"));
    assert_eq!(then.policy("Privacy Policy").unwrap().documents[0].location.path(), "/old");
}

#[test]
fn faults_name_field_problem_and_remedy() {
    let cases = [
        (
            r#"{"name": "C", "terms": {}, "operater": "x"}"#,
            "`operater`: is not a field we know: did you mean `operator`?",
        ),
        (r#"{"terms": {}}"#, "`name`: is missing"),
        (r#"{"name": "C"}"#, "`terms`: is missing"),
        (
            r#"{"name": "C", "terms": {}, "kind": "mesenger"}"#,
            "`kind`: `mesenger` is not a kind we know: did you mean `messenger`?",
        ),
        (r#"{"name": "C", "terms": {"P": {}}}"#, "`terms.P.fetch`: is missing"),
        (r#"{"name": "C", "terms": {"P": {"fetch": "/privacy"}}}"#, "`terms.P.fetch`: is not a URL"),
        (r#"{"name": "C", "terms": {"P": {"fetch": "ftp://x/y"}}}"#, "has the scheme `ftp`"),
        (
            r#"{"name": "C", "terms": {"P": {"fetch": "https://x.example", "select": "a["}}}"#,
            "`terms.P.select`: is not a CSS selector",
        ),
        (
            r#"{"name": "C", "terms": {"P": {"fetch": "https://x.example", "select": ["a", {"startBefore": "h1"}]}}}"#,
            "`terms.P.select[1]`: has neither `endBefore` nor `endAfter`",
        ),
        (
            r#"{"name": "C", "terms": {"P": {"fetch": "https://x.example", "select": {"startBefore": "h1", "startAfter": "h2", "endAfter": "p"}}}}"#,
            "has both `startBefore` and `startAfter`",
        ),
        (
            r#"{"name": "C", "terms": {"P": {"fetch": "https://x.example", "every": "soon"}}}"#,
            "`terms.P.every`: is not a span of time",
        ),
        (
            r#"{"name": "C", "terms": {"P": {"fetch": "https://x.example", "robots": {"ignore": true}}}}"#,
            "gives no reason",
        ),
        (
            r#"{"name": "C", "terms": {"P": {"fetch": "https://x.example", "verified": "8 May"}}}"#,
            "`terms.P.verified`: is not a date",
        ),
        (
            r#"{"name": "C", "terms": {"P": {"fetch": "https://x.example", "verifiedBy": "a capture"}}}"#,
            "`terms.P.verifiedBy`: stands without `verified`",
        ),
        (
            r#"{"name": "C", "terms": {"P": {"combine": [{"fetch": "https://x.example/a"}, {"fetch": "https://x.example/a"}]}}}"#,
            "`terms.P.combine[1].fetch`: stands twice",
        ),
        (
            r#"{"name": "C", "terms": {"P": {"fetch": "https://x.example", "combine": []}}}"#,
            "stands beside `fetch`",
        ),
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
    ];
    for (json, expected) in cases {
        let found = faults(json);
        assert!(found.contains(expected), "{json}\n  gave:   {found}\n  wanted: {expected}");
    }
}

#[test]
fn all_faults_are_reported_at_once() {
    let found = faults(r#"{"nam": "C", "terms": {"P": {"fetch": "x", "selekt": "main"}}}"#);
    assert_eq!(found.lines().count(), 4, "{found}");
}

#[test]
fn what_is_not_honoured_is_named() {
    let declaration = Declaration::parse("Courier.json", COURIER).unwrap();
    let warnings = declaration.warnings();
    let has = |severity, text: &str| {
        assert!(
            warnings.iter().any(|warning| warning.severity == severity && warning.problem.contains(text)),
            "{text} in {warnings:#?}"
        );
    };
    has(Severity::NotHonoured, "filter `tidy`");
    has(Severity::NotHonoured, "executeClientScripts");
    has(Severity::Note, "unverified");
    assert!(!warnings.iter().any(|warning| warning.problem.contains("removeQueryParams")));
}

#[test]
fn a_folder_survives_its_broken_files() {
    let file = |name: &str, json: &str| (name.to_owned(), json.to_owned());
    let page = |service: &str| {
        format!(r#"{{"name": "{service}", "terms": {{"Terms": {{"fetch": "https://x.example/"}}}}}}"#)
    };
    let (declarations, errors) = Declarations::parse([
        file("Courier.json", COURIER),
        file("Broken.json", "{"),
        file("Orphan.history.json", "{}"),
        file("Courier.filters.js", "not ours to run"),
        file("A B.json", &page("A B")),
        file("A-B.json", &page("A-B")),
    ]);
    assert_eq!(declarations.len(), 3);
    let named: Vec<&str> = errors.iter().map(|error| error.file.as_str()).collect();
    assert_eq!(named, ["Broken.json", "Orphan.history.json"]);
    let warnings = declarations.warnings();
    assert!(warnings.iter().any(|warning| warning.problem.contains("same folder on the site as `A B.json`")));
    assert!(warnings.iter().any(|warning| warning.problem.contains("just as `A B / Terms` does")));
}

/// The workspace's shared folder, where this machine has one.
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("WALKBACK_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")), PathBuf::from);
    folder.is_dir().then_some(folder)
}

#[test]
fn declarations_of_open_terms_archive_parse() {
    let Some(shared) = shared() else {
        println!("skipped: no shared folder with declarations (set WALKBACK_SHARED)");
        return;
    };
    let mut parsed = 0;
    for collection in std::fs::read_dir(shared.join("declarations")).unwrap() {
        let collection = collection.unwrap().path();
        if !collection.is_dir() {
            continue;
        }
        let files = std::fs::read_dir(&collection).unwrap().map(|file| {
            let path = file.unwrap().path();
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(&path).unwrap(),
            )
        });
        let (declarations, errors) = Declarations::parse(files);
        assert!(errors.is_empty(), "{errors:#?}");
        parsed += declarations.len();
    }
    assert!(parsed > 0);
    println!("{parsed} declarations parsed");
}
