//! Importing pages that others fetched, out of a snapshots repository made by git on the spot and out of a
//! small WARC file: each becomes a capture of class B, once.

mod repository;

use archive::warc::{Kind, Record, record_id};
use archive::{Archive, Derivation};
use chrono::{DateTime, Utc};
use crawler::import::git::Repository;
use crawler::import::ota_snapshots::{ImportError, Options, Report, import};
use crawler::import::warc;
use policy::declaration::Declarations;
use policy::finding::EvidenceClass;
use policy::history::Reading;
use policy::id::{Digest, PolicyId};
use policy::promise::Rules;
use repository::{Commit, Desk, git};
use std::path::{Path, PathBuf};

const PRIVACY: &str = "https://courier.example/privacy";
const OLD_PRIVACY: &str = "https://courier.example/old-privacy";
const TERMS: &str = "https://chat.example/terms";

fn declarations() -> Declarations {
    let file = |name: &str, json: String| (name.to_owned(), json);
    let (declarations, faults) = Declarations::parse([
        file(
            "Courier.json",
            format!(
                r#"{{"name":"Courier","terms":{{"Privacy Policy":{{"fetch":"{PRIVACY}","select":"main"}},
                    "Cookies":{{"fetch":"{PRIVACY}","select":"footer"}}}}}}"#
            ),
        ),
        // Another page until 14 September 2020.
        file(
            "Courier.history.json",
            format!(
                r#"{{"Privacy Policy":[{{"fetch":"{OLD_PRIVACY}","select":"article","validUntil":"2020-09-14T00:00:00Z"}}]}}"#
            ),
        ),
        file(
            "Example Chat.json",
            format!(
                r#"{{"name":"Example Chat","terms":{{"Terms of Service":{{"combine":[{{"fetch":"{TERMS}"}},
                    {{"fetch":"{TERMS}/more"}}],"select":"main"}}}}}}"#
            ),
        ),
    ]);
    assert!(faults.is_empty(), "{faults:?}");
    declarations
}

fn page(tag: &str, sentence: &str) -> Vec<u8> {
    let filler: String = (0..12)
        .map(|n| format!("<p>Paragraph {n} tells at some length how the service works and whom to ask.</p>"))
        .collect();
    format!(
        "<html><body><nav>Menu</nav><{tag}><h1>Privacy</h1><p>{sentence}</p>{filler}</{tag}></body></html>"
    )
    .into_bytes()
}

fn said(location: &str) -> String {
    format!("Record new changes of something\n\nX-fetcher: htmlOnly\nX-source-document-location: {location}")
}

/// Date, path, page (none where it is removed), message.
type Snapshot = (i64, &'static str, Option<Vec<u8>>, String);

/// A bare repository whose objects lie loose.
fn loose(desk: &Desk, name: &str, snapshots: &[Snapshot]) -> PathBuf {
    git(&desk.repository(name), &["config", "fastimport.unpackLimit", "10000"]);
    let commits: Vec<Commit<'_>> = snapshots
        .iter()
        .map(|(at, file, bytes, message)| (*at, file.as_bytes(), bytes.clone(), message.clone()))
        .collect();
    desk.commit(name, &commits)
}

fn bring_in(
    repository: &Path,
    archive: &Archive,
    declarations: &Declarations,
    services: &[&str],
) -> Result<Report, ImportError> {
    let services: Vec<String> = services.iter().map(|&service| service.to_owned()).collect();
    let options = Options { services: &services, branch: None, declarations };
    import(&Repository::open(&repository.to_string_lossy()).unwrap(), archive, &options, &|_| {})
}

fn courier() -> PolicyId {
    PolicyId::new("Courier", "Privacy Policy")
}

fn story() -> Vec<Snapshot> {
    let file = "Courier/Privacy Policy.html";
    vec![
        (
            1_600_000_000,
            file,
            Some(page("article", "We never sell your data.")),
            "Start tracking Courier".into(),
        ),
        (1_600_100_000, file, Some(page("main", "We never sell your data.")), said(PRIVACY)),
        (1_600_200_000, file, Some(page("main", "We may sell your data.")), said(PRIVACY)),
        (
            1_600_200_000,
            "Example Chat/Terms of Service #terms.html",
            Some(page("main", "Be kind.")),
            said(TERMS),
        ),
        (
            1_600_200_004,
            "Example Chat/Terms of Service #more.html",
            Some(page("main", "Be calm.")),
            said(&format!("{TERMS}/more")),
        ),
        (1_600_300_000, file, None, "Remove".into()),
        (1_600_300_001, "README.md", Some(b"A collection".to_vec()), "Add a readme".into()),
    ]
}

#[test]
fn snapshots_become_captures_of_class_b_and_versions() {
    let desk = Desk::new();
    let (archive, declarations) = (desk.archive("archive"), declarations());
    let repository = loose(&desk, "snapshots.git", &story());
    let report = bring_in(&repository, &archive, &declarations, &[]).unwrap();
    assert_eq!((report.snapshots, report.stored, report.known), (5, 5, 0), "{report:?}");
    assert_eq!((report.problems.len(), report.of_other_pages, report.not_the_document), (0, 0, 0));
    assert_eq!(report.collection, "snapshots");

    let captures = archive.captures(&courier()).unwrap();
    let sources: Vec<&str> = captures.iter().map(|capture| capture.source.as_str()).collect();
    assert_eq!(
        sources,
        [OLD_PRIVACY, PRIVACY, PRIVACY],
        "the first commit names no page, its declaration does"
    );
    assert!(captures.iter().all(|capture| capture.class == EvidenceClass::B && capture.status.is_none()));
    assert_eq!(captures[0].at.timestamp(), 1_600_000_000);
    assert_eq!(archive.payload(&captures[2]).unwrap(), page("main", "We may sell your data."));
    let notes = archive.facts(&captures[1]).unwrap().notes;
    let commits = git(&repository, &["rev-list", "--reverse", "main"]);
    let commit = commits.lines().nth(1).unwrap();
    assert_eq!(notes["imported_from"], format!("snapshots at commit {commit}"));
    assert_eq!(notes["fetcher"], "htmlOnly");
    assert!(archive.verify().unwrap().is_empty());

    let rules = Rules::builtin();
    let derivation = Derivation {
        rules: &rules,
        rules_digest: Digest::of("builtin"),
        declarations: &declarations,
        all: false,
        threads: 1,
    };
    let derived = archive.derive(&derivation, &|_| {}).unwrap();
    assert!(derived.failed.is_empty(), "{derived:?}");
    let history = archive.history(&courier()).unwrap().unwrap();
    let readings: Vec<Reading> = history.versions.iter().map(|version| version.reading).collect();
    assert_eq!(readings, [Reading::Real, Reading::Real], "the page moved, its words did not");
    assert!(history.findings.iter().all(|finding| finding.class == EvidenceClass::B));
    let chat = archive.history(&PolicyId::new("Example Chat", "Terms of Service")).unwrap().unwrap();
    let text = archive.text(&chat.policy, &chat.versions[0].id).unwrap();
    assert!(text.contains("Be kind.") && text.contains("Be calm."), "two pages make one policy: {text}");
}

#[test]
fn a_second_import_stores_nothing_and_a_chosen_service_comes_alone() {
    let desk = Desk::new();
    let (archive, declarations) = (desk.archive("archive"), declarations());
    let all = story();
    let repository = loose(&desk, "snapshots.git", &all[..3]);
    let longer = loose(&desk, "longer.git", &all);
    assert_eq!(bring_in(&repository, &archive, &declarations, &[]).unwrap().stored, 3);
    let again = bring_in(&repository, &archive, &declarations, &[]).unwrap();
    assert_eq!((again.stored, again.known), (0, 3));
    // Rewritten, with other commit ids: the same pages at the same instants are the same captures.
    let chat = bring_in(&longer, &archive, &declarations, &["example*"]).unwrap();
    assert_eq!((chat.snapshots, chat.stored), (2, 2));
    let rest = bring_in(&longer, &archive, &declarations, &[]).unwrap();
    assert_eq!((rest.stored, rest.known), (0, 5));
    assert_eq!(archive.captures(&courier()).unwrap().len(), 3);
    let error = bring_in(&longer, &archive, &declarations, &["Nobody"]).unwrap_err().to_string();
    assert!(error.contains("Courier"), "{error}");
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_comes_in() {
    let desk = Desk::new();
    let (archive, declarations) = (desk.archive("archive"), declarations());
    let mut snapshots = story();
    // No page is named, and two are declared, or none.
    snapshots.push((
        1_600_400_000,
        "Example Chat/Terms of Service #x.html",
        Some(page("main", "x")),
        "Up".into(),
    ));
    snapshots.push((1_600_400_001, "Stranger/Terms.html", Some(page("main", "y")), "Up".into()));
    // Not the document, a page of nobody's declaration, and a PDF.
    snapshots.push((1_600_400_002, "Courier/Privacy Policy.html", Some(b" \n".to_vec()), said(PRIVACY)));
    let elsewhere = "https://courier.example/elsewhere";
    snapshots.push((1_600_400_003, "Courier/Privacy Policy.html", Some(page("main", "z")), said(elsewhere)));
    snapshots.push((
        1_600_400_004,
        "Courier/Privacy Policy.pdf",
        Some(b"%PDF-1.4 x".to_vec()),
        said(PRIVACY),
    ));
    let repository = loose(&desk, "snapshots.git", &snapshots);
    let lost = git(&repository, &["rev-parse", "main~9:Courier/Privacy Policy.html"]);
    let damaged = repository.join("objects").join(&lost[..2]).join(&lost[2..]);
    std::fs::remove_file(&damaged).expect("objects lie loose");
    std::fs::write(&damaged, b"no object").unwrap();

    let report = bring_in(&repository, &archive, &declarations, &[]).unwrap();
    assert_eq!((report.snapshots, report.stored), (10, 7), "{report:?}");
    assert_eq!((report.not_the_document, report.of_other_pages), (1, 1), "{report:?}");
    let named = |part: &str| report.problems.iter().any(|problem| problem.contains(part));
    assert!(named(&lost) && named("several pages are declared") && named("not declared"), "{report:?}");
    assert_eq!(report.problems.len(), 3);
    let captures = archive.captures(&courier()).unwrap();
    let pdf = archive.response(captures.last().unwrap()).unwrap();
    assert_eq!(pdf.content_type().as_deref(), Some("application/pdf"));

    let other = loose(&desk, "other.git", &[(1, "src/main.c", Some(b"x".to_vec()), "Begin".into())]);
    assert!(matches!(bring_in(&other, &archive, &declarations, &[]), Err(ImportError::NotOurLayout(_))));
}

fn response(target: &str, at: &str, body: &[u8]) -> Record {
    let mut block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n".to_vec();
    block.extend_from_slice(body);
    let at: DateTime<Utc> = at.parse().unwrap();
    Record::new(Kind::Response, &record_id(), at, block)
        .with("WARC-Target-URI", target)
        .with("Content-Type", "application/http;msgtype=response")
}

#[test]
fn a_warc_file_gives_every_policy_its_page() {
    let desk = Desk::new();
    let (archive, declarations) = (desk.archive("archive"), declarations());
    let path = desk.path("crawl.warc.gz");
    let records = [
        response(PRIVACY, "2021-03-01T10:00:00Z", &page("main", "We never sell your data.")),
        response(&format!("{TERMS}#top"), "2021-03-01T10:00:01Z", &page("main", "Be kind.")),
        response(OLD_PRIVACY, "2020-03-01T10:00:01Z", &page("article", "We never sell your data.")),
        response("https://elsewhere.example/", "2021-03-01T10:00:02Z", &page("main", "Hello.")),
    ];
    let mut bytes: Vec<u8> = records.iter().flat_map(|record| record.to_member(3).bytes).collect();
    std::fs::write(&path, &bytes).unwrap();
    // The page of two policies becomes a capture of each.
    let imported = warc::import(&archive, &path, &declarations).unwrap();
    assert_eq!((imported.stored, imported.known, imported.elsewhere), (4, 0, 1), "{imported:?}");
    assert!(imported.ended.is_none() && imported.unusable.is_empty());
    let again = warc::import(&archive, &path, &declarations).unwrap();
    assert_eq!((again.stored, again.known), (0, 4));
    let captures = archive.captures(&courier()).unwrap();
    assert_eq!(captures.len(), 2);
    assert!(captures.iter().all(|capture| capture.class == EvidenceClass::B));
    assert_eq!(archive.captures(&PolicyId::new("Courier", "Cookies")).unwrap().len(), 1);

    // Torn: what is whole is taken, and where it ended is said.
    bytes.truncate(bytes.len() - 20);
    let torn = desk.path("torn.warc.gz");
    std::fs::write(&torn, &bytes).unwrap();
    let imported = warc::import(&archive, &torn, &declarations).unwrap();
    assert!(imported.ended.is_some() && imported.stored == 0 && imported.known == 4, "{imported:?}");
}
