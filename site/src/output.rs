//! Files written only where they differ, so that a host, a mirror and a reader's cache see
//! nothing but what changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The folder a site is written to.
#[derive(Debug)]
pub struct Output {
    root: PathBuf,
    /// Every file of this build, written or found equal.
    files: Mutex<BTreeSet<String>>,
    written: AtomicUsize,
}

/// A file of the site could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`", path.display())]
pub struct WriteError {
    path: PathBuf,
    #[source]
    error: std::io::Error,
}

impl Output {
    /// Writes under `root`, which is made if it is not there.
    pub fn new(root: &Path) -> Result<Self, WriteError> {
        fs::create_dir_all(root).map_err(|error| WriteError { path: root.to_owned(), error })?;
        Ok(Self { root: root.to_owned(), files: Mutex::default(), written: AtomicUsize::new(0) })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A page: its `index.html`.
    pub fn page(&self, place: &str, html: &str) -> Result<(), WriteError> {
        self.file(&page_file(place), html.as_bytes())
    }

    /// A file, written only where the one that is there differs.
    pub fn file(&self, path: &str, bytes: &[u8]) -> Result<(), WriteError> {
        self.keep(path);
        let target = self.root.join(path);
        let same_length = fs::metadata(&target).is_ok_and(|there| there.len() == bytes.len() as u64);
        if same_length && fs::read(&target).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        self.written.fetch_add(1, Ordering::Relaxed);
        let failed = |error| WriteError { path: target.clone(), error };
        // Written beside and renamed: a reader of a served folder never sees half a page.
        let mut beside = target.clone().into_os_string();
        beside.push(".new");
        let written = fs::write(&beside, bytes).or_else(|_| {
            fs::create_dir_all(target.parent().unwrap_or(&self.root)).and_then(|()| fs::write(&beside, bytes))
        });
        written.and_then(|()| fs::rename(&beside, &target)).map_err(failed)
    }

    /// A file of an earlier build that is still good.
    pub fn keep(&self, path: &str) {
        self.files.lock().expect("no writer panics").insert(path.to_owned());
    }

    pub fn exists(&self, path: &str) -> bool {
        self.root.join(path).is_file()
    }

    /// Takes away what an earlier build wrote and this one did not. Files that no build wrote stay.
    pub fn prune(&self, earlier: &BTreeSet<String>) -> usize {
        let files = self.files.lock().expect("no writer panics");
        let mut removed = 0;
        for path in earlier.difference(&files) {
            let mut gone = self.root.join(path);
            removed += usize::from(fs::remove_file(&gone).is_ok());
            // Folders that are left empty go too; the first that is not ends the walk.
            while gone.pop() && gone != self.root && fs::remove_dir(&gone).is_ok() {}
        }
        removed
    }

    pub fn files(&self) -> BTreeSet<String> {
        self.files.lock().expect("no writer panics").clone()
    }

    pub fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }
}

/// The file behind a page's address.
pub fn page_file(place: &str) -> String {
    if place.is_empty() || place.ends_with('/') { format!("{place}index.html") } else { place.to_owned() }
}
