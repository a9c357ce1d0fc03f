//! Which part of a page is the document, and which parts of that are not.

use serde_json::Value;
use std::fmt;

/// A CSS selector, parsed when the declaration was.
#[derive(Clone)]
pub struct Selector {
    text: String,
    css: scraper::Selector,
}

impl Selector {
    /// Parses a selector or names what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let css = scraper::Selector::parse(text).map_err(|error| error.to_string())?;
        Ok(Self { text: text.to_owned(), css })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn css(&self) -> &scraper::Selector {
        &self.css
    }
}

impl PartialEq for Selector {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Selector {}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Selector({:?})", self.text)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One end of a range: just before or just after the first element that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edge {
    Before(Selector),
    After(Selector),
}

impl Edge {
    pub fn selector(&self) -> &Selector {
        match self {
            Edge::Before(selector) | Edge::After(selector) => selector,
        }
    }
}

/// All that stands between two places of a page, whatever elements it cuts through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    pub start: Edge,
    pub end: Edge,
}

/// One entry of `select` or `remove`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Every element that matches.
    Elements(Selector),
    Between(Range),
}

impl Selection {
    /// As the declaration's JSON has it.
    pub fn to_json(&self) -> Value {
        match self {
            Selection::Elements(selector) => Value::String(selector.text.clone()),
            Selection::Between(Range { start, end }) => {
                let start = match start {
                    Edge::Before(selector) => ("startBefore", selector),
                    Edge::After(selector) => ("startAfter", selector),
                };
                let end = match end {
                    Edge::Before(selector) => ("endBefore", selector),
                    Edge::After(selector) => ("endAfter", selector),
                };
                Value::Object(
                    [start, end]
                        .into_iter()
                        .map(|(key, selector)| (key.to_owned(), Value::String(selector.text.clone())))
                        .collect(),
                )
            }
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selection::Elements(selector) => write!(f, "{selector}"),
            Selection::Between(Range { start, end }) => {
                match start {
                    Edge::Before(selector) => write!(f, "from before {selector}")?,
                    Edge::After(selector) => write!(f, "from after {selector}")?,
                }
                match end {
                    Edge::Before(selector) => write!(f, " to before {selector}"),
                    Edge::After(selector) => write!(f, " to after {selector}"),
                }
            }
        }
    }
}
