//! Text of other people, made fit to be shown: nothing in it may act on the page around it.
//!
//! Templates escape markup. What escaping leaves alone is dealt with here: control characters,
//! which XML forbids and browsers drop; direction overrides, which could turn a sentence round;
//! and lines so long that no page could hold them.

/// The longest single text a page, feed or card shows, in characters.
pub const LONGEST: usize = 4_000;

/// The text as it may be shown: white space folded, controls made visible, direction marks dropped.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() {
            space = true;
            continue;
        }
        let c = match c {
            // Embeddings, overrides and isolates reach past the text they stand in.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}' => {
                continue;
            }
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fff9}'..='\u{fffb}' => '\u{fffd}',
            // Not characters at all; XML does not take the last two of the first plane.
            '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            c => c,
        };
        if space && !out.is_empty() {
            out.push(' ');
        }
        space = false;
        out.push(c);
    }
    out
}

/// At most `max` characters of the text as it may be shown, cut at a word where one is near.
pub fn clip(text: &str, max: usize) -> String {
    // Cut before cleaning too, so that a line of megabytes costs no more than its beginning.
    let start: String = text.chars().take(max * 2 + 64).collect();
    let whole = shown(&start);
    if whole.chars().count() <= max {
        return whole;
    }
    let mut cut: String = whole.chars().take(max).collect();
    if let Some(space) = cut.rfind(' ')
        && cut.len() - space < 24
    {
        cut.truncate(space);
    }
    cut.push('…');
    cut
}

/// At most `max` characters of the text's end as it may be shown, from the beginning of a word.
pub fn clip_to_end(text: &str, max: usize) -> String {
    let cut = text.char_indices().rev().nth(max * 2 + 64).map_or(0, |(at, _)| at);
    let whole = shown(&text[cut..]);
    let Some((at, _)) = whole.char_indices().rev().nth(max) else { return whole };
    // One more than may be shown: where that is a space, a word begins behind it.
    let end = &whole[at..];
    let from = end.find(' ').map_or_else(|| end.chars().next().map_or(0, char::len_utf8), |space| space + 1);
    format!("… {}", &end[from..])
}

/// The first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `1 version`, `2 versions`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// `19,634`
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_acts_on_the_page_around_it() {
        assert_eq!(shown("a\u{202e}b\u{2066}c\0d\u{1b}[31m"), "abc\u{fffd}d\u{fffd}[31m");
        assert_eq!(shown("  two\n\twords\u{a0}here "), "two words here");
        assert_eq!(shown("\u{ffff}"), "\u{fffd}");
    }

    #[test]
    fn a_line_of_megabytes_is_cut_at_a_word() {
        let long = "word ".repeat(400_000);
        let cut = clip(&long, 100);
        assert!(cut.chars().count() <= 101 && cut.ends_with("word…"), "{cut}");
        assert_eq!(clip("short", 100), "short");
        let end = clip_to_end(&format!("{long}as follows:"), 30);
        assert_eq!(end, "… word word word as follows:");
        assert_eq!(clip_to_end("We do not:", 100), "We do not:");
        assert_eq!(clip_to_end("We do not:", 10), "We do not:");
        assert_eq!(clip_to_end("Nobody öööööööööö:", 4), "… ööö:");
    }

    #[test]
    fn numbers_read_easily() {
        assert_eq!(count(1, "version", "versions"), "1 version");
        assert_eq!(count(19_634, "version", "versions"), "19,634 versions");
        assert_eq!(thousands(123), "123");
    }
}
