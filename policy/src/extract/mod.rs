//! The bytes of a page to text.
//!
//! - [`decode`]: bytes to characters, by header, byte order mark, `meta`, or a guess
//! - [`extract`]: a page to the Markdown of its document: the declared parts, or its main content
//!
//! Whatever a page holds, extraction ends, within bounds, and never panics.

mod charset;
mod error;

pub use charset::decode;
pub use error::ExtractError;

use crate::declaration::{Selection, SourceDocument};
use url::Url;

/// A page to the Markdown of its document: the declared parts, or its main content.
pub fn extract(html: &str, url: &Url, source: &SourceDocument) -> Result<String, ExtractError> {
    let page = scraper::Html::parse_document(html);
    let mut text = String::new();
    for selection in &source.select {
        let Selection::Elements(selector) = selection else { continue };
        for element in page.select(selector.css()) {
            text.extend(element.text());
            text.push_str("\n\n");
        }
    }
    if source.select.is_empty() {
        text.extend(page.root_element().text());
    }
    if text.trim().is_empty() { Err(ExtractError::Empty { url: url.clone() }) } else { Ok(text) }
}
