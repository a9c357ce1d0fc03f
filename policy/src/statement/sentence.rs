//! Plain text to sentences.

/// The sentences of a plain text; `\n` always ends one.
pub fn split(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    split_into(text, &mut |sentence| out.push(sentence.to_owned()));
    out
}

pub(super) fn split_into(text: &str, out: &mut impl FnMut(&str)) {
    let mut rest = Some(text);
    while let Some(text) = rest {
        let line = match memchr::memchr(b'\n', text.as_bytes()) {
            Some(end) => {
                rest = Some(&text[end + 1..]);
                &text[..end]
            }
            None => {
                rest = None;
                text
            }
        };
        let mut start = 0;
        let bytes = line.as_bytes();
        let mut at = 0;
        let mut depth = 0i32;
        while at < bytes.len() {
            match bytes[at] {
                b'(' => depth += 1,
                b')' => depth = (depth - 1).max(0),
                b'.' | b'!' | b'?' => {
                    if let Some(next) = ends_sentence(line, start, at, depth) {
                        push(&line[start..next], out);
                        start = next;
                        at = next;
                        depth = 0;
                        continue;
                    }
                }
                // Ideographic full stops need no space behind them.
                0xe3 if line[at..].starts_with('。') => {
                    push(&line[start..at + 3], out);
                    start = at + 3;
                    at += 3;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        push(&line[start..], out);
    }
}

fn push(text: &str, out: &mut impl FnMut(&str)) {
    let text = text.trim();
    // A lone bullet, dash or number is layout.
    if text.chars().any(char::is_alphabetic) {
        out(text);
    }
}

/// Where the next sentence starts, if the mark at `at` ends one.
fn ends_sentence(line: &str, start: usize, at: usize, depth: i32) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut end = at + 1;
    while bytes.get(end).is_some_and(|b| matches!(b, b'.' | b'!' | b'?' | b'"' | b'\'' | b')')) {
        end += 1;
    }
    if line.is_char_boundary(end) && (line[end..].starts_with('”') || line[end..].starts_with('’')) {
        end += 3;
    }
    // A space must follow, and then something that starts a sentence.
    if bytes.get(end) != Some(&b' ') {
        return (depth == 0 && is_glued(line, start, at, end)).then_some(end);
    }
    let next = line[end + 1..].chars().next()?;
    if bytes[at] == b'.' && (next.is_lowercase() || is_abbreviation(&line[start..at])) {
        return None;
    }
    // "8 Sept. 2027"
    if bytes[at] == b'.' && next.is_ascii_digit() && is_month(&line[start..at]) {
        return None;
    }
    // "am 1. März 2027"
    if bytes[at] == b'.' && is_day_of_month(&line[start..at], &line[end + 1..]) {
        return None;
    }
    // Within brackets a sentence may hold others; they are split only when the bracket is long.
    if depth > 0 && !line[at..end].contains(')') && at - start < 120 {
        return None;
    }
    if matches!(bytes[at], b'!' | b'?') && next.is_lowercase() {
        return None;
    }
    Some(end + 1)
}

/// Two sentences that lost the space between them: small letters, the mark, a capital that begins a word and a sentence. Not
/// "Example.Com", not "www.AboutUs.example".
fn is_glued(line: &str, start: usize, at: usize, end: usize) -> bool {
    let last = line[start..at].rsplit([' ', '(']).next().unwrap_or("");
    let next = line[end..].split([' ', ',']).next().unwrap_or("");
    let is_word = |word: &str| word.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'));
    let begins = next.starts_with(char::is_uppercase) && next.chars().skip(1).all(|c| !c.is_uppercase());
    const ENDINGS: [&str; 6] = ["com", "net", "org", "js", "io", "ai"];
    last.len() >= 3
        && last.ends_with(char::is_lowercase)
        && is_word(last)
        && begins
        && is_word(next)
        && line.len() > end + next.len()
        && !ENDINGS.contains(&next.to_lowercase().as_str())
}

/// A day's number before the full stop and a German month's name behind it.
fn is_day_of_month(before: &str, behind: &str) -> bool {
    let day = before.rsplit(' ').next().unwrap_or("");
    let word = behind.split([' ', ',', '.', ')']).next().unwrap_or("");
    const MONTHS: [&str; 13] = [
        "Januar",
        "Jänner",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ];
    let is_day = (1..=2).contains(&day.len()) && day.bytes().all(|b| b.is_ascii_digit());
    is_day && before.len() > day.len() && MONTHS.contains(&word)
}

/// The text before a full stop ends in a month's name cut short.
fn is_month(text: &str) -> bool {
    let word = text.rsplit([' ', '(']).next().unwrap_or("").to_lowercase();
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"];
    MONTHS.contains(&word.as_str())
}

/// The text before a full stop ends in a word that is usually shortened.
fn is_abbreviation(text: &str) -> bool {
    let word = text.rsplit([' ', '(', '“', '"', '/', '\u{a0}']).next().unwrap_or("");
    if word.len() == 1 && word.chars().all(|c| c.is_ascii_uppercase()) {
        // "U. S.", an initial; but "plan B." rarely occurs.
        return true;
    }
    const SHORT: [&str; 42] = [
        "e.g", "i.e", "etc", "inc", "ltd", "corp", "co", "llc", "no", "nos", "art", "arts", "sec", "vs",
        "mr", "mrs", "ms", "dr", "st", "u.s", "u.k", "e.u", "a.m", "p.m", "approx", "cf", "al", "ca", "bzw",
        "z.b", "d.h", "u.a", "abs", "nr", "ggf", "inkl", "usw", "s.a", "p.ex", "gmbh", "pty", "cal",
    ];
    if word.is_empty() || word.len() > 6 {
        return false;
    }
    let lower = word.to_lowercase();
    // "etc." and company forms may end a sentence; a capital behind them usually starts the next.
    if matches!(lower.as_str(), "etc" | "inc" | "ltd" | "llc" | "co" | "corp" | "u.s" | "no" | "gmbh" | "usw")
    {
        return false;
    }
    SHORT.contains(&lower.as_str())
        || (lower.len() <= 2 && word.chars().all(|c| c.is_ascii_digit()) && text.len() == word.len())
}
