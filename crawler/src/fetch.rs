//! One request, one answer, within limits. No redirects, no retries, no decoding: those are
//! decided one level up, where pace and robots.txt are known.

use crate::address::{Guarded, LookupError, Own, Refusal, admit};
use crate::settings::Settings;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::error::Error as StdError;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long an answer may take and how large it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// To look a name up.
    pub lookup: Duration,
    /// To connect, TLS included.
    pub connect: Duration,
    /// Until the head of the answer is complete, from the start: more than `connect`, or a connection that never
    /// comes reads as a head that never came.
    pub headers: Duration,
    /// Until the body is complete, from the start.
    pub total: Duration,
    pub header_bytes: usize,
    pub header_count: usize,
    pub body_bytes: usize,
    /// After content encodings are removed.
    pub decoded_bytes: u64,
    pub redirects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lookup: Duration::from_secs(8),
            connect: Duration::from_secs(10),
            headers: Duration::from_secs(30),
            total: Duration::from_secs(90),
            header_bytes: 128 << 10,
            header_count: 128,
            body_bytes: 24 << 20,
            decoded_bytes: 48 << 20,
            redirects: 8,
        }
    }
}

/// A complete answer to one request.
#[derive(Debug, Clone)]
pub struct Answer {
    pub url: Url,
    pub at: DateTime<Utc>,
    pub peer: Option<SocketAddr>,
    pub version: &'static str,
    pub status: u16,
    pub reason: &'static str,
    /// As received, but for the case of names and the order between different names.
    pub headers: Vec<(String, Vec<u8>)>,
    /// As received, transfer encoding removed, content encoding kept.
    pub body: Bytes,
    /// The head of the request, as sent but for the case of names.
    pub request: Vec<(String, String)>,
}

impl Answer {
    /// The first header of that name, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| std::str::from_utf8(value).ok())
            .map(str::trim)
    }
}

/// Why no complete answer came.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("address refused: {0}")]
    Address(#[from] Refusal),
    #[error("the name `{0}` cannot be looked up")]
    Lookup(String),
    #[error("no network: the machine reaches no host at all")]
    Offline,
    #[error("connection refused")]
    Refused,
    #[error("host unreachable")]
    Unreachable,
    #[error("no connection within {} s", .0.as_secs_f32())]
    ConnectSlow(Duration),
    #[error("TLS: {0}")]
    Tls(String),
    #[error("TLS: the server cut the handshake short; a later run asks again")]
    TlsCut,
    #[error("no complete head within {} s", .0.as_secs_f32())]
    HeadSlow(Duration),
    #[error("no complete body within {} s", .0.as_secs_f32())]
    BodySlow(Duration),
    #[error("connection closed before an answer")]
    Closed,
    #[error("connection reset")]
    Reset,
    #[error("not HTTP: the head cannot be read")]
    Head,
    #[error("head too large: more than {bytes} bytes or {count} fields")]
    HeadTooLarge { bytes: usize, count: usize },
    #[error("body cut short")]
    BodyShort,
    #[error("body framing is damaged")]
    BodyDamaged,
    #[error("body too large: more than {0} bytes")]
    BodyTooLarge(usize),
    #[error("{0} without a Location")]
    NoLocation(u16),
    #[error("redirect to what is no address")]
    BadLocation,
    #[error("redirect loop")]
    RedirectLoop,
    #[error("more than {0} redirects")]
    TooManyRedirects(usize),
    #[error("304 to a request without conditions")]
    NotModifiedUnasked,
    #[error("304 for another ETag than ours")]
    NotModifiedOther,
    #[error("the host asked to be left alone for {} s", .0.as_secs())]
    LeftAlone(Duration),
    #[error("request failed: {0}")]
    Other(String),
}

impl Fault {
    /// Worth another try a little later: the fault may have passed.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Fault::Refused
                | Fault::Unreachable
                | Fault::ConnectSlow(_)
                | Fault::TlsCut
                | Fault::HeadSlow(_)
                | Fault::BodySlow(_)
                | Fault::Closed
                | Fault::Reset
                | Fault::BodyShort
        )
    }

    /// Nothing of the machine's network was seen to work.
    pub fn is_offline_like(&self) -> bool {
        matches!(self, Fault::Lookup(_) | Fault::Unreachable | Fault::ConnectSlow(_) | Fault::Offline)
    }
}

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the HTTP client; is the contact free of control characters?")]
pub struct ClientError(#[from] reqwest::Error);

/// Sends requests.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    pub limits: Limits,
    /// Sent with every request; whoever makes the headers puts it in.
    pub user_agent: String,
}

impl Client {
    pub fn new(settings: &Settings) -> Result<Self, ClientError> {
        let Settings { limits, lookup, roots, .. } = settings;
        let limits = *limits;
        // Fails only where a provider was chosen before, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            reqwest::Client::builder()
                .http1_only()
                .http1_max_headers(limits.header_count)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                // A proxy would look names up itself, past our guard.
                .no_proxy()
                .connect_timeout(limits.connect)
                .pool_max_idle_per_host(1)
                .pool_idle_timeout(Duration::from_secs(20))
                .dns_resolver(Arc::new(Guarded::new(lookup.clone(), limits.lookup)))
        };
        let roots: Vec<_> =
            roots.iter().map(|der| reqwest::Certificate::from_der(der)).collect::<Result<_, _>>()?;
        let http = match builder().build() {
            Ok(_) if !roots.is_empty() => builder().tls_certs_only(roots).build()?,
            Ok(http) => http,
            // A machine without root certificates (a bare container) still serves loopback and http;
            // https then fails as an unknown issuer, and each capture says so.
            Err(_) => builder().tls_certs_only([]).build()?,
        };
        Ok(Self { http, limits, user_agent: settings.user_agent() })
    }

    /// Sends a GET for `url` and reads the whole answer. `at` is the instant that the answer is dated with.
    pub async fn get(
        &self,
        url: &Url,
        own: &Own,
        headers: &[(HeaderName, String)],
        at: DateTime<Utc>,
    ) -> Result<Answer, Fault> {
        self.read(url, own, headers, None, at).await
    }

    /// The same, but reads no more than the first `enough` bytes of the body.
    pub async fn get_start(
        &self,
        url: &Url,
        own: &Own,
        headers: &[(HeaderName, String)],
        enough: usize,
        at: DateTime<Utc>,
    ) -> Result<Answer, Fault> {
        self.read(url, own, headers, Some(enough), at).await
    }

    async fn read(
        &self,
        url: &Url,
        own: &Own,
        headers: &[(HeaderName, String)],
        enough: Option<usize>,
        at: DateTime<Utc>,
    ) -> Result<Answer, Fault> {
        admit(url, own)?;
        let mut request = reqwest::Request::new(reqwest::Method::GET, url.clone());
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                request.headers_mut().insert(name.clone(), value);
            }
        }
        let limits = self.limits;
        let mut sent = vec![("host".to_owned(), host_header(url))];
        sent.extend(
            listed(request.headers())
                .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned())),
        );

        let started = tokio::time::Instant::now();
        let mut response = tokio::time::timeout(limits.headers, self.http.execute(request))
            .await
            .map_err(|_| Fault::HeadSlow(limits.headers))?
            .map_err(|error| self.fault(error, Part::Head))?;

        let headers: Vec<_> = listed(response.headers()).collect();
        let size: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        if size > limits.header_bytes || headers.len() > limits.header_count {
            return Err(Fault::HeadTooLarge { bytes: limits.header_bytes, count: limits.header_count });
        }
        let announced = response.content_length().unwrap_or(0);
        if enough.is_none() && announced > limits.body_bytes as u64 {
            return Err(Fault::BodyTooLarge(limits.body_bytes));
        }
        let most = announced.min(enough.unwrap_or(limits.body_bytes) as u64) as usize;
        // With room for the head, which the archive puts in front of it.
        let mut body = Vec::with_capacity(most + size + 64);
        let read = async {
            while let Some(part) = response.chunk().await.map_err(|error| self.fault(error, Part::Body))? {
                if let Some(enough) = enough
                    && body.len() + part.len() >= enough
                {
                    body.extend_from_slice(&part[..enough - body.len()]);
                    return Ok(());
                }
                if body.len() + part.len() > limits.body_bytes {
                    return Err(Fault::BodyTooLarge(limits.body_bytes));
                }
                body.extend_from_slice(&part);
            }
            Ok(())
        };
        tokio::time::timeout_at(started + limits.total, read)
            .await
            .map_err(|_| Fault::BodySlow(limits.total))??;
        Ok(Answer {
            url: url.clone(),
            at,
            peer: response.remote_addr(),
            version: if response.version() == reqwest::Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" },
            status: response.status().as_u16(),
            reason: response.status().canonical_reason().unwrap_or(""),
            headers,
            body: Bytes::from(body),
            request: sent,
        })
    }

    /// Finds in the chain of causes what befell the request. By type, never by text.
    fn fault(&self, error: reqwest::Error, part: Part) -> Fault {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
        let mut transport = None;
        while let Some(current) = cause {
            if let Some(lookup) = current.downcast_ref::<LookupError>() {
                return match lookup {
                    LookupError::Refused(refusal) => Fault::Address(refusal.clone()),
                    _ => Fault::Lookup(error.url().and_then(Url::host_str).unwrap_or_default().to_owned()),
                };
            }
            if let Some(tls) = current.downcast_ref::<rustls::Error>() {
                return Fault::Tls(tls_fault(tls));
            }
            if let Some(hyper) = current.downcast_ref::<hyper::Error>() {
                transport = transport.or(self.hyper_fault(hyper, part));
            }
            if let Some(io) = current.downcast_ref::<io::Error>() {
                let io = innermost_io(io);
                if let Some(tls) = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                    return Fault::Tls(tls_fault(tls));
                }
                transport = transport.or(io_fault(io, part));
            }
            cause = current.source();
        }
        match transport {
            // The connection stood, and went before a request was sent: that is where TLS is agreed on.
            Some(Fault::Closed | Fault::Reset) if error.is_connect() => Fault::TlsCut,
            Some(fault) => fault,
            None if error.is_timeout() && error.is_connect() => Fault::ConnectSlow(self.limits.connect),
            None if error.is_connect() => Fault::Unreachable,
            None => match part {
                Part::Head => Fault::Other(innermost(&error)),
                Part::Body => Fault::BodyDamaged,
            },
        }
    }

    fn hyper_fault(&self, error: &hyper::Error, part: Part) -> Option<Fault> {
        if error.is_parse_too_large() {
            let Limits { header_bytes: bytes, header_count: count, .. } = self.limits;
            Some(Fault::HeadTooLarge { bytes, count })
        } else if error.is_parse() || error.is_parse_status() {
            Some(Fault::Head)
        } else if error.is_incomplete_message() {
            Some(match part {
                Part::Head => Fault::Closed,
                Part::Body => Fault::BodyShort,
            })
        } else {
            None
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Head,
    Body,
}

/// `io::Error` hides the error it wraps from `source`, and TLS wraps one in another.
fn innermost_io(mut error: &io::Error) -> &io::Error {
    while let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()) {
        error = inner;
    }
    error
}

fn io_fault(error: &io::Error, part: Part) -> Option<Fault> {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some(Fault::Refused),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            Some(Fault::Reset)
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            Some(Fault::Unreachable)
        }
        io::ErrorKind::UnexpectedEof => Some(match part {
            Part::Head => Fault::Closed,
            Part::Body => Fault::BodyShort,
        }),
        // hyper reports damaged chunk sizes so.
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if matches!(part, Part::Body) => {
            Some(Fault::BodyDamaged)
        }
        _ => None,
    }
}

/// What was wrong with TLS, and who can mend it.
fn tls_fault(error: &rustls::Error) -> String {
    use rustls::CertificateError as Certificate;
    let certificate = match error {
        rustls::Error::InvalidCertificate(certificate) => certificate,
        rustls::Error::InvalidMessage(_) => {
            return "the server speaks no TLS at this port: should the address begin with http://?"
                .to_owned();
        }
        rustls::Error::AlertReceived(alert) => {
            return format!(
                "the server refused the handshake ({alert:?}); it may know only outdated versions of TLS"
            );
        }
        other => return other.to_string(),
    };
    match certificate {
        Certificate::Expired | Certificate::ExpiredContext { .. } => {
            "the certificate has expired: its owner must renew it, unless this machine's clock is wrong"
        }
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
            "the certificate is not valid yet: is this machine's clock right?"
        }
        Certificate::UnknownIssuer => {
            "nobody this machine trusts issued the certificate: it is self-signed, or its chain is incomplete, or \
             this machine lacks root certificates (`ca-certificates`)"
        }
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
            "the certificate is for another name: declare the address that the site itself links to"
        }
        Certificate::Revoked => "the certificate was revoked: its owner must replace it",
        other => return format!("the certificate is not valid ({other:?})").chars().take(120).collect(),
    }
    .to_owned()
}

fn innermost(error: &dyn StdError) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

fn listed(headers: &HeaderMap) -> impl Iterator<Item = (String, Vec<u8>)> {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
}

fn host_header(url: &Url) -> String {
    let host = url.host_str().unwrap_or("");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The address of the machine that answered, where it is known.
pub fn peer_ip(answer: &Answer) -> Option<IpAddr> {
    answer.peer.map(|peer| peer.ip())
}
