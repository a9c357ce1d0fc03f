//! WARC files of whatever origin: the records whose URL is declared become captures of class B.

use archive::{Archive, ImportError, Imported, import_warc};
use policy::declaration::Declarations;
use policy::id::PolicyId;
use std::collections::BTreeMap;
use std::path::Path;
use url::Url;

/// Stores what a WARC file holds of the declared pages, those of earlier days included.
///
/// A page that several policies are read from becomes a capture of each. The fragment of a URL does not count.
pub fn import(archive: &Archive, path: &Path, declarations: &Declarations) -> Result<Imported, ImportError> {
    let readers = readers(declarations);
    let mut whole = Imported::default();
    // Nearly all pages have one reader, so the file is nearly always read once.
    for turn in 0..readers.values().map(Vec::len).max().unwrap_or(1) {
        let imported = import_warc(archive, path, |target| {
            readers.get(&page(Url::parse(target).ok()?))?.get(turn).cloned()
        })?;
        whole.stored += imported.stored;
        whole.known += imported.known;
        if turn == 0 {
            whole.elsewhere = imported.elsewhere;
            whole.unusable = imported.unusable;
            whole.ended = imported.ended;
        }
    }
    Ok(whole)
}

/// By page, the policies that are or were read from it, each with the URL as declared.
fn readers(declarations: &Declarations) -> BTreeMap<String, Vec<(PolicyId, String)>> {
    let mut readers: BTreeMap<String, Vec<(PolicyId, String)>> = BTreeMap::new();
    for policy in declarations.iter().flat_map(|d| d.policies.iter().chain(&d.retired)) {
        let past = policy.past.iter().flat_map(|past| &past.documents);
        for document in policy.documents.iter().chain(past) {
            let reader = (policy.id.clone(), document.location.to_string());
            let readers = readers.entry(page(document.location.clone())).or_default();
            if !readers.contains(&reader) {
                readers.push(reader);
            }
        }
    }
    readers
}

fn page(mut url: Url) -> String {
    url.set_fragment(None);
    url.into()
}
