//! One URL that makes up a policy, and how its page is read.

use super::{Selection, Selector};
use serde_json::Value;
use url::Url;

/// One URL that makes up a policy (alone or with others), and how its page is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDocument {
    pub location: Url,
    /// The parts that are the document, in this order; empty: its main content is looked for.
    pub select: Vec<Selection>,
    /// The parts of the page that are not.
    pub remove: Vec<Selection>,
    pub filters: Vec<Filter>,
    /// `Some(true)`: the page needs a browser; `Some(false)`: it must not get one; `None`: whatever works.
    pub execute_client_scripts: Option<bool>,
}

/// Something done to the page before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Built in: takes these query parameters out of links; with no names, the well-known tracking ones.
    RemoveQueryParams(Vec<String>),
    /// A function of somebody's JavaScript beside the declaration. Named, never run.
    NotHonoured { name: String, parameters: Option<Value> },
}

impl Filter {
    pub fn name(&self) -> &str {
        match self {
            Filter::RemoveQueryParams(_) => "removeQueryParams",
            Filter::NotHonoured { name, .. } => name,
        }
    }
}

impl SourceDocument {
    /// A page tracked by its URL alone: its main content is looked for.
    pub fn at(location: Url) -> Self {
        Self {
            location,
            select: Vec::new(),
            remove: Vec::new(),
            filters: Vec::new(),
            execute_client_scripts: None,
        }
    }

    /// The same page read through one CSS selector.
    pub fn select(mut self, selector: Selector) -> Self {
        self.select.push(Selection::Elements(selector));
        self
    }

    /// The document is a PDF file by its name; its text is not extracted yet.
    pub fn is_pdf(&self) -> bool {
        self.location.path().to_ascii_lowercase().ends_with(".pdf")
    }

    /// A text that changes when the reading of the page changes: selections, removals, filters.
    /// The same snapshot read with another one is a re-extraction, never a change by the publisher.
    pub fn reading_key(&self) -> String {
        let list =
            |selections: &[Selection]| Value::Array(selections.iter().map(Selection::to_json).collect());
        let filters: Vec<Value> = self
            .filters
            .iter()
            .map(|filter| match filter {
                Filter::RemoveQueryParams(names) => serde_json::json!({ "removeQueryParams": names }),
                Filter::NotHonoured { name, parameters } => serde_json::json!({ name: parameters }),
            })
            .collect();
        serde_json::json!({
            "select": list(&self.select),
            "remove": list(&self.remove),
            "filter": filters,
        })
        .to_string()
    }
}
