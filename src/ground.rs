//! What people wrote by hand under the data folder: declarations, promise rules, events.
//!
//! A file that cannot be read or parsed is a fault, not a failure: it is named, and the rest goes on.

use anyhow::{Context as _, Result};
use policy::declaration::Declarations;
use policy::event::Event;
use policy::id::Digest;
use policy::promise::Rules;
use std::path::Path;

/// The hand-written ground state, and what was wrong with the files that are not in it.
pub struct Ground {
    pub declarations: Declarations,
    pub events: Vec<Event>,
    pub rules: Rules,
    /// Names the rules: what was derived with others is derived anew.
    pub rules_digest: Digest,
    /// One message a fault: the file, the cause, the remedy.
    pub faults: Vec<String>,
}

impl Ground {
    /// Reads `data/{declarations,promises,events}`. A folder that is missing is an empty one; promise rules fall
    /// back to those the program was built with.
    pub fn read(data: &Path) -> Result<Self> {
        let mut faults = Vec::new();
        let (declarations, errors) =
            Declarations::parse(texts(&data.join("declarations"), "json", &mut faults)?);
        faults.extend(errors.iter().map(|error| error.to_string()));

        let mut events = Vec::new();
        for (name, text) in texts(&data.join("events"), "toml", &mut faults)? {
            match Event::parse(&name, &text) {
                Ok(event) => events.push(event),
                Err(error) => faults.push(chain(&error)),
            }
        }
        policy::event::sort(&mut events);

        let mut files = texts(&data.join("promises"), "toml", &mut faults)?;
        if !files.is_empty() {
            files.extend(texts(&data.join("promises"), "tsv", &mut faults)?);
        }
        // Half a rule set would judge wrongly without a word, so a fault here stops the command.
        let (rules, rules_digest) = if files.is_empty() {
            let all = Rules::BUILTIN.map(|(name, text)| format!("{name}\0{text}\0")).concat();
            (Rules::builtin(), Digest::of(all))
        } else {
            let rules = Rules::parse(&files)
                .with_context(|| format!("cannot use the rules in {}", data.join("promises").display()))?;
            let all = files.iter().map(|(name, text)| format!("{name}\0{text}\0")).collect::<String>();
            (rules, Digest::of(all))
        };
        Ok(Self { declarations, events, rules, rules_digest, faults })
    }

    /// Prints each fault to standard error, so that none passes unseen.
    pub fn warn(&self) {
        for fault in &self.faults {
            eprintln!("walkback: {fault}");
        }
    }
}

/// The files of a folder with that extension, by name, as text. Unreadable ones are faults.
pub fn texts(folder: &Path, extension: &str, faults: &mut Vec<String>) -> Result<Vec<(String, String)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read the folder {}", folder.display()));
        }
    };
    let mut texts = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read the folder {}", folder.display()))?.path();
        if path.extension().is_none_or(|found| found != extension) {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match std::fs::read_to_string(&path) {
            Ok(text) => texts.push((name, text)),
            Err(error) => faults.push(format!("cannot read {}: {error}; it is left out", path.display())),
        }
    }
    texts.sort();
    Ok(texts)
}

/// An error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the project ships parses without a fault.
    #[test]
    fn shipped_data_has_no_faults() {
        let ground = Ground::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data")).unwrap();
        assert_eq!(ground.faults, [""; 0]);
        assert!(ground.declarations.len() >= 50, "{} services", ground.declarations.len());
        assert!(ground.declarations.policies().count() >= 160);
    }

    #[test]
    fn a_broken_file_is_named_and_the_rest_goes_on() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("declarations");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("Courier.json"), r#"{"name": "Courier", "terms": {}"#).unwrap();
        std::fs::write(
            folder.join("Parley.json"),
            r#"{"name": "Parley", "terms": {"FAQ": {"fetch": "https://parley.example/faq"}}}"#,
        )
        .unwrap();
        let ground = Ground::read(data.path()).unwrap();
        assert_eq!(ground.declarations.len(), 1);
        assert!(ground.faults[0].contains("Courier.json"), "{:?}", ground.faults);
    }
}
