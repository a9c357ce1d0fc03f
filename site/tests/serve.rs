//! The local server, asked over loopback.

mod common;

use site::search::Index;
use site::serve::{Served, serve};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// Serves a small site and index until dropped.
struct Server {
    address: SocketAddr,
    _dir: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

fn server() -> Server {
    let dir = tempfile::tempdir().unwrap();
    let site = dir.path().join("site");
    std::fs::create_dir_all(site.join("about")).unwrap();
    std::fs::write(site.join("index.html"), "home").unwrap();
    std::fs::write(site.join("about/index.html"), "about").unwrap();
    std::fs::write(site.join("404.html"), "nothing here").unwrap();
    std::fs::write(site.join("all.atom"), "<feed/>").unwrap();
    std::fs::write(dir.path().join("secret"), "secret").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(dir.path().join("secret"), site.join("leak.txt")).unwrap();
    let (histories, events) = common::small();
    common::index(&dir.path().join("index"), &histories, &events);
    let index = Some(Index::open(&dir.path().join("index")).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(serve(listener, Served { site, index }, std::future::pending()));
    Server { address, _dir: dir, _runtime: runtime }
}

/// The whole answer to a request, headers and all.
fn ask(server: &Server, request: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[track_caller]
fn check(server: &Server, request: &str, expected: &[&str]) {
    let answer = ask(server, request, "");
    for part in expected {
        assert!(answer.contains(part), "{request}: no `{part}` in\n{answer}");
    }
    assert!(answer.contains("content-security-policy: default-src 'none'; script-src 'self';"), "{answer}");
    assert!(answer.contains("x-content-type-options: nosniff"), "{answer}");
}

#[test]
fn pages_and_files() {
    let server = server();
    check(&server, "GET /", &["200 OK", "text/html; charset=utf-8", "etag: \"", "home"]);
    check(&server, "GET /about/?q=1", &["200 OK", "about"]);
    check(&server, "GET /about?q=1", &["308", "location: /about/?q=1"]);
    check(&server, "GET //about", &["308", "location: /about/"]);
    check(&server, "GET /all.atom", &["200 OK", "application/atom+xml"]);
    check(&server, "GET /nowhere", &["404", "nothing here"]);
    check(&server, "POST /", &["405"]);
    assert!(ask(&server, "HEAD /", "").ends_with("\r\n\r\n"));
}

#[test]
fn nothing_outside_the_folder_is_served() {
    let server = server();
    for path in ["/../secret", "/%2e%2e/secret", "/about/..%2f..%2fsecret", "/leak.txt"] {
        let answer = ask(&server, &format!("GET {path}"), "");
        assert!(answer.contains("404") && !answer.contains("\r\n\r\nsecret"), "{path}: {answer}");
    }
}

#[test]
fn what_did_not_change_is_not_sent_again() {
    let server = server();
    let answer = ask(&server, "GET /", "");
    let tag = answer.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let again = ask(&server, "GET /", &format!("If-None-Match: \"x\", {tag}\r\n"));
    assert!(again.contains("304 Not Modified") && !again.contains("home"), "{again}");
}

#[test]
fn search_answers_with_json() {
    let server = server();
    let answer = ask(&server, "GET /api/search?q=never+sell&limit=1", "");
    assert!(answer.contains("application/json"), "{answer}");
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    let answer: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((&answer["total"], answer["hits"].as_array().unwrap().len()), (&2.into(), 1));
    check(&server, "GET /api/search?q=as-of:soon", &["200 OK", "names no date"]);
    check(&server, "GET /api/search", &["200 OK", "\"total\":0"]);
}
