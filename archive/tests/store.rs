//! Captures stored and read back.

mod common;

use archive::{Archive, OpenError, ReadError, StoreError};
use common::*;
use policy::capture::Outcome;
use policy::id::Digest;

const FIRST: &[u8] = b"<p>Messages are end-to-end encrypted by default.</p>";
const SECOND: &[u8] = b"<p>You can choose to encrypt messages.</p>";

#[test]
fn a_capture_comes_back_as_it_was() {
    let dir = Folder::new("roundtrip");
    let archive = Archive::open(&dir).unwrap();
    let fields =
        [("content-type", "text/html; charset=utf-8"), ("etag", "\"a\""), ("x-edge", "1"), ("x-edge", "2")];
    let mut new = page("2026-01-02T03:04:05.678901Z", FIRST, &fields);
    new.redirects = vec![archive::Redirect {
        from: "http://courier.example/privacy".to_owned(),
        status: 301,
        to: SOURCE.to_owned(),
    }];
    new.notes.insert("robots".to_owned(), "overridden by the declaration".to_owned());
    let stored = archive.store(new).unwrap();
    assert_eq!(stored.outcome, Outcome::Fetched);
    assert_eq!(stored.digest, Some(Digest::of(FIRST)));
    assert_eq!(stored.at, instant("2026-01-02T03:04:05.678Z"));

    drop(archive);
    let archive = Archive::open_read_only(&dir).unwrap();
    assert_eq!(archive.captures(&privacy()).unwrap(), std::slice::from_ref(&stored));
    assert_eq!(archive.captured_policies().unwrap(), [privacy()]);
    let response = archive.response(&stored).unwrap();
    assert_eq!(response.body, FIRST);
    assert_eq!(response.head.values("X-Edge"), ["1", "2"]);
    assert_eq!(response.content_type().as_deref(), Some("text/html; charset=utf-8"));
    let facts = archive.facts(&stored).unwrap();
    assert_eq!(facts.redirects[0].status, 301);
    assert_eq!(facts.notes["robots"], "overridden by the declaration");
    assert_eq!(facts.remote_ip.as_deref(), Some("192.0.2.7"));
}

#[test]
fn the_same_bytes_again_are_a_revisit_and_a_304_an_observation() {
    let dir = Folder::new("revisit");
    let archive = Archive::open(&dir).unwrap();
    let first = archive.store(page("2026-01-01T00:00:00Z", FIRST, &[("etag", "\"a\"")])).unwrap();
    let again = archive.store(page("2026-01-02T00:00:00Z", FIRST, &[("etag", "\"b\"")])).unwrap();
    let mut not_modified = answer("2026-01-03T00:00:00Z", 304, Outcome::Unchanged, b"", &[("etag", "\"b\"")]);
    not_modified.url = SOURCE.to_owned();
    let observed = archive.store(not_modified).unwrap();
    let failed = archive.store(failure("2026-01-04T00:00:00Z", "no route to host")).unwrap();

    assert_eq!(again.outcome, Outcome::Unchanged);
    assert_eq!(again.digest, first.digest);
    assert!(again.place.as_ref().unwrap().length < 600, "a revisit holds no body");
    assert_eq!(archive.payload(&again).unwrap(), FIRST);
    assert_eq!(archive.response(&again).unwrap().head.value("etag").as_deref(), Some("\"b\""));
    assert_eq!((observed.outcome.clone(), observed.digest), (Outcome::Unchanged, None));
    for without_body in [&observed, &failed] {
        assert!(matches!(archive.payload(without_body), Err(ReadError::NoBody { .. })));
    }

    let last = archive.latest_for(&privacy(), SOURCE).unwrap().unwrap();
    assert_eq!(last.etag.as_deref(), Some("\"b\""));
    assert_eq!(last.digest, first.digest);
    assert_eq!(last.at, observed.at);
    assert_eq!(last.full_fetch_at, again.at);
    assert_eq!(archive.latest_for(&privacy(), "https://courier.example/terms").unwrap(), None);
}

#[test]
fn a_batch_shares_payloads_and_tells_changes_within_itself() {
    let dir = Folder::new("batch");
    let archive = Archive::open(&dir).unwrap();
    let stored = archive
        .store_many(vec![
            page("2026-01-01T00:00:00Z", FIRST, &[]),
            page("2026-01-02T00:00:00Z", FIRST, &[]),
            page("2026-01-03T00:00:00Z", SECOND, &[]),
            page("2026-01-04T00:00:00Z", FIRST, &[]),
        ])
        .unwrap();
    let outcomes: Vec<&str> = stored.iter().map(|capture| capture.outcome.key()).collect();
    assert_eq!(outcomes, ["fetched", "unchanged", "fetched", "fetched"]);
    for (capture, body) in stored.iter().zip([FIRST, FIRST, SECOND, FIRST]) {
        assert_eq!(archive.payload(capture).unwrap(), body);
    }
    assert_eq!(archive.captures(&privacy()).unwrap(), stored);
}

#[test]
fn a_wall_and_a_broken_body_are_never_taken_for_the_document() {
    let dir = Folder::new("wall");
    let archive = Archive::open(&dir).unwrap();
    let first = archive.store(page("2026-01-01T00:00:00Z", FIRST, &[])).unwrap();
    let wall = Outcome::Blocked("asks whether we are a robot".to_owned());
    let wall =
        archive.store(answer("2026-01-02T00:00:00Z", 200, wall, b"<p>Are you human?</p>", &[])).unwrap();
    assert_eq!(wall.outcome.key(), "blocked");
    assert_eq!(archive.payload(&wall).unwrap(), b"<p>Are you human?</p>");
    let broken = page("2026-01-03T00:00:00Z", b"not gzip at all", &[("content-encoding", "gzip")]);
    let broken = archive.store(broken).unwrap();
    assert_eq!(broken.outcome, Outcome::Failed("the body is not valid gzip".to_owned()));
    assert_eq!(broken.digest, None);
    assert!(matches!(archive.payload(&broken), Err(ReadError::Body(_))));
    let again = archive.store(page("2026-01-04T00:00:00Z", FIRST, &[])).unwrap();
    assert_eq!(again.outcome, Outcome::Unchanged, "compared with the last time the document was seen");
    assert_eq!(archive.latest_for(&privacy(), SOURCE).unwrap().unwrap().digest, first.digest);
}

#[test]
fn one_writer_many_readers() {
    let dir = Folder::new("writers");
    let archive = Archive::open(&dir).unwrap();
    let error = Archive::open(&dir).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }));
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    let reader = Archive::open_read_only(&dir).unwrap();
    archive.store(page("2026-01-01T00:00:00Z", FIRST, &[])).unwrap();
    assert_eq!(reader.captures(&privacy()).unwrap().len(), 1);
    let error = reader.store(page("2026-01-02T00:00:00Z", FIRST, &[])).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }));
    drop(archive);
    Archive::open(&dir).unwrap();
    assert!(matches!(Archive::open_read_only(&dir.join("nowhere")), Err(OpenError::Missing { .. })));
}

#[test]
fn a_clock_that_goes_backwards_is_noted_and_loses_nothing() {
    let dir = Folder::new("clock");
    let archive = Archive::open(&dir).unwrap();
    archive.store(page("2026-02-01T00:00:00Z", FIRST, &[("etag", "\"late\"")])).unwrap();
    let earlier = archive.store(page("2026-01-01T00:00:00Z", SECOND, &[("etag", "\"now\"")])).unwrap();
    assert_eq!(earlier.outcome, Outcome::Fetched);
    let note = &archive.facts(&earlier).unwrap().notes["clock"];
    assert!(note.starts_with("2678400.000 s before"), "{note}");
    // What was stored last is what the server said last, whatever the clock said.
    assert_eq!(archive.latest_for(&privacy(), SOURCE).unwrap().unwrap().etag.as_deref(), Some("\"now\""));
    let times: Vec<_> = archive.captures(&privacy()).unwrap().iter().map(|capture| capture.at).collect();
    assert!(times.is_sorted());
}
