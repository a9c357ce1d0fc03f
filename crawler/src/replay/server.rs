//! A web server on loopback that says what a script tells it to say, well-formed or not.
//!
//! Written on bare sockets because its purpose is to send what no HTTP library would: heads that
//! never end, chunks that lie, connections that drop. It serves our own crawler on this machine,
//! in tests, in the demo and in measurements; it is no server for anybody else.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The `Host` header, port included.
    pub host: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A well-formed answer; its length is added, and the connection kept.
    Page(Page),
    /// Whatever is said here, step by step; then the connection is closed.
    Raw(Vec<Step>),
}

/// A well-formed answer.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Arc<Vec<u8>>,
}

/// A thing done to the connection.
#[derive(Debug, Clone)]
pub enum Step {
    Send(Vec<u8>),
    /// Byte by byte, with a pause before each.
    Drip(Vec<u8>, Duration),
    /// The same bytes over and over, until the other side has had enough.
    Endless(Vec<u8>),
    Wait(Duration),
    /// An RST instead of a FIN.
    Reset,
}

impl Page {
    pub fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "text/html; charset=utf-8", body)
    }

    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: Arc::new(body.into()) }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Answers 304 where the request's conditions hold: what a well-kept server does.
    pub fn unless_known(self, request: &Request) -> Self {
        let value = |name: &str| {
            self.headers
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
        };
        let known = match (request.header("if-none-match"), value("etag")) {
            (Some(asked), Some(etag)) => asked == etag,
            (None, _) => {
                let asked = request.header("if-modified-since");
                asked.is_some() && asked == value("last-modified")
            }
            _ => false,
        };
        if known { Self { status: 304, body: Arc::default(), ..self } } else { self }
    }
}

impl From<Page> for Reply {
    fn from(page: Page) -> Self {
        Reply::Page(page)
    }
}

/// Says what to answer.
pub type Script = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<SocketAddr>,
    // Dropped last of all: ends the connections.
    runtime: Option<Runtime>,
}

impl Server {
    /// Serves `script` on as many free ports of 127.0.0.1 as asked: to a polite crawler each port
    /// is a host of its own.
    pub fn start(ports: usize, script: Script) -> io::Result<Self> {
        Self::start_at(&vec![0; ports], script)
    }

    /// Serves `script` on these ports of 127.0.0.1; 0 is any free one.
    pub fn start_at(ports: &[u16], script: Script) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("replay")
            .enable_all()
            .build()?;
        let mut addresses = Vec::new();
        for &port in ports {
            let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))?;
            addresses.push(listener.local_addr()?);
            let script = Arc::clone(&script);
            runtime.spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let script = Arc::clone(&script);
                    // A visitor that hangs up is no concern of ours.
                    tokio::spawn(async move { converse(stream, &script).await.ok() });
                }
            });
        }
        Ok(Self { addresses, runtime: Some(runtime) })
    }

    /// Where it listens; the first port.
    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// All ports.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn converse(mut stream: TcpStream, script: &Script) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = read.drain(..end + 4).collect();
                break head;
            }
            if read.len() > 1 << 16 || stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        };
        match script(&request(&head)) {
            Reply::Page(page) => stream.write_all(&message(&page)).await?,
            Reply::Raw(steps) => return perform(stream, steps).await,
        }
    }
}

fn request(head: &[u8]) -> Request {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    let target = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or("/").to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let mut request = Request { host: String::new(), target, headers };
    request.host = request.header("host").unwrap_or("").to_owned();
    request
}

fn message(page: &Page) -> Vec<u8> {
    let mut message = format!("HTTP/1.1 {} OK\r\n", page.status);
    for (name, value) in &page.headers {
        message.push_str(&format!("{name}: {value}\r\n"));
    }
    if page.status != 304 {
        message.push_str(&format!("Content-Length: {}\r\n", page.body.len()));
    }
    message.push_str("\r\n");
    let mut message = message.into_bytes();
    message.extend_from_slice(&page.body);
    message
}

async fn perform(mut stream: TcpStream, steps: Vec<Step>) -> io::Result<()> {
    for step in steps {
        match step {
            Step::Send(bytes) => stream.write_all(&bytes).await?,
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    tokio::time::sleep(pause).await;
                    stream.write_all(&[byte]).await?;
                }
            }
            Step::Endless(bytes) => loop {
                stream.write_all(&bytes).await?;
            },
            Step::Wait(pause) => tokio::time::sleep(pause).await,
            Step::Reset => {
                stream.set_zero_linger()?;
                return Ok(());
            }
        }
    }
    stream.shutdown().await?;
    // Closing with unread input would send an RST in place of the FIN.
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}
