//! What opening and checking make of an archive that somebody or something damaged.

mod common;

use archive::{Archive, Fault, OpenError};
use common::*;
use policy::capture::Outcome;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FIRST: &[u8] = b"<p>Messages are end-to-end encrypted by default.</p>";

/// A new page, the same again, a 304, a failure, a wall, a compressed page.
fn small(dir: &Path) -> Archive {
    let archive = Archive::open(dir).unwrap();
    archive.store(page("2026-01-01T00:00:00Z", FIRST, &[("etag", "\"a\"")])).unwrap();
    archive.store(page("2026-01-02T00:00:00.250Z", FIRST, &[])).unwrap();
    archive
        .store(answer("2026-01-03T00:00:00Z", 304, Outcome::Unchanged, b"", &[("etag", "\"a\"")]))
        .unwrap();
    archive.store(failure("2026-01-04T00:00:00Z", "the name does not resolve")).unwrap();
    let wall = Outcome::Blocked("asks whether we are a robot".to_owned());
    archive.store(answer("2026-01-05T00:00:00Z", 403, wall, b"<p>Are you human?</p>", &[])).unwrap();
    archive
}

fn segment(dir: &Path) -> PathBuf {
    dir.join("segments/walkback-000001.warc.gz")
}

/// Every row of the capture tables, as text.
fn dump(dir: &Path) -> Vec<String> {
    let catalog = rusqlite::Connection::open(dir.join("catalog.sqlite")).unwrap();
    let mut rows = Vec::new();
    for sql in [
        "SELECT * FROM segment ORDER BY id",
        "SELECT * FROM member ORDER BY segment, \"offset\"",
        "SELECT policy.service, policy.name, source.url, capture.* FROM capture
         JOIN source ON source.id = source JOIN policy ON policy.id = policy ORDER BY capture.id",
        "SELECT * FROM meta",
    ] {
        let mut statement = catalog.prepare(sql).unwrap();
        let columns = statement.column_count();
        let found = statement.query_map([], |row| {
            let values: Vec<rusqlite::types::Value> = (0..columns).map(|at| row.get(at).unwrap()).collect();
            Ok(format!("{values:?}"))
        });
        rows.extend(found.unwrap().map(Result::unwrap));
    }
    rows
}

#[test]
fn a_lost_catalog_is_rebuilt_row_for_row() {
    let dir = Folder::new("rebuild");
    let archive = small(&dir);
    let captures = archive.captures(&privacy()).unwrap();
    drop(archive);
    let before = dump(&dir);
    fs::remove_file(dir.join("catalog.sqlite")).unwrap();
    let archive = Archive::open(&dir).unwrap();
    assert_eq!(archive.captures(&privacy()).unwrap(), captures);
    assert_eq!(archive.verify().unwrap(), []);
    drop(archive);
    assert_eq!(dump(&dir), before);

    // Asked for, with the catalog in place, beside a table of another part.
    let catalog = rusqlite::Connection::open(dir.join("catalog.sqlite")).unwrap();
    catalog
        .execute_batch(
            "CREATE TABLE other (capture INTEGER REFERENCES capture (id)); INSERT INTO other VALUES (2);
             UPDATE segment SET committed = committed",
        )
        .unwrap();
    drop(catalog);
    let archive = Archive::open(&dir).unwrap();
    let rebuilt = archive.rebuild_catalog().unwrap();
    assert_eq!((rebuilt.segments, rebuilt.captures, rebuilt.unfinished_bytes), (1, 5, 0));
    assert_eq!(archive.verify().unwrap(), []);
    archive.store(page("2026-01-09T00:00:00Z", b"<p>New.</p>", &[])).unwrap();
    drop(archive);
    let after = dump(&dir);
    assert!(before.iter().filter(|row| !row.contains("walkback-000001")).all(|row| after.contains(row)));
    let catalog = rusqlite::Connection::open(dir.join("catalog.sqlite")).unwrap();
    let other: i64 = catalog.query_row("SELECT capture FROM other", [], |row| row.get(0)).unwrap();
    assert_eq!(other, 2);
    assert!(catalog.execute("DELETE FROM capture", []).is_err(), "captures are append-only again");
    assert!(catalog.execute("UPDATE capture SET status = 200", []).is_err());
}

#[test]
fn unfinished_bytes_are_set_aside_and_the_archive_goes_on() {
    let dir = Folder::new("tail");
    drop(small(&dir));
    let whole = fs::read(segment(&dir)).unwrap();
    fs::write(segment(&dir), [&whole[..], b"half a member"].concat()).unwrap();
    fs::write(dir.join("segments/walkback-000002.warc.gz"), b"never committed").unwrap();
    let reader = Archive::open_read_only(&dir).unwrap();
    let faults = reader.verify().unwrap();
    assert!(matches!(&faults[..], [Fault::Tail { bytes: 13, .. }, Fault::Stray { .. }]), "{faults:?}");
    drop(reader);

    let archive = Archive::open(&dir).unwrap();
    assert_eq!(fs::read(segment(&dir)).unwrap(), whole);
    let aside: BTreeMap<String, Vec<u8>> = fs::read_dir(dir.join("recovered"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap()))
        .collect();
    let length = whole.len();
    assert_eq!(aside[&format!("walkback-000001.warc.gz.{length}-13")], b"half a member");
    assert_eq!(aside["walkback-000002.warc.gz.0-15"], b"never committed");
    archive.store(page("2026-01-06T00:00:00Z", b"<p>New.</p>", &[])).unwrap();
    assert_eq!(archive.verify().unwrap(), []);
}

#[test]
fn missing_bytes_stop_the_writer_and_are_named() {
    let dir = Folder::new("short");
    drop(small(&dir));
    let whole = fs::read(segment(&dir)).unwrap();
    fs::write(segment(&dir), &whole[..whole.len() - 1]).unwrap();
    let error = Archive::open(&dir).unwrap_err();
    assert!(matches!(error, OpenError::Short { .. }));
    assert!(error.to_string().contains("walkback-000001.warc.gz"), "{error}");
    let faults = Archive::open_read_only(&dir).unwrap().verify().unwrap();
    assert!(matches!(&faults[..], [Fault::Short { .. }, Fault::Altered { .. }]), "{faults:?}");
    fs::remove_file(segment(&dir)).unwrap();
    assert!(matches!(Archive::open(&dir).unwrap_err(), OpenError::Lost { .. }));
    let faults = Archive::open_read_only(&dir).unwrap().verify().unwrap();
    assert!(matches!(&faults[..], [Fault::Missing { .. }]), "{faults:?}");
    fs::write(segment(&dir), whole).unwrap();
    assert_eq!(Archive::open(&dir).unwrap().verify().unwrap(), []);
}

#[test]
fn every_flipped_byte_is_found() {
    let dir = Folder::new("flip");
    drop(small(&dir));
    let whole = fs::read(segment(&dir)).unwrap();
    let archive = Archive::open_read_only(&dir).unwrap();
    // Each is a whole check, so one byte in seven; WALKBACK_EVERY=1 tries them all (5,486 of 5,486 found).
    let every = std::env::var("WALKBACK_EVERY").map_or(7, |every| every.parse().unwrap());
    for at in (0..whole.len()).step_by(every) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(segment(&dir), flipped).unwrap();
        let faults = archive.verify().unwrap();
        assert!(faults.iter().any(|fault| matches!(fault, Fault::Altered { .. })), "byte {at}: {faults:?}");
    }
    eprintln!("{} bytes of {} altered, each found", whole.len().div_ceil(every), whole.len());
}

#[test]
fn a_segment_cut_at_any_byte_gives_its_whole_captures_back() {
    let dir = Folder::new("cut");
    drop(small(&dir));
    let whole = fs::read(segment(&dir)).unwrap();
    let mut seen = 0;
    // Each opens a catalog on the disk, so not every byte; the reader alone is tried at each in tests/warc.rs.
    for cut in (0..whole.len()).step_by(61).chain([whole.len()]) {
        let torn = Folder::new("torn");
        fs::create_dir_all(torn.join("segments")).unwrap();
        fs::write(segment(&torn), &whole[..cut]).unwrap();
        let archive = Archive::open(&torn).unwrap();
        let captures = archive.captures(&privacy()).unwrap();
        assert!(captures.len() >= seen, "cut at {cut}");
        seen = captures.len();
        for capture in captures.iter().filter(|capture| capture.digest.is_some()) {
            archive.payload(capture).unwrap();
        }
        assert_eq!(archive.verify().unwrap(), [], "cut at {cut}");
    }
    assert_eq!(seen, 5);
}

#[test]
fn a_row_that_says_something_else_than_its_record_is_found() {
    for (damage, expected) in [
        ("UPDATE capture SET status = 500 WHERE id = 1", "row is not what its record"),
        ("UPDATE capture SET at = at + 1 WHERE id = 4", "row is not what its record"),
        ("UPDATE capture SET body = NULL WHERE id = 2", "is not there"),
        ("UPDATE capture SET digest = zeroblob(32) WHERE id = 1", "decoded payload's digest"),
        ("UPDATE source SET url = 'https://courier.example/other'", "row is not what its record"),
        (
            "DELETE FROM member WHERE \"offset\" = (SELECT facts FROM capture WHERE id = 3)",
            "no member covers",
        ),
        ("DELETE FROM member WHERE capture = 5", "no member covers"),
    ] {
        let dir = Folder::new("row");
        drop(small(&dir));
        let catalog = rusqlite::Connection::open(dir.join("catalog.sqlite")).unwrap();
        let guards = "DROP TRIGGER capture_refuses_update; DROP TRIGGER capture_refuses_delete;";
        catalog.execute_batch(&format!("{guards} {damage}")).unwrap();
        drop(catalog);
        let faults = Archive::open_read_only(&dir).unwrap().verify().unwrap();
        let found = faults.iter().any(|fault| fault.to_string().contains(expected));
        assert!(found, "{damage}: {faults:?}");
        assert!(faults.iter().all(|fault| !fault.remedy().is_empty()));
    }
}

#[test]
fn a_disk_that_cannot_be_written_can_be_read() {
    let disk = Folder::new("readonly");
    let mount = |options: &str| {
        let mut command = std::process::Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&*disk).stderr(std::process::Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !mount("size=3m") {
        eprintln!("skipped: mounting a small disk needs root");
        return;
    }
    let checked = std::panic::catch_unwind(|| {
        let dir = disk.join("archive");
        let captures = small(&dir).captures(&privacy()).unwrap();
        assert!(mount("remount,ro"));
        let archive = Archive::open_read_only(&dir).unwrap();
        assert_eq!(archive.captures(&privacy()).unwrap(), captures);
        assert_eq!(archive.verify().unwrap(), []);
        let error = Archive::open(&dir).unwrap_err();
        assert!(matches!(error, OpenError::Io { .. }), "{error:?}");
        assert!(error.to_string().contains("must be readable and writable"), "{error}");

        // A log that was not merged must not be overlooked.
        assert!(mount("remount,rw"));
        fs::write(dir.join("catalog.sqlite-wal"), b"something").unwrap();
        assert!(mount("remount,ro"));
        let error = Archive::open_read_only(&dir).unwrap_err();
        assert!(matches!(error, OpenError::Catalog { .. }), "{error:?}");
    });
    let _ = std::process::Command::new("umount").arg("-l").arg(&*disk).status();
    checked.unwrap();
}

#[test]
fn an_archive_whose_maker_was_stopped_at_once_is_none_yet() {
    let dir = Folder::new("begun");
    fs::create_dir_all(dir.join("segments")).unwrap();
    let missing = |dir: &Path| matches!(Archive::open_read_only(dir), Err(OpenError::Missing { .. }));
    assert!(missing(&dir), "no catalog yet");
    fs::write(dir.join("catalog.sqlite"), b"").unwrap();
    assert!(missing(&dir), "a catalog of no bytes");
    let begun = rusqlite::Connection::open(dir.join("catalog.sqlite")).unwrap();
    begun.pragma_update(None, "journal_mode", "wal").unwrap();
    drop(begun);
    assert!(missing(&dir), "a catalog without tables");
    let archive = small(&dir);
    assert_eq!(archive.verify().unwrap(), []);
    let captures = archive.captures(&privacy()).unwrap();
    drop(archive);

    // The same file emptied by an accident is no reason to set the segments aside.
    for leftover in ["-wal", "-shm"] {
        let _ = fs::remove_file(dir.join(format!("catalog.sqlite{leftover}")));
    }
    fs::write(dir.join("catalog.sqlite"), b"").unwrap();
    assert!(matches!(Archive::open_read_only(&dir), Err(OpenError::NoCatalog { .. })));
    assert_eq!(Archive::open(&dir).unwrap().captures(&privacy()).unwrap(), captures);
}
