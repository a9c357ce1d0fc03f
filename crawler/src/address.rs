//! Which addresses may be contacted: the guard against requests that a page, a redirect or a
//! declaration from elsewhere would make us send into somebody's private network.
//!
//! Three doors, all passed on every hop: [`admit`] reads the URL (scheme, user, port, addresses
//! written as numbers), [`Guarded`] looks a name up once and refuses it if any of its addresses
//! is private, and the connection goes to the very addresses that were checked, so a second
//! answer of the name server ("rebinding") is never asked for.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// Why a URL is not fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("`{0}:` is not http or https")]
    Scheme(String),
    #[error("the address holds a user name or password")]
    Userinfo,
    #[error("port {0} is neither 80 nor 443 nor the declared one")]
    Port(u16),
    #[error("the address names no host")]
    NoHost,
    #[error("{host} is not public: {range}")]
    Private { host: String, range: &'static str },
}

/// A name that could not be turned into addresses.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("cannot look up `{name}`")]
    Failed {
        name: String,
        #[source]
        error: io::Error,
    },
    #[error("looking up `{name}` took longer than {} s", limit.as_secs_f32())]
    Slow { name: String, limit: Duration },
    #[error("`{name}` has no address")]
    Empty { name: String },
}

/// The host that a declaration itself names: the only one whose port, and whose private or
/// loopback address, are taken as meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    host: Option<Host<String>>,
    port: Option<u16>,
}

impl Own {
    pub fn of(declared: &Url) -> Self {
        Self { host: declared.host().map(|host| host.to_owned()), port: declared.port_or_known_default() }
    }

    fn is(&self, url: &Url) -> bool {
        self.host == url.host().map(|host| host.to_owned()) && self.port == url.port_or_known_default()
    }
}

/// Whether `url` may be asked for, as far as its text tells.
/// A name that is not written as a number is checked when it is looked up.
pub fn admit(url: &Url, own: &Own) -> Result<(), Refusal> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refusal::Scheme(url.scheme().to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::Userinfo);
    }
    let host = url.host().ok_or(Refusal::NoHost)?;
    if own.is(url) {
        return Ok(());
    }
    // The address before the port: "not public" says more about a redirect to 127.0.0.1:6379.
    let private = match host {
        Host::Ipv4(ip) => forbidden(ip.into()),
        Host::Ipv6(ip) => forbidden(ip.into()),
        Host::Domain(name) => is_localhost(name).then_some("loopback"),
    };
    if let Some(range) = private {
        return Err(Refusal::Private { host: host.to_string(), range });
    }
    match url.port_or_known_default() {
        Some(80 | 443) => Ok(()),
        port => Err(Refusal::Port(port.unwrap_or(0))),
    }
}

/// `localhost` and every name below it are the machine itself (RFC 6761), with or without a final dot.
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// The name of the range that keeps `ip` from being public.
///
/// ```
/// use crawler::address::forbidden;
/// assert_eq!(forbidden("10.1.2.3".parse().unwrap()), Some("private"));
/// assert_eq!(forbidden("93.184.216.34".parse().unwrap()), None);
/// ```
pub fn forbidden(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => forbidden_v4(ip),
        IpAddr::V6(ip) => forbidden_v6(ip),
    }
}

/// From the IANA IPv4 special-purpose registry, and multicast.
const V4: [(&str, u8, &str); 15] = [
    ("0.0.0.0", 8, "this network"),
    ("10.0.0.0", 8, "private"),
    ("100.64.0.0", 10, "shared by a carrier"),
    ("127.0.0.0", 8, "loopback"),
    ("169.254.0.0", 16, "link-local"),
    ("172.16.0.0", 12, "private"),
    ("192.0.0.0", 24, "protocol assignments"),
    ("192.0.2.0", 24, "documentation"),
    ("192.88.99.0", 24, "6to4 relay"),
    ("192.168.0.0", 16, "private"),
    ("198.18.0.0", 15, "benchmarking"),
    ("198.51.100.0", 24, "documentation"),
    ("203.0.113.0", 24, "documentation"),
    ("224.0.0.0", 4, "multicast"),
    ("240.0.0.0", 4, "reserved"),
];

/// From the IANA IPv6 special-purpose registry. What embeds an IPv4 address (mapped, NAT64, 6to4,
/// Teredo) is refused whole: a public site has a plain address.
const V6: [(&str, u8, &str); 18] = [
    ("::", 128, "unspecified"),
    ("::1", 128, "loopback"),
    ("::ffff:0:0", 96, "IPv4-mapped"),
    ("::", 96, "IPv4-compatible"),
    ("64:ff9b::", 96, "NAT64"),
    ("64:ff9b:1::", 48, "NAT64"),
    ("100::", 64, "discard"),
    ("2001::", 32, "Teredo"),
    ("2001::", 23, "protocol assignments"),
    ("2001:db8::", 32, "documentation"),
    ("2002::", 16, "6to4"),
    ("3fff::", 20, "documentation"),
    ("5f00::", 16, "segment routing"),
    ("fc00::", 7, "private"),
    ("fe80::", 10, "link-local"),
    ("fec0::", 10, "site-local"),
    ("ff00::", 8, "multicast"),
    ("::ffff:0:0:0", 96, "IPv4-translated"),
];

fn forbidden_v4(ip: Ipv4Addr) -> Option<&'static str> {
    V4.iter().find_map(|(base, bits, name)| {
        let base: Ipv4Addr = base.parse().expect("the table holds addresses");
        (u32::from(ip) >> (32 - bits) == u32::from(base) >> (32 - bits)).then_some(*name)
    })
}

fn forbidden_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let named = V6.iter().find_map(|(base, bits, name)| {
        let base: Ipv6Addr = base.parse().expect("the table holds addresses");
        (u128::from(ip) >> (128 - bits) == u128::from(base) >> (128 - bits)).then_some(*name)
    });
    // Only 2000::/3 is given out for public use.
    named.or_else(|| (ip.segments()[0] >> 13 != 1).then_some("not given out"))
}

/// Where names are looked up.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// The system's resolver.
    System,
    /// A table, for tests: names to addresses.
    Table(Arc<BTreeMap<String, Vec<IpAddr>>>),
}

/// Looks names up for the HTTP client and lets only public addresses through.
#[derive(Debug, Clone)]
pub struct Guarded {
    lookup: Lookup,
    limit: Duration,
}

impl Guarded {
    pub fn new(lookup: Lookup, limit: Duration) -> Self {
        Self { lookup, limit }
    }

    async fn addresses(self, name: String) -> Result<Vec<SocketAddr>, LookupError> {
        // Only a declaration's own host comes here under such a name: `admit` turned the others away.
        if is_localhost(&name) {
            return Ok(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))]);
        }
        let found = match &self.lookup {
            Lookup::Table(table) => table.get(&name).cloned().unwrap_or_default(),
            Lookup::System => match tokio::time::timeout(self.limit, looked_up(name.clone())).await {
                Ok(Ok(found)) => found,
                Ok(Err(error)) => return Err(LookupError::Failed { name, error }),
                Err(_) => return Err(LookupError::Slow { name, limit: self.limit }),
            },
        };
        public_only(&name, found)
    }
}

async fn looked_up(name: String) -> io::Result<Vec<IpAddr>> {
    let found = tokio::net::lookup_host((name, 0)).await?;
    Ok(found.map(|address| address.ip()).collect())
}

/// All of `found`, if all are public. One private address among public ones is how a name is
/// turned against its visitors, so it spoils the rest.
fn public_only(name: &str, found: Vec<IpAddr>) -> Result<Vec<SocketAddr>, LookupError> {
    if found.is_empty() {
        return Err(LookupError::Empty { name: name.to_owned() });
    }
    if let Some((ip, range)) = found.iter().find_map(|ip| forbidden(*ip).map(|range| (ip, range))) {
        return Err(Refusal::Private { host: format!("{name} ({ip})"), range }.into());
    }
    Ok(found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect())
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.clone().addresses(name.as_str().to_owned());
        Box::pin(async move {
            let addresses = found.await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str, declared: &str) -> Option<Refusal> {
        admit(&Url::parse(url).unwrap(), &Own::of(&Url::parse(declared).unwrap())).err()
    }

    #[test]
    fn every_way_to_write_a_private_address_is_refused() {
        let public = "https://example.com/privacy";
        for url in [
            "http://127.0.0.1/",
            "http://127.0.0.2/",
            "http://2130706433/",
            "http://0x7f.2/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://0/",
            "http://10.0.0.1/",
            "http://100.64.0.1/",
            "http://169.254.169.254/latest/meta-data/",
            "http://172.16.0.1/",
            "http://172.31.255.255/",
            "http://192.168.1.1/",
            "http://198.18.0.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://[::]/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[::ffff:8.8.8.8]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[64:ff9b:1::1]/",
            "http://[2002:7f00:1::]/",
            "http://[2001::1]/",
            "http://[2001:db8::1]/",
            "http://[fc00::1]/",
            "http://[fd12:3456::1]/",
            "http://[fe80::1]/",
            "http://[ff02::1]/",
            "http://[4000::1]/",
            "http://localhost/",
            "http://localhost./",
            "http://LOCALHOST/",
            "http://x.localhost/",
            "http://127.0.0.1:6379/",
            "http://①②⑦.⓪.⓪.①/",
        ] {
            assert!(
                matches!(refused(url, public), Some(Refusal::Private { .. })),
                "{url}: {:?}",
                refused(url, public)
            );
        }
    }

    #[test]
    fn schemes_users_and_ports_are_checked() {
        let public = "https://example.com/privacy";
        for url in [
            "file:///etc/passwd",
            "ftp://example.com/",
            "javascript:alert(1)",
            "data:text/html,x",
            "gopher://example.com/",
        ] {
            assert!(matches!(refused(url, public), Some(Refusal::Scheme(_))), "{url}");
        }
        assert_eq!(refused("http://user@example.com/", public), Some(Refusal::Userinfo));
        assert_eq!(refused("http://:secret@example.com/", public), Some(Refusal::Userinfo));
        assert_eq!(refused("http://example.com:8080/", public), Some(Refusal::Port(8080)));
        assert_eq!(refused("https://example.com:22/", public), Some(Refusal::Port(22)));
        for url in
            ["http://example.com/", "https://example.org/", "http://8.8.8.8/", "http://[2606:4700::1111]/"]
        {
            assert_eq!(refused(url, public), None, "{url}");
        }
    }

    #[test]
    fn a_declarations_own_host_and_port_are_taken_as_meant() {
        let own = "http://127.0.0.1:4000/privacy";
        assert_eq!(refused("http://127.0.0.1:4000/elsewhere", own), None);
        assert!(refused("http://127.0.0.1:4001/", own).is_some());
        assert!(refused("http://127.0.0.2:4000/", own).is_some());
        assert!(refused("http://localhost:4000/", own).is_some());
        assert!(refused("http://user@127.0.0.1:4000/", own).is_some());
        assert_eq!(refused("http://courier.localhost:4000/a", "http://courier.localhost:4000/b"), None);
        assert_eq!(refused("https://example.com:8443/a", "https://example.com:8443/b"), None);
    }

    #[test]
    fn a_name_with_one_private_address_is_refused_whole() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let check =
            |found: &[&str]| public_only("rebind.example", found.iter().map(|text| ip(text)).collect());
        assert_eq!(check(&["93.184.216.34"]).unwrap().len(), 1);
        for found in [
            &["127.0.0.1"][..],
            &["93.184.216.34", "10.0.0.8"],
            &["2606:4700::1111", "fd00::1"],
            &["::ffff:192.168.0.1"],
            &["169.254.169.254"],
            &["0.0.0.0"],
        ] {
            assert!(matches!(check(found), Err(LookupError::Refused(Refusal::Private { .. }))), "{found:?}");
        }
        assert!(matches!(check(&[]), Err(LookupError::Empty { .. })));
    }
}
