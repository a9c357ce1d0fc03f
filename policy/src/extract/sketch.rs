//! What a page says of itself, and by which selectors its document could be named.

use super::{ExtractError, content, page};
use scraper::{ElementRef, Html, Selector};
use url::Url;

/// What a page says of itself.
pub(crate) struct Sketch {
    pub title: Option<String>,
    /// Its first `h1`.
    pub heading: Option<String>,
    pub site_name: Option<String>,
    pub language: Option<String>,
    /// Selectors that match only the main content found, the most telling first.
    pub selectors: Vec<String>,
}

pub(crate) fn sketch(html: &str, url: &Url) -> Result<Sketch, ExtractError> {
    let page = page::parse(html).map_err(|page::TooComplex| ExtractError::TooComplex { url: url.clone() })?;
    let content = content::find(&page).ok_or_else(|| ExtractError::NoMainContent { url: url.clone() })?;
    let root = page.tree.get(content.root).and_then(ElementRef::wrap);
    let mut selectors: Vec<String> = Vec::new();
    // The element found, then those around it: an outer one with a name beats an inner one without.
    for element in root
        .into_iter()
        .chain(root.into_iter().flat_map(|root| root.ancestors()).filter_map(ElementRef::wrap))
    {
        if element.value().name() == "body" {
            break;
        }
        selectors.extend(names(&page, element));
    }
    Ok(Sketch {
        title: first(&page, "title").map(text),
        heading: first(&page, "h1").map(text),
        site_name: first(&page, "meta[property='og:site_name']")
            .and_then(|meta| meta.attr("content"))
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty() && name.chars().count() <= 60),
        language: first(&page, "html")
            .and_then(|html| html.attr("lang"))
            .map(|lang| lang.trim().to_owned())
            .filter(|lang| {
                !lang.is_empty()
                    && lang.len() <= 20
                    && lang.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            }),
        selectors,
    })
}

/// Selectors that match this element and no other, the most lasting first: a landmark, an id, a class.
fn names(page: &Html, element: ElementRef<'_>) -> Vec<String> {
    let name = element.value().name();
    let mut candidates = Vec::new();
    if matches!(name, "main" | "article") {
        candidates.push(name.to_owned());
    }
    if element.attr("role") == Some("main") {
        candidates.push("[role=main]".to_owned());
    }
    candidates.extend(element.value().id().filter(|id| is_lasting(id)).map(|id| format!("#{id}")));
    candidates
        .extend(element.value().classes().filter(|class| is_lasting(class)).map(|class| format!(".{class}")));
    candidates.retain(|candidate| {
        Selector::parse(candidate).is_ok_and(|selector| page.select(&selector).count() == 1)
    });
    candidates
}

/// Names made by a build tool (`css-1x2y3z`, `jsx-1814274875`) change with every release.
fn is_lasting(name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    plain
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !name.contains(|c: char| c.is_ascii_digit())
}

fn first<'a>(page: &'a Html, selector: &str) -> Option<ElementRef<'a>> {
    let selector = Selector::parse(selector).ok()?;
    page.select(&selector).next()
}

fn text(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
