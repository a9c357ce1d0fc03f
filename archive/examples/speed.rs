//! How fast captures are stored, and what each level of deflate costs, on the files of a folder.
//!
//!     cargo run --release -p archive --example speed -- FOLDER

use archive::{Archive, Head, NewCapture, Response};
use chrono::DateTime;
use policy::capture::Outcome;
use policy::id::PolicyId;
use std::io::Write as _;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: speed FOLDER")?;
    let mut bodies = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        bodies.push(std::fs::read(entry?.path())?);
    }
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    println!("{} files, {} kB", bodies.len(), bytes / 1000);

    for level in 1..=9 {
        let start = Instant::now();
        let mut written = 0;
        for body in &bodies {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
            encoder.write_all(body)?;
            written += encoder.finish()?.len();
        }
        println!("deflate level {level}: {} kB, {:.3} s", written / 1000, start.elapsed().as_secs_f64());
    }

    let dir = std::env::temp_dir().join(format!("walkback-speed-{}", std::process::id()));
    let archive = Archive::open(&dir)?;
    for (name, day, batch) in [
        ("first run, one by one", 1, 1),
        ("first run, batches of 16", 2, 16),
        ("nothing changed, one by one", 2, 1),
        ("nothing changed, batches of 16", 2, 16),
    ] {
        let captures: Vec<NewCapture> =
            bodies.iter().enumerate().map(|(number, body)| capture(number, day, name, body)).collect();
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let mut captures = captures.into_iter().peekable();
        while captures.peek().is_some() {
            archive.store_many(captures.by_ref().take(batch).collect())?;
        }
        let seconds = start.elapsed().as_secs_f64();
        println!("{name}: {:.0} pages/s, {:.2} CPU-s", bodies.len() as f64 / seconds, cpu_seconds() - cpu);
    }
    let start = Instant::now();
    let faults = archive.verify()?;
    println!("check: {} faults, {:.2} s", faults.len(), start.elapsed().as_secs_f64());
    let start = Instant::now();
    let rebuilt = archive.rebuild_catalog()?;
    println!("rebuild: {} captures, {:.2} s", rebuilt.captures, start.elapsed().as_secs_f64());
    std::fs::remove_dir_all(dir)?;
    Ok(())
}

/// The nth file as a page; `day` makes it another page than on other days.
fn capture(number: usize, day: i64, policy: &str, body: &[u8]) -> NewCapture {
    let at = DateTime::from_timestamp(1_767_225_600 + day * 86_400, 0).unwrap_or_default();
    let source = format!("https://courier.example/{number}");
    let mut capture = NewCapture::new(PolicyId::new("Courier", policy), source, at, Outcome::Fetched);
    capture.status = Some(200);
    capture.request = Some(Head::request("GET", "/", [("host", &b"courier.example"[..])]));
    let head = Head::response(200, "OK", [("content-type", &b"text/html"[..])]);
    let body = [body, format!("<!-- day {day} -->").as_bytes()].concat();
    capture.response = Some(Response { head, body, truncated: None, decoded: None });
    capture
}

/// User and system time of this process, as Linux tells it; elsewhere nothing.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / 100.0
}
