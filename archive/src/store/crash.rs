//! Kills the writer, fills its disk, fails its `fdatasync`, and looks at what is left.
//!
//! The test starts itself again as a child that stores captures as fast as it can and says so on stdout,
//! one line a capture, after `store` returned. Whatever was said must be there afterwards.

use super::segment::{Segments, Written};
use super::{Archive, StoreError, record};
use crate::capture::records::Bundle;
use crate::{Head, NewCapture, Response};
use chrono::{DateTime, Utc};
use policy::capture::{Capture, Outcome};
use policy::id::PolicyId;
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The control: the catalog is written before the segment. A harness that finds nothing wrong with that
/// would find nothing wrong with anything.
pub(super) static CATALOG_FIRST: AtomicBool = AtomicBool::new(false);

/// Small segments, so that kills hit the roll-over too.
const FULL_AT: u64 = 300_000;

pub(super) fn write_catalog_first(
    segments: &mut Segments,
    connection: &mut Connection,
    bundles: &[Bundle],
    members: &[&[u8]],
    at: DateTime<Utc>,
) -> Result<Vec<Capture>, StoreError> {
    let planned: Written = segments.planned(members)?;
    let stored = record(connection, &planned, bundles)?;
    // What takes microseconds here takes milliseconds on a disk that is busy.
    std::thread::sleep(Duration::from_millis(1));
    let written = segments.append(members, at)?;
    segments.commit(&written);
    Ok(stored)
}

fn policy_of(number: u64) -> PolicyId {
    PolicyId::new("Courier", format!("Policy {}", number % 5))
}

/// The nth capture that a child stores: new pages, the same pages, 304s, walls and failures.
fn nth(number: u64) -> NewCapture {
    let policy = policy_of(number);
    let at = DateTime::from_timestamp_millis(1_767_225_600_000 + number as i64 * 1000).unwrap();
    let source = format!("https://courier.example/{}", number % 5);
    let outcome = match number % 11 {
        4 => return NewCapture::new(policy, source, at, Outcome::Failed("no route to host".to_owned())),
        7 => Outcome::Unchanged,
        9 => Outcome::Blocked("asks whether we are a robot".to_owned()),
        _ => Outcome::Fetched,
    };
    let mut capture = NewCapture::new(policy, source, at, outcome);
    capture.status = Some(if number % 11 == 7 { 304 } else { 200 });
    capture.request = Some(Head::request("GET", "/", [("host", &b"courier.example"[..])]));
    let body: String = (0..400)
        .map(|line| format!("<p>Statement {line} of edition {} of policy {}.</p>\n", number / 13, number % 5))
        .collect();
    let head = Head::response(200, "OK", [("content-type", &b"text/html"[..])]);
    capture.response = Some(Response { head, body: body.into_bytes(), truncated: None, decoded: None });
    capture
}

/// What the child says of a stored capture, and what must be found again.
fn line_of(capture: &Capture) -> String {
    let digest = capture.digest.map(|digest| digest.to_string()).unwrap_or_default();
    format!(
        "stored {}|{}|{}|{digest}",
        capture.policy.name,
        capture.at.timestamp_millis(),
        capture.outcome.key()
    )
}

/// Runs as the child process only; by itself it has nothing to do.
#[test]
#[ignore = "the child of the other tests here"]
fn child() {
    let Ok(dir) = std::env::var("WALKBACK_CRASH_DIR") else { return };
    CATALOG_FIRST.store(std::env::var("WALKBACK_CATALOG_FIRST").is_ok(), Ordering::Relaxed);
    let report_first = std::env::var("WALKBACK_REPORT_FIRST").is_ok();
    let mut number: u64 = std::env::var("WALKBACK_FIRST").unwrap().parse().unwrap();
    let mut out = std::io::stdout();
    let mut say = |line: String| {
        out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
    };
    let mut refused = 0;
    let mut archive = Archive::open_with(Path::new(&dir), FULL_AT).unwrap();
    while refused < 40 {
        // Singly, and in batches of one to seven.
        let many = if number.is_multiple_of(3) { 1 + number % 7 } else { 1 };
        let batch: Vec<NewCapture> = (number..number + many).map(nth).collect();
        number += many;
        if report_first {
            batch.iter().for_each(|capture| {
                say(format!("stored {}|{}|fetched|", capture.policy.name, capture.at.timestamp_millis()));
            });
        }
        match archive.store_many(batch) {
            Ok(stored) if !report_first => stored.iter().for_each(|capture| say(line_of(capture))),
            Ok(_) => {}
            Err(error) => {
                refused += 1;
                say(format!("refused {error}"));
                if matches!(error, StoreError::Unsettled) {
                    drop(archive);
                    match Archive::open_with(Path::new(&dir), FULL_AT) {
                        Ok(opened) => archive = opened,
                        Err(error) => return say(format!("refused to open: {error}")),
                    }
                }
            }
        }
    }
}

fn spawn(dir: &Path, first: u64, wrap: Option<&str>, switch: Option<&str>) -> Child {
    let exe = std::env::current_exe().unwrap();
    let arguments = ["store::crash::child", "--exact", "--ignored", "--nocapture", "--test-threads=1"];
    let mut command = match wrap {
        Some(shell) => {
            let mut command = Command::new("sh");
            command.arg("-c").arg(format!("{shell}; exec \"$0\" \"$@\"")).arg(exe);
            command
        }
        None => Command::new(exe),
    };
    command.args(arguments).env("WALKBACK_CRASH_DIR", dir).env("WALKBACK_FIRST", first.to_string());
    command.env("RAYON_NUM_THREADS", "1");
    command.envs(switch.map(|name| (name, "1")));
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// A small generator, so that a run can be repeated from the seed it prints.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[derive(Debug, Default)]
struct Tally {
    kills: u32,
    reported: usize,
    lost: usize,
    faults: usize,
    refused_to_open: usize,
}

/// Kills children until `kills` is reached; after each, opens the archive and looks for what was reported.
fn kill_many(dir: &Path, kills: u32, switch: Option<&str>) -> Tally {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut tally = Tally::default();
    let mut all: BTreeSet<String> = BTreeSet::new();
    let mut first = 0;
    while tally.kills < kills {
        let mut child = spawn(dir, first, None, switch);
        first += 10_000;
        let mut output = BufReader::new(child.stdout.take().unwrap());
        // Some are killed while they start and recover, most while they store.
        let mut line = String::new();
        if random.below(10) > 0 {
            while output.read_line(&mut line).unwrap() > 0 && !line.starts_with("stored") {
                line.clear();
            }
        }
        std::thread::sleep(Duration::from_micros(random.below(40_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        tally.kills += 1;
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        line.push_str(&rest);
        // A line without its end was cut by the kill: not said.
        let said = &line[..line.rfind('\n').map_or(0, |end| end + 1)];
        let said: BTreeSet<String> =
            said.lines().filter(|line| line.starts_with("stored ")).map(str::to_owned).collect();
        tally.reported += said.len();

        let archive = match Archive::open_with(dir, FULL_AT) {
            Ok(archive) => archive,
            Err(_) => {
                // Only the control comes here: it goes on in a new folder.
                tally.refused_to_open += 1;
                tally.lost += said.len();
                std::fs::remove_dir_all(dir).unwrap();
                all.clear();
                continue;
            }
        };
        all.extend(said);
        let kept = kept(&archive, switch.is_some_and(|switch| switch == "WALKBACK_REPORT_FIRST"));
        tally.lost += all.iter().filter(|line| !kept.contains(*line)).count();
        all.retain(|line| kept.contains(line));
        if tally.kills.is_multiple_of(50) || tally.kills == kills {
            tally.faults += archive.verify().unwrap().len();
        }
    }
    tally
}

/// Every capture that can be read back, in the child's words.
fn kept(archive: &Archive, briefly: bool) -> BTreeSet<String> {
    let mut kept = BTreeSet::new();
    for policy in archive.captured_policies().unwrap() {
        for capture in archive.captures(&policy).unwrap() {
            if briefly {
                kept.insert(format!(
                    "stored {}|{}|fetched|",
                    capture.policy.name,
                    capture.at.timestamp_millis()
                ));
            } else {
                kept.insert(line_of(&capture));
            }
        }
    }
    kept
}

#[test]
fn nothing_reported_stored_is_lost_when_the_writer_is_killed() {
    let kills = std::env::var("WALKBACK_KILLS").map_or(220, |kills| kills.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let tally = kill_many(&dir.path().join("archive"), kills, None);
    eprintln!("{:.1} s: {tally:?}", start.elapsed().as_secs_f64());
    assert!(tally.reported > kills as usize, "the children stored next to nothing: {tally:?}");
    assert_eq!((tally.lost, tally.faults, tally.refused_to_open), (0, 0, 0), "{tally:?}");
}

#[test]
fn the_harness_sees_a_wrong_order_of_writes() {
    let dir = tempfile::tempdir().unwrap();
    let tally = kill_many(&dir.path().join("archive"), 25, Some("WALKBACK_CATALOG_FIRST"));
    eprintln!("catalog before segment: {tally:?}");
    assert!(tally.refused_to_open + tally.faults > 0, "{tally:?}");
    let tally = kill_many(&dir.path().join("second"), 25, Some("WALKBACK_REPORT_FIRST"));
    eprintln!("reported before stored: {tally:?}");
    assert!(tally.lost > 0, "{tally:?}");
}

/// Runs a child until the disk refuses it 40 times; what it reported must be there.
fn fill(dir: &Path, first: u64, wrap: Option<&str>) -> (BTreeSet<String>, usize) {
    let child = spawn(dir, first, wrap, None);
    let output = child.wait_with_output().unwrap();
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = output.lines().filter(|line| line.starts_with("stored ")).map(str::to_owned).collect();
    let refused: Vec<&str> = output.lines().filter(|line| line.starts_with("refused")).collect();
    if let Some(first) = refused.first() {
        eprintln!("{first}");
    }
    (said, refused.len())
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mount = |options: &str| {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(dir.path()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !mount("size=3m") {
        eprintln!("skipped: mounting a small disk needs root; the quota test covers files that cannot grow");
        return;
    }
    let archive_dir = dir.path().join("archive");
    let (said, refused) = fill(&archive_dir, 0, None);
    // Whatever happens, the disk is taken down before the folder goes.
    let checked = std::panic::catch_unwind(|| {
        assert!(said.len() > 50 && refused > 0, "{} stored, {refused} refused", said.len());
        {
            let archive = Archive::open_read_only(&archive_dir).unwrap();
            assert!(said.is_subset(&kept(&archive, false)));
        }
        // With room again, the next run goes on by itself.
        assert!(mount("remount,size=12m"));
        let (more, _) = fill(&archive_dir, 100_000, None);
        assert!(more.len() > 50, "{} more stored", more.len());
        assert!(mount("remount,size=40m"));
        let archive = Archive::open_with(&archive_dir, FULL_AT).unwrap();
        assert_eq!(archive.verify().unwrap(), []);
        let kept = kept(&archive, false);
        assert!(said.is_subset(&kept) && more.is_subset(&kept));
        eprintln!("full disk: {} + {} stored, {refused} refused, none lost", said.len(), more.len());
    });
    let _ = Command::new("umount").arg("-l").arg(dir.path()).status();
    checked.unwrap();
}

#[test]
fn a_file_that_may_not_grow_refuses_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let archive_dir = dir.path().join("archive");
    // 512-byte blocks in dash, kilobytes in bash: 150 or 300 kB a file, less than a segment either way.
    let (said, refused) = fill(&archive_dir, 0, Some("trap '' XFSZ; ulimit -f 290"));
    assert!(!said.is_empty() && refused > 0, "{} stored, {refused} refused", said.len());
    let archive = Archive::open_with(&archive_dir, FULL_AT).unwrap();
    assert_eq!(archive.verify().unwrap(), []);
    assert!(said.is_subset(&kept(&archive, false)));
    archive.store(nth(1_000_000)).unwrap();
    eprintln!("quota: {} stored, {refused} refused, none lost", said.len());
}

#[test]
fn after_a_failed_sync_the_segment_is_never_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open_with(dir.path(), FULL_AT).unwrap();
    let first = archive.store(nth(0)).unwrap();
    let fail = |times| archive.segments.as_ref().unwrap().lock().unwrap().failing_syncs = times;
    fail(1);
    let second = archive.store(nth(1)).unwrap();
    let segment = |capture: &Capture| capture.place.clone().unwrap().segment;
    assert_ne!(segment(&first), segment(&second), "written again, elsewhere");
    fail(2);
    assert!(matches!(archive.store(nth(2)), Err(StoreError::Write { .. })));
    let third = archive.store(nth(3)).unwrap();
    assert_ne!(segment(&second), segment(&third));
    drop(archive);
    let archive = Archive::open_with(dir.path(), FULL_AT).unwrap();
    assert_eq!(archive.verify().unwrap(), []);
    assert_eq!(kept(&archive, false), [&first, &second, &third].map(line_of).into());
    let fourth = archive.store(nth(4)).unwrap();
    assert_eq!(segment(&third), segment(&fourth));
}
