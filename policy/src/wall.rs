//! Recognises what a server sends instead of the document: a bot wall, a consent wall, a login
//! page, an error page under status 200, or a shell that only scripts fill.
//!
//! Input: one answer, decoded to text. Output: a [`Wall`], or nothing where the answer may well be
//! the document. Told apart by *both* a mark and how little there is to read: a privacy policy
//! that explains cookies, offers a login in its header and is served through a bot guard's
//! scripts is long, and stays a document.

mod skim;

use crate::capture::Outcome;
use skim::skim;
use url::Url;

/// One answer as far as recognition needs it.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The URL that was declared.
    pub declared: &'a Url,
    /// The URL that answered, after redirects.
    pub url: &'a Url,
    pub status: u16,
    /// Response headers, names in any case.
    pub headers: &'a [(String, String)],
    /// The body decoded to text; for anything but HTML and plain text, empty.
    pub body: &'a str,
}

/// What stood in the document's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wall {
    /// A check for robots; the guard's name.
    Bot(&'static str),
    /// A page that wants consent before it shows anything.
    Consent,
    /// A page that wants a login.
    Login,
    /// "Page not found" under a status that says all is well.
    Missing,
    /// A redirect from a page inside the site to its front page.
    FrontPage,
    /// An empty shell that scripts would fill: only a browser sees the document.
    Shell,
}

impl Wall {
    /// What the capture is called: bytes came, but not the document.
    pub fn outcome(self) -> Outcome {
        match self {
            Wall::Bot(guard) => Outcome::Blocked(format!("bot wall: {guard}")),
            Wall::Consent => Outcome::Blocked("consent wall".to_owned()),
            Wall::Login => Outcome::Blocked("login page".to_owned()),
            Wall::Missing => Outcome::Gone("soft 404: the page says that nothing is here".to_owned()),
            Wall::FrontPage => Outcome::Gone("soft 404: redirected to the front page".to_owned()),
            Wall::Shell => Outcome::Blocked(
                "empty shell: the text is drawn by scripts, which needs a browser".to_owned(),
            ),
        }
    }
}

/// Marks that a bot guard leaves in its page, lower case; first the guards that have a name.
const BOT_MARKS: [(&str, &str); 27] = [
    ("_incapsula_resource", "Imperva Incapsula"),
    ("incapsula incident id", "Imperva Incapsula"),
    ("cf-chl-", "Cloudflare"),
    ("cf_chl_", "Cloudflare"),
    ("cf-browser-verification", "Cloudflare"),
    ("attention required! | cloudflare", "Cloudflare"),
    ("captcha-delivery.com", "DataDome"),
    ("px-captcha", "HUMAN"),
    ("_pxappid", "HUMAN"),
    ("pardon our interruption", "Imperva"),
    ("ddos-guard", "DDoS-Guard"),
    ("sucuri website firewall", "Sucuri"),
    ("awswafcookiedomainlist", "AWS WAF"),
    ("token.awswaf.com", "AWS WAF"),
    ("errors.edgesuite.net", "Akamai"),
    ("kpsdk", "Kasada"),
    ("vercel security checkpoint", "Vercel"),
    ("anubis_challenge", "Anubis"),
    ("g-recaptcha", "captcha"),
    ("h-captcha", "captcha"),
    ("enable javascript and cookies to continue", "a check for robots"),
    ("verify you are human", "a check for robots"),
    ("verifying you are human", "a check for robots"),
    ("are you a robot", "a check for robots"),
    ("are not a robot", "a check for robots"),
    ("unusual traffic", "a check for robots"),
    ("checking your browser", "a check for robots"),
];

/// Titles under which a guard stops us, whatever the rest of the page says.
const BOT_TITLES: [&str; 6] = [
    "just a moment",
    "attention required!",
    "access denied",
    "security check",
    "are you a robot",
    "ddos protection",
];

const CONSENT_MARKS: [&str; 14] = [
    "before you continue",
    "accept all",
    "reject all",
    "accept cookies",
    "we value your privacy",
    "manage your cookie",
    "alle akzeptieren",
    "bevor sie fortfahren",
    "tout accepter",
    "avant de continuer",
    "aceptar todo",
    "antes de continuar",
    "accetta tutto",
    "alles accepteren",
];

const LOGIN_TITLES: [&str; 16] = [
    "log in",
    "login",
    "log into",
    "sign in",
    "sign-in",
    "signin",
    "anmelden",
    "einloggen",
    "se connecter",
    "connexion",
    "iniciar sesión",
    "accedi",
    "inloggen",
    "entrar",
    "zaloguj",
    "войти",
];

const MISSING: [&str; 22] = [
    "page not found",
    "page could not be found",
    "page cannot be found",
    "page can't be found",
    "page can’t be found",
    "page doesn't exist",
    "page doesn’t exist",
    "page does not exist",
    "page isn't available",
    "page isn’t available",
    "page is not available",
    "page no longer exists",
    "content isn't available",
    "content isn’t available",
    "content not found",
    "404 not found",
    "seite nicht gefunden",
    "page introuvable",
    "página no encontrada",
    "página não encontrada",
    "pagina non trovata",
    "pagina niet gevonden",
];

/// A guard's page has little to read, and so has a consent wall; the longest seen had some 2,000 characters.
const WALL_TEXT: usize = 2_500;
/// An error page often carries the site's whole navigation.
const ERROR_TEXT: usize = 8_000;
/// A page that sends its readers elsewhere says little more than that.
const REFRESH_TEXT: usize = 300;
/// Less than this, and scripts besides, is no document.
const SHELL_TEXT: usize = 60;

/// What stands in the document's place, if it is not the document.
///
/// ```
/// use policy::wall::{Answer, Wall, wall};
/// let url = "https://example.com/privacy".parse().unwrap();
/// let body = "<title>Just a moment...</title><p>Checking the connection.";
/// let answer = Answer { declared: &url, url: &url, status: 403, headers: &[], body };
/// assert!(matches!(wall(&answer), Some(Wall::Bot(_))));
/// ```
pub fn wall(answer: &Answer) -> Option<Wall> {
    if header(answer, "cf-mitigated").is_some_and(|value| value.eq_ignore_ascii_case("challenge")) {
        return Some(Wall::Bot("Cloudflare"));
    }
    if header(answer, "x-amzn-waf-action").is_some() {
        return Some(Wall::Bot("AWS WAF"));
    }
    if answer.body.trim_start().is_empty() {
        return None;
    }
    let page = skim(answer.body, ERROR_TEXT);
    let short = page.length < WALL_TEXT;
    let ok = (200..300).contains(&answer.status);
    let refused = matches!(answer.status, 403 | 429 | 503);
    if short && (ok || refused || answer.status == 405) {
        // Scripts of a guard stand in ordinary pages too, so a mark in the markup counts only
        // where the page has next to nothing to say.
        let raw = if page.length < 800 || refused { answer.body.to_ascii_lowercase() } else { String::new() };
        let mark = BOT_MARKS.iter().find(|(mark, _)| raw.contains(mark) || page.text.contains(mark));
        if let Some((_, guard)) = mark {
            return Some(Wall::Bot(guard));
        }
        if BOT_TITLES.iter().any(|title| page.title.starts_with(title)) {
            return Some(Wall::Bot("a check for robots"));
        }
    }
    if !ok {
        return None;
    }
    if fell_to_front(answer.declared, answer.url) {
        return Some(Wall::FrontPage);
    }
    let heading_says_missing =
        MISSING.iter().any(|words| page.title.contains(words) || page.heading.contains(words));
    if page.length < ERROR_TEXT && (heading_says_missing || is_error_number(&page.title)) {
        return Some(Wall::Missing);
    }
    if !short {
        return None;
    }
    let at = format!("{}{}", answer.url.host_str().unwrap_or(""), answer.url.path()).to_lowercase();
    let moved = answer.url != answer.declared;
    let titled_login = LOGIN_TITLES.iter().any(|title| page.title.starts_with(title));
    let login_address = moved
        && ["login", "signin", "sign_in", "sign-in", "accounts.", "/auth", "sso."]
            .iter()
            .any(|part| at.contains(part));
    if login_address || (page.password && (titled_login || page.length < 600)) {
        return Some(Wall::Login);
    }
    let asks = CONSENT_MARKS.iter().filter(|mark| page.text.contains(*mark)).count();
    let consent_address = moved && (at.starts_with("consent.") || at.contains("/consent"));
    if consent_address || (asks >= 2 && page.length < 1_500 && page.text.contains("cookie")) {
        return Some(Wall::Consent);
    }
    if page.scripts && page.length < SHELL_TEXT {
        return Some(Wall::Shell);
    }
    None
}

/// Where a page without anything to read sends its readers (`<meta http-equiv="refresh">`), as written.
///
/// ```
/// let body = r#"<meta http-equiv="refresh" content="0; url=/en/privacy"><p>This page has moved."#;
/// assert_eq!(policy::wall::refresh(body).unwrap(), "/en/privacy");
/// ```
pub fn refresh(body: &str) -> Option<String> {
    let page = skim(body, REFRESH_TEXT);
    page.refresh.filter(|_| page.length < REFRESH_TEXT)
}

fn header<'a>(answer: &Answer<'a>, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// A page inside a site that now leads to its front page, or to a front page by language.
fn fell_to_front(declared: &Url, url: &Url) -> bool {
    let host = |url: &Url| url.host_str().unwrap_or("").trim_start_matches("www.").to_owned();
    let path = url.path().trim_matches('/');
    let language = path.len() == 2 || (path.len() == 5 && matches!(path.as_bytes()[2], b'-' | b'_'));
    let front = (path.is_empty() || language) && url.query().is_none();
    // The declared page may itself be a front page, of a site or of a language.
    front && declared.path().trim_matches('/').len() > 5 && host(declared) == host(url)
}

fn is_error_number(title: &str) -> bool {
    let title = title.trim_start_matches("error").trim_start();
    ["404", "410"].iter().any(|number| {
        title.strip_prefix(number).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    })
}

#[cfg(test)]
mod tests;
