//! Why a page gave no text.

use url::Url;

/// Why a page gave no text. The capture stands all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// A declared selector found nothing: the page was rebuilt, or is not the document.
    #[error(
        "no element of {url} matches `{selector}`: the page may have been rebuilt; look at it and mend the declaration"
    )]
    NoMatch { url: Url, selector: String },
    /// The selected parts hold no words.
    #[error("the selected parts of {url} hold no text: look at the page and mend the declaration")]
    Empty { url: Url },
    /// No selector is declared and nothing on the page reads like a document.
    #[error("nothing on {url} reads like a document: declare a selector")]
    NoMainContent { url: Url },
    /// A page no browser would show whole; a part of it would read like a document cut short.
    #[error(
        "{url} has more elements or attributes than any document: its bytes are kept, its text is not read"
    )]
    TooComplex { url: Url },
    /// A file we keep but do not read.
    #[error("{url} is {what}, not extracted: its bytes are kept")]
    NotExtracted { url: Url, what: &'static str },
}
