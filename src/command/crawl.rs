//! `walkback crawl`: fetches what is declared, and says what came of it.

use crate::cli::{Exit, Global};
use crate::ground::Ground;
use anyhow::Context as _;
use archive::Archive;
use chrono::{DateTime, Utc};
use crawler::crawl::{Clock, Summary, crawl, seen};
use crawler::plan::{Choice, Plan, plan};
use crawler::settings::Settings;
use indicatif::{ProgressBar, ProgressStyle};
use policy::capture::Capture;
use policy::declaration::Declarations;
use std::io::{IsTerminal as _, Write as _};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this service, by its name or its declaration's file name; may be repeated.
    #[arg(long, value_name = "NAME")]
    service: Vec<String>,
    /// Leave out what was looked at recently enough.
    #[arg(long)]
    due_only: bool,
    /// Print what would be fetched, and fetch nothing.
    #[arg(long)]
    dry_run: bool,
    /// Where operators of the pages can reach you, sent with each request: a web address, or mailto: and an
    /// e-mail address. Without it `contact` in DIR/crawler.toml counts.
    #[arg(long, value_name = "ADDRESS", env = "WALKBACK_CONTACT")]
    contact: Option<String>,
    #[command(flatten)]
    date: Date,
}

/// The day a trial plays.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Date {
    /// Crawl as if it were this instant: for trials with recorded pages, never for pages of today.
    #[arg(long, value_name = "INSTANT", hide = true)]
    now: Option<DateTime<Utc>>,
}

impl Date {
    fn clock(self) -> Clock {
        self.now.map_or(Clock::System, Clock::Stopped)
    }
}

/// A crawl made ready.
pub struct Prepared {
    pub archive: Archive,
    settings: Settings,
    plan: Plan,
    clock: Clock,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let ground = Ground::read(&global.data)?;
    ground.warn();
    let declarations = &ground.declarations;
    let choice = Choice { due_only: args.due_only, ..choice(declarations, args.service, global)? };
    let prepared = prepare(declarations, &choice, args.date, args.contact, global)?;
    if args.dry_run {
        write!(std::io::stdout(), "{}", prepared.plan)?;
        return Ok(Exit::Done);
    }
    let summary = carry_out(&prepared, global)?;
    let whole = summary.all_seen() && ground.faults.is_empty();
    Ok(if whole { Exit::Done } else { Exit::SomeFailed })
}

/// These services, or all where none is named; naming one that is not declared is an error.
pub fn choice(declarations: &Declarations, services: Vec<String>, global: &Global) -> anyhow::Result<Choice> {
    anyhow::ensure!(
        !declarations.is_empty(),
        "nothing is declared in `{}`: is `--data` the right folder?",
        global.data.join("declarations").display()
    );
    for name in &services {
        let known = declarations.iter().any(|declaration| {
            name.eq_ignore_ascii_case(&declaration.service) || name.eq_ignore_ascii_case(&declaration.name)
        });
        anyhow::ensure!(
            known,
            "no declaration is called `{name}`: see {}/declarations",
            global.data.display()
        );
    }
    Ok(Choice { services, due_only: false })
}

/// Opens the archive, reads the settings and plans a crawl for now.
pub fn prepare(
    declarations: &Declarations,
    choice: &Choice,
    date: Date,
    contact: Option<String>,
    global: &Global,
) -> anyhow::Result<Prepared> {
    let folder = global.data.join("archive");
    let archive =
        Archive::open(&folder).with_context(|| format!("cannot open the archive `{}`", folder.display()))?;
    let settings = settings(contact, global)?;
    let clock = date.clock();
    // A catalog that cannot be read is found here, before anything is fetched.
    let mut unread = None;
    let plan = plan(declarations, choice, &settings, clock.now(), |policy, source| {
        seen(&archive, policy, source).unwrap_or_else(|error| {
            unread.get_or_insert(error);
            None
        })
    });
    match unread {
        Some(error) => Err(error).context("cannot read what was captured before"),
        None => Ok(Prepared { archive, settings, plan, clock }),
    }
}

/// How to crawl: the contact as typed, from the environment or from `crawler.toml`, the rest from there.
pub fn settings(contact: Option<String>, global: &Global) -> anyhow::Result<Settings> {
    let path = global.data.join("crawler.toml");
    let toml = match std::fs::read_to_string(&path) {
        Ok(toml) => toml,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    };
    let contact = contact.or_else(|| std::env::var("WALKBACK_CONTACT").ok());
    let settings = Settings::parse(&path.display().to_string(), &toml, contact)?;
    if settings.contact.is_none() && !global.quiet {
        eprintln!(
            "walkback: no contact is declared, so whoever runs the pages cannot reach you: say `--contact ADDRESS`, \
             set WALKBACK_CONTACT, or write `contact = \"https://…\"` (or \"mailto:…\") into {}",
            path.display()
        );
    }
    Ok(settings)
}

/// Crawls, shows how it goes, and prints what came of it. With `--json` each capture is a line as soon as it is
/// stored, and not before: whoever reads the line may rely on it.
pub fn carry_out(prepared: &Prepared, global: &Global) -> anyhow::Result<Summary> {
    let Prepared { archive, settings, plan, clock } = prepared;
    let bar = progress_bar("crawling", plan.due.len() as u64, global);
    let mut not_seen = Vec::new();
    let mut said = Ok(());
    let summary = crawl(archive, plan, settings, *clock, |progress| {
        if !progress.last {
            return;
        }
        bar.inc(1);
        bar.set_message(progress.capture.policy.service.clone());
        if global.json {
            // A reader that hangs up does not end the crawl: what is fetched is stored all the same.
            said = std::mem::replace(&mut said, Ok(()))
                .and_then(|()| writeln!(std::io::stdout(), "{}", json(progress.capture)));
        } else if !progress.capture.outcome.saw_document() {
            not_seen.push(line(progress.capture));
        }
    })
    .context("the crawl could not go on")?;
    bar.finish_and_clear();

    if summary.offline {
        eprintln!(
            "walkback: no network: not one of the hosts could be reached; {} failed captures recorded",
            summary.captures
        );
    } else if !global.quiet {
        not_seen.sort();
        not_seen.iter().for_each(|line| eprintln!("{line}"));
    }
    said?;
    let mut out = std::io::stdout().lock();
    if global.json {
        let counts = serde_json::json!({
            "summary": summary.outcomes,
            "captures": summary.captures,
            "resting": plan.resting.len(),
            "offline": summary.offline,
        });
        writeln!(out, "{counts}")?;
    } else {
        writeln!(out, "{} pages: {summary}", plan.due.len())?;
    }
    Ok(summary)
}

pub fn progress_bar(doing: &str, pages: u64, global: &Global) -> ProgressBar {
    if global.quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(&format!("{doing} {{bar:30}} {{pos}}/{{len}} {{msg}}"))
        .expect("the template is the same for all");
    ProgressBar::new(pages).with_style(style)
}

fn line(capture: &Capture) -> String {
    let Capture { policy, source, outcome, .. } = capture;
    format!("{policy}: {}: {} ({source})", outcome.key(), outcome.why())
}

fn json(capture: &Capture) -> String {
    serde_json::json!({
        "service": capture.policy.service,
        "policy": capture.policy.name,
        "source": capture.source,
        "url": capture.url,
        "at": capture.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        "outcome": capture.outcome.key(),
        "why": capture.outcome.why(),
        "status": capture.status,
        "digest": capture.digest,
    })
    .to_string()
}
