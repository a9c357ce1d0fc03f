//! What may be wrong with TLS, played by a server on loopback with certificates made on the spot.
//! docs/faults.md has a row for each.

use archive::Archive;
use crawler::crawl::{Clock, crawl};
use crawler::fetch::Limits;
use crawler::pace::Pace;
use crawler::plan::{Due, Plan};
use crawler::replay::fault::TEXT;
use crawler::retry::Retry;
use crawler::settings::Settings;
use policy::id::PolicyId;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Case, what the server does, what the capture is called, whether it is tried again.
const CASES: &[(&str, &str, &str, bool)] = &[
    ("tls-well", "has a certificate in order", "fetched", false),
    (
        "tls-expired",
        "has a certificate that has expired",
        "failed: TLS: the certificate has expired: its owner must renew it, unless this machine's clock is wrong",
        false,
    ),
    (
        "tls-early",
        "has a certificate that is not valid yet",
        "failed: TLS: the certificate is not valid yet: is this machine's clock right?",
        false,
    ),
    (
        "tls-self-signed",
        "has a certificate that it signed itself",
        "failed: TLS: nobody this machine trusts issued the certificate: it is self-signed, or its chain is \
         incomplete, or this machine lacks root certificates (`ca-certificates`)",
        false,
    ),
    (
        "tls-other-name",
        "has a certificate for another name",
        "failed: TLS: the certificate is for another name: declare the address that the site itself links to",
        false,
    ),
    (
        "tls-cut",
        "hangs up in the midst of the handshake",
        "failed: TLS: the server cut the handshake short; a later run asks again",
        true,
    ),
    ("tls-silent", "never answers the handshake", "failed: no connection within 2 s", true),
    (
        "tls-plain",
        "speaks plain HTTP at a port for TLS",
        "failed: TLS: the server speaks no TLS at this port: should the address begin with http://?",
        false,
    ),
    ("plain-tls", "wants TLS at a port for plain HTTP", "failed: not HTTP: the head cannot be read", false),
];

/// A certificate of `issuer`, or of its own, for `name`, valid between these years.
fn certificate(
    issuer: Option<&CertifiedIssuer<'_, KeyPair>>,
    name: &str,
    from: i32,
    until: i32,
) -> (Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    (certificate, key)
}

fn root() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Walkback's tests");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2200, 1, 1);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Plays a case on a port of its own until the runtime ends.
async fn serve(case: &'static str, root: &CertifiedIssuer<'static, KeyPair>) -> u16 {
    let name = format!("{case}.localhost");
    let (certificate, key) = match case {
        "tls-expired" => certificate(Some(root), &name, 2001, 2002),
        "tls-early" => certificate(Some(root), &name, 2190, 2199),
        "tls-self-signed" => certificate(None, &name, 2001, 2199),
        "tls-other-name" => certificate(Some(root), "elsewhere.example", 2001, 2199),
        _ => certificate(Some(root), &name, 2001, 2199),
    };
    let config =
        ServerConfig::builder_with_provider(Arc::new(tokio_rustls::rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut read = [0; 4096];
                match case {
                    "tls-cut" => {
                        // The hello is read to its end: unread bytes would make it a reset.
                        let _ = stream.read(&mut read).await;
                        let _ = stream.shutdown().await;
                    }
                    "tls-silent" => tokio::time::sleep(Duration::from_secs(60)).await,
                    "tls-plain" => {
                        let _ = stream.read(&mut read).await;
                        let _ =
                            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
                        let _ = stream.shutdown().await;
                        while stream.read(&mut read).await.is_ok_and(|bytes| bytes > 0) {}
                    }
                    _ => {
                        let Ok(mut stream) = acceptor.accept(stream).await else { return };
                        let asked = stream.read(&mut read).await.unwrap_or(0);
                        let robots = read[..asked].starts_with(b"GET /robots.txt");
                        let (status, body) = if robots { ("404 Not Found", "") } else { ("200 OK", TEXT) };
                        let head = format!(
                            "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                            body.len()
                        );
                        let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
                        let _ = stream.shutdown().await;
                    }
                }
            });
        }
    });
    port
}

#[test]
fn every_fault_of_tls_is_named() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let root = root();
    let mut plan = Plan::default();
    for (case, ..) in CASES {
        let port = runtime.block_on(serve(case, &root));
        let scheme = if *case == "plain-tls" { "http" } else { "https" };
        let source = format!("{scheme}://{case}.localhost:{port}/legal/policy");
        plan.due.push(Due {
            policy: PolicyId::new("Faults", *case),
            url: source.parse().unwrap(),
            source,
            robots_override: None,
            validators: None,
        });
    }
    let two = Duration::from_secs(2);
    // The head's limit runs while the connection is made: it must not be the first to end.
    let settings = Settings {
        limits: Limits { connect: two, ..Limits::default() },
        pace: Pace::NONE,
        retry: Retry { tries: 2, first_wait: Duration::from_millis(20), longest_wait: two },
        hosts_at_once: CASES.len(),
        roots: vec![root.der().to_vec()],
        ..Settings::default()
    };
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    crawl(&archive, &plan, &settings, Clock::System, |_| {}).unwrap();
    let mut wrong = Vec::new();
    for (case, _, expected, again) in CASES {
        let captures = archive.captures(&PolicyId::new("Faults", *case)).unwrap();
        let last = &captures.last().unwrap().outcome;
        let said = match last.why() {
            "" => last.key().to_owned(),
            why => format!("{}: {why}", last.key()),
        };
        if said != *expected || captures.len() != 1 + usize::from(*again) {
            wrong.push(format!("{case}: expected `{expected}`, got `{said}` in {} tries", captures.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_certificate_that_the_machine_does_not_trust_is_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let port = runtime.block_on(serve("tls-well", &root()));
    let source = format!("https://tls-well.localhost:{port}/legal/policy");
    let policy = PolicyId::new("Faults", "tls-well");
    let due = Due {
        policy: policy.clone(),
        url: source.parse().unwrap(),
        source,
        robots_override: None,
        validators: None,
    };
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let settings = Settings { pace: Pace::NONE, retry: Retry::NEVER, ..Settings::default() };
    crawl(&archive, &Plan { due: vec![due], resting: Vec::new() }, &settings, Clock::System, |_| {}).unwrap();
    let captures = archive.captures(&policy).unwrap();
    assert!(
        captures[0].outcome.why().starts_with("TLS: nobody this machine trusts"),
        "{:?}",
        captures[0].outcome
    );
}

#[test]
fn the_page_on_faults_has_a_row_for_each() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/faults.md");
    let page = std::fs::read_to_string(path).unwrap();
    for (case, does, outcome, _) in CASES {
        let kept = if *outcome == "fetched" { "yes" } else { "no" };
        let row = format!("| `{case}` | {does} | {kept} | `{}` |\n", outcome.replace('`', "'"));
        assert!(page.contains(&row), "docs/faults.md lacks\n{row}");
    }
}
