//! The fuzz target's body over a small corpus: WARC files of every shape, whole, cut and damaged.

use archive::fuzz;
use archive::warc::{Kind, Record};
use std::io::Write as _;

fn record(kind: Kind, block: &[u8]) -> Record {
    let fields = [
        ("WARC-Record-ID", "<urn:uuid:00000000-0000-4000-8000-000000000000>"),
        ("WARC-Date", "2026-05-08T12:00:00Z"),
        ("WARC-Target-URI", "https://courier.example/privacy"),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Record { kind, fields, block: block.to_vec() }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn corpus() -> Vec<Vec<u8>> {
    let page = b"<p>Courier does not sell your data.</p>";
    let chunked = [b"27\r\n", &page[..], b"\r\n0\r\n\r\n"].concat();
    let head =
        |fields: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{fields}\r\n").into_bytes();
    let blocks = [
        [head(""), page.to_vec()].concat(),
        [head("Transfer-Encoding: chunked\r\n"), chunked].concat(),
        [head("Content-Encoding: gzip\r\n"), gzip(page)].concat(),
        b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec(),
    ];
    let records: Vec<Record> = blocks.iter().map(|block| record(Kind::Response, block)).collect();
    let plain: Vec<u8> = records.iter().flat_map(Record::to_bytes).collect();
    let members: Vec<u8> = records.iter().flat_map(|record| record.to_member(6).bytes).collect();
    vec![
        gzip(&plain),
        [members.clone(), gzip(b""), plain.clone()].concat(),
        b"WARC/1.0\r\nwarc-type: metadata\r\nX: a\r\n  goes on\r\nContent-Length: 1\r\n\r\nx\r\n\r\n"
            .to_vec(),
        plain,
        members,
    ]
}

/// `WALKBACK_FUZZ=100000` tries that many damaged inputs; a few hundred else.
#[test]
fn nothing_makes_the_reader_panic() {
    let tries: usize = std::env::var("WALKBACK_FUZZ").map_or(600, |tries| tries.parse().expect("a number"));
    let corpus = corpus();
    // A fixed sequence of its own: the same damage in every run.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap_or(0)
    };
    corpus.iter().for_each(|bytes| fuzz::warc(bytes));
    for number in 0..tries {
        let mut bytes = corpus[number % corpus.len()].clone();
        for _ in 0..random(6) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes.truncate(at.max(1)),
                2 => {
                    let word =
                        [&b"\r\n"[..], b"9", b":", b"Content-Length: 70000\r\n", b"WARC/1.1\r\n"][random(5)];
                    bytes.splice(at..at, word.iter().copied());
                }
                _ => {
                    let to = random(bytes.len());
                    let piece = bytes[at.min(to)..at.max(to)].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        fuzz::warc(&bytes);
    }
}
