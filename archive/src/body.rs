//! A body as it was sent, turned into the payload people would have seen: transfer and content
//! encodings removed, within limits, so that a bomb costs no more than the limit.

use std::borrow::Cow;
use std::io::{self, Read};

/// How much decoding is done for one body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes after decoding.
    pub decoded: u64,
    /// Encodings one over another: `gzip, br` is two.
    pub stacked: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { decoded: 64 << 20, stacked: 3 }
    }
}

/// Why a body cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("content encoding `{0}` is not known")]
    Unknown(String),
    #[error("{count} content encodings are stacked, the limit is {limit}")]
    Stacked { count: usize, limit: usize },
    #[error("the body decodes to more than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the body is not valid {encoding}")]
    Damaged {
        encoding: &'static str,
        #[source]
        error: io::Error,
    },
    #[error("the chunks of the body are damaged at byte {offset}")]
    Chunks { offset: usize },
}

/// The encodings we can remove, and so the value to send as `Accept-Encoding`.
pub const ACCEPTED_ENCODINGS: &str = "gzip, deflate, br, zstd";

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// Removes the content encodings: `encodings` are the values of all `Content-Encoding` fields, in order.
///
/// ```
/// let body = archive::body::decode(b"plain", ["identity"], archive::body::Limits::default());
/// assert_eq!(&*body.unwrap(), b"plain");
/// ```
pub fn decode<'a, 'e>(
    body: &'a [u8],
    encodings: impl IntoIterator<Item = &'e str>,
    limits: Limits,
) -> Result<Cow<'a, [u8]>, BodyError> {
    let mut named = Vec::new();
    for name in encodings.into_iter().flat_map(|value| value.split(',')) {
        named.extend(encoding(name.trim())?);
    }
    if named.len() > limits.stacked {
        return Err(BodyError::Stacked { count: named.len(), limit: limits.stacked });
    }
    if body.len() as u64 > limits.decoded {
        return Err(BodyError::TooLarge { limit: limits.decoded });
    }
    let mut decoded = Cow::Borrowed(body);
    // The last one named was applied last.
    for encoding in named.into_iter().rev() {
        // Servers name an encoding on empty bodies too; an empty body is no valid stream of any.
        if !decoded.is_empty() {
            decoded = Cow::Owned(remove(encoding, &decoded, limits.decoded)?);
        }
    }
    Ok(decoded)
}

fn encoding(name: &str) -> Result<Option<Encoding>, BodyError> {
    match name.to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(None),
        "gzip" | "x-gzip" => Ok(Some(Encoding::Gzip)),
        "deflate" => Ok(Some(Encoding::Deflate)),
        "br" => Ok(Some(Encoding::Brotli)),
        "zstd" => Ok(Some(Encoding::Zstd)),
        other => Err(BodyError::Unknown(other.chars().take(40).collect())),
    }
}

fn remove(encoding: Encoding, body: &[u8], limit: u64) -> Result<Vec<u8>, BodyError> {
    match encoding {
        Encoding::Gzip => bounded("gzip", flate2::read::MultiGzDecoder::new(body), limit),
        // The standard says zlib; some servers send the bare stream, which browsers take too.
        Encoding::Deflate if is_zlib(body) => bounded("deflate", flate2::read::ZlibDecoder::new(body), limit),
        Encoding::Deflate => bounded("deflate", flate2::read::DeflateDecoder::new(body), limit),
        Encoding::Brotli => bounded("br", brotli_decompressor::Decompressor::new(body, 4096), limit),
        Encoding::Zstd => {
            let damaged = |error| BodyError::Damaged { encoding: "zstd", error };
            let mut decoder = zstd::stream::read::Decoder::new(body).map_err(damaged)?;
            // RFC 9659: no more than 8 MB of window for a Content-Encoding.
            decoder.window_log_max(23).map_err(damaged)?;
            bounded("zstd", decoder, limit)
        }
    }
}

fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [cmf, flg, ..] if cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flg)) % 31 == 0)
}

fn bounded(encoding: &'static str, decoder: impl Read, limit: u64) -> Result<Vec<u8>, BodyError> {
    let mut decoded = Vec::new();
    match decoder.take(limit + 1).read_to_end(&mut decoded) {
        Ok(_) if decoded.len() as u64 > limit => Err(BodyError::TooLarge { limit }),
        Ok(_) => Ok(decoded),
        Err(error) => Err(BodyError::Damaged { encoding, error }),
    }
}

/// Removes the chunked transfer encoding, for records that keep it. Trailers and whatever follows the
/// last chunk are dropped. A body that is not chunked at all, though its head says so, comes back as it
/// is: many archives store it so.
pub fn dechunk(body: &[u8]) -> Result<Cow<'_, [u8]>, BodyError> {
    let Some(mut chunk) = chunk_at(body, 0) else { return Ok(Cow::Borrowed(body)) };
    let mut whole = Vec::with_capacity(body.len());
    loop {
        let (start, length) = chunk;
        if length == 0 {
            return Ok(Cow::Owned(whole));
        }
        let end = start.checked_add(length).filter(|&end| end <= body.len());
        let end = end.ok_or(BodyError::Chunks { offset: start })?;
        whole.extend_from_slice(&body[start..end]);
        let next = if body[end..].starts_with(b"\r\n") { end + 2 } else { end };
        chunk = chunk_at(body, next).ok_or(BodyError::Chunks { offset: next })?;
    }
}

/// Start and length of the data of the chunk whose size line begins at `at`.
fn chunk_at(body: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = body.get(at..)?;
    let line = rest.iter().take(1024).position(|&byte| byte == b'\n')?;
    let size = std::str::from_utf8(&rest[..line]).ok()?;
    let size = size.split(';').next()?.trim();
    if size.is_empty() || !size.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((at + line + 1, usize::from_str_radix(size, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    const TEXT: &[u8] = b"Messages are encrypted by default. Messages are encrypted by default.";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn brotli(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 20);
        encoder.write_all(bytes).unwrap();
        encoder.into_inner()
    }

    fn check(body: &[u8], encodings: &[&str]) {
        let decoded = decode(body, encodings.iter().copied(), Limits::default()).unwrap();
        assert_eq!(&*decoded, TEXT, "{encodings:?}");
    }

    #[test]
    fn each_encoding_is_removed() {
        check(TEXT, &[]);
        check(TEXT, &["identity"]);
        check(&gzip(TEXT), &["gzip"]);
        check(&gzip(TEXT), &["X-GZIP"]);
        check(&zlib(TEXT), &["deflate"]);
        check(&raw_deflate(TEXT), &["deflate"]);
        check(&brotli(TEXT), &["br"]);
        check(&zstd::encode_all(TEXT, 3).unwrap(), &["zstd"]);
    }

    #[test]
    fn stacked_encodings_are_removed_in_reverse() {
        check(&brotli(&gzip(TEXT)), &["gzip, br"]);
        check(&brotli(&gzip(TEXT)), &["gzip", "br"]);
        let error = decode(TEXT, ["gzip, gzip, gzip, gzip"], Limits::default()).unwrap_err();
        assert!(matches!(error, BodyError::Stacked { count: 4, limit: 3 }), "{error}");
    }

    #[test]
    fn an_empty_body_is_empty_whatever_its_encoding_says() {
        assert!(decode(b"", ["br"], Limits::default()).unwrap().is_empty());
    }

    #[test]
    fn bombs_are_refused_at_the_limit() {
        let limits = Limits { decoded: 100_000, stacked: 3 };
        let bomb = vec![b'a'; 5_000_000];
        let twice = gzip(&gzip(&bomb));
        for (body, encodings) in [
            (gzip(&bomb), "gzip"),
            (zlib(&bomb), "deflate"),
            (brotli(&bomb), "br"),
            (zstd::encode_all(&*bomb, 1).unwrap(), "zstd"),
            (twice, "gzip, gzip"),
        ] {
            let error = decode(&body, [encodings], limits).unwrap_err();
            assert!(matches!(error, BodyError::TooLarge { limit: 100_000 }), "{encodings}: {error}");
        }
    }

    #[test]
    fn cut_and_foreign_bodies_are_named() {
        let cut = gzip(TEXT);
        for (body, encoding) in
            [(&cut[..cut.len() - 6], "gzip"), (TEXT, "gzip"), (TEXT, "br"), (TEXT, "zstd")]
        {
            let error = decode(body, [encoding], Limits::default()).unwrap_err();
            assert!(matches!(error, BodyError::Damaged { encoding: named, .. } if named == encoding));
        }
        let error = decode(TEXT, ["compress"], Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), "content encoding `compress` is not known");
    }

    #[test]
    fn chunks_are_joined() {
        assert_eq!(&*dechunk(b"4\r\nkeep\r\n6;x=y\r\n safe.\r\n0\r\nT: v\r\n\r\n").unwrap(), b"keep safe.");
        assert_eq!(&*dechunk(b"0\r\n\r\n").unwrap(), b"");
        assert_eq!(&*dechunk(b"<p>not chunked").unwrap(), b"<p>not chunked");
        assert!(matches!(dechunk(b"ff\r\nshort").unwrap_err(), BodyError::Chunks { offset: 4 }));
        assert!(matches!(dechunk(b"4\r\nkeepzz").unwrap_err(), BodyError::Chunks { offset: 7 }));
        assert!(dechunk(b"ffffffffffffffff\r\nx").is_err());
        assert!(dechunk(b"fffffffffffffffff\r\nx").is_ok(), "too many digits: not chunked");
    }
}
