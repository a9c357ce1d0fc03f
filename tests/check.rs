//! `walkback check` on an archive, whole and damaged.

use archive::{Archive, Head, NewCapture, Response};
use chrono::DateTime;
use policy::capture::Outcome;
use policy::id::PolicyId;
use std::path::Path;
use std::process::Command;

fn check(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walkback"));
    let output = command.arg("check").args(arguments).arg("--data").arg(data).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_damaged_segment_is_named_with_its_remedy() {
    let data = tempfile::tempdir().unwrap();
    assert_eq!(check(data.path(), &[]), (Some(0), String::new()), "nothing there is nothing wrong");

    let archive = Archive::open(&data.path().join("archive")).unwrap();
    let at = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
    let policy = PolicyId::new("Courier", "Privacy Policy");
    let mut capture = NewCapture::new(policy, "https://courier.example/privacy", at, Outcome::Fetched);
    capture.status = Some(200);
    let head = Head::response(200, "OK", [("content-type", &b"text/html"[..])]);
    let body = b"<p>Messages are encrypted.</p>".to_vec();
    capture.response = Some(Response { head, body, truncated: None, decoded: None });
    let stored = archive.store(capture).unwrap();
    drop(archive);
    assert_eq!(check(data.path(), &[]), (Some(0), String::new()));
    assert_eq!(check(data.path(), &["--rebuild", "--quiet"]), (Some(0), String::new()));

    let place = stored.place.unwrap();
    let segment = data.path().join("archive/segments").join(&place.segment);
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[place.offset as usize + 30] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let (code, output) = check(data.path(), &[]);
    assert_eq!(code, Some(1));
    assert!(output.contains("archive: segment `walkback-000001.warc.gz`: the member at"), "{output}");
    assert!(output.contains("Courier / Privacy Policy at 2026-01-01T00:00:00Z"), "{output}");
    assert!(output.contains("put the whole file back from a copy"), "{output}");
    let (_, json) = check(data.path(), &["--json"]);
    let fault: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(fault["part"], "archive");
    assert!(fault["remedy"].as_str().unwrap().starts_with("put the whole file back"));
}
