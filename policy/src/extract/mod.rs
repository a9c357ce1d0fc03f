//! The bytes of a page to text.
//!
//! - [`decode`]: bytes to characters, by header, byte order mark, `meta`, or a guess
//! - [`extract`]: a page to the Markdown of its document: the declared parts, or its main content
//! - [`Agreement`]: how far two texts of one document agree, for measuring
//!
//! The way of a page: parsed within bounds (`page`), its removals taken out and its parts selected (`select`),
//! or its main content looked for (`content`), then written as Markdown (`markdown`, `links`).
//! Whatever a page holds, extraction ends, within bounds, and never panics.

mod agreement;
mod charset;
mod code;
mod content;
mod error;
mod links;
mod markdown;
mod page;
mod select;
mod sketch;
mod writer;

pub use agreement::{Agreement, words};
pub use charset::decode;
pub use error::ExtractError;
pub(crate) use sketch::sketch;

use crate::declaration::SourceDocument;
use links::Links;
use url::Url;

/// A page to the Markdown of its document: the declared parts, or where none are declared, its main content.
///
/// `url` is where the page was found, after redirects: links are made absolute with it.
pub fn extract(html: &str, url: &Url, source: &SourceDocument) -> Result<String, ExtractError> {
    // A PDF has no line `<html>`, but starts so within its first bytes.
    if html.get(..html.floor_char_boundary(1024)).is_some_and(|head| head.contains("%PDF-")) {
        return Err(ExtractError::NotExtracted { url: url.clone(), what: "a PDF" });
    }
    let mut page =
        page::parse(html).map_err(|page::TooComplex| ExtractError::TooComplex { url: url.clone() })?;
    let links = Links::of(&page, url, &source.filters);
    select::remove(&mut page, &source.remove);
    let text = if source.select.is_empty() {
        let content = content::find(&page).ok_or_else(|| ExtractError::NoMainContent { url: url.clone() })?;
        markdown::write(&[markdown::Part::Element(content.root)], &page, &links, &content.skip)
    } else {
        let parts = select::parts(&page, &source.select)
            .map_err(|selector| ExtractError::NoMatch { url: url.clone(), selector })?;
        markdown::write(&parts, &page, &links, &markdown::Skip::default())
    };
    if text.chars().any(char::is_alphanumeric) {
        Ok(text)
    } else {
        Err(ExtractError::Empty { url: url.clone() })
    }
}
