//! What the archive and the ground files hold, as the values a site is built from.

use crate::build::{BuildError, BuildReport, build_from};
use crate::input::{Archived, BuildInput, Declared, Service, Watch, WatchedSource};
use archive::Archive;
use policy::capture::Capture;
use policy::declaration::Declarations;
use policy::id::PolicyId;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

/// What keeps the archive from being read.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    #[error("cannot read the histories of the archive")]
    Histories(#[from] archive::HistoryError),
    #[error("cannot read the captures of the archive")]
    Captures(#[from] archive::ReadError),
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// Builds the site of an archive in `out`.
pub fn build(archive: &Archive, input: &BuildInput, out: &Path) -> Result<BuildReport, SiteError> {
    let archived = archived(archive)?;
    // A reader holds open files and serves one thread: each thread takes one and puts it back.
    let readers = Mutex::new(Vec::new());
    let load = |id: &PolicyId| {
        let reader = readers.lock().expect("no reader panics").pop();
        let reader = match reader {
            Some(reader) => reader,
            None => archive.histories().map_err(|error| chain(&error))?,
        };
        let history = reader.history(id).map_err(|error| chain(&error));
        readers.lock().expect("no reader panics").push(reader);
        history
    };
    Ok(build_from(&archived, &load, input, out)?)
}

/// Every policy with a history, and those that were only looked at.
pub fn archived(archive: &Archive) -> Result<Vec<Archived>, SiteError> {
    let mut watches: BTreeMap<PolicyId, Watch> = BTreeMap::new();
    for id in archive.captured_policies()? {
        let watch = watch(&archive.captures(&id)?);
        watches.insert(id, watch);
    }
    let mut all: Vec<Archived> = archive
        .histories()?
        .stamps()?
        .into_iter()
        .map(|(id, digest)| Archived { watch: watches.remove(&id).unwrap_or_default(), id, digest })
        .collect();
    let never = policy::id::Digest::of("");
    all.extend(watches.into_iter().map(|(id, watch)| Archived { id, digest: never, watch }));
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// The last attempt at each of a policy's source documents, and the last that saw it.
fn watch(captures: &[Capture]) -> Watch {
    let mut sources: BTreeMap<&str, WatchedSource> = BTreeMap::new();
    for capture in captures {
        let source = sources.entry(&capture.source).or_insert_with(|| WatchedSource {
            url: capture.source.clone(),
            last_looked: capture.at,
            outcome: String::new(),
            why: String::new(),
            last_seen: None,
        });
        if capture.at >= source.last_looked {
            source.last_looked = capture.at;
            source.outcome = capture.outcome.key().to_owned();
            source.why = capture.outcome.why().to_owned();
        }
        if capture.outcome.saw_document() {
            source.last_seen = source.last_seen.max(Some(capture.at));
        }
    }
    Watch { sources: sources.into_values().collect() }
}

/// The services and policies that the declarations name.
pub fn declared(declarations: &Declarations) -> (BTreeMap<String, Service>, BTreeMap<PolicyId, Declared>) {
    let mut services = BTreeMap::new();
    let mut policies = BTreeMap::new();
    for declaration in declarations.iter() {
        services.insert(
            declaration.service.clone(),
            Service { name: declaration.name.clone(), operator: declaration.operator.clone() },
        );
        for policy in &declaration.policies {
            let sources = policy.documents.iter().map(|document| document.location.to_string()).collect();
            policies
                .insert(policy.id.clone(), Declared { kind: policy.kind.key().replace('_', " "), sources });
        }
    }
    (services, policies)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
