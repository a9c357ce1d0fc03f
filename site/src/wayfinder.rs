//! What every page needs to know about the others: whole addresses, and the names of static files.

use crate::files;
use policy::id::Digest;
use std::collections::BTreeMap;
use url::Url;

/// The address of the preview, used where a whole address is needed and none was given.
pub const PREVIEW: &str = "http://127.0.0.1:8080/";

/// Whole addresses, and the static files with the version that outwits caches.
pub struct Wayfinder<'a> {
    base: Option<&'a Url>,
    fixed: BTreeMap<&'static str, String>,
}

impl<'a> Wayfinder<'a> {
    pub fn new(base: Option<&'a Url>) -> Self {
        let fixed = files::FILES
            .iter()
            .filter(|(name, _)| name.starts_with("static/"))
            .map(|(name, bytes)| (*name, format!("{name}?v={}", Digest::of(bytes).short(8))))
            .collect();
        Self { base, fixed }
    }

    /// A static file's address from the root.
    pub fn fixed(&self, name: &str) -> String {
        self.fixed.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    /// The whole address of a place, fit for feeds.
    pub fn whole(&self, place: &str) -> String {
        match self.base {
            Some(base) => format!("{}/{place}", base.as_str().trim_end_matches('/')),
            None => format!("{PREVIEW}{place}"),
        }
    }

    /// The whole address, only where the site's own is known.
    pub fn canonical(&self, place: &str) -> Option<String> {
        self.base.map(|_| self.whole(place))
    }

    /// The site's path on its host: `/` or `/walkback/`. For the page that is shown at any depth.
    pub fn path(&self) -> String {
        self.base.map_or_else(|| "/".to_owned(), |base| format!("{}/", base.path().trim_end_matches('/')))
    }
}
