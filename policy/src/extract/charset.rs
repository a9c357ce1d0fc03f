//! Bytes to characters.

use encoding_rs::Encoding;
use std::borrow::Cow;

/// How far into a page a `meta` that names the charset is looked for; browsers look at 1,024 bytes,
/// but pages with a long comment or inline script before it are common.
const META_WITHIN: usize = 16 * 1024;

/// Bytes to characters: a byte order mark wins over the `Content-Type` header, that over a `meta` in the page;
/// else UTF-8 where the bytes are that, else windows-1252. Never fails: what cannot be read becomes U+FFFD. Nothing is copied where the bytes are UTF-8.
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    let encoding = Encoding::for_bom(bytes)
        .map(|(encoding, _)| encoding)
        .or_else(|| content_type.and_then(|value| label_after_charset(value.as_bytes())))
        .or_else(|| declared_in_page(&bytes[..bytes.len().min(META_WITHIN)]));
    match encoding {
        Some(encoding) => encoding.decode(bytes).0,
        None => match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            // A UTF-8 page with a stray byte stays UTF-8: few bytes of another encoding look like so many sequences.
            Err(_) if looks_like_utf8(bytes) => String::from_utf8_lossy(bytes),
            Err(_) => encoding_rs::WINDOWS_1252.decode(bytes).0,
        },
    }
}

fn looks_like_utf8(bytes: &[u8]) -> bool {
    let mut good = 0_usize;
    let mut bad = 0_usize;
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > 10 * bad
}

/// `charset=` in a `meta` element, in either of its two forms, or in an XML declaration.
fn declared_in_page(head: &[u8]) -> Option<&'static Encoding> {
    let mut from = 0;
    while let Some(at) = find(&head[from..], b"<meta").map(|at| from + at) {
        let end = head[at..].iter().position(|&byte| byte == b'>').map_or(head.len(), |end| at + end);
        if let Some(encoding) = label_after_charset(&head[at..end]) {
            // A page cannot be read as UTF-16 and be found to say so in ASCII.
            let is_utf16 = encoding == encoding_rs::UTF_16BE || encoding == encoding_rs::UTF_16LE;
            return Some(if is_utf16 { encoding_rs::UTF_8 } else { encoding });
        }
        from = end;
    }
    let xml = head.strip_prefix(b"<?xml")?;
    let end = find(xml, b"?>")?;
    let at = find(&xml[..end], b"encoding")?;
    label(&xml[at + b"encoding".len()..end])
}

fn label_after_charset(text: &[u8]) -> Option<&'static Encoding> {
    let mut from = 0;
    while let Some(at) = find(&text[from..], b"charset") {
        from += at + b"charset".len();
        if let Some(encoding) = label(&text[from..]) {
            return Some(encoding);
        }
    }
    None
}

/// The encoding named after an equals sign, quoted or not.
fn label(text: &[u8]) -> Option<&'static Encoding> {
    let text = text.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let text = text.strip_prefix(b"\"").or_else(|| text.strip_prefix(b"'")).unwrap_or(text);
    let end = text.iter().position(|byte| b"\"'; \t\r\n/>".contains(byte)).unwrap_or(text.len());
    Encoding::for_label(&text[..end])
}

/// Where an ASCII word stands, whatever its case.
fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window.eq_ignore_ascii_case(needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_names_the_charset() {
        assert_eq!(decode(b"caf\xe9", Some("text/html; charset=ISO-8859-1")), "café");
        assert_eq!(decode(b"\x93\xfa\x96\x7b", Some("text/html;charset=\"Shift_JIS\"")), "日本");
    }

    #[test]
    fn a_byte_order_mark_wins() {
        assert_eq!(decode(b"\xef\xbb\xbfcaf\xc3\xa9", Some("text/html; charset=windows-1252")), "café");
        assert_eq!(decode(b"\xff\xfeh\0i\0", None), "hi");
    }

    #[test]
    fn a_meta_names_the_charset() {
        assert_eq!(decode(b"<META CHARSET='windows-1251'>\xcf", None), "<META CHARSET='windows-1251'>П");
        let http_equiv = b"<meta http-equiv=content-type content=\"text/html; charset=koi8-r\">\xf0";
        assert!(decode(http_equiv, None).ends_with('П'));
        assert!(decode(b"<?xml version='1.0' encoding='iso-8859-2'?>\xb1", None).ends_with('ą'));
    }

    #[test]
    fn with_no_word_on_it_utf8_then_windows_1252() {
        assert_eq!(decode("Règles".as_bytes(), None), "Règles");
        assert_eq!(decode(b"R\xe8gles", None), "Règles");
        let mostly = ["é".repeat(50).as_bytes(), b"\xff"].concat();
        assert!(decode(&mostly, None).starts_with('é'));
    }

    #[test]
    fn unknown_labels_and_cut_pages_do_no_harm() {
        assert_eq!(decode(b"<meta charset=", None), "<meta charset=");
        assert_eq!(decode(b"x", Some("text/html; charset=nonsense")), "x");
        assert_eq!(decode(b"", None), "");
    }
}
