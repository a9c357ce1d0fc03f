//! Scripts and style sheets, half of a page and never text: where they begin and end, so that the tokenizer
//! need not go through them.

/// A tag that may open code. Within comments or other code the same letters are none: the parser tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub start: usize,
    /// Behind its first `>`.
    pub end: usize,
}

/// The next such tag from byte `from` on.
pub(super) fn tag(html: &str, from: usize) -> Option<Tag> {
    let bytes = html.as_bytes();
    let start = memchr::memchr_iter(b'<', &bytes[from..])
        .map(|at| from + at)
        .find(|at| is_named(&bytes[at + 1..], "script") || is_named(&bytes[at + 1..], "style"))?;
    Some(Tag { start, end: start + memchr::memchr(b'>', &bytes[start..])? + 1 })
}

/// How many bytes of code stand before its end tag, as HTML's tokenizer finds it; 0 where that takes the
/// tokenizer itself. `html` starts right behind the tag that opened it.
pub(super) fn len(html: &str, name: &str) -> usize {
    let bytes = html.as_bytes();
    for at in memchr::memchr_iter(b'<', bytes) {
        match &bytes[at + 1..] {
            // What looks like a comment in a script hides end tags.
            [b'!', b'-', b'-', ..] if name == "script" => return 0,
            [b'/', rest @ ..]
                if is_named(rest, name)
                    && matches!(
                        rest.get(name.len()),
                        Some(b'\t' | b'\n' | b'\r' | 0x0c | b' ' | b'/' | b'>')
                    ) =>
            {
                return at;
            }
            _ => {}
        }
    }
    // It never ends, and whatever comes is code.
    html.len()
}

fn is_named(bytes: &[u8], name: &str) -> bool {
    bytes.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_ends_where_a_tokenizer_says() {
        assert_eq!(len("a<b</scripts></Script >x", "script"), 13);
        assert_eq!(len("a<!--</script>", "script"), 0);
        assert_eq!(len("a<!--</style\n>", "style"), 5);
        assert_eq!(len("never</script", "script"), 13);
        assert_eq!(tag("é<p><STYLE a=b>c", 0), Some(Tag { start: 5, end: 16 }));
        assert_eq!(tag("<script", 0), None);
    }
}
