//! Kills the real `walkback run` at random moments, fills its disk, and looks at what is left.
//!
//! The demonstration's pages and some longer ones are served on loopback over nine simulated days. Each day
//! `walkback run` crawls, derives, indexes and builds; a run says each capture as soon as it is stored. After each
//! kill the archive must pass `walkback check` and hold all that was said, and the next run goes on by itself. In
//! the end everything derived and the site must equal those of runs that nobody disturbed.
//!
//! `WALKBACK_KILLS=200 cargo test --test crash -- --nocapture` kills more often and prints the figures;
//! `WALKBACK_SEED` chooses other moments.

use archive::Archive;
use chrono::{DateTime, Utc};
use crawler::demo::Demo;
use crawler::replay::made;
use crawler::replay::server::{Page, Reply, Request, Script, Server, Step};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Beside the demonstration's: pages of real size on hosts of their own, so that there is much to store.
const HOSTS: u32 = 3;
const PAGES_A_HOST: u32 = 4;

/// The pages, served on loopback as they stood on a day.
struct Web {
    _server: Server,
    today: Arc<Mutex<DateTime<Utc>>>,
    days: Vec<DateTime<Utc>>,
    declarations: BTreeMap<String, String>,
}

impl Web {
    fn start() -> Self {
        let demo = Demo::bundled().unwrap();
        let days = demo.days();
        let today = Arc::new(Mutex::new(days[0]));
        let shown = demo.clone().script(Arc::clone(&today));
        let made = made_script(Arc::clone(&today), days.clone());
        let script: Script =
            Arc::new(
                move |request: &Request| {
                    if request.host.starts_with("made-") { made(request) } else { shown(request) }
                },
            );
        let server = Server::start(1, script).unwrap();
        let port = server.address().port();
        let mut declarations = demo.declarations(port);
        for host in 0..HOSTS {
            let terms: serde_json::Map<String, Value> = (0..PAGES_A_HOST)
                .map(|page| {
                    let url =
                        format!("http://made-{host}.localhost:{port}/policy/{}", host * PAGES_A_HOST + page);
                    (format!("Policy {page}"), json!({ "fetch": url, "select": "main" }))
                })
                .collect();
            let text = json!({ "name": format!("Made {host}"), "terms": terms }).to_string();
            declarations.insert(format!("Made {host}.json"), text);
        }
        Self { _server: server, today, days, declarations }
    }
}

/// `/policy/N`: some change with every day, some seldom, one never.
fn made_script(today: Arc<Mutex<DateTime<Utc>>>, days: Vec<DateTime<Utc>>) -> Script {
    let editions = |number: u32, day: usize| if number == 0 { 0 } else { day as u32 / (1 + number % 3) };
    let pages: BTreeMap<(u32, u32), Page> = (0..HOSTS * PAGES_A_HOST)
        .flat_map(|number| (0..days.len()).map(move |day| (number, editions(number, day))))
        .map(|(number, edition)| ((number, edition), Page::html(made::page(number, edition))))
        .collect();
    Arc::new(move |request: &Request| -> Reply {
        let today = *today.lock().unwrap();
        let day = days.iter().position(|day| *day == today).unwrap();
        let number = request.target.strip_prefix("/policy/").and_then(|number| number.parse().ok());
        match number.and_then(|number| pages.get(&(number, editions(number, day)))) {
            Some(page) => slowly(page),
            None => Page::new(404, "text/plain", "nothing here").into(),
        }
    })
}

/// The page after a moment, as from a server that is far away: else a crawl is over before it can be killed.
fn slowly(page: &Page) -> Reply {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        page.body.len()
    );
    let message = [head.as_bytes(), &page.body].concat();
    Reply::Raw(vec![Step::Wait(Duration::from_millis(30)), Step::Send(message)])
}

/// A data folder and the site built from it.
struct Place {
    data: PathBuf,
    site: PathBuf,
}

impl Place {
    fn new(folder: &Path, web: &Web) -> Self {
        let place = Self { data: folder.join("data"), site: folder.join("site") };
        let declarations = place.data.join("declarations");
        std::fs::create_dir_all(&declarations).unwrap();
        for (name, text) in &web.declarations {
            std::fs::write(declarations.join(name), text).unwrap();
        }
        let settings = "contact = \"mailto:tests@example.org\"\ngap_seconds = 0\n";
        std::fs::write(place.data.join("crawler.toml"), settings).unwrap();
        place
    }

    fn run(&self, web: &Web, day: DateTime<Utc>) -> Command {
        *web.today.lock().unwrap() = day;
        let mut command = Command::new(env!("CARGO_BIN_EXE_walkback"));
        command.args(["run", "--json", "--now", &day.to_rfc3339(), "--data"]).arg(&self.data);
        command.arg("--out").arg(&self.site).stdin(Stdio::null());
        command
    }

    /// What `walkback check` finds wrong with the archive.
    fn faults(&self) -> Vec<String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walkback"));
        let output = command.args(["check", "--json", "--data"]).arg(&self.data).output().unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        // What a killed writer left behind the committed end is a note: it mends itself.
        let of_archive = |line: &&str| line.contains("\"archive\"") && !line.contains("\"note\"");
        let faults: Vec<String> = lines.lines().filter(of_archive).map(str::to_owned).collect();
        assert_eq!(output.status.code(), Some(i32::from(!faults.is_empty())), "{lines}");
        faults
    }

    /// Every capture that can be read back, as a run says it.
    fn kept(&self) -> BTreeSet<String> {
        let Ok(archive) = Archive::open_read_only(&self.data.join("archive")) else { return BTreeSet::new() };
        let mut kept = BTreeSet::new();
        for policy in archive.captured_policies().unwrap() {
            for capture in archive.captures(&policy).unwrap() {
                let line = format!(
                    "{policy}|{}|{}|{}",
                    capture.at.timestamp(),
                    capture.outcome.key(),
                    capture.digest.map(|digest| digest.to_string()).unwrap_or_default()
                );
                assert!(kept.insert(line.clone()), "stored twice: {line}");
            }
        }
        kept
    }

    /// Everything derived, and every file of the site, by name. Record ids are chance, so where in the WARC files
    /// something lies may differ from run to run; nothing else may.
    fn derived(&self) -> BTreeMap<String, Vec<u8>> {
        let mut all = BTreeMap::new();
        let archive = Archive::open_read_only(&self.data.join("archive")).unwrap();
        let histories = archive.histories().unwrap();
        for policy in histories.policies().unwrap() {
            let history = histories.history(&policy).unwrap().unwrap();
            for version in &history.versions {
                let text = histories.bytes(&policy, &version.id).unwrap();
                all.insert(format!("text of {policy} {}", version.id), text);
            }
            let history = serde_json::to_string_pretty(&history).unwrap();
            all.insert(format!("history of {policy}"), without_places(history.into_bytes()));
        }
        let findings = serde_json::to_string_pretty(&archive.findings().unwrap()).unwrap();
        all.insert("findings".to_owned(), findings.into_bytes());
        let mut folders = vec![self.site.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&self.site).unwrap().display().to_string();
                    all.insert(format!("site {name}"), without_places(std::fs::read(path).unwrap()));
                }
            }
        }
        all
    }
}

/// Each `.warc.gz@OFFSET` without its number.
fn without_places(bytes: Vec<u8>) -> Vec<u8> {
    const MARK: &[u8] = b".warc.gz@";
    let mut kept: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    while let Some(at) = rest.windows(MARK.len()).position(|window| window == MARK) {
        let (before, after) = rest.split_at(at + MARK.len());
        kept.extend_from_slice(before);
        rest = &after[after.iter().take_while(|byte| byte.is_ascii_digit()).count()..];
    }
    kept.extend_from_slice(rest);
    kept
}

/// The captures that a run said it had stored. A last line without its end was cut by the kill: not said.
fn said(output: &str) -> BTreeSet<String> {
    let whole = &output[..output.rfind('\n').map_or(0, |end| end + 1)];
    let captures = whole.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    captures
        .filter(|line| line["outcome"].is_string())
        .map(|line| {
            let at: DateTime<Utc> = line["at"].as_str().unwrap().parse().unwrap();
            format!(
                "{} / {}|{}|{}|{}",
                line["service"].as_str().unwrap(),
                line["policy"].as_str().unwrap(),
                at.timestamp(),
                line["outcome"].as_str().unwrap(),
                line["digest"].as_str().unwrap_or_default()
            )
        })
        .collect()
}

/// A run that came to its end: done, or done with pages that were not seen (a wall, one day).
fn came_to_its_end(output: &Output) -> bool {
    matches!(output.status.code(), Some(0 | 1))
}

/// A small generator, so that a run can be repeated from the seed it prints.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}

/// Where in a run the kills hit.
#[derive(Debug, Default)]
struct Tally {
    kills: u32,
    before_the_first_capture: u32,
    while_crawling: u32,
    after_the_crawl: u32,
    reported: usize,
    lost: usize,
}

/// How long the parts of an undisturbed run take, the quickest of all days.
#[derive(Debug, Clone, Copy)]
struct Pace {
    until_crawled: Duration,
    after_that: Duration,
}

/// Days played through with nobody disturbing, and how long the shortest run took.
fn undisturbed(web: &Web, folder: &Path) -> (Place, Pace) {
    let place = Place::new(folder, web);
    let mut pace = Pace { until_crawled: Duration::from_secs(60), after_that: Duration::from_secs(60) };
    for day in &web.days {
        let started = Instant::now();
        let (mut child, mut output) = start(place.run(web, *day));
        let read = until_crawled(&mut output);
        let crawled = Instant::now();
        let status = child.wait().unwrap();
        assert!(matches!(status.code(), Some(0 | 1)), "{status}: {read}");
        pace.until_crawled = pace.until_crawled.min(crawled - started);
        pace.after_that = pace.after_that.min(crawled.elapsed());
    }
    assert_eq!(place.faults(), [""; 0]);
    (place, pace)
}

fn start(mut command: Command) -> (Child, BufReader<ChildStdout>) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    (child, output)
}

/// Reads what a run says until it says what its crawl came to.
fn until_crawled(output: &mut BufReader<ChildStdout>) -> String {
    let mut read = String::new();
    while !read.contains("\"summary\"") && output.read_line(&mut read).unwrap() > 0 {}
    read
}

/// Waits for a random moment of a run: any time until the crawl is done, just after a capture was said to be
/// stored, or any time after the crawl. Gives what was read from it until then.
fn some_moment(output: &mut BufReader<ChildStdout>, part: u32, pace: Pace, random: &mut Random) -> String {
    let mut sleep = |longest: Duration| {
        std::thread::sleep(Duration::from_micros(random.below(longest.as_micros() as u64)));
    };
    match part % 3 {
        0 => {
            sleep(pace.until_crawled);
            String::new()
        }
        1 => {
            let mut read = String::new();
            for _ in 0..=random.below(12) {
                if output.read_line(&mut read).unwrap() == 0 || read.contains("\"summary\"") {
                    break;
                }
            }
            std::thread::sleep(Duration::from_micros(random.below(5_000)));
            read
        }
        _ => {
            let read = until_crawled(output);
            sleep(pace.after_that);
            read
        }
    }
}

fn kill(mut child: Child, mut output: BufReader<ChildStdout>, mut read: String) -> (bool, String) {
    let ended = child.try_wait().unwrap().is_some();
    child.kill().unwrap();
    child.wait().unwrap();
    output.read_to_string(&mut read).unwrap();
    (!ended, read)
}

/// Plays all days once, with a kill in each part of the run on each.
fn disturbed(web: &Web, folder: &Path, pace: Pace, random: &mut Random, tally: &mut Tally) -> Place {
    let place = Place::new(folder, web);
    let mut all = BTreeSet::new();
    for day in &web.days {
        let mut kills = 0;
        while kills < 3 {
            let (child, mut output) = start(place.run(web, *day));
            let read = some_moment(&mut output, kills, pace, random);
            let (killed, read) = kill(child, output, read);
            let said = said(&read);
            if killed {
                kills += 1;
                tally.kills += 1;
                match (read.contains("\"summary\""), said.is_empty()) {
                    (true, _) => tally.after_the_crawl += 1,
                    (false, true) => tally.before_the_first_capture += 1,
                    (false, false) => tally.while_crawling += 1,
                }
            }
            tally.reported += said.len();
            all.extend(said);
            let kept = place.kept();
            tally.lost += all.iter().filter(|capture| !kept.contains(*capture)).count();
            if place.data.join("archive").exists() {
                assert_eq!(place.faults(), [""; 0], "after kill {} on {day}", tally.kills);
            }
        }
        let output = place.run(web, *day).output().unwrap();
        assert!(came_to_its_end(&output), "{day}: {}", String::from_utf8_lossy(&output.stderr));
    }
    place
}

/// Names what differs, not the bytes of it.
fn assert_equal(expected: &BTreeMap<String, Vec<u8>>, found: &BTreeMap<String, Vec<u8>>) {
    let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let differing: Vec<&String> =
        names.into_iter().filter(|name| expected.get(*name) != found.get(*name)).collect();
    assert!(differing.is_empty(), "{} of {} differ: {differing:#?}", differing.len(), expected.len());
}

#[test]
fn nothing_reported_stored_is_lost_when_a_run_is_killed() {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
    };
    let kills = number("WALKBACK_KILLS", 27) as u32;
    let seed = number("WALKBACK_SEED", 0x5eed_0002).max(1);
    let web = Web::start();
    let folder = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let (calm, pace) = undisturbed(&web, &folder.path().join("undisturbed"));
    let (captures, expected) = (calm.kept(), calm.derived());
    let mut random = Random(seed);
    let mut tally = Tally::default();
    let mut round = 0;
    while tally.kills < kills {
        round += 1;
        let within = folder.path().join(format!("round-{round}"));
        let place = disturbed(&web, &within, pace, &mut random, &mut tally);
        let odd: Vec<String> = place.kept().symmetric_difference(&captures).cloned().collect();
        assert_eq!(odd, [""; 0], "each page of each day once");
        assert_equal(&expected, &place.derived());
        std::fs::remove_dir_all(within).unwrap();
    }
    eprintln!(
        "seed {seed}: {tally:?}, {round} rounds of {} days, {} derived values and files equal each time; {:.0} s",
        web.days.len(),
        expected.len(),
        started.elapsed().as_secs_f64()
    );
    assert_eq!(tally.lost, 0, "{tally:?}");
    assert!(tally.reported > 100, "next to nothing was stored: {tally:?}");
}

/// The disk grows by so little each time that crawling, deriving and building all meet its end.
#[test]
fn a_full_disk_stops_a_run_and_loses_nothing() {
    let web = Web::start();
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let mount = |options: &str| {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&disk).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !mount("size=256k") {
        eprintln!("skipped: mounting a small disk needs root");
        return;
    }
    // Whatever happens, the disk is taken down before the folder goes.
    let filled = std::panic::catch_unwind(|| fill(&web, &disk, &mount));
    let _ = Command::new("umount").arg("-l").arg(&disk).status();
    let (captures, derived) = filled.unwrap();
    let (calm, _) = undisturbed(&web, &folder.path().join("undisturbed"));
    assert_eq!(captures.symmetric_difference(&calm.kept()).collect::<Vec<_>>(), [""; 0]);
    assert_equal(&calm.derived(), &derived);
}

/// Plays all days on a disk that is too small again and again; gives what is stored and derived in the end.
fn fill(
    web: &Web,
    disk: &Path,
    mount: &dyn Fn(&str) -> bool,
) -> (BTreeSet<String>, BTreeMap<String, Vec<u8>>) {
    let place = Place::new(disk, web);
    let mut kilobytes = 256;
    let mut reported = BTreeSet::new();
    let mut stopped: BTreeMap<&str, u32> = BTreeMap::new();
    for day in &web.days {
        loop {
            let output = place.run(web, *day).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            reported.extend(said(&String::from_utf8_lossy(&output.stdout)));
            let kept = place.kept();
            let lost: Vec<&String> = reported.iter().filter(|capture| !kept.contains(*capture)).collect();
            assert!(lost.is_empty(), "{day} at {kilobytes} kB: {lost:?}");
            if came_to_its_end(&output) && !errors.contains("No space left") && !errors.contains("full") {
                break;
            }
            // It says why, in words that lead to the remedy.
            assert!(errors.contains("No space left") || errors.contains("full"), "{errors}");
            let crawled = String::from_utf8_lossy(&output.stdout).contains("\"summary\"");
            *stopped.entry(if crawled { "after the crawl" } else { "until crawled" }).or_default() += 1;
            kilobytes += 320;
            assert!(kilobytes < 200_000, "{errors}");
            assert!(mount(&format!("remount,size={kilobytes}k")), "the disk grows");
            assert_eq!(place.faults(), [""; 0], "{day} at {kilobytes} kB, after: {errors}");
        }
    }
    eprintln!(
        "disk of 256 to {kilobytes} kB: stopped {stopped:?}, {} captures reported, none lost",
        reported.len()
    );
    (place.kept(), place.derived())
}
