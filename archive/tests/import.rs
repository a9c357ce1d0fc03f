//! Other people's WARC files, whole and torn.

mod common;

use archive::warc::{IDENTICAL_PAYLOAD, Kind, Record, record_id};
use archive::{Archive, Imported, import_warc};
use common::*;
use policy::capture::{Capture, Outcome};
use policy::finding::EvidenceClass;
use policy::id::PolicyId;

const PAGE: &str = "<title>Privacy</title><h1>Privacy</h1><p>Messages are end-to-end encrypted by default, \
    on every device, and nobody but you and the people you write to can read them.</p>";

/// A response as other crawlers write it: the chunks kept, a SHA-1 beside.
fn response(at: &str, url: &str, message: &str) -> Record {
    Record::new(Kind::Response, &record_id(), instant(at), message.as_bytes().to_vec())
        .with("WARC-Target-URI", url)
        .with("Content-Type", "application/http; msgtype=response")
        .with("WARC-IP-Address", "192.0.2.9")
        .with("WARC-Payload-Digest", "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ")
}

fn chunked(page: &str) -> String {
    format!(
        "HTTP/1.1 200 All Good\r\nContent-Type: text/html\r\nX-CaSe: 1\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{page}\r\n0\r\n\r\n",
        page.len()
    )
}

fn records() -> Vec<Record> {
    let revisit = Record::new(
        Kind::Revisit,
        &record_id(),
        instant("2019-03-01T00:00:00Z"),
        chunked("")[..80].split_inclusive("\r\n\r\n").next().unwrap().as_bytes().to_vec(),
    );
    let head_only = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n";
    let revisit = Record { block: head_only.to_vec(), ..revisit }
        .with("WARC-Target-URI", SOURCE)
        .with("Content-Type", "application/http; msgtype=response")
        .with("WARC-Profile", IDENTICAL_PAYLOAD)
        .with("WARC-Payload-Digest", "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ");
    vec![
        Record::new(
            Kind::Warcinfo,
            &record_id(),
            instant("2019-01-01T00:00:00Z"),
            b"software: x\r\n".to_vec(),
        ),
        response("2019-01-01T00:00:00Z", SOURCE, &chunked(PAGE)),
        response("2019-01-01T00:00:01Z", "https://courier.example/logo.svg", &chunked("<svg/>")),
        response("2019-02-01T00:00:00Z", SOURCE, "HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n"),
        revisit,
        response(
            "2019-04-01T00:00:00Z",
            SOURCE,
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<p>No.",
        ),
    ]
}

fn import(archive: &Archive, dir: &Folder, bytes: &[u8]) -> Imported {
    let path = dir.join("theirs.warc.gz");
    std::fs::write(&path, bytes).unwrap();
    import_warc(archive, &path, |url| (url == SOURCE).then(|| (privacy(), SOURCE.to_owned()))).unwrap()
}

fn line(capture: &Capture) -> String {
    format!("{} {}", capture.at.format("%Y-%m-%d"), capture.outcome.key())
}

#[test]
fn a_file_of_others_becomes_captures_of_class_b() {
    for zipped in [true, false] {
        let dir = Folder::new("import");
        let archive = Archive::open(&dir.join("archive")).unwrap();
        let bytes: Vec<u8> = records()
            .iter()
            .flat_map(|record| if zipped { record.to_member(6).bytes } else { record.to_bytes() })
            .collect();
        let imported = import(&archive, &dir, &bytes);
        assert_eq!((imported.stored, imported.known, imported.elsewhere), (3, 0, 1));
        assert_eq!(imported.unusable.len(), 1, "{:?}", imported.unusable);
        assert_eq!(imported.unusable[0].1, "it is a redirect");
        assert!(imported.ended.is_none());
        let captures = archive.captures(&privacy()).unwrap();
        let lines: Vec<String> = captures.iter().map(line).collect();
        assert_eq!(lines, ["2019-01-01 fetched", "2019-03-01 unchanged", "2019-04-01 gone"]);
        assert!(captures.iter().all(|capture| capture.class == EvidenceClass::B));
        for capture in &captures[..2] {
            assert_eq!(archive.payload(capture).unwrap(), PAGE.as_bytes());
        }
        let head = archive.response(&captures[0]).unwrap().head;
        assert!(
            head.bytes().starts_with(b"HTTP/1.1 200 All Good\r\nContent-Type: text/html\r\nX-CaSe: 1\r\n")
        );
        let facts = archive.facts(&captures[0]).unwrap();
        assert!(facts.notes["imported_from"].starts_with("theirs.warc.gz at byte "));
        assert_eq!(archive.verify().unwrap(), []);
        assert_eq!(
            archive.latest_for(&privacy(), SOURCE).unwrap(),
            None,
            "only our own captures make conditions"
        );

        let again = import(&archive, &dir, &bytes);
        assert_eq!((again.stored, again.known), (0, 3));
        assert_eq!(archive.captures(&privacy()).unwrap(), captures);
    }
}

#[test]
fn a_torn_file_gives_what_is_whole_and_names_the_offset() {
    let members: Vec<Vec<u8>> = records().iter().map(|record| record.to_member(6).bytes).collect();
    let whole = members.concat();
    let last = whole.len() - members[5].len();
    for cut in [last + 1, last + members[5].len() / 2, whole.len() - 1] {
        let dir = Folder::new("import-torn");
        let archive = Archive::open(&dir.join("archive")).unwrap();
        let imported = import(&archive, &dir, &whole[..cut]);
        assert_eq!(imported.stored, 2);
        let ended = imported.ended.unwrap();
        assert_eq!(ended.offset as usize, last);
        assert!(ended.to_string().starts_with(&format!("at byte {last}: ")), "{ended}");
        // The whole file later adds what was missing.
        assert_eq!(import(&archive, &dir, &whole).stored, 1);
        assert_eq!(archive.verify().unwrap(), []);
    }
}

#[test]
fn an_import_that_was_stopped_goes_on_with_what_refers_to_what_it_stored() {
    let dir = Folder::new("import-again");
    let archive = Archive::open(&dir.join("archive")).unwrap();
    let records = records();
    let bytes =
        |records: &[Record]| records.iter().flat_map(|record| record.to_member(6).bytes).collect::<Vec<_>>();
    // As far as it had come: the page, and not yet the revisit that refers to it.
    assert_eq!(import(&archive, &dir, &bytes(&records[..2])).stored, 1);
    let rest = import(&archive, &dir, &bytes(&records));
    assert_eq!((rest.stored, rest.known), (2, 1), "{:?}", rest.unusable);
    let again = import(&archive, &dir, &bytes(&records));
    assert_eq!((again.stored, again.known), (0, 3));
    let captures = archive.captures(&privacy()).unwrap();
    assert_eq!(captures[0].digest, captures[1].digest);
    assert_eq!(captures[1].outcome, Outcome::Unchanged);
    assert_eq!(archive.verify().unwrap(), []);
}

#[test]
fn a_revisit_without_its_original_is_named() {
    let dir = Folder::new("import-revisit");
    let archive = Archive::open(&dir.join("archive")).unwrap();
    let imported = import(&archive, &dir, &records()[4].to_member(6).bytes);
    assert_eq!(imported.stored, 0);
    assert_eq!(imported.unusable, [(0, "the record it refers to is not in this file".to_owned())]);
}

#[test]
fn our_own_segments_can_be_imported_elsewhere() {
    let dir = Folder::new("import-own");
    let own = Archive::open(&dir.join("own")).unwrap();
    own.store(page("2026-01-01T00:00:00Z", PAGE.as_bytes(), &[("content-type", "text/html")])).unwrap();
    own.store(page("2026-01-02T00:00:00Z", PAGE.as_bytes(), &[("content-type", "text/html")])).unwrap();
    let archive = Archive::open(&dir.join("other")).unwrap();
    let segment = dir.join("own/segments/walkback-000001.warc.gz");
    let terms = PolicyId::new("Courier", "Terms");
    let imported = import_warc(&archive, &segment, |_| Some((terms.clone(), SOURCE.to_owned()))).unwrap();
    assert_eq!(imported.stored, 2);
    let outcomes: Vec<Outcome> =
        archive.captures(&terms).unwrap().into_iter().map(|capture| capture.outcome).collect();
    assert_eq!(outcomes, [Outcome::Fetched, Outcome::Unchanged]);
}
