//! The fuzz targets' bodies over a small corpus: the files of `tests/extract`, whole, cut and damaged.

use policy::fuzz;
use std::path::Path;

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/extract");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Each input whole, cut at many places, with bytes replaced, and turned inside out.
fn for_each_damage(seeds: &[Vec<u8>], check: fn(&[u8])) {
    // A fixed sequence of its own: the same damage in every run.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap_or(0)
    };
    for seed in seeds {
        check(seed);
        for _ in 0..24 {
            check(&seed[..random(seed.len() + 1)]);
            let mut damaged = seed.clone();
            for _ in 0..8 {
                if damaged.is_empty() {
                    break;
                }
                let at = random(damaged.len());
                match random(4) {
                    0 => damaged[at] = [b'<', b'>', b'"', b'{', b'}', 0, 0xff, b'\n'][random(8)],
                    1 => {
                        damaged.remove(at);
                    }
                    2 => damaged.insert(at, [b'<', b'/', b'|', b'&', b'[', b'\\', 0xe2, b' '][random(8)]),
                    _ => {
                        let to = random(damaged.len());
                        let piece = damaged[at.min(to)..at.max(to)].to_vec();
                        let into = random(damaged.len());
                        damaged.splice(into..into, piece);
                    }
                }
            }
            check(&damaged);
        }
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
