//! Importing versions repositories made by git in temporary folders: what is read, what is said of what
//! cannot be read, and the way back.

mod repository;

use archive::Archive;
use archive::text::Imported;
use crawler::import::git::{GitError, Repository};
use crawler::import::ota_versions::{ImportError, Options, import};
use crawler::import::{Report, export, message};
use policy::history::Cause;
use policy::id::PolicyId;
use repository::{Commit, Desk, git};
use std::path::Path;
use std::process::Command;

/// Instant, path, text (none where the file is removed) and message of a commit.
type Record = (i64, Vec<u8>, Option<Vec<u8>>, String);

fn record(at: i64, service: &str, name: &str, cause: Cause, text: Option<&str>) -> Record {
    let message = message::write(service, name, cause, &[format!("snapshot-{at}")], "1.0", "");
    (at, format!("{service}/{name}.md").into_bytes(), text.map(|text| text.as_bytes().to_vec()), message)
}

fn borrow(commits: &[Record]) -> Vec<Commit<'_>> {
    commits
        .iter()
        .map(|(at, path, text, message)| (*at, path.as_slice(), text.clone(), message.clone()))
        .collect()
}

fn read(path: &Path, archive: &Archive) -> Result<Report, ImportError> {
    import(&Repository::open(&path.to_string_lossy()).unwrap(), archive, &Options::default(), &|_| {})
}

/// All that is in an archive: policy, instant, cause, text, commit, snapshots.
fn everything(archive: &Archive) -> Vec<String> {
    let imported = Imported::open(archive.dir()).unwrap();
    let mut all = Vec::new();
    for (policy, row) in imported.policies().unwrap() {
        for version in imported.recorded(row).unwrap() {
            let text = version.text.map(|text| imported.text(row, text).unwrap());
            let (cause, commit, origins, engine) =
                (version.cause, version.commit, version.origins, version.engine);
            all.push(format!("{policy} {} {cause:?} {text:?} {commit} {origins:?} {engine}", version.at));
        }
    }
    all
}

fn story() -> Vec<Record> {
    vec![
        record(1_600_000_000, "Courier", "Privacy Policy", Cause::First, Some("We sell nothing.\n")),
        record(1_600_000_100, "Courier", "Privacy Policy", Cause::Change, Some("We sell little.\n")),
        // Out of order: recorded later, fetched earlier.
        record(1_600_000_050, "Example Chat", "Terms of Service", Cause::First, Some("Be kind.\r\n\u{fffd}")),
        record(1_600_000_200, "Courier", "Privacy Policy", Cause::Reextraction, Some("We sell nothing.\n")),
        record(1_600_000_300, "Courier", "Privacy Policy", Cause::Removal, None),
        record(1_600_000_400, "Courier", "Privacy Policy", Cause::First, Some("We sell all.\n")),
    ]
}

#[test]
fn every_version_comes_with_date_cause_and_snapshots() {
    let desk = Desk::new();
    let repository = desk.commit("versions.git", &borrow(&story()));
    let archive = desk.archive("archive");
    let report = read(&repository, &archive).unwrap();
    assert_eq!((report.versions, report.policies, report.problems.len()), (6, 2, 0));
    assert_eq!(report.collection, "versions");
    let imported = Imported::open(archive.dir()).unwrap();
    let row = imported.row(&PolicyId::new("Courier", "Privacy Policy")).unwrap().unwrap();
    let recorded = imported.recorded(row).unwrap();
    let causes: Vec<Cause> = recorded.iter().map(|version| version.cause).collect();
    assert_eq!(causes, [Cause::First, Cause::Change, Cause::Reextraction, Cause::Removal, Cause::First]);
    assert_eq!(recorded[0].text, recorded[2].text, "one text is kept once");
    assert_eq!(recorded[1].at.timestamp(), 1_600_000_100);
    assert_eq!(recorded[1].origins, ["snapshot-1600000100"]);
    assert_eq!(recorded[1].engine, "1.0");
    assert_eq!(recorded[3].text, None);
}

#[test]
fn only_what_is_new_is_read_and_nothing_twice() {
    let desk = Desk::new();
    let all = story();
    let repository = desk.commit("versions.git", &borrow(&all[..2]));
    let archive = desk.archive("archive");
    assert_eq!(read(&repository, &archive).unwrap().versions, 2);
    let again = read(&repository, &archive).unwrap();
    assert_eq!((again.commits, again.versions), (0, 0));
    desk.commit("versions.git", &borrow(&all[2..]));
    let more = read(&repository, &archive).unwrap();
    assert_eq!((more.commits, more.versions), (4, 4));

    let whole = desk.archive("whole");
    read(&repository, &whole).unwrap();
    assert_eq!(everything(&archive), everything(&whole));
}

#[test]
fn services_are_chosen_by_pattern_and_the_rest_follows_later() {
    let desk = Desk::new();
    let repository = desk.commit("versions.git", &borrow(&story()));
    let archive = desk.archive("archive");
    let open = Repository::open(&repository.to_string_lossy()).unwrap();
    let only = |pattern: &str| {
        let options = Options { services: vec![pattern.into()], ..Options::default() };
        import(&open, &archive, &options, &|_| {})
    };
    assert_eq!(only("example*").unwrap().versions, 1);
    let error = only("Nobody").unwrap_err().to_string();
    assert!(error.contains("Courier"), "{error}");
    let rest = read(&repository, &archive).unwrap();
    assert_eq!((rest.versions, rest.known), (5, 1));
}

#[test]
fn an_export_imported_again_is_the_same_archive() {
    let desk = Desk::new();
    let repository = desk.commit("versions.git", &borrow(&story()));
    let archive = desk.archive("archive");
    read(&repository, &archive).unwrap();
    let out = desk.path("out.git");
    let exported = export::ota_versions(&archive, &out).unwrap();
    assert_eq!((exported.policies, exported.versions), (2, 6));
    let again = desk.archive("again");
    read(&out, &again).unwrap();
    assert_eq!(everything(&again), everything(&archive));
    assert!(export::ota_versions(&archive, &out).unwrap_err().to_string().contains("not empty"));
}

#[test]
fn a_bundle_and_a_work_tree_read_like_a_bare_repository() {
    let desk = Desk::new();
    let repository = desk.commit("versions.git", &borrow(&story()));
    let bundle = desk.path("versions.bundle");
    git(&repository, &["bundle", "create", "--quiet", &bundle.to_string_lossy(), "main"]);
    let tree = desk.path("tree");
    git(&repository, &["clone", "--quiet", ".", &tree.to_string_lossy()]);
    let expected = desk.archive("a");
    read(&repository, &expected).unwrap();
    for (source, name) in [(bundle, "b"), (tree, "c")] {
        let archive = desk.archive(name);
        read(&source, &archive).unwrap();
        assert_eq!(everything(&archive), everything(&expected));
    }
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_goes_on() {
    let desk = Desk::new();
    let mut commits = story();
    commits.push((
        1_600_000_500,
        b"Bad\xff/Terms.md".to_vec(),
        Some(b"x".to_vec()),
        "Update Bad Terms".into(),
    ));
    commits.push((1_600_000_600, b"README.md".to_vec(), Some(b"x".to_vec()), "Add a readme".into()));
    commits.push((
        1_600_000_700,
        b"Bytes/Terms.md".to_vec(),
        Some(vec![0xff, 0xfe, b'\n', 0]),
        "Start tracking".into(),
    ));
    let large = "A long line of a long text.\n".repeat(190_000);
    commits.push((
        1_600_000_800,
        b"Large/Terms.md".to_vec(),
        Some(large.clone().into_bytes()),
        "Start".into(),
    ));
    let repository = desk.commit("versions.git", &borrow(&commits));
    // One blob is damaged on the disk: as a loose object it can be written over.
    let pack = std::fs::read_dir(repository.join("objects/pack"))
        .unwrap()
        .flatten()
        .find(|e| e.path().extension().is_some_and(|x| x == "pack"));
    if let Some(pack) = pack {
        let moved = desk.path("moved.pack");
        std::fs::rename(pack.path(), &moved).unwrap();
        for entry in std::fs::read_dir(repository.join("objects/pack")).unwrap().flatten() {
            std::fs::remove_file(entry.path()).unwrap();
        }
        let status = Command::new("git")
            .arg("-C")
            .arg(&repository)
            .args(["unpack-objects", "-q"])
            .stdin(std::fs::File::open(&moved).unwrap())
            .status()
            .unwrap();
        assert!(status.success());
    }
    let lost = git(&repository, &["rev-parse", "main~8:Courier/Privacy Policy.md"]);
    let damaged = repository.join("objects").join(&lost[..2]).join(&lost[2..]);
    let _ = std::fs::remove_file(&damaged);
    std::fs::write(&damaged, b"no object").unwrap();

    let archive = desk.archive("archive");
    let report = read(&repository, &archive).unwrap();
    assert!(report.problems.iter().any(|problem| problem.contains("not UTF-8")), "{:?}", report.problems);
    assert!(report.problems.iter().any(|problem| problem.contains(&lost)), "{lost} {:?}", report.problems);
    let all = everything(&archive);
    let sold_little = all.iter().filter(|line| line.contains("Courier")).count();
    assert_eq!(sold_little, 4, "{all:#?}");
    let imported = Imported::open(archive.dir()).unwrap();
    let text = |service: &str| {
        let row = imported.row(&PolicyId::new(service, "Terms")).unwrap().unwrap();
        imported.text(row, 0).unwrap()
    };
    assert_eq!(text("Bytes"), [0xff, 0xfe, b'\n', 0]);
    assert_eq!(text("Large"), large.as_bytes());
    // It is tried again, and once the blob is whole it comes in.
    let again = read(&repository, &archive).unwrap();
    assert_eq!(again.versions, 0);
}

#[test]
fn repositories_without_versions_are_refused_with_a_reason() {
    let desk = Desk::new();
    let empty = desk.path("empty.git");
    std::fs::create_dir(&empty).unwrap();
    git(&empty, &["init", "--quiet", "--bare"]);
    let archive = desk.archive("archive");
    assert!(matches!(read(&empty, &archive), Err(ImportError::Git(GitError::Empty(_)))));
    let other = desk.commit("other.git", &[(1, b"src/main.c", Some(b"x".to_vec()), "Begin".into())]);
    assert!(matches!(read(&other, &archive), Err(ImportError::NotOurLayout(_))));
    let folder = desk.path("folder");
    std::fs::create_dir(&folder).unwrap();
    for path in [folder, desk.path("nowhere")] {
        assert!(matches!(Repository::open(&path.to_string_lossy()), Err(GitError::NotARepository(_))));
    }
    assert!(matches!(Repository::open("ext::sh -c id"), Err(GitError::NotARepository(_))));
    assert!(Imported::open(archive.dir()).unwrap().policies().unwrap().is_empty());
}
