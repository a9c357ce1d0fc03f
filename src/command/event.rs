//! `walkback event new` writes a commented file to fill in; `walkback event check` names the faults of all.

use crate::cli::{Exit, Global};
use crate::ground::texts;
use anyhow::Context as _;
use chrono::Utc;
use policy::event::{Draft, Event, EventDate, Kind, lint};
use policy::finding::Topic;
use std::io::Write as _;
use std::path::Path;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Write a new event's file, commented, to be filled in.
    New(New),
    /// Parse and lint every event; name file, field and remedy of each fault.
    Check,
}

#[derive(Debug, clap::Args)]
struct New {
    /// When: YYYY, YYYY-MM or YYYY-MM-DD, as precise as the sources [default: today]
    #[arg(long)]
    date: Option<EventDate>,
    /// What happened, in one line; also makes the file's name.
    #[arg(long, default_value = "Untitled")]
    title: String,
    /// The sort of event; the file lists them all.
    #[arg(long, default_value = "announcement", value_parser = kind)]
    kind: Kind,
    /// A service it concerns; may be repeated.
    #[arg(long = "service", value_name = "NAME")]
    services: Vec<String>,
    /// Who acted; may be repeated.
    #[arg(long = "actor", value_name = "NAME")]
    actors: Vec<String>,
    /// A topic; may be repeated.
    #[arg(long = "topic", value_name = "TOPIC", value_parser = topic, default_value = "encryption")]
    topics: Vec<Topic>,
}

fn kind(key: &str) -> Result<Kind, String> {
    let known = || Kind::ALL.iter().map(|kind| kind.key()).collect::<Vec<_>>().join(", ");
    Kind::from_key(key).ok_or_else(|| format!("one of: {}", known()))
}

fn topic(key: &str) -> Result<Topic, String> {
    let known = || Topic::ALL.iter().map(|topic| topic.key()).collect::<Vec<_>>().join(", ");
    Topic::from_key(key).ok_or_else(|| format!("one of: {}", known()))
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    match args.action {
        Action::New(new) => write(new, global),
        Action::Check => check(global),
    }
}

fn write(new: New, global: &Global) -> anyhow::Result<Exit> {
    let draft = Draft {
        date: new.date.unwrap_or_else(|| Utc::now().date_naive().into()),
        title: new.title,
        kind: new.kind,
        services: new.services,
        actors: new.actors,
        topics: new.topics,
    };
    let folder = global.data.join("events");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let path = folder.join(draft.file_name());
    let mut file = std::fs::File::create_new(&path)
        .with_context(|| format!("cannot write {}: choose another --title or --date", path.display()))?;
    file.write_all(draft.to_toml().as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    writeln!(std::io::stdout(), "{}", path.display())?;
    Ok(Exit::Done)
}

/// How many events parse, and what is wrong with any: one message a fault. `walkback check` asks this too.
pub fn faults(data: &Path) -> anyhow::Result<(usize, Vec<String>)> {
    let mut faults = Vec::new();
    let mut events = Vec::new();
    for (name, text) in texts(&data.join("events"), "toml", &mut faults)? {
        match Event::parse(&name, &text) {
            Ok(event) => events.push(event),
            Err(error) => faults.push(error.to_string()),
        }
    }
    faults.extend(lint(&events).iter().map(|fault| fault.to_string()));
    Ok((events.len(), faults))
}

fn check(global: &Global) -> anyhow::Result<Exit> {
    let (events, faults) = faults(&global.data)?;
    let mut out = std::io::stdout().lock();
    if global.json {
        let result = serde_json::json!({ "events": events, "faults": faults });
        writeln!(out, "{result}")?;
    } else {
        for fault in &faults {
            writeln!(out, "{fault}")?;
        }
        let count = match faults.len() {
            0 => "no faults".to_owned(),
            1 => "1 fault".to_owned(),
            many => format!("{many} faults"),
        };
        let plural = if events == 1 { "" } else { "s" };
        writeln!(out, "{events} event{plural}, {count}")?;
    }
    Ok(if faults.is_empty() { Exit::Done } else { Exit::SomeFailed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_event_is_written_once_and_lacks_only_what_it_says() {
        let folder = tempfile::tempdir().unwrap();
        let global = Global { data: folder.path().into(), quiet: true, json: false };
        let new = || New {
            date: Some("2026-05".parse().unwrap()),
            title: "Courier ends encrypted chats".into(),
            kind: Kind::Withdrawal,
            services: vec!["Courier".into()],
            actors: vec![],
            topics: vec![Topic::Encryption],
        };
        write(new(), &global).unwrap();
        assert!(folder.path().join("events/2026-05-courier-ends-encrypted-chats.toml").is_file());
        assert!(write(new(), &global).is_err(), "an event that exists must not be overwritten");
        let (events, faults) = faults(folder.path()).unwrap();
        assert_eq!((events, faults.len()), (1, 4), "{faults:?}");
    }

    #[test]
    fn shipped_events_have_no_faults() {
        let (events, faults) = faults(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data")).unwrap();
        assert!(events >= 150);
        assert_eq!(faults, [""; 0]);
    }
}
