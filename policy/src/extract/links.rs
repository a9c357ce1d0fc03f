//! Where links lead: absolute, freed of tracking, e-mail addresses in clear.

use crate::declaration::Filter;
use scraper::{Html, Selector};
use std::borrow::Cow;
use url::Url;

/// Parameters that advertisers and mail senders add to links; taken out where a declaration says
/// `removeQueryParams` and names none.
const TRACKING: &[&str] = &[
    "fbclid",
    "gclid",
    "dclid",
    "msclkid",
    "yclid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "igshid",
    "_hsenc",
    "_hsmi",
    "_ga",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "utm_id",
];

/// How this page's links are written.
pub(super) struct Links {
    base: Url,
    dropped: Vec<String>,
}

impl Links {
    pub fn of(page: &Html, url: &Url, filters: &[Filter]) -> Self {
        let mut dropped = Vec::new();
        for filter in filters {
            match filter {
                Filter::RemoveQueryParams(names) if names.is_empty() => {
                    dropped.extend(TRACKING.iter().map(|&name| name.to_owned()));
                }
                Filter::RemoveQueryParams(names) => dropped.extend(names.iter().cloned()),
                Filter::NotHonoured { .. } => {}
            }
        }
        Self { base: base(page, url), dropped }
    }

    /// An `href` or `src` as it is written: absolute, except within the page; `None` where it leads nowhere.
    pub fn target<'a>(&self, href: &'a str) -> Option<Cow<'a, str>> {
        let href = href.trim();
        if href.is_empty() {
            return None;
        }
        if href.starts_with('#') {
            return Some(closed(Cow::Borrowed(href)));
        }
        let hidden = href.split_once("/cdn-cgi/l/email-protection#");
        if let Some(address) = hidden.and_then(|(_, hex)| email(hex)) {
            return Some(Cow::Owned(format!("mailto:{address}")));
        }
        // What is masked differs from capture to capture; unread, it would be noise.
        let href = if hidden.is_some() { "/cdn-cgi/l/email-protection" } else { href };
        match self.base.join(href) {
            Ok(url) if matches!(url.scheme(), "javascript" | "data" | "blob" | "vbscript") => None,
            Ok(mut url) => {
                self.drop_parameters(&mut url);
                Some(closed(Cow::Owned(url.into())))
            }
            // Left as it is: it is what the page says.
            Err(_) => Some(closed(Cow::Borrowed(href))),
        }
    }

    fn drop_parameters(&self, url: &mut Url) {
        let is_dropped = |name: &str| self.dropped.iter().any(|dropped| dropped == name);
        if self.dropped.is_empty() || !url.query_pairs().any(|(name, _)| is_dropped(&name)) {
            return;
        }
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| !is_dropped(name))
            .map(|(n, v)| (n.into(), v.into()))
            .collect();
        if kept.is_empty() {
            url.set_query(None);
        } else {
            url.query_pairs_mut().clear().extend_pairs(kept);
        }
    }
}

/// The page's own `base`, else its URL.
fn base(page: &Html, url: &Url) -> Url {
    // Parsing this constant cannot fail; if it did, pages would only lose their `base`.
    let Ok(selector) = Selector::parse("base[href]") else { return url.clone() };
    page.select(&selector)
        .next()
        .and_then(|base| url.join(base.attr("href")?.trim()).ok())
        .filter(|base| matches!(base.scheme(), "http" | "https"))
        .unwrap_or_else(|| url.clone())
}

/// A target that cannot end its Markdown link early.
fn closed(target: Cow<'_, str>) -> Cow<'_, str> {
    if target.contains(['(', ')', '<', '>']) || target.contains(char::is_whitespace) {
        let mut escaped = String::with_capacity(target.len() + 8);
        for c in target.chars() {
            match c {
                '(' => escaped.push_str("%28"),
                ')' => escaped.push_str("%29"),
                '<' => escaped.push_str("%3C"),
                '>' => escaped.push_str("%3E"),
                c if c.is_whitespace() => escaped.push_str("%20"),
                c => escaped.push(c),
            }
        }
        Cow::Owned(escaped)
    } else {
        target
    }
}

/// An e-mail address hidden by Cloudflare: hexadecimal, each byte masked with the first.
/// Masked anew for every visitor, it would make a new version of every capture.
pub(super) fn email(hex: &str) -> Option<String> {
    let bytes: Vec<u8> = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect::<Option<_>>()?;
    let (key, masked) = bytes.split_first()?;
    let mut address = String::from_utf8(masked.iter().map(|byte| byte ^ key).collect()).ok()?;
    // Hidden twice: first as character references, then by the mask.
    if address.contains("&#") {
        address = Html::parse_fragment(&address).root_element().text().collect();
    }
    (address.contains('@') && !address.contains(|c: char| c.is_control())).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(filters: &[Filter]) -> Links {
        let page = Html::parse_document("<base href='/legal/'>");
        Links::of(&page, &Url::parse("https://courier.example/x/y").unwrap(), filters)
    }

    #[test]
    fn links_are_absolute() {
        let links = links(&[]);
        assert_eq!(links.target("terms").unwrap(), "https://courier.example/legal/terms");
        assert_eq!(links.target("#part").unwrap(), "#part");
        assert_eq!(links.target("mailto:a@b.example").unwrap(), "mailto:a@b.example");
        assert_eq!(links.target("/a(b)").unwrap(), "https://courier.example/a%28b%29");
        assert_eq!(links.target("javascript:void(0)"), None);
        assert_eq!(links.target(" "), None);
    }

    #[test]
    fn named_and_known_parameters_are_dropped() {
        let named = links(&[Filter::RemoveQueryParams(vec!["sid".to_owned()])]);
        assert_eq!(named.target("/?sid=1&a=2").unwrap(), "https://courier.example/?a=2");
        let known = links(&[Filter::RemoveQueryParams(Vec::new())]);
        assert_eq!(known.target("/?gclid=1").unwrap(), "https://courier.example/");
        assert_eq!(known.target("/?a=b+c").unwrap(), "https://courier.example/?a=b+c");
    }

    #[test]
    fn a_hidden_address_is_read() {
        let hidden: String = std::iter::once(0x2a)
            .chain("help@courier.example".bytes().map(|byte| byte ^ 0x2a))
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(email(&hidden).as_deref(), Some("help@courier.example"));
        let link = format!("/cdn-cgi/l/email-protection#{hidden}");
        assert_eq!(links(&[]).target(&link).unwrap(), "mailto:help@courier.example");
        let twice: String =
            std::iter::once(0).chain("a&#x40;b.example".bytes()).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(email(&twice).as_deref(), Some("a@b.example"));
        assert_eq!(
            links(&[]).target("/cdn-cgi/l/email-protection#zz").unwrap(),
            "https://courier.example/cdn-cgi/l/email-protection"
        );
        for broken in ["", "2", "zz", "2aé", "2a2a"] {
            assert_eq!(email(broken), None, "{broken}");
        }
    }
}
