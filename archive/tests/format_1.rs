//! An archive of format 1, as a release wrote it: every later one must read it, and write on.

mod common;

use archive::{Archive, Redirect};
use common::*;
use policy::capture::Capture;
use std::fs;
use std::path::Path;

/// The kept archive, copied to where it can be changed.
fn copy(with_catalog: bool) -> Folder {
    let dir = Folder::new("format-1");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format-1");
    fs::create_dir(dir.join("segments")).unwrap();
    let segment = "segments/walkback-000001.warc.gz";
    fs::copy(kept.join(segment), dir.join(segment)).unwrap();
    if with_catalog {
        fs::copy(kept.join("catalog.sqlite"), dir.join("catalog.sqlite")).unwrap();
    }
    dir
}

fn line(capture: &Capture) -> String {
    let Capture { policy, at, outcome, status, digest, .. } = capture;
    let digest = digest.map_or("-".to_owned(), |digest| digest.short(8));
    let status = status.map_or("-".to_owned(), |status| status.to_string());
    format!(
        "{} {} {status} {digest} {} {}",
        policy.name,
        at.format("%d %H:%M:%S%.3f"),
        outcome.key(),
        outcome.why()
    )
    .trim()
    .to_owned()
}

#[test]
fn what_format_1_held_is_still_there() {
    for with_catalog in [true, false] {
        let dir = copy(with_catalog);
        let archive = Archive::open(&dir).unwrap();
        assert_eq!(archive.verify().unwrap(), []);
        let captures: Vec<Capture> = archive
            .captured_policies()
            .unwrap()
            .iter()
            .flat_map(|policy| archive.captures(policy).unwrap())
            .collect();
        let lines: Vec<String> = captures.iter().map(line).collect();
        assert_eq!(
            lines,
            [
                "Help: Encryption 08 00:00:00.000 200 df50f893 fetched",
                "Privacy Policy 01 00:00:00.000 200 e29817ba fetched",
                "Privacy Policy 02 00:00:00.250 200 e29817ba unchanged",
                "Privacy Policy 03 00:00:00.000 304 - unchanged",
                "Privacy Policy 04 00:00:00.000 - - failed the name does not resolve",
                "Privacy Policy 05 00:00:00.000 200 df50f893 fetched",
                "Privacy Policy 06 00:00:00.000 200 2fcd1ab7 failed the body is longer than 40 bytes",
                "Privacy Policy 07 00:00:00.000 403 9e5c280f blocked asks whether we are a robot",
                "Privacy Policy 09 00:00:00.000 200 df50f893 unchanged",
                "Privacy Policy 10 00:00:00.000 404 e3b0c442 gone 404",
            ]
        );
        let facts = archive.facts(&captures[5]).unwrap();
        assert_eq!(facts.notes["robots"], "overridden by the declaration");
        let hop = Redirect {
            from: "http://courier.example/privacy".to_owned(),
            status: 301,
            to: SOURCE.to_owned(),
        };
        assert_eq!(facts.redirects, [hop]);
        let body = String::from_utf8(archive.payload(&captures[8]).unwrap()).unwrap();
        assert!(body.ends_with("<p>You can choose to encrypt messages.</p>"), "{body}");
        archive.store(page("2026-02-01T00:00:00Z", b"<p>Written by a later release.</p>", &[])).unwrap();
        assert_eq!(archive.verify().unwrap(), []);
    }
}
