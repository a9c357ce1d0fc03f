//! The fuzz targets' bodies over a small corpus: the files of `tests/extract`, whole, cut and damaged.
//!
//! `WALKBACK_FUZZ=100000` tries that many damaged inputs a body, some hundreds else; `WALKBACK_FUZZ_CORPUS` names
//! a folder of pages or texts to damage instead.

use policy::fuzz;
use std::path::{Path, PathBuf};

fn corpus() -> Vec<Vec<u8>> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/extract");
    let folder = std::env::var_os("WALKBACK_FUZZ_CORPUS").map_or(ours, PathBuf::from);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// What breaks parsers: pieces that open, close, escape or nest, and bytes that are no text.
const PIECES: [&[u8]; 32] = [
    b"<",
    b">",
    b"</",
    b"\"",
    b"'",
    b"{",
    b"}",
    b"[",
    b"](",
    b"|",
    b"&",
    b"&#x0;",
    b"\\",
    b"\0",
    b"\xff",
    b"\xe2",
    b"\xc2\xa0",
    b"\xe2\x80\x8b",
    b"\n",
    b"\n\n",
    b"  \n",
    b"\r",
    b"* ",
    b"1. ",
    b"#",
    b"<!--",
    b"<table><tr><td>",
    b"</main>",
    b"<svg><style>",
    b"<script>",
    b"<b><i><a>",
    b"...",
];

/// Each input whole, then `tries` times one of them cut, with pieces replaced, put in, taken out, or doubled.
fn for_each_damage(seeds: &[Vec<u8>], check: fn(&[u8])) {
    let tries =
        std::env::var("WALKBACK_FUZZ").map_or(48 * seeds.len(), |tries| tries.parse().expect("a number"));
    // A fixed sequence of its own: the same damage in every run.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap_or(0)
    };
    seeds.iter().for_each(|seed| check(seed));
    for number in 0..tries {
        let mut bytes = seeds[number % seeds.len()].clone();
        if random(2) == 0 {
            let from = random(bytes.len() + 1);
            let to = random(bytes.len() + 1);
            bytes = bytes[from.min(to)..from.max(to)].to_vec();
        }
        for _ in 0..random(12) {
            let at = random(bytes.len() + 1);
            let piece = PIECES[random(PIECES.len())];
            match random(5) {
                0 => {
                    let end = (at + piece.len()).min(bytes.len());
                    bytes.splice(at..end, piece.iter().copied());
                }
                1 => {
                    let end = (at + 1 + random(40)).min(bytes.len());
                    bytes.drain(at..end);
                }
                2 => {
                    bytes.splice(at..at, piece.iter().copied());
                }
                3 => {
                    let many = piece.repeat(1 + random(200));
                    bytes.splice(at..at, many);
                }
                _ => {
                    let to = (at + random(2_000)).min(bytes.len());
                    let doubled = bytes[at..to].to_vec();
                    let into = random(bytes.len() + 1);
                    bytes.splice(into..into, doubled);
                }
            }
        }
        check(&bytes);
    }
}

#[test]
fn nothing_makes_extraction_panic() {
    for_each_damage(&corpus(), fuzz::extraction);
}

#[test]
fn nothing_makes_segmentation_panic() {
    for_each_damage(&corpus(), fuzz::statements);
}

#[test]
fn nothing_makes_declarations_panic() {
    let seed = r##"{"name": "Courier", "kind": "messenger", "formerly": ["Post", {"name": "P", "until": "2023-07-24"}],
        "terms": {"Privacy": {"combine": [{"fetch": "https://c.example/a", "select": ["#a > b:not(i)",
        {"startBefore": "h1", "endAfter": "[x='y']"}]}], "filter": ["f", {"removeQueryParams": ["a"]}], "every": "24h",
        "robots": {"ignore": true, "reason": "r"}, "verified": "2026-05-08"}}}
---
{"Privacy": [{"fetch": "https://c.example/b", "validUntil": "2025-06-01T02:00:00+02:00"}]}"##;
    for_each_damage(&vec![seed.as_bytes().to_vec(); 20], fuzz::declaration);
}
