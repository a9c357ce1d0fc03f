//! The head of an HTTP/1.1 message: start line and fields, in order, repeated ones kept.

use serde::{Deserialize, Serialize};

/// Where the bytes of a head come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Byte for byte as they went over the wire.
    Wire,
    /// Put together from what an HTTP client tells: names in lower case, order between names and white
    /// space lost, reason phrase the standard one.
    Rebuilt,
}

/// The head of a request or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub origin: Origin,
    bytes: Vec<u8>,
}

/// Bytes that are not the head of an HTTP message.
#[derive(Debug, thiserror::Error)]
#[error("not the head of an HTTP message: {0}")]
pub struct HeadError(&'static str);

impl Head {
    /// A rebuilt head of a response. Values are bytes: HTTP does not promise UTF-8.
    pub fn response<'a>(
        status: u16,
        reason: &str,
        fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Self {
        Self::rebuilt(format!("HTTP/1.1 {status} {reason}"), fields)
    }

    /// A rebuilt head of a request; `target` is the path and query.
    pub fn request<'a>(
        method: &str,
        target: &str,
        fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Self {
        Self::rebuilt(format!("{method} {target} HTTP/1.1"), fields)
    }

    fn rebuilt<'a>(start: String, fields: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut bytes = one_line(start.as_bytes());
        bytes.extend_from_slice(b"\r\n");
        for (name, value) in fields {
            // The client removed the transfer encoding, so a reader that trusted this field would look
            // for chunks that are not there. The fact is kept under a name that no reader acts on.
            let name = if name.eq_ignore_ascii_case("transfer-encoding") { MOVED_TRANSFER } else { name };
            bytes.extend(one_line(name.as_bytes()));
            bytes.extend_from_slice(b": ");
            bytes.extend(if is_secret(name) { WITHHELD.to_vec() } else { one_line(value) });
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        Self { origin: Origin::Rebuilt, bytes }
    }

    /// A head kept byte for byte, its empty line included.
    pub fn wire(bytes: impl Into<Vec<u8>>) -> Result<Self, HeadError> {
        let bytes = bytes.into();
        if end_of_head(&bytes) != Some(bytes.len()) {
            return Err(HeadError("it does not end with its first empty line"));
        }
        Ok(Self { origin: Origin::Wire, bytes })
    }

    /// Splits a record's block into head and body.
    pub fn split(block: &[u8], origin: Origin) -> Result<(Self, &[u8]), HeadError> {
        let end = end_of_head(block).ok_or(HeadError("no empty line ends it"))?;
        if !block.starts_with(b"HTTP/") {
            return Err(HeadError("it does not start with HTTP/"));
        }
        let (head, body) = block.split_at(end);
        Ok((Self { origin, bytes: head.to_vec() }, body))
    }

    /// All of it, the empty line included.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The status, where this is a response.
    pub fn status(&self) -> Option<u16> {
        let line = String::from_utf8_lossy(self.lines().next()?);
        let (protocol, rest) = line.split_once(' ')?;
        let status = rest.trim_start().get(..3)?;
        protocol.starts_with("HTTP/").then(|| status.parse().ok()).flatten()
    }

    /// Names and values in order. A folded line belongs to the field above it.
    pub fn fields(&self) -> Vec<(String, String)> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in self.lines().skip(1) {
            let text = String::from_utf8_lossy(line);
            match (text.starts_with([' ', '\t']), fields.last_mut(), text.split_once(':')) {
                (true, Some((_, value)), _) => {
                    value.push(' ');
                    value.push_str(text.trim());
                }
                (_, _, Some((name, value))) => fields.push((name.trim().to_owned(), value.trim().to_owned())),
                _ => {}
            }
        }
        fields
    }

    /// The values of all fields of that name, whatever its case.
    pub fn values(&self, name: &str) -> Vec<String> {
        let fields = self.fields().into_iter();
        fields.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    /// The first value of that name.
    pub fn value(&self, name: &str) -> Option<String> {
        self.values(name).into_iter().next()
    }

    /// The body of this head stands in chunks.
    pub fn is_chunked(&self) -> bool {
        let encodings = self.values("transfer-encoding");
        encodings.iter().any(|value| value.to_ascii_lowercase().contains("chunked"))
    }

    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let lines = self.bytes.split(|&byte| byte == b'\n');
        lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line)).filter(|line| !line.is_empty())
    }
}

/// The name under which a rebuilt head keeps a transfer encoding that is no longer there.
pub const MOVED_TRANSFER: &str = "x-orig-transfer-encoding";

/// Written in place of what lets somebody in: an archive is published.
const WITHHELD: &[u8] = b"(withheld)";

fn is_secret(name: &str) -> bool {
    ["authorization", "proxy-authorization", "cookie"].iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Without the bytes that would end a line: a value must not forge a field.
fn one_line(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|&byte| if matches!(byte, b'\r' | b'\n' | 0) { b' ' } else { byte }).collect()
}

/// The offset just behind the first empty line.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut line_start = 0;
    while let Some(length) = bytes[line_start..].iter().position(|&byte| byte == b'\n') {
        let line = &bytes[line_start..line_start + length];
        line_start += length + 1;
        if line.is_empty() || line == b"\r" {
            return Some(line_start);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_fields_and_odd_bytes_are_kept() {
        let head = Head::response(
            200,
            "OK",
            [
                ("set-x", &b"a"[..]),
                ("set-x", b"caf\xe9"),
                ("transfer-encoding", b"chunked"),
                ("etag", b"\"1\""),
            ],
        );
        assert_eq!(
            head.bytes(),
            b"HTTP/1.1 200 OK\r\nset-x: a\r\nset-x: caf\xe9\r\nx-orig-transfer-encoding: chunked\r\netag: \"1\"\r\n\r\n"
        );
        assert_eq!(head.values("Set-X").len(), 2);
        assert_eq!(head.value("ETag").as_deref(), Some("\"1\""));
        assert_eq!(head.status(), Some(200));
        assert!(!head.is_chunked(), "the body of a rebuilt head is not in chunks");
    }

    #[test]
    fn a_secret_never_reaches_a_record() {
        let head =
            Head::request("GET", "/", [("Cookie", &b"s=1"[..]), ("authorization", b"Basic x"), ("a", b"b")]);
        assert_eq!(
            head.bytes(),
            b"GET / HTTP/1.1\r\nCookie: (withheld)\r\nauthorization: (withheld)\r\na: b\r\n\r\n"
        );
    }

    #[test]
    fn a_value_cannot_forge_a_field() {
        let head = Head::response(200, "OK", [("x", &b"1\r\nset-cookie: y\r\n\r\n<p>"[..])]);
        assert_eq!(head.fields().len(), 1);
        assert_eq!(end_of_head(head.bytes()), Some(head.bytes().len()));
    }

    #[test]
    fn a_block_is_split_at_the_first_empty_line() {
        let block = b"HTTP/1.1 200 All Good\nX-A:  1\n folded\n\nbody\r\n\r\nmore";
        let (head, body) = Head::split(block, Origin::Wire).unwrap();
        assert_eq!(body, b"body\r\n\r\nmore");
        assert_eq!(head.fields(), [("X-A".to_owned(), "1 folded".to_owned())]);
        assert!(Head::split(b"HTTP/1.1 200 OK\r\nX: 1\r\n", Origin::Wire).is_err());
        assert!(Head::split(b"<html>\r\n\r\n", Origin::Wire).is_err());
        assert!(Head::wire(*b"HTTP/1.1 200 OK\r\n\r\nbody").is_err());
    }
}
