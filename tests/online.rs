//! `walkback check --online` against pages on loopback: which answer, which moved, which do not.

use crawler::replay::server::{Page, Request, Server};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

const TEXT: &str = "<title>Privacy</title><main><h1>Privacy</h1><p>We do not sell your data to anyone, and we do not \
    share it with advertisers, with brokers or with anybody else who would like to have it.</p><p>Letters are \
    encrypted on your device, and only the person you write to can open them again; we keep no copy.</p></main>";

/// Exit code, standard output, standard error.
fn check(data: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walkback"));
    let output =
        command.args(["check", "--online"]).args(arguments).arg("--data").arg(data).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A data folder with one service of these policies: name, URL, further fields.
fn declare(policies: &[(&str, String, &str)]) -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    std::fs::create_dir(data.path().join("declarations")).unwrap();
    std::fs::write(
        data.path().join("crawler.toml"),
        "gap_seconds = 0\ncontact = 'https://example.org/bot'\n",
    )
    .unwrap();
    let terms: Vec<String> = policies
        .iter()
        .map(|(name, url, more)| format!(r#""{name}": {{ "fetch": "{url}"{more} }}"#))
        .collect();
    let json = format!(r#"{{ "name": "Courier", "terms": {{ {} }} }}"#, terms.join(", "));
    std::fs::write(data.path().join("declarations/Courier.json"), json).unwrap();
    data
}

#[test]
fn each_address_is_asked_once_and_said_to_answer_or_not() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&asked);
    let script = move |request: &Request| {
        note.lock().unwrap().push(request.target.clone());
        match request.target.as_str() {
            "/robots.txt" => Page::new(200, "text/plain", "User-agent: *\nDisallow: /private\n"),
            "/old" => Page::new(301, "text/html", "").with("Location", "/privacy"),
            "/privacy" | "/rebuilt" | "/private" => Page::html(TEXT),
            _ => Page::new(404, "text/html", "nothing here"),
        }
        .into()
    };
    let server = Server::start(1, Arc::new(script)).unwrap();
    let at = |path: &str| format!("http://{}{path}", server.address());
    let data = declare(&[
        ("Privacy Policy", at("/privacy"), ""),
        ("Privacy Notice", at("/privacy"), r#", "select": "main""#),
        ("Terms of Service", at("/old"), ""),
        ("Security", at("/rebuilt"), r#", "select": ".content""#),
        ("Cookies", at("/cookies"), ""),
        ("Guidelines", at("/private"), ""),
    ]);

    let (code, out, _) = check(data.path(), &[]);
    assert_eq!(code, Some(1), "{out}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 5, "{out}");
    assert!(lines[0].starts_with("gone        Courier / Cookies"), "{out}");
    assert!(lines[0].ends_with("/cookies: 404"), "{out}");
    assert!(lines[1].starts_with("refused     Courier / Guidelines") && lines[1].contains("robots"), "{out}");
    assert!(lines[2].starts_with("unread      Courier / Security") && lines[2].contains(".content"), "{out}");
    assert!(lines[3].starts_with("redirected  Courier / Terms of Service"), "{out}");
    assert!(lines[3].ends_with(&format!("{} -> {}", at("/old"), at("/privacy"))), "{out}");
    assert_eq!(lines[4], "6 declared addresses: 2 answer, 1 redirected, 1 unread, 1 refused, 1 gone");
    let mut targets = std::mem::take(&mut *asked.lock().unwrap());
    targets.sort();
    assert_eq!(
        targets,
        ["/cookies", "/old", "/privacy", "/privacy", "/rebuilt", "/robots.txt"],
        "robots.txt is heeded, and a page of two policies asked for once (and once after the redirect)"
    );
    assert!(!data.path().join("archive").exists(), "nothing is stored");

    let (code, out, _) = check(data.path(), &["--json"]);
    assert_eq!(code, Some(1));
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 7, "six addresses and the counts: {out}");
    assert_eq!((&lines[0]["state"], &lines[0]["policy"]), (&"gone".into(), &"Cookies".into()));
    assert_eq!(lines[0]["status"], 404);
    assert_eq!(lines[3]["url"], at("/privacy"));
    assert_eq!(lines[6]["summary"]["answers"], 2);
}

#[test]
fn a_redirect_answers_and_so_do_the_services_asked_for() {
    let script = |request: &Request| match request.target.as_str() {
        "/old" => Page::new(308, "text/html", "").with("Location", "/new").into(),
        "/new" => Page::html(TEXT).into(),
        _ => Page::new(404, "text/plain", "").into(),
    };
    let server = Server::start(1, Arc::new(script)).unwrap();
    let data = declare(&[("Privacy Policy", format!("http://{}/old", server.address()), "")]);
    let pigeon = format!(
        r#"{{ "name": "Pigeon", "terms": {{ "Terms": {{ "fetch": "http://{}/gone" }} }} }}"#,
        server.address()
    );
    std::fs::write(data.path().join("declarations/Pigeon.json"), pigeon).unwrap();

    let (code, out, _) = check(data.path(), &["--service", "courier"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("/old -> http://") && out.ends_with("1 declared address: 1 redirected\n"), "{out}");
    assert_eq!(check(data.path(), &[]).0, Some(1), "Pigeon's page is gone");
    let (code, _, err) = check(data.path(), &["--service", "Raven"]);
    assert!(code == Some(2) && err.contains("no declaration is called `Raven`"), "{err}");
}

#[test]
fn without_a_network_one_plain_line_says_so() {
    // By RFC 6761 no name under `invalid` is ever found.
    let data = declare(&[("Privacy Policy", "https://courier.invalid/privacy".to_owned(), "")]);
    let (code, out, err) = check(data.path(), &["--quiet"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.starts_with("walkback: no network"), "{err}");
}
