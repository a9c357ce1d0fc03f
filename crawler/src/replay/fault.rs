//! The faults that a server may have, each with what comes of it. One table: the test plays it,
//! docs/faults.md is written from it.

use super::server::{Page, Reply, Request, Step};
use std::time::Duration;

/// One way to answer badly, or oddly.
pub struct Fault {
    /// Also the first label of the host that plays it.
    pub name: &'static str,
    /// What the server does.
    pub does: &'static str,
    /// How the capture is called: `key` or `key: why`.
    pub outcome: &'static str,
    /// A WARC record of the answer is kept.
    pub stored: bool,
    play: fn(&Request, u32) -> Reply,
    /// Where it is asked for; `{port}` stands for the server's port.
    pub url: Option<&'static str>,
}

/// The limits that the table is written for: small, so that the test is quick.
pub fn limits() -> crate::fetch::Limits {
    crate::fetch::Limits {
        lookup: Duration::from_secs(2),
        connect: Duration::from_secs(2),
        headers: Duration::from_secs(2),
        total: Duration::from_secs(3),
        body_bytes: 2 << 20,
        decoded_bytes: 4 << 20,
        redirects: 5,
        ..crate::fetch::Limits::default()
    }
}

impl Fault {
    /// What is answered to the `turn`th request (from 0) for anything but robots.txt.
    pub fn reply(&self, request: &Request, turn: u32) -> Reply {
        if request.target == "/robots.txt" && !self.name.starts_with("robots-") {
            return Page::new(404, "text/plain", "none").into();
        }
        (self.play)(request, turn)
    }

    /// The URL that plays it on a server at `port`.
    pub fn url(&self, port: u16) -> String {
        match self.url {
            Some(url) => url.replace("{port}", &port.to_string()),
            None => format!("http://{}.localhost:{port}/legal/policy", self.name),
        }
    }
}

/// A page worth keeping, in our own words.
pub const TEXT: &str = "<!doctype html><title>Privacy</title><main><h1>Privacy</h1>\
    <p>Courier encrypts every chat end to end, by default. We do not sell your data.</p></main>";

fn ok() -> Reply {
    Page::html(TEXT).into()
}

fn send(text: impl Into<Vec<u8>>) -> Reply {
    Reply::Raw(vec![Step::Send(text.into())])
}

fn raw(head: &str, body: &[u8]) -> Reply {
    let mut message = head.replace('\n', "\r\n").into_bytes();
    message.extend_from_slice(b"\r\n\r\n");
    message.extend_from_slice(body);
    send(message)
}

fn to(location: &str) -> Reply {
    Page::new(302, "text/html", "").with("Location", location).into()
}

fn status(status: u16) -> Reply {
    Page::new(status, "text/html", format!("<title>{status}</title><p>Status {status}.")).into()
}

fn encoded(encoding: &str, body: Vec<u8>) -> Reply {
    Page::html(body).with("Content-Encoding", encoding).into()
}

fn robots(request: &Request, answer: fn() -> Reply) -> Reply {
    if request.target == "/robots.txt" { answer() } else { ok() }
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// `TEXT` in gzip, made once with level 9 and no name or date.
const GZIP: &[u8] = include_bytes!("data/text.gz");
const BROTLI: &[u8] = include_bytes!("data/text.br");
const ZSTD: &[u8] = include_bytes!("data/text.zst");
const DEFLATE: &[u8] = include_bytes!("data/text.zz");
/// 64 MB of zeros, twice compressed on disk: gzip whose content is gzip.
const BOMB: &[u8] = include_bytes!("data/bomb.gz");

macro_rules! faults {
    ($($name:literal $does:literal => $outcome:literal $stored:literal $(at $url:literal)? , $play:expr;)*) => {
        /// Every fault we play.
        pub const FAULTS: &[Fault] = &[$(Fault {
            name: $name,
            does: $does,
            outcome: $outcome,
            stored: $stored,
            play: $play,
            url: faults!(@url $($url)?),
        }),*];
    };
    (@url) => { None };
    (@url $url:literal) => { Some($url) };
}

faults! {
    // Odd, but the document came.
    "ok" "answers well" => "fetched" true, |_, _| ok();
    "gzip" "compresses with gzip" => "fetched" true, |_, _| encoded("gzip", GZIP.to_vec());
    "brotli" "compresses with br" => "fetched" true, |_, _| encoded("br", BROTLI.to_vec());
    "zstd" "compresses with zstd" => "fetched" true, |_, _| encoded("zstd", ZSTD.to_vec());
    "deflate" "compresses with deflate" => "fetched" true, |_, _| encoded("deflate", DEFLATE.to_vec());
    "no-length" "says no length and closes" => "fetched" true,
        |_, _| raw("HTTP/1.1 200 OK\nContent-Type: text/html", TEXT.as_bytes());
    "http10" "speaks HTTP/1.0" => "fetched" true,
        |_, _| raw("HTTP/1.0 200 OK\nContent-Type: text/html", TEXT.as_bytes());
    "chunked" "sends chunks and a trailer" => "fetched" true,
        |_, _| raw("HTTP/1.1 200 OK\nContent-Type: text/html\nTransfer-Encoding: chunked", &chunks(TEXT, "X-Sum: 1\r\n\r\n"));
    "bytes-after-end" "sends bytes after the end" => "fetched" true,
        |_, _| raw(&format!("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: {}", TEXT.len()), format!("{TEXT}SMUGGLED").as_bytes());
    "length-and-chunked" "gives a length and chunks too" => "fetched" true,
        |_, _| raw("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 5\nTransfer-Encoding: chunked", &chunks(TEXT, "\r\n"));
    "no-type" "names no content type" => "fetched" true,
        |_, _| raw(&format!("HTTP/1.1 200 OK\nContent-Length: {}", TEXT.len()), TEXT.as_bytes());
    "odd-type" "names a content type that is none" => "failed: not a document: html" true,
        |_, _| Page::new(200, "html", TEXT).into();
    "bad-charset" "says UTF-8 and sends bytes that are not" => "fetched" true,
        |_, _| Page::html([TEXT.as_bytes(), b"<p>caf\xe9 \xff\xfe\x80</p>"].concat()).into();
    "utf16" "sends UTF-16 with a mark" => "fetched" true,
        |_, _| Page::new(200, "text/html", utf16(TEXT)).into();
    "gb18030" "sends gb18030 as its meta says" => "fetched" true,
        |_, _| Page::new(200, "text/html", [b"<meta charset=gb18030>", TEXT.as_bytes(), b"<p>\xd2\xfe\xcb\xbd\xd5\xfe\xb2\xdf</p>"].concat()).into();
    "charset-conflict" "names one charset in the header, another in the page" => "fetched" true,
        |_, _| Page::new(200, "text/html; charset=iso-8859-1", [b"<meta charset=utf-8>", TEXT.as_bytes(), b"<p>caf\xe9</p>"].concat()).into();
    "continues" "says `100 Continue` 50 times first" => "fetched" true,
        |_, _| send(["HTTP/1.1 100 Continue\r\n\r\n".repeat(50), well(TEXT)].concat());
    "plain-text" "sends plain text" => "fetched" true, |_, _| Page::new(200, "text/plain", "We do not sell your data.").into();
    "pdf" "sends a PDF" => "fetched" true, |_, _| Page::new(200, "application/pdf", "%PDF-1.7\n%\u{0}\n").into();
    "deep" "nests 100,000 elements" => "fetched" true, |_, _| Page::html(format!("{TEXT}{}", "<div>".repeat(100_000))).into();
    "long-line" "sends one line of 1.9 MB" => "fetched" true, |_, _| Page::html(format!("{TEXT}<p>{}", "word ".repeat(380_000))).into();
    "odd-signs" "has NUL references and bidi marks in its title" => "fetched" true,
        |_, _| Page::html(format!("<title>&#0;\u{202e}ycavirP</title>{TEXT}")).into();
    "once-503" "is busy once, then answers" => "fetched" true, |_, turn| if turn == 0 { status(503) } else { ok() };
    "once-reset" "resets once, then answers" => "fetched" true,
        |_, turn| if turn == 0 { Reply::Raw(vec![Step::Reset]) } else { ok() };
    "redirect" "redirects within its host" => "fetched" true,
        |request, _| if request.target == "/legal/policy" { to("/legal/privacy-policy") } else { ok() };
    "refresh" "redirects by a `meta` in its page" => "fetched" true,
        |request, _| if request.target == "/legal/policy" { Page::html("<meta http-equiv=refresh content='0; url=/en/policy'><p>Moved.").into() } else { ok() };
    "redirect-space" "redirects to an address with a space" => "fetched" true,
        |request, _| if request.target == "/legal/policy" { to("/legal/our policy") } else { ok() };
    "sets-cookies" "sets cookies" => "fetched" true, |_, _| Page::html(TEXT).with("Set-Cookie", "id=1; Path=/").into();

    // No answer, or none in time.
    "no-answer" "closes without a word" => "failed: connection closed before an answer" false, |_, _| Reply::Raw(vec![]);
    "silent" "never says a word" => "failed: no complete head within 2 s" false, |_, _| Reply::Raw(vec![Step::Wait(seconds(30.0))]);
    "slow-head" "sends its head at 3 bytes a second" => "failed: no complete head within 2 s" false,
        |_, _| Reply::Raw(vec![Step::Drip(well(TEXT).into_bytes(), seconds(0.3))]);
    "slow-body" "sends its body at 3 bytes a second" => "failed: no complete body within 3 s" false,
        |_, _| Reply::Raw(vec![Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n".to_vec()), Step::Drip(TEXT.into(), seconds(0.3))]);
    "reset" "resets the connection" => "failed: connection reset" false, |_, _| Reply::Raw(vec![Step::Reset]);
    "reset-in-body" "resets in the midst of the body" => "failed: connection reset" false,
        |_, _| Reply::Raw(vec![Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<p>".to_vec()), Step::Wait(seconds(0.3)), Step::Reset]);
    "short-body" "closes before the length it gave" => "failed: body cut short" false,
        |_, _| raw("HTTP/1.1 200 OK\nContent-Length: 5000", TEXT.as_bytes());
    "closed-port" "is not there" => "failed: connection refused" false at "http://127.0.0.1:1/legal/policy", |_, _| ok();

    // Too much.
    "endless-body" "never stops sending" => "failed: body too large: more than 2097152 bytes" false,
        |_, _| Reply::Raw(vec![Step::Send(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()), Step::Endless(vec![b'x'; 65_536])]);
    "huge-length" "announces 50 MB" => "failed: body too large: more than 2097152 bytes" false,
        |_, _| raw("HTTP/1.1 200 OK\nContent-Length: 50000000", b"<p>");
    "endless-head" "never stops sending header fields" => "failed: head too large: more than 131072 bytes or 128 fields" false,
        |_, _| Reply::Raw(vec![Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec()), Step::Endless(b"X-More: and more\r\n".repeat(500))]);
    "large-field" "sends a header field of 300 kB" => "failed: head too large: more than 131072 bytes or 128 fields" false,
        |_, _| raw(&format!("HTTP/1.1 200 OK\nX-Large: {}\nContent-Length: 0", "x".repeat(300_000)), b"");
    "many-fields" "sends 200 header fields" => "failed: head too large: more than 131072 bytes or 128 fields" false,
        |_, _| raw(&format!("HTTP/1.1 200 OK\nContent-Length: 0{}", "\nX-A: b".repeat(200)), b"");
    "bomb" "sends 64 MB of nothing in gzip" => "failed: the body decodes to more than 4194304 bytes" true,
        |_, _| encoded("gzip, gzip", BOMB.to_vec());

    // Not HTTP.
    "odd-status" "gives the status 999999" => "failed: not HTTP: the head cannot be read" false, |_, _| raw("HTTP/1.1 999999 Many\nContent-Length: 0", b"");
    "http09" "answers as in 1991" => "failed: not HTTP: the head cannot be read" false, |_, _| send(TEXT);
    "nul-in-head" "has a NUL in its head" => "failed: not HTTP: the head cannot be read" false, |_, _| raw("HTTP/1.1 200 OK\nX-A: \0", b"");
    "two-lengths" "gives two lengths" => "failed: not HTTP: the head cannot be read" false,
        |_, _| raw("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 50", TEXT.as_bytes());
    "negative-length" "gives a length below nothing" => "failed: not HTTP: the head cannot be read" false,
        |_, _| raw("HTTP/1.1 200 OK\nContent-Length: -5", TEXT.as_bytes());
    "bad-chunk" "gives a chunk size that is no number" => "failed: body framing is damaged" false,
        |_, _| raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"xyz\r\n<p>\r\n0\r\n\r\n");
    "large-chunk" "gives a chunk size that no number holds" => "failed: body framing is damaged" false,
        |_, _| raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"ffffffffffffffffff\r\n<p>\r\n0\r\n\r\n");
    "cut-chunk" "closes in the midst of a chunk" => "failed: body cut short" false,
        |_, _| raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"ff\r\n<p>cut");
    "not-gzip" "says gzip and sends plain text" => "failed: the body is not valid gzip" true, |_, _| encoded("gzip", TEXT.into());
    "cut-gzip" "sends half of a gzip stream" => "failed: the body is not valid gzip" true,
        |_, _| encoded("gzip", GZIP[..GZIP.len() / 2].to_vec());
    "stacked" "stacks four encodings" => "failed: 4 content encodings are stacked, the limit is 3" true,
        |_, _| encoded("gzip, br, gzip, br", TEXT.into());
    "unknown-encoding" "uses an encoding nobody knows" => "failed: content encoding `sdch` is not known" true,
        |_, _| encoded("sdch", TEXT.into());
    "switching" "wants to switch protocols" => "failed: 101" true, |_, _| raw("HTTP/1.1 101 Switching Protocols\nConnection: upgrade\nUpgrade: websocket", b"");

    // Redirects.
    "loop" "redirects to itself" => "failed: redirect loop" false, |_, _| to("/legal/policy");
    "refresh-loop" "redirects to itself by a `meta`" => "failed: redirect loop" false,
        |_, _| Page::html("<meta http-equiv=refresh content='0; url=/legal/policy'>").into();
    "refresh-private" "redirects to 10.0.0.1 by a `meta`" => "failed: address refused: 10.0.0.1 is not public: private" false,
        |_, _| Page::html("<meta http-equiv=refresh content='0; url=http://10.0.0.1/'>").into();
    "loop-of-two" "redirects to and fro" => "failed: redirect loop" false,
        |request, _| to(if request.target == "/a" { "/legal/policy" } else { "/a" });
    "chain" "redirects on and on" => "failed: more than 5 redirects" false, |_, turn| to(&format!("/step/{turn}"));
    "no-location" "redirects without saying where" => "failed: 302 without a Location" false, |_, _| status(302);
    "bad-location" "redirects to what is no address" => "failed: redirect to what is no address" false, |_, _| to("http://[::1");
    "to-loopback" "redirects to 127.0.0.2" => "failed: address refused: 127.0.0.2 is not public: loopback" false, |_, _| to("http://127.0.0.2/");
    "to-metadata" "redirects to a cloud's metadata" => "failed: address refused: 169.254.169.254 is not public: link-local" false,
        |_, _| to("http://169.254.169.254/latest/meta-data/");
    "to-file" "redirects to a file" => "failed: address refused: `file:` is not http or https" false, |_, _| to("file:///etc/passwd");
    "to-v6-loopback" "redirects to [::1]" => "failed: address refused: [::1] is not public: loopback" false, |_, _| to("http://[::1]/");
    "to-mapped" "redirects to a mapped address" => "failed: address refused: [::ffff:a00:1] is not public: IPv4-mapped" false,
        |_, _| to("http://[::ffff:10.0.0.1]/");
    "to-decimal" "redirects to 2130706433" => "failed: address refused: 127.0.0.1 is not public: loopback" false, |_, _| to("http://2130706433/");
    "to-hexadecimal" "redirects to 0x7f.2" => "failed: address refused: 127.0.0.2 is not public: loopback" false, |_, _| to("http://0x7f.2/");
    "to-nat64" "redirects to a NAT64 address" => "failed: address refused: [64:ff9b::7f00:1] is not public: NAT64" false,
        |_, _| to("http://[64:ff9b::7f00:1]/");
    "to-user" "redirects to an address with a user" => "failed: address refused: the address holds a user name or password" false,
        |_, _| to("http://user:pass@example.com/");
    "to-script" "redirects to a script" => "failed: address refused: `javascript:` is not http or https" false, |_, _| to("javascript:alert(1)");
    "to-localhost" "redirects to `localhost.`" => "failed: address refused: localhost. is not public: loopback" false, |_, _| to("http://localhost./");
    "to-zero" "redirects to 0" => "failed: address refused: 0.0.0.0 is not public: this network" false, |_, _| to("http://0/");
    "to-port" "redirects to an odd port" => "failed: address refused: port 25 is neither 80 nor 443 nor the declared one" false,
        |_, _| to("http://example.com:25/");
    "to-ftp" "redirects to ftp" => "failed: address refused: `ftp:` is not http or https" false, |_, _| to("ftp://example.com/");
    "to-rebound" "redirects to a name that leads into a private network" => "failed: address refused: rebind.test (10.0.0.8) is not public: private" false,
        |_, _| to("http://rebind.test/");
    "to-mixed" "redirects to a name with a public and a private address" => "failed: address refused: mixed.test (192.168.0.1) is not public: private" false,
        |_, _| to("http://mixed.test/");
    "private-name" "is a name that leads into a private network" => "failed: address refused: rebind.test (10.0.0.8) is not public: private" false
        at "http://rebind.test/legal/policy", |_, _| ok();
    "unknown-host" "has a name that nobody knows" => "failed: the name `unknown.test` cannot be looked up" false at "http://unknown.test/legal/policy", |_, _| ok();
    "ftp" "is declared with ftp" => "failed: address refused: `ftp:` is not http or https" false at "ftp://example.com/legal/policy", |_, _| ok();

    // Statuses.
    "too-many" "says 429, come back in an hour" => "failed: 429: too many requests" true,
        |_, _| Page::new(429, "text/plain", "slow down").with("Retry-After", "3600").into();
    "busy-until" "says 503 until a date" => "failed: 503" true,
        |_, _| Page::new(503, "text/plain", "busy").with("Retry-After", "Fri, 31 Dec 2100 23:59:59 GMT").into();
    "busy-rubbish" "says 503 until `soon`" => "failed: 503" true,
        |_, _| Page::new(503, "text/plain", "busy").with("Retry-After", "soon").into();
    "not-found" "says 404" => "gone: 404" true, |_, _| status(404);
    "gone" "says 410" => "gone: 410" true, |_, _| status(410);
    "unauthorised" "says 401" => "refused: 401" true, |_, _| status(401);
    "forbidden" "says 403" => "refused: 403" true, |_, _| status(403);
    "legal" "says 451" => "refused: 451" true, |_, _| status(451);
    "broken" "says 500" => "failed: 500" true, |_, _| status(500);
    "no-content" "says 204" => "failed: 204" true, |_, _| raw("HTTP/1.1 204 No Content", b"");
    "partial" "sends a part unasked" => "failed: 206: a part of the document, which we did not ask for" true,
        |_, _| Page::new(206, "text/html", TEXT).with("Content-Range", "bytes 0-9/900").into();
    "not-modified" "says 304 though nothing was asked" => "failed: 304 to a request without conditions" false,
        |_, _| raw("HTTP/1.1 304 Not Modified", b"");

    // Not the document.
    "empty" "sends nothing under 200" => "failed: empty body" true, |_, _| Page::html("").into();
    "blank" "sends white space under 200" => "failed: empty body" true, |_, _| Page::html(" \n\t ").into();
    "json" "sends JSON" => "failed: not a document: application/json" true, |_, _| Page::new(200, "application/json", "{}").into();
    "binary" "sends an image's bytes" => "failed: not a document: image/png" true, |_, _| Page::new(200, "image/png", b"\x89PNG\r\n\x1a\n\0\0".to_vec()).into();
    "binary-html" "calls binary bytes HTML" => "failed: not a document: text/html with bytes that are no text" true,
        |_, _| Page::html(b"\0\x01\x02\x03".to_vec()).into();
    "cloudflare" "sends a guard's challenge, 403" => "blocked: bot wall: Cloudflare" true,
        |_, _| Page::new(403, "text/html", "<title>Just a moment...</title><script>window._cf_chl_opt={}</script>").into();
    "cloudflare-503" "sends a guard's challenge, 503" => "blocked: bot wall: Cloudflare" true,
        |_, _| Page::new(503, "text/html", "<title>Hold on</title>").with("CF-Mitigated", "challenge").into();
    "incapsula" "sends a guard's stub under 200" => "blocked: bot wall: Imperva Incapsula" true,
        |_, _| Page::html("<html><iframe src=\"/_Incapsula_Resource?SWUDNSAI=1\"></iframe></html>").into();
    "captcha" "wants a captcha solved" => "blocked: bot wall: a check for robots" true,
        |_, _| Page::html("<title>One more step</title><p>Please verify you are human to continue.").into();
    "consent" "wants consent first" => "blocked: consent wall" true,
        |_, _| Page::html("<title>Courier</title><h1>Before you continue</h1><p>We use cookies.</p><button>Accept all</button><button>Reject all</button>").into();
    "login" "wants a login" => "blocked: login page" true,
        |_, _| Page::html("<title>Log in to Courier</title><form><input name=user><input type=password></form>").into();
    "to-login" "redirects to a login page" => "blocked: login page" true,
        |request, _| if request.target == "/legal/policy" { to("/login?next=/legal/policy") } else { Page::html("<title>Courier</title><p>Welcome back.").into() };
    "shell" "sends a shell for scripts" => "blocked: empty shell: the text is drawn by scripts, which needs a browser" true,
        |_, _| Page::html("<!doctype html><title>Courier</title><div id=root></div><script src=/app.js></script>").into();
    "soft-404" "says `not found` under 200" => "gone: soft 404: the page says that nothing is here" true,
        |_, _| Page::html("<title>Page not found · Courier</title><nav>Home Help About</nav>").into();
    "to-front" "redirects to its front page" => "gone: soft 404: redirected to the front page" true,
        |request, _| if request.target == "/legal/policy" { to("/") } else { ok() };

    // robots.txt.
    "robots-no" "forbids us" => "refused: robots.txt: `Disallow: /legal/` for `walkback`" false,
        |request, _| robots(request, || Page::new(200, "text/plain", "User-agent: walkback\nDisallow: /legal/\n").into());
    "robots-503" "is busy when asked for robots.txt" => "refused: robots.txt answered 503, which means no (RFC 9309)" false,
        |request, _| robots(request, || status(503));
    "robots-429" "says 429 when asked for robots.txt" => "refused: robots.txt answered 429, which means no (RFC 9309)" false,
        |request, _| robots(request, || status(429));
    "robots-silent" "never answers for robots.txt" => "failed: no complete head within 2 s" false,
        |request, _| robots(request, || Reply::Raw(vec![Step::Wait(seconds(30.0))]));
    "robots-html" "sends its front page for robots.txt" => "fetched" true, |request, _| robots(request, ok);
    "robots-403" "forbids robots.txt itself" => "fetched" true, |request, _| robots(request, || status(403));
    "robots-large" "sends a robots.txt of 10 MB, the rule at its end" => "fetched" true,
        |request, _| robots(request, || Page::new(200, "text/plain", format!("{}User-agent: *\nDisallow: /\n", "# filler\n".repeat(1_200_000))).into());
    "robots-loop" "redirects robots.txt in a circle" => "fetched" true, |request, _| robots(request, || to("/robots.txt"));
    "robots-to-private" "redirects robots.txt into a private network" => "failed: address refused: 10.0.0.1 is not public: private" false,
        |request, _| robots(request, || to("http://10.0.0.1/robots.txt"));
}

fn well(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn chunks(body: &str, trailer: &str) -> Vec<u8> {
    let (one, two) = body.split_at(40);
    format!("{:x}\r\n{one}\r\n{:x};ext=1\r\n{two}\r\n0\r\n{trailer}", one.len(), two.len()).into_bytes()
}

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}
