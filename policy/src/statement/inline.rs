//! Markdown's inline marks off, the words kept.

/// The words of a raw Markdown text: links become their text, images vanish, emphasis and code marks,
/// escapes and tags go; line breaks that the page made (`<br>`, two spaces at a line's end) become `\n`,
/// all other white space one space.
pub fn plain(raw: &str) -> String {
    let bytes = raw.as_bytes();
    let mut out = String::with_capacity(raw.len());
    let mut at = 0;
    // Byte positions in `bytes` of `[` that opened a link text, so that its `](…)` is dropped.
    while at < bytes.len() {
        let run = plain_run(&bytes[at..]);
        if run > 0 {
            out.push_str(&raw[at..at + run]);
            at += run;
            continue;
        }
        match bytes[at] {
            b'\\' => match bytes.get(at + 1) {
                Some(next) if next.is_ascii_punctuation() => {
                    out.push(*next as char);
                    at += 2;
                }
                Some(b'\n') => {
                    newline(&mut out);
                    at += 2;
                }
                _ => at += 1,
            },
            b'!' => {
                if bytes.get(at + 1) == Some(&b'[')
                    && let Some(end) = image_end(bytes, at + 1)
                {
                    at = end;
                    continue;
                }
                out.push('!');
                at += 1;
            }
            b'[' => {
                // The text stays; its closing `](…)` is met below.
                if !opens_link(bytes, at) {
                    out.push('[');
                }
                at += 1;
            }
            b']' => match target_end(bytes, at + 1) {
                Some(end) => at = end,
                None => {
                    out.push(']');
                    at += 1;
                }
            },
            b'*' | b'`' => at += 1,
            b'_' => {
                // Emphasis, unless it joins a word: snake_case.
                let inner = at > 0
                    && bytes[at - 1].is_ascii_alphanumeric()
                    && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
                if inner {
                    out.push('_');
                }
                at += 1;
            }
            b'<' => match tag_end(bytes, at) {
                Some(end) => {
                    let tag = &bytes[at..end];
                    if tag.len() > 3
                        && (tag[1..3].eq_ignore_ascii_case(b"br") || tag[1..3].eq_ignore_ascii_case(b"p>"))
                    {
                        newline(&mut out);
                    } else if tag[1..].starts_with(b"http") || tag[1..].starts_with(b"mailto:") {
                        out.push_str(&raw[at + 1..end - 1]);
                    }
                    at = end;
                }
                None => {
                    out.push('<');
                    at += 1;
                }
            },
            b'&' => {
                let (text, len) = entity(&raw[at..]);
                push_folded(&mut out, text);
                at += len;
            }
            b'\n' => {
                if raw[..at].ends_with("  ") {
                    newline(&mut out);
                } else {
                    space(&mut out);
                }
                at += 1;
            }
            b' ' | b'\t' | b'\r' => {
                space(&mut out);
                at += 1;
            }
            // Non-breaking and zero-width spaces, byte-order marks, soft hyphens.
            _ => {
                let c = raw[at..].chars().next().unwrap_or(' ');
                match c {
                    '\u{ad}'
                    | '\u{200b}'..='\u{200f}'
                    | '\u{2060}'
                    | '\u{feff}'
                    | '\u{202a}'..='\u{202e}' => {}
                    c if c.is_whitespace() => space(&mut out),
                    c => out.push(c),
                }
                at += c.len_utf8();
            }
        }
    }
    out
}

/// How many bytes from the first on are taken as they are: words, and the single spaces between them.
fn plain_run(bytes: &[u8]) -> usize {
    let mut end = 0;
    loop {
        match bytes.get(end) {
            Some(b' ') if end > 0 && bytes.get(end + 1).is_some_and(|next| !SPECIAL[*next as usize]) => {
                end += 2
            }
            Some(byte) if !SPECIAL[*byte as usize] => end += 1,
            _ => return end,
        }
    }
}

/// Bytes that need a look; 0xc2, 0xe2 and 0xef start the spaces and marks outside ASCII.
static SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let list = b"\\![]*`_<&\n\t\r ";
    let mut i = 0;
    while i < list.len() {
        special[list[i] as usize] = true;
        i += 1;
    }
    special[0xc2] = true;
    special[0xe2] = true;
    special[0xe3] = true;
    special[0xef] = true;
    special
};

fn space(out: &mut String) {
    if !out.is_empty() && !out.ends_with([' ', '\n']) {
        out.push(' ');
    }
}

fn newline(out: &mut String) {
    let kept = out.trim_end_matches(' ').len();
    out.truncate(kept);
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

fn push_folded(out: &mut String, text: &str) {
    if text == " " { space(out) } else { out.push_str(text) }
}

/// A `[` whose `]` is followed by a target. Looks no further than 2,000 bytes, so that damage stays cheap.
fn opens_link(bytes: &[u8], at: usize) -> bool {
    let mut depth = 0usize;
    let limit = bytes.len().min(at + 2_000);
    let mut i = at;
    while i < limit {
        match bytes[i] {
            b'\\' => i += 1,
            b'[' => depth += 1,
            b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return target_end(bytes, i + 1).is_some();
                }
            }
            _ => {}
        }
        i += 1;
    }
    false
}

/// Where `(target)` ends, if it stands at `at`.
fn target_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'(') {
        return None;
    }
    let mut depth = 0usize;
    let mut quoted = false;
    for (i, byte) in bytes.iter().enumerate().skip(at).take(4_000) {
        match byte {
            b'"' if bytes[i - 1] != b'\\' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            b'\n' if !quoted && bytes.get(i + 1) == Some(&b'\n') => return None,
            _ => {}
        }
    }
    None
}

/// Where an image that opens at `[` ends.
fn image_end(bytes: &[u8], open: usize) -> Option<usize> {
    let close = bytes.iter().skip(open).take(1_000).position(|b| *b == b']')? + open;
    target_end(bytes, close + 1)
}

/// Where a tag that starts at `at` ends; a lone `<` is no tag.
fn tag_end(bytes: &[u8], at: usize) -> Option<usize> {
    let next = *bytes.get(at + 1)?;
    if !(next.is_ascii_alphabetic() || next == b'/' || next == b'!') {
        return None;
    }
    bytes.iter().skip(at).take(500).position(|b| *b == b'>').map(|offset| at + offset + 1)
}

fn entity(text: &str) -> (&str, usize) {
    const KNOWN: [(&str, &str); 9] = [
        ("&nbsp;", " "),
        ("&amp;", "&"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&rsquo;", "’"),
        ("&ndash;", "–"),
        ("&mdash;", "—"),
    ];
    KNOWN
        .iter()
        .find(|(name, _)| text.starts_with(name))
        .map_or(("&", 1), |(name, value)| (value, name.len()))
}
