//! `walkback bench crawl`: pages a second, CPU seconds and peak memory of a first run, a run with
//! nothing changed, and a run with everything changed.
//!
//! The pages come from a process of their own, so that only the crawler is measured; pacing is off.

use crate::cli::{Exit, Global};
use anyhow::Context as _;
use archive::{Archive, Derivation};
use chrono::{DateTime, TimeDelta, Utc};
use crawler::crawl::{Clock, crawl, seen};
use crawler::pace::Pace;
use crawler::plan::{Choice, plan};
use crawler::settings::Settings;
use policy::declaration::Declarations;
use policy::id::Digest;
use policy::promise::Rules;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many pages.
    #[arg(long, default_value_t = 200)]
    pages: u32,
    /// How many hosts they lie on.
    #[arg(long, default_value_t = 40)]
    hosts: u32,
    /// How much of a page is its text, in percent (at most 90): the rest is markup, as on real pages.
    #[arg(long, value_name = "PERCENT", default_value_t = crawler::replay::made::TEXT_SHARE)]
    text_share: u32,
    /// Only capture: leave the derivation out.
    #[arg(long)]
    capture_only: bool,
}

/// The process that serves the pages; it ends when its standard input closes.
struct Pages {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Pages {
    fn serve(args: &Args) -> anyhow::Result<(Self, Vec<u64>)> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut child = Command::new(program)
            .args(["replay", "--made", &args.pages.to_string(), "--ports", &args.hosts.to_string()])
            .args(["--text-share", &args.text_share.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server of the pages")?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("the server has no output")?);
        let mut pages = Self { child, input, output };
        let line: serde_json::Value = serde_json::from_str(&pages.line()?)?;
        let ports = line["ports"].as_array().context("the server names no ports")?;
        let ports = ports.iter().filter_map(serde_json::Value::as_u64).collect();
        Ok((pages, ports))
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line).context("the server of the pages does not answer")?;
        Ok(line)
    }

    fn edition(&mut self, number: u32) -> anyhow::Result<()> {
        writeln!(self.input.as_mut().context("the server has no input")?, "edition {number}")?;
        self.line()?;
        Ok(())
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        drop(self.input.take());
        // It is our own child, and it has nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let (mut pages, ports) = Pages::serve(&args)?;
    let declarations = declarations(&args, &ports)?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let archive = Archive::open(folder.path())?;
    let settings = Settings { pace: Pace::NONE, ..Settings::default() };
    let start: DateTime<Utc> = "2026-05-01T06:00:00Z".parse().expect("a date");
    let rules = Rules::builtin();
    let mut rows = Vec::new();
    for (day, (name, edition)) in (0..).zip([("first run", 0), ("nothing changed", 0), ("all changed", 1)]) {
        pages.edition(edition)?;
        let now = start + TimeDelta::days(day);
        let cost = Cost::start();
        let plan = plan(&declarations, &Choice::default(), &settings, now, |policy, source| {
            seen(&archive, policy, source).ok().flatten()
        });
        let summary = crawl(&archive, &plan, &settings, Clock::set(now), |_| {})?;
        let captured = cost.so_far();
        let mut came = summary.to_string();
        if !args.capture_only {
            let versions = derive(&archive, &declarations, &rules)?;
            came = format!("{came}, {versions} versions derived");
        }
        rows.push((name, came, captured, cost.so_far()));
    }
    print(&args, &rows, global)?;
    Ok(Exit::Done)
}

fn derive(archive: &Archive, declarations: &Declarations, rules: &Rules) -> anyhow::Result<u64> {
    let rules_digest = Digest::of("bench");
    let derivation = Derivation { rules, rules_digest, declarations, all: false, threads: 0 };
    let report = archive.derive(&derivation, &|_| {})?;
    if let Some((policy, why)) = report.failed.first() {
        anyhow::bail!("{policy} could not be derived: {why}");
    }
    Ok(report.versions)
}

fn declarations(args: &Args, ports: &[u64]) -> anyhow::Result<Declarations> {
    let files = (0..args.pages).map(|number| {
        let port = ports[number as usize % ports.len()];
        let json = serde_json::json!({
            "name": format!("Service {number:03}"),
            "terms": { "Privacy Policy": {
                "fetch": format!("http://127.0.0.1:{port}/policy/{number}"),
                "select": "main",
            } },
        });
        (format!("Service {number:03}.json"), json.to_string())
    });
    let (declarations, errors) = Declarations::parse(files);
    match errors.into_iter().next() {
        Some(error) => Err(error.into()),
        None => Ok(declarations),
    }
}

/// What work cost this process.
#[derive(Debug, Clone, Copy)]
struct Cost {
    began: Instant,
    cpu: f64,
}

#[derive(Debug, Clone, Copy)]
struct Spent {
    wall: f64,
    cpu: f64,
    /// Of the process so far, in MB; no more than that is known outside Linux.
    peak: f64,
}

impl Cost {
    fn start() -> Self {
        // Forgets the peak so far, where the system can.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        Self { began: Instant::now(), cpu: cpu_seconds() }
    }

    fn so_far(&self) -> Spent {
        Spent { wall: self.began.elapsed().as_secs_f64(), cpu: cpu_seconds() - self.cpu, peak: peak_memory() }
    }
}

/// User and system time of this process, from the fields of `/proc/self/stat` (100 ticks a second).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program may hold spaces; after its bracket the state is field 3.
    let fields = stat.rsplit(')').next().unwrap_or("");
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}

fn print(args: &Args, rows: &[(&str, String, Spent, Spent)], global: &Global) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if global.json {
        for (name, outcomes, captured, all) in rows {
            let line = serde_json::json!({
                "run": name, "pages": args.pages, "outcomes": outcomes,
                "capture_seconds": captured.wall, "capture_cpu_seconds": captured.cpu,
                "seconds": all.wall, "cpu_seconds": all.cpu, "peak_mb": all.peak,
                "pages_per_second": f64::from(args.pages) / all.wall,
            });
            writeln!(out, "{line}")?;
        }
        return Ok(());
    }
    writeln!(
        out,
        "{} pages, {:.1} MB, {} % of it text",
        args.pages,
        (0..args.pages).map(|number| crawler::replay::made::size(number) as f64).sum::<f64>() / 1e6,
        args.text_share
    )?;
    writeln!(
        out,
        "{:<16} {:>8} {:>8} {:>8} {:>8}  of which capture  outcomes",
        "run", "pages/s", "wall s", "CPU s", "peak MB"
    )?;
    for (name, outcomes, captured, all) in rows {
        writeln!(
            out,
            "{name:<16} {:>8.0} {:>8.2} {:>8.2} {:>8.0}  {:.2} s, {:.2} CPU-s  {outcomes}",
            f64::from(args.pages) / all.wall,
            all.wall,
            all.cpu,
            all.peak,
            captured.wall,
            captured.cpu,
        )?;
    }
    Ok(())
}
