//! Walls in our own words, and the near misses that must stay documents.

use super::*;

const LONG: &str =
    "<p>We collect the data that you give us, and we keep it for as long as your account is open. ";

fn verdict(declared: &str, url: &str, status: u16, body: &str) -> Option<Wall> {
    let (declared, url) = (Url::parse(declared).unwrap(), Url::parse(url).unwrap());
    wall(&Answer { declared: &declared, url: &url, status, headers: &[], body })
}

fn check(body: &str, expected: Option<Wall>) {
    let url = "https://example.com/legal/privacy";
    assert_eq!(verdict(url, url, 200, body), expected, "{body:.200}");
}

#[test]
fn guards_are_named() {
    check(
        "<title>Just a moment...</title><script>window._cf_chl_opt={}</script>",
        Some(Wall::Bot("Cloudflare")),
    );
    check("<iframe src='/_Incapsula_Resource?x=1'></iframe>", Some(Wall::Bot("Imperva Incapsula")));
    check("<p>Please verify you are human to go on.", Some(Wall::Bot("a check for robots")));
    check("<title>Access Denied</title><p>No.", Some(Wall::Bot("a check for robots")));
}

#[test]
fn a_guard_shows_in_a_header() {
    let url = Url::parse("https://example.com/privacy").unwrap();
    let headers = [("CF-Mitigated".to_owned(), "challenge".to_owned())];
    let answer = Answer { declared: &url, url: &url, status: 403, headers: &headers, body: "" };
    assert_eq!(wall(&answer), Some(Wall::Bot("Cloudflare")));
}

#[test]
fn a_document_behind_a_guard_stays_a_document() {
    let body = format!(
        "<title>Privacy policy</title><script src=/cdn-cgi/challenge-platform/x.js>cf-chl-</script>{}\
         <p>We use a captcha to verify you are human.",
        LONG.repeat(60)
    );
    check(&body, None);
}

#[test]
fn a_consent_wall_is_told_from_a_banner() {
    let wall = "<h1>Before you continue</h1><p>We use cookies.<button>Accept all</button><button>Reject all</button>";
    check(wall, Some(Wall::Consent));
    check(&format!("{wall}{}", LONG.repeat(60)), None);
}

#[test]
fn a_login_page_is_told_from_a_login_form_in_a_header() {
    let form = "<form><input name=user><input type=\"password\"></form>";
    check(&format!("<title>Log in · Courier</title>{form}"), Some(Wall::Login));
    check(&format!("<title>Privacy</title>{form}{}", LONG.repeat(60)), None);
    assert_eq!(
        verdict("https://example.com/privacy", "https://example.com/login?next=/privacy", 200, "<p>Hello"),
        Some(Wall::Login)
    );
}

#[test]
fn soft_404s() {
    check("<title>Page not found | Courier</title><nav>Home</nav>", Some(Wall::Missing));
    check("<title>404</title><p>Oops", Some(Wall::Missing));
    check("<title>Courier</title><h1>Seite nicht gefunden</h1>", Some(Wall::Missing));
    check(&format!("<title>Help</title><p>If you see “page not found”, write to us.{LONG}"), None);
    check(&format!("<title>4040 terms</title>{LONG}"), None);
}

#[test]
fn a_redirect_to_the_front_page_is_a_soft_404() {
    let to = |url| verdict("https://example.com/legal/privacy", url, 200, LONG);
    assert_eq!(to("https://example.com/"), Some(Wall::FrontPage));
    assert_eq!(to("https://www.example.com/en-us/"), Some(Wall::FrontPage));
    assert_eq!(to("https://privacy.example.com/"), None);
    assert_eq!(to("https://example.com/en/legal/privacy"), None);
    assert_eq!(verdict("https://example.com/", "https://example.com/en/", 200, LONG), None);
}

#[test]
fn a_shell_is_not_a_document_but_a_short_page_is() {
    check(
        "<html><script src=app.js></script><div id=root></div><noscript>Enable JavaScript.</noscript>",
        Some(Wall::Shell),
    );
    check("<p>We do not sell data.", None);
}

#[test]
fn plain_errors_are_no_walls() {
    let url = "https://example.com/privacy";
    assert_eq!(verdict(url, url, 404, "<title>Page not found</title>"), None);
    assert_eq!(verdict(url, url, 500, "<title>Oops</title>"), None);
    assert_eq!(verdict(url, url, 503, "<p>Back soon."), None);
}
