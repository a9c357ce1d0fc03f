//! The form in which two statements that say the same are the same.

use crate::id::{Digest, StatementId};
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfkc_quick};

/// The words of a statement in lower case with single spaces: without punctuation, list numbers, marks and
/// the accidents of typography. Two statements with equal comparable forms are one statement.
///
/// ```
/// use policy::statement::comparable;
/// assert_eq!(comparable("(a) We don’t  “sell” it."), comparable("2. We don't \"sell\" it"));
/// ```
pub fn comparable(text: &str) -> String {
    let text = without_number(text);
    if text.is_ascii() {
        return comparable_ascii(text, |_| {});
    }
    comparable_unicode(text)
}

/// [`comparable`], which also tells the number of each word of the form.
pub(crate) fn comparable_words(text: &str, mut take: impl FnMut(u32)) -> String {
    let text = without_number(text);
    if text.is_ascii() {
        return comparable_ascii(text, take);
    }
    let form = comparable_unicode(text);
    if !form.is_empty() {
        form.as_bytes().split(|byte| *byte == b' ').for_each(|word| take(word_hash(word)));
    }
    form
}

/// The number of a word: FNV-1a.
pub(crate) fn word_hash(word: &[u8]) -> u32 {
    word.iter().fold(FIRST, |number, byte| step(number, *byte))
}

/// The number of a word of no letters, see [`step`].
pub(crate) const FIRST: u32 = 0x811c_9dc5;

/// The number of a word with one byte more.
pub(crate) fn step(number: u32, byte: u8) -> u32 {
    (number ^ u32::from(byte)).wrapping_mul(0x0100_0193)
}

fn comparable_unicode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // A mark that waits for the next word, so that none stands at the end.
    let mut gap = false;
    let mut push = |c: char, out: &mut String| {
        if c.is_alphanumeric() {
            if gap && !out.is_empty() {
                out.push(' ');
            }
            gap = false;
            if c.is_ascii() {
                out.push(c.to_ascii_lowercase());
            } else {
                out.extend(c.to_lowercase());
            }
        } else if !matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{feff}')
            && !is_mark(c)
        {
            gap = true;
        }
    };
    normalised(text, |c| push(c, &mut out));
    out
}

/// The same for a text in ASCII, as most are: byte by byte, with the number of each word.
fn comparable_ascii(text: &str, mut take: impl FnMut(u32)) -> String {
    let mut out = Vec::with_capacity(text.len());
    let (mut number, mut gap) = (FIRST, false);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            if gap && !out.is_empty() {
                take(std::mem::replace(&mut number, FIRST));
                out.push(b' ');
            }
            gap = false;
            let small = byte.to_ascii_lowercase();
            number = step(number, small);
            out.push(small);
        } else if !matches!(byte, b'\'' | b'`') {
            gap = true;
        }
    }
    if !out.is_empty() {
        take(number);
    }
    String::from_utf8(out).expect("ASCII is UTF-8")
}

/// The characters of a text in compatibility form (NFKC).
///
/// Most texts are in it already, and to see that costs a fraction of making it.
pub(crate) fn normalised(text: &str, take: impl FnMut(char)) {
    if is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        text.chars().for_each(take);
    } else {
        text.nfkc().for_each(take);
    }
}

/// The id of a statement within its policy.
pub fn statement_id(text: &str) -> StatementId {
    StatementId(Digest::of(comparable(text)).short(12))
}

/// Combining marks that normalisation left alone belong to their letter.
fn is_mark(c: char) -> bool {
    !c.is_ascii() && unicode_normalization::char::is_combining_mark(c)
}

/// Without a number or letter that only counts: `(a)`, `2.`, `iv)`, `3.1`.
fn without_number(text: &str) -> &str {
    let text = text.trim_start();
    let rest = text.strip_prefix('(').unwrap_or(text);
    let len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'.').count();
    let (label, tail) = rest.split_at(len);
    let counts = label.trim_end_matches('.');
    let short = !counts.is_empty() && counts.len() <= 5;
    let numeric = short && counts.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let roman = short && counts.bytes().all(|b| matches!(b.to_ascii_lowercase(), b'i' | b'v' | b'x'));
    let letter = counts.len() == 1;
    let closed = tail.starts_with(')') || label.ends_with('.');
    let bare_outline_number = numeric && counts.contains('.') && tail.starts_with(' ');
    if ((numeric || roman || letter) && closed) || bare_outline_number {
        let tail = tail.strip_prefix(')').unwrap_or(tail);
        if tail.starts_with(' ') && tail.trim_start().starts_with(char::is_alphabetic) {
            return tail;
        }
    }
    text
}
