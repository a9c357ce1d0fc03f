//! WARC records written, read, cut, altered and written by others.

mod common;

use archive::warc::{Kind, Reader, Record, WarcFault, read_all, read_member};
use proptest::prelude::*;
use std::io::Write as _;

const LIMIT: u64 = 1 << 20;

fn record() -> impl Strategy<Value = Record> {
    let kind = prop_oneof![
        Just(Kind::Response),
        Just(Kind::Revisit),
        Just(Kind::Metadata),
        "[a-z]{3,9}[0-9]".prop_map(Kind::Other),
    ];
    let name = "WARC-[A-Za-z0-9-]{1,20}";
    let value = "[^\\p{Cc}\\s]([^\\p{Cc}]{0,30}[^\\p{Cc}\\s])?";
    let fields = prop::collection::vec((name, value), 0..8);
    let block = prop::collection::vec(any::<u8>(), 0..2000);
    (kind, fields, block).prop_filter_map("these two follow from the rest", |(kind, fields, block)| {
        let follows = |name: &str| name.eq_ignore_ascii_case("WARC-Type");
        (!fields.iter().any(|(name, _)| follows(name))).then_some(Record { kind, fields, block })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(records in prop::collection::vec(record(), 0..5), level in 0u32..=9) {
        let mut zipped = Vec::new();
        let mut plain = Vec::new();
        for record in &records {
            let member = record.to_member(level);
            prop_assert_eq!(&read_member(&member.bytes, LIMIT).unwrap(), record);
            zipped.extend(member.bytes);
            plain.extend(record.to_bytes());
        }
        for bytes in [&zipped, &plain] {
            let (read, error) = read_all(bytes, LIMIT);
            prop_assert!(error.is_none(), "{:?}", error);
            let mut end = 0;
            for located in &read {
                prop_assert_eq!(located.offset, end);
                end += located.length;
                let place = located.offset as usize..end as usize;
                prop_assert_eq!(located.sha256, policy::id::Digest::of(&bytes[place]));
            }
            prop_assert_eq!(end as usize, bytes.len());
            let read: Vec<Record> = read.into_iter().map(|located| located.record).collect();
            prop_assert_eq!(&read, &records);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes, LIMIT);
        let head = b"WARC/1.1\r\nContent-Length: 3\r\n";
        read_all(&[&head[..], &bytes].concat(), LIMIT);
        let _ = read_member(&bytes, LIMIT);
    }
}

fn three() -> Vec<Record> {
    let at = common::instant("2026-01-01T00:00:00Z");
    (0..3)
        .map(|number| {
            let block = format!("HTTP/1.1 200 OK\r\n\r\n<p>Edition {number}.</p>").into_bytes();
            Record::new(Kind::Response, &archive::warc::record_id(), at, block).with("WARC-Target-URI", "x:y")
        })
        .collect()
}

#[test]
fn a_file_cut_at_any_byte_gives_its_whole_records_and_says_where_it_ends() {
    let records = three();
    for zipped in [true, false] {
        let parts: Vec<Vec<u8>> = records
            .iter()
            .map(|record| if zipped { record.to_member(6).bytes } else { record.to_bytes() })
            .collect();
        let whole = parts.concat();
        let ends: Vec<usize> = (0..=3).map(|count| parts[..count].concat().len()).collect();
        for cut in 0..=whole.len() {
            let (read, error) = read_all(&whole[..cut], LIMIT);
            let expected = ends.iter().filter(|end| **end <= cut).count() - 1;
            assert_eq!(read.len(), expected, "cut at {cut}");
            match error {
                None => assert_eq!(cut, ends[expected], "a cut at {cut} went unnoticed"),
                Some(error) => {
                    assert_eq!(error.offset as usize, ends[expected], "cut at {cut}");
                    assert!(error.fault.is_torn(), "cut at {cut}: {error}");
                }
            }
        }
    }
}

#[test]
fn a_flipped_bit_never_panics_and_rarely_passes() {
    let whole: Vec<u8> = three().iter().flat_map(|record| record.to_member(6).bytes).collect();
    let (good, _) = read_all(&whole, LIMIT);
    let mut unnoticed = 0;
    for at in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        let (read, error) = read_all(&flipped, LIMIT);
        let same = read.iter().map(|located| &located.record).eq(good.iter().map(|located| &located.record));
        assert!(error.is_some() || same, "bit {at} gives other records without a word");
        unnoticed += usize::from(error.is_none());
    }
    // Time, flags and system in the head of a gzip member are covered by no sum: only the SHA-256 of the
    // member sees these, which is why the catalog keeps it.
    assert!(unnoticed < 3 * 10 * 8, "{unnoticed}");
}

#[test]
fn files_of_others_are_read() {
    let old = b"WARC/1.0\r\nwarc-type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2026-01\r\n\
        WARC-Target-URI: <https://courier.example/>\r\nX-Long: one\r\n two\r\nWARC-Concurrent-To: <urn:a>\r\n\
        WARC-Concurrent-To: <urn:b>\r\ncontent-length: 4\r\n\r\nbody\r\n\r\n";
    let record = read_all(old, LIMIT).0.remove(0).record;
    assert_eq!(record.kind, Kind::Response);
    assert_eq!(record.target(), Some("https://courier.example/"));
    assert_eq!(record.date(), Some(common::instant("2026-01-01T00:00:00Z")));
    assert_eq!(record.field("x-long"), Some("one two"));
    let both = record.fields.iter().filter(|(name, _)| name == "WARC-Concurrent-To").count();
    assert_eq!(both, 2, "repeated fields are kept");

    // The whole file in one member, against the recommendation; and empty members between.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&[&old[..], old].concat()).unwrap();
    let member = gzip.finish().unwrap();
    let empty = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()).finish().unwrap();
    let (read, error) = read_all(&[empty.repeat(5_000), member.clone(), empty].concat(), LIMIT);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(read.len(), 2);
    assert!(matches!(read_member(&member, LIMIT), Err(WarcFault::ManyRecords)));
}

#[test]
fn faults_have_names() {
    let check = |bytes: &[u8], expected: &str| {
        let error = read_all(bytes, 100).1.expect("a fault");
        assert!(error.to_string().starts_with(expected), "{error}");
        assert!(Reader::new(bytes, 100).count() < 2, "nothing is read behind a fault");
    };
    check(b"<html>", "at byte 0: the file ends inside a record");
    check(b"<html>\n", "at byte 0: not a WARC record: it starts with `<html>`");
    check(b"WARC/1.1\r\n", "at byte 0: the file ends inside a record");
    check(b"WARC/1.1\r\nrubbish\r\n\r\n", "at byte 0: a field without a colon: `rubbish`");
    check(b"WARC/1.1\r\n\r\n", "at byte 0: no usable Content-Length");
    check(b"WARC/1.1\r\nContent-Length: -1\r\n\r\n", "at byte 0: no usable Content-Length");
    check(b"WARC/1.1\r\nContent-Length: 101\r\n\r\n", "at byte 0: the block is 101 bytes, the limit is 100");
    check(b"WARC/1.1\r\nContent-Length: 1\r\n\r\na\n\n\n\n", "at byte 0: the record does not end with");
    check(b"\x1f\x8bnot gzip at all..", "at byte 0: the gzip member is damaged");
    let endless = [&b"WARC/1.1\r\nX: "[..], &vec![b'a'; 300_000]].concat();
    check(&endless, "at byte 0: the head of the record is longer");
    // A bomb: a megabyte of block in a kilobyte of gzip.
    let bomb =
        Record::new(Kind::Response, "<urn:x>", common::instant("2026-01-01T00:00:00Z"), vec![0; 1 << 20]);
    check(&bomb.to_member(9).bytes, "at byte 0: the block is 1048576 bytes, the limit is 100");
}

#[test]
fn a_field_cannot_forge_another() {
    let record = three().remove(0).with("WARC-Note", "a\r\nWARC-Type: warcinfo\r\n\r\nb");
    let read = read_member(&record.to_member(6).bytes, LIMIT).unwrap();
    assert_eq!(read, record);
    assert_eq!(read.kind, Kind::Response);
}

#[test]
fn record_ids_are_random_uuids() {
    let ids: std::collections::BTreeSet<String> = (0..10_000).map(|_| archive::warc::record_id()).collect();
    assert_eq!(ids.len(), 10_000);
    for id in ids {
        let hex = id.strip_prefix("<urn:uuid:").and_then(|id| id.strip_suffix('>')).unwrap();
        let groups: Vec<usize> = hex.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(hex.as_bytes()[14], b'4', "version 4");
        assert!(b"89ab".contains(&hex.as_bytes()[19]), "variant 1");
    }
}
