//! Text as it grows: white space folded, blocks kept apart.

/// A text under construction. White space and line breaks are owed until something follows them.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
    /// Line breaks owed before the next word: one ends a line, two end a paragraph.
    breaks: u8,
    /// A space is owed before the next word.
    space: bool,
    /// The text began with white space.
    led_by_space: bool,
    /// `br` elements since the last word.
    hard_breaks: u8,
    /// Code: nothing in it is a mark.
    verbatim: bool,
}

impl Writer {
    /// For code, whose signs are no marks.
    pub fn verbatim() -> Self {
        Self { verbatim: true, ..Self::default() }
    }

    /// Adds text of the page: white space folds to one space, invisible marks and control characters go.
    pub fn words(&mut self, text: &str) {
        // By runs: most text has long stretches with nothing to fold.
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if is_space(c) {
                self.owe_space();
                rest = rest.trim_start_matches(is_space);
            } else if is_invisible(c) {
                rest = &rest[c.len_utf8()..];
            } else {
                self.pay();
                let plain =
                    if self.text.is_empty() || self.text.ends_with('\n') { 0 } else { plain_run(rest) };
                if plain > 0 {
                    self.text.push_str(&rest[..plain]);
                    rest = &rest[plain..];
                    continue;
                }
                let end = rest.find(|c| is_space(c) || is_invisible(c)).unwrap_or(rest.len());
                if self.verbatim {
                    self.text.push_str(&rest[..end]);
                } else {
                    let at_line_start = self.text.is_empty() || self.text.ends_with('\n');
                    escape(&rest[..end], &rest[end..], at_line_start, &mut self.text);
                }
                rest = &rest[end..];
            }
        }
    }

    /// Adds text as it is.
    pub fn raw(&mut self, text: &str) {
        if !text.is_empty() {
            self.pay();
            self.text.push_str(text);
        }
    }

    /// The next word starts a new line (`breaks` 1) or a new paragraph (2).
    pub fn new_block(&mut self, breaks: u8) {
        self.breaks = self.breaks.max(breaks);
        self.space = false;
    }

    /// A `br`: one is a line, more are a paragraph.
    pub fn line_break(&mut self) {
        self.hard_breaks = self.hard_breaks.saturating_add(1);
        self.space = false;
    }

    /// White space before the next word.
    pub fn owe_space(&mut self) {
        if self.text.is_empty() && self.breaks == 0 && self.hard_breaks == 0 {
            self.led_by_space = true;
        }
        self.space = true;
    }

    fn pay(&mut self) {
        if self.text.is_empty() {
            // Nothing stands above the first word.
        } else if self.breaks > 1 || self.hard_breaks > 1 {
            self.text.push_str("\n\n");
        } else if self.breaks == 1 {
            self.text.push('\n');
        } else if self.hard_breaks == 1 {
            self.text.push_str("  \n");
        } else if self.space {
            self.text.push(' ');
        }
        self.breaks = 0;
        self.hard_breaks = 0;
        self.space = false;
    }

    pub fn finish(self) -> Finished {
        Finished { led_by_space: self.led_by_space, ends_with_space: self.space, text: self.text }
    }
}

/// A finished text, and the white space that stood around it.
#[derive(Debug)]
pub(super) struct Finished {
    pub text: String,
    pub led_by_space: bool,
    pub ends_with_space: bool,
}

/// White space that folds: also the many kinds of blank that typography has, which come and go with editors.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace()
}

/// Marks without width or meaning for the reader, and control characters. The joiners of Arabic and Indic
/// scripts are not among them: they spell.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}') || c.is_control()
}

/// How many bytes from the first on stand within a line as they are: printable ASCII that is no mark, and
/// the single spaces between such words.
fn plain_run(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !MARKS.contains(&char::from(*byte));
    let mut end = 0;
    loop {
        match bytes.get(end) {
            Some(b' ') if end > 0 && bytes.get(end + 1).is_some_and(is_plain) => end += 2,
            Some(byte) if is_plain(byte) => end += 1,
            _ => return end,
        }
    }
}

/// Characters that would be marks within a line.
const MARKS: [char; 6] = ['\\', '*', '_', '`', '[', ']'];

/// Writes a word so that Markdown takes it for text.
fn escape(word: &str, after: &str, at_line_start: bool, text: &mut String) {
    if at_line_start {
        let followed = after.starts_with(is_space);
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        // `1.`, alone, would open a list.
        if digits > 0 && followed && matches!(&word[digits..], "." | ")") {
            text.push_str(&word[..digits]);
            text.push('\\');
            text.push_str(&word[digits..]);
            return;
        }
        let opens_block = matches!(word, "-" | "+") && followed
            || (followed && word.len() <= 6 && word.bytes().all(|byte| byte == b'#'))
            || word.starts_with('>')
            || word.starts_with("~~~")
            || word.bytes().all(|byte| byte == b'=')
            || (word.len() > 2 && word.bytes().all(|byte| byte == b'-'));
        if opens_block {
            text.push('\\');
        }
    }
    let mut rest = word;
    while let Some(at) = rest.find(MARKS) {
        text.push_str(&rest[..at]);
        text.push('\\');
        // All of these are one byte.
        text.push_str(&rest[at..=at]);
        rest = &rest[at + 1..];
    }
    text.push_str(rest);
}
