//! A git repository in the layout of Open Terms Archive, made of our archive with `git fast-import`.

use super::git::{self, GitError};
use super::message;
use archive::text::Imported;
use archive::text::imported::OpenImportedError;
use archive::text::table::TextError;
use archive::{Archive, HistoryError};
use policy::history::Cause;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exported {
    pub policies: u64,
    pub versions: u64,
}

/// Why nothing, or not all, was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("`{0}` is not empty: name a folder that does not exist yet")]
    NotEmpty(PathBuf),
    #[error("cannot write `{dir}`")]
    Write {
        dir: PathBuf,
        #[source]
        error: io::Error,
    },
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Open(#[from] OpenImportedError),
    #[error(transparent)]
    Texts(#[from] TextError),
    #[error(transparent)]
    Histories(#[from] HistoryError),
}

/// A commit to be written.
struct Entry {
    at: i64,
    path: String,
    mark: Option<u64>,
    message: String,
}

/// Writes all versions, imported and our own, as a bare repository.
pub fn ota_versions(archive: &Archive, dir: &Path) -> Result<Exported, ExportError> {
    if std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(ExportError::NotEmpty(dir.to_owned()));
    }
    let write_error = |error| ExportError::Write { dir: dir.to_owned(), error };
    std::fs::create_dir_all(dir).map_err(write_error)?;
    let mut child = git::fast_import(dir)?;
    let mut out = BufWriter::new(child.stdin.take().expect("stdin is piped"));
    let mut exported = Exported::default();
    let mut entries = Vec::new();
    let mut marks = 0;
    let imported = Imported::open(archive.dir())?;
    for (policy, row) in imported.policies()? {
        let recorded = imported.recorded(row)?;
        let texts = imported.texts(row)?;
        let first_mark = marks + 1;
        for number in 0..texts.len() as u32 {
            marks += 1;
            blob(&mut out, marks, &texts.bytes(number)).map_err(write_error)?;
        }
        exported.policies += 1;
        for version in recorded {
            entries.push(Entry {
                at: version.at.timestamp(),
                path: format!("{}/{}.md", policy.service, policy.name),
                mark: version.text.map(|text| first_mark + u64::from(text)),
                message: message::write(
                    &policy.service,
                    &policy.name,
                    version.cause,
                    &version.origins,
                    &version.engine,
                    &version.commit,
                ),
            });
        }
    }
    let histories = archive.histories()?;
    for policy in histories.policies()? {
        let Some(history) = histories.history(&policy)? else { continue };
        let own: Vec<_> = history.versions.iter().filter(|version| version.recorder.is_empty()).collect();
        exported.policies += u64::from(!own.is_empty() && imported.row(&policy)?.is_none());
        for version in own {
            let is_text = version.cause != Cause::Removal;
            if is_text {
                marks += 1;
                blob(&mut out, marks, &histories.bytes(&policy, &version.id)?).map_err(write_error)?;
            }
            entries.push(Entry {
                at: version.at.timestamp(),
                path: format!("{}/{}.md", policy.service, policy.name),
                mark: is_text.then_some(marks),
                message: message::write(
                    &policy.service,
                    &policy.name,
                    version.cause,
                    &version.origins,
                    "",
                    "",
                ),
            });
        }
    }
    // By time; those of one second keep their order within their policy.
    entries.sort_by(|a, b| (a.at, &a.path).cmp(&(b.at, &b.path)));
    exported.versions = entries.len() as u64;
    for entry in &entries {
        commit(&mut out, entry).map_err(write_error)?;
    }
    out.flush().map_err(write_error)?;
    drop(out);
    git::finish(child, "fast-import", dir)?;
    Ok(exported)
}

fn blob(out: &mut impl Write, mark: u64, bytes: &[u8]) -> io::Result<()> {
    write!(out, "blob\nmark :{mark}\ndata {}\n", bytes.len())?;
    out.write_all(bytes)?;
    out.write_all(b"\n")
}

fn commit(out: &mut impl Write, entry: &Entry) -> io::Result<()> {
    let Entry { at, path, mark, message } = entry;
    // git takes no date before 1970.
    let at = (*at).max(0);
    writeln!(out, "commit refs/heads/main")?;
    writeln!(out, "author Walkback <walkback@localhost> {at} +0000")?;
    writeln!(out, "committer Walkback <walkback@localhost> {at} +0000")?;
    writeln!(out, "data {}\n{message}", message.len())?;
    let quoted: String = path
        .chars()
        .flat_map(|c| match c {
            '"' => vec!['\\', '"'],
            '\\' => vec!['\\', '\\'],
            '\n' => vec!['\\', 'n'],
            c => vec![c],
        })
        .collect();
    match mark {
        Some(mark) => writeln!(out, "M 100644 :{mark} \"{quoted}\"\n"),
        None => writeln!(out, "D \"{quoted}\"\n"),
    }
}
