//! A local server: the built site's files, and the native search as JSON.

use crate::search::{Answer, Index, Query};
use axum::extract::{Query as Parameters, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use policy::id::Digest;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is served, and from where.
pub struct Served {
    /// The folder of the built site.
    pub site: PathBuf,
    /// The native index; without it `/api/search` says that there is none.
    pub index: Option<Index>,
}

/// Archived text is shown, never run: only the site's own files may be loaded or executed.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// The routes: `/api/search?q=…&limit=…`, and the site's files at every other path.
pub fn router(served: Served) -> Router {
    Router::new().route("/api/search", get(search)).fallback(file).with_state(Arc::new(served))
}

/// Serves until interrupted; `listening` learns the address, which differs from `listen` where its port is 0.
pub fn run(listen: SocketAddr, served: Served, listening: impl FnOnce(SocketAddr)) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen).await?;
        listening(listener.local_addr()?);
        let stop = async {
            let _ = tokio::signal::ctrl_c().await;
        };
        serve(listener, served, stop).await
    })
}

/// Serves until `stop` resolves.
pub async fn serve(
    listener: tokio::net::TcpListener,
    served: Served,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(served)).with_graceful_shutdown(stop).await
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    limit: Option<usize>,
}

/// An API answer is at most this long.
const MOST_HITS: usize = 500;

async fn search(State(served): State<Arc<Served>>, Parameters(asked): Parameters<Asked>) -> Response {
    let said = |status: StatusCode, error: String| {
        guarded((status, Json(serde_json::json!({ "error": error }))).into_response())
    };
    if served.index.is_none() {
        let remedy = "there is no search index: run `walkback build`, then serve again";
        return said(StatusCode::SERVICE_UNAVAILABLE, remedy.into());
    }
    let limit = asked.limit.unwrap_or(20).min(MOST_HITS);
    let answered = tokio::task::spawn_blocking(move || {
        let query = Query::parse(&asked.q);
        served.index.as_ref().map(|index| index.search(&query, limit))
    });
    match answered.await {
        Ok(Some(Ok(answer))) => guarded(Json::<Answer>(answer).into_response()),
        Ok(Some(Err(error))) => said(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        _ => said(StatusCode::INTERNAL_SERVER_ERROR, "the search was cut short".into()),
    }
}

async fn file(State(served): State<Arc<Served>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return guarded((StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n").into_response());
    }
    let Some(path) = inside(&served.site, uri.path()) else {
        return missing(&served.site).await;
    };
    match tokio::fs::metadata(&path).await {
        // A page's links are relative to its folder: without the last slash they would lead astray.
        Ok(found) if found.is_dir() && !uri.path().ends_with('/') => {
            // `//host/…` would leave this server.
            let to = format!("/{}/", uri.path().trim_matches('/'));
            let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
            if let Ok(to) = HeaderValue::from_str(&format!("{to}{query}")) {
                response.headers_mut().insert(header::LOCATION, to);
            }
            guarded(response)
        }
        Ok(found) if found.is_dir() => send(&path.join("index.html"), &served.site, &headers).await,
        Ok(_) => send(&path, &served.site, &headers).await,
        Err(_) => missing(&served.site).await,
    }
}

/// The file that a path names; `None` for a path that would leave the folder or names what is hidden.
fn inside(site: &Path, path: &str) -> Option<PathBuf> {
    let mut file = site.to_owned();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let part = decoded(part)?;
        // A decoded part may hold a separator of its own; `..`, and `.git` and its like, are not served.
        if part.starts_with('.') || part.contains(['/', '\\', '\0', ':']) {
            return None;
        }
        file.push(part);
    }
    Some(file)
}

/// A path's part without percent signs.
fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        let digits =
            std::str::from_utf8(&digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

async fn send(path: &Path, site: &Path, asked: &HeaderMap) -> Response {
    // A link inside the folder may not lead out of it.
    let real = (tokio::fs::canonicalize(path).await, tokio::fs::canonicalize(site).await);
    let (Ok(real), Ok(site_real)) = real else { return missing(site).await };
    if !real.starts_with(site_real) {
        return missing(site).await;
    }
    let Ok(bytes) = tokio::fs::read(path).await else { return missing(site).await };
    let tag = format!("\"{}\"", Digest::of(&bytes).short(32));
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let unchanged = known.is_some_and(|known| {
        known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag || one.trim() == "*")
    });
    let mut response =
        if unchanged { StatusCode::NOT_MODIFIED.into_response() } else { bytes.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    headers.extend(HeaderValue::from_str(&tag).map(|tag| (header::ETAG, tag)));
    // Files of the search index are named by their content; all else may change with the next build.
    let lasting = path.extension().is_some_and(|extension| extension == "bin");
    let cache = if lasting { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    guarded(response)
}

async fn missing(site: &Path) -> Response {
    let page = tokio::fs::read(site.join("404.html")).await;
    let body =
        page.unwrap_or_else(|_| b"<!doctype html><title>Not found</title><p>There is no such page.".to_vec());
    let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    guarded((StatusCode::NOT_FOUND, html, body).into_response())
}

/// Headers that every answer carries.
fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn content_type(path: &Path) -> &'static str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "jsonl" => "application/jsonl",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "atom" => "application/atom+xml; charset=utf-8",
        "xml" => "application/xml; charset=utf-8",
        "opml" => "text/x-opml; charset=utf-8",
        "ics" => "text/calendar; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "bib" => "application/x-bibtex; charset=utf-8",
        "txt" | "md" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        "gz" => "application/gzip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<&str>) {
        let expected = expected.map(|rest| Path::new("/site").join(rest));
        assert_eq!(inside(Path::new("/site"), path), expected, "{path}");
    }

    #[test]
    fn no_path_leaves_the_folder() {
        check("/", Some(""));
        check("/a/b.html", Some("a/b.html"));
        check("//a//b", Some("a/b"));
        check("/a%20b", Some("a b"));
        check("/%E5%BE%AE", Some("微"));
        for path in [
            "/../x",
            "/a/../../x",
            "/%2e%2e/x",
            "/%2e%2E%2fx",
            "/a%2f..%2f..%2fx",
            "/..%5cx",
            "/a%00",
            "/.git/config",
            "/c%3a/x",
            "/%ff",
            "/%zz",
            "/%",
            "/%+1",
        ] {
            check(path, None);
        }
    }

    #[test]
    fn files_have_their_types() {
        assert_eq!(content_type(Path::new("x/feed.atom")), "application/atom+xml; charset=utf-8");
        assert_eq!(content_type(Path::new("x/0123.bin")), "application/octet-stream");
        assert_eq!(content_type(Path::new("LICENSE")), "application/octet-stream");
    }
}
