//! What a site is built from, beside the histories: plain values, so that a page can be tried
//! without an archive.

use crate::page::line::Lines;
use crate::wayfinder::Wayfinder;
use chrono::{DateTime, NaiveDate, Utc};
use policy::event::Event;
use policy::history::History;
use policy::id::{Digest, PolicyId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// What the person who builds the site may choose, and what people wrote by hand.
#[derive(Debug, Clone, Default)]
pub struct BuildInput {
    /// Where the site will be published. Feeds, cards and the sitemap need whole addresses;
    /// without it they name the local preview and there is no sitemap.
    pub base_url: Option<Url>,
    /// By the service's id.
    pub services: BTreeMap<String, Service>,
    /// Every declared policy; archived ones that nobody declares any more are added by themselves.
    pub policies: BTreeMap<PolicyId, Declared>,
    pub events: Vec<Event>,
    /// How good the detector is, where it was measured.
    pub measured: Option<Measured>,
    /// Where to write to contest a finding: an address or a link.
    pub contact: Option<String>,
}

/// A service as its declaration names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub name: String,
    pub operator: Option<String>,
}

/// A policy as it is declared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// `privacy policy`, `help page`; empty where nothing says.
    pub kind: String,
    /// The addresses it is read from.
    pub sources: Vec<String>,
}

/// The detector's figures on changes that readers labelled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What it was measured on, in words.
    pub on: String,
    pub changes: usize,
    pub rows: Vec<MeasuredRow>,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredRow {
    pub what: String,
    pub precision: f32,
    pub recall: f32,
}

/// What the captures tell about a policy, beside its texts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// Each source document's newest attempts.
    pub sources: Vec<WatchedSource>,
}

/// One source document's last attempts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WatchedSource {
    pub url: String,
    pub last_looked: DateTime<Utc>,
    /// `fetched`, `unchanged`, `gone`, `refused`, `blocked`, `failed`: the last attempt's outcome.
    pub outcome: String,
    pub why: String,
    /// The last attempt that saw the document.
    pub last_seen: Option<DateTime<Utc>>,
}

/// One archived policy, to be loaded when its pages have to be drawn.
#[derive(Debug, Clone)]
pub struct Archived {
    pub id: PolicyId,
    /// Changes whenever the policy's history does.
    pub digest: Digest,
    pub watch: Watch,
}

/// Gives a policy's history. Called from several threads, for the policies that changed.
pub type Load<'a> = dyn Fn(&PolicyId) -> Result<Option<History>, String> + Sync + 'a;

/// Everything that pages of every kind look up.
pub struct Context<'a> {
    pub input: &'a BuildInput,
    /// The last day the data know of: the site's "today".
    pub as_of: NaiveDate,
    pub way: Wayfinder<'a>,
    /// The policies that may have pages.
    pub archived: &'a BTreeSet<PolicyId>,
    /// The findings as lists show them, where many pages do.
    pub lines: Lines,
}

impl BuildInput {
    /// The service's name as people know it.
    pub fn service_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.services.get(id).map_or(id, |service| &service.name)
    }
}
