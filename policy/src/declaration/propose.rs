//! What a page's declaration could be: a proposal for a person to look at.

use super::{PolicyKind, Selector, SourceDocument};
use crate::extract::{self, ExtractError};
use serde_json::{Map, Value, json};
use url::Url;

/// What a page's declaration could be.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The service's name, from what the page says of itself, else from its host.
    pub service: String,
    /// The policy's name, from the page's title or heading.
    pub policy: String,
    pub kind: PolicyKind,
    /// As the page declares it.
    pub language: Option<String>,
    pub location: Url,
    /// A selector that gives the same text as the main content found; `None`: the page is tracked by URL alone.
    pub select: Option<Selector>,
    /// The text that would be tracked.
    pub text: String,
}

/// Looks at a page and proposes how to declare it. `url` is where it was found.
pub fn propose(url: &Url, html: &str) -> Result<Proposal, ExtractError> {
    let sketch = extract::sketch(html, url)?;
    let text = extract::extract(html, url, &SourceDocument::at(url.clone()))?;
    // The shortest selector wins that reads nearly the same; what it adds (buttons, tables of contents) is little.
    let select =
        sketch.selectors.iter().filter_map(|selector| Selector::parse(selector).ok()).find(|selector| {
            let document = SourceDocument::at(url.clone()).select(selector.clone());
            extract::extract(html, url, &document).is_ok_and(|selected| {
                let agreement = extract::Agreement::of(&selected, &text);
                agreement.recall > 0.98 && agreement.precision > 0.9
            })
        });
    let title = sketch.title.unwrap_or_default();
    let heading = sketch.heading.unwrap_or_default();
    let service = sketch.site_name.unwrap_or_else(|| service_of(url));
    let policy = policy_name(&heading, &title, &service);
    let kind = match PolicyKind::of_name(&policy) {
        PolicyKind::Other => PolicyKind::of_name(&url.path().replace(['-', '_', '/'], " ")),
        kind => kind,
    };
    Ok(Proposal { service, policy, kind, language: sketch.language, location: url.clone(), select, text })
}

impl Proposal {
    /// The policy's entry in a declaration.
    pub fn policy_json(&self) -> Value {
        let mut entry = Map::new();
        entry.insert("fetch".to_owned(), json!(self.location.as_str()));
        if let Some(selector) = &self.select {
            entry.insert("select".to_owned(), json!(selector.text()));
        }
        if self.kind != PolicyKind::of_name(&self.policy) {
            entry.insert("kind".to_owned(), json!(self.kind.key()));
        }
        if let Some(language) = &self.language {
            entry.insert("language".to_owned(), json!(language));
        }
        Value::Object(entry)
    }
}

/// `https://www.courier.example/…` is of `Courier`.
fn service_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("unknown");
    let labels: Vec<&str> = host.split('.').collect();
    let label = match labels.as_slice() {
        // An address of numbers has no name in it.
        _ if matches!(url.host(), Some(url::Host::Ipv4(_) | url::Host::Ipv6(_))) => host,
        // `courier.co.uk`: the part before a short second level.
        [.., name, second, _] if second.len() <= 3 && labels.len() > 2 && *name != "www" => name,
        [.., name, _] => name,
        _ => host,
    };
    let mut letters = label.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The heading where it names a document, else the title without the service's name.
fn policy_name(heading: &str, title: &str, service: &str) -> String {
    let short = |text: &str| (1..=80).contains(&text.chars().count());
    let part = title
        .split(['|', '–', '—', '·', '•'])
        .flat_map(|part| part.split(" - "))
        .map(str::trim)
        .find(|part| short(part) && !part.eq_ignore_ascii_case(service));
    let is_named = |text: &str| PolicyKind::of_name(text) != PolicyKind::Other;
    let choice = match part {
        _ if short(heading) && is_named(heading) => heading,
        Some(part) if is_named(part) => part,
        _ if short(heading) => heading,
        Some(part) => part,
        None => "Policy",
    };
    choice.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r##"<html lang="en-GB"><head><title>Privacy Policy | Courier</title>
        <meta property="og:site_name" content="Courier"></head><body><nav><a href="/">Home</a></nav>
        <div id="x1"><main class="legal"><h1>Privacy Policy</h1>
        <p>Courier delivers letters and keeps as little about you as it can, for as short a time as it can.</p>
        <p>We never open a letter, and we never sell an address; nobody who works for us may do so either.</p>
        </main></div></body></html>"##;

    #[test]
    fn a_page_is_named_and_its_document_found() {
        let url = Url::parse("https://www.courier.example/legal/privacy").unwrap();
        let proposal = propose(&url, PAGE).unwrap();
        assert_eq!(proposal.service, "Courier");
        assert_eq!(proposal.policy, "Privacy Policy");
        assert_eq!(proposal.kind, PolicyKind::PrivacyPolicy);
        assert_eq!(proposal.language.as_deref(), Some("en-GB"));
        assert_eq!(proposal.select.as_ref().unwrap().text(), "main");
        assert!(proposal.text.contains("never open a letter"));
        let json = json!({ "name": "Courier", "terms": { "Privacy Policy": proposal.policy_json() } });
        crate::declaration::Declaration::parse("Courier.json", &json.to_string()).unwrap();
    }

    #[test]
    fn a_page_that_says_nothing_of_itself_is_named_by_its_url() {
        let html = PAGE.replace("og:site_name", "x").replace("Privacy Policy", "How letters travel");
        let url = Url::parse("https://help.courier.co.uk/security/letters").unwrap();
        let proposal = propose(&url, &html).unwrap();
        assert_eq!(proposal.service, "Courier");
        assert_eq!(proposal.policy, "How letters travel");
        assert_eq!(proposal.kind, PolicyKind::Security);
    }

    #[test]
    fn a_page_without_a_document_is_refused() {
        let url = Url::parse("https://courier.example/").unwrap();
        assert!(propose(&url, "<div id=root></div>").is_err());
    }
}
