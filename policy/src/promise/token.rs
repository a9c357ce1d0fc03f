//! Words with their places: what the vocabulary is matched against and texts are compared by.

use crate::statement::normalised;

/// A word of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Of the word as written, in small letters.
    pub hash: u32,
    /// Of the word without its ending, so that "shares" compares with "sharing".
    pub stem: u32,
    /// Byte at which it starts in [`Tokens::form`]; a space stands before it.
    pub start: u32,
    /// A comma, semicolon, colon, bracket or dash stands before it.
    pub after_break: bool,
    /// It starts with a capital.
    pub capital: bool,
}

/// A text as words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tokens {
    /// The words in small letters, each between single spaces: ` we never sell `.
    pub form: String,
    pub words: Vec<Token>,
}

impl Tokens {
    pub fn of(text: &str) -> Tokens {
        let mut tokens = Tokens {
            form: String::with_capacity(text.len() + 2),
            words: Vec::with_capacity(text.len() / 6 + 2),
        };
        let mut reader = Reader { tokens: &mut tokens, open: false, after_break: false, capital: false };
        if text.is_ascii() {
            text.bytes().for_each(|b| reader.push(b as char));
        } else {
            normalised(text, |c| reader.push(c));
        }
        reader.close();
        tokens.form.push(' ');
        tokens
    }

    /// The number of the word that starts at a byte of the form.
    pub fn at(&self, start: usize) -> usize {
        self.words.partition_point(|word| (word.start as usize) < start)
    }

    pub fn word(&self, n: usize) -> &str {
        let start = self.words[n].start as usize;
        let end = self.words.get(n + 1).map_or(self.form.len(), |next| next.start as usize) - 1;
        &self.form[start..end]
    }
}

struct Reader<'a> {
    tokens: &'a mut Tokens,
    open: bool,
    after_break: bool,
    capital: bool,
}

impl Reader<'_> {
    fn push(&mut self, c: char) {
        if c.is_alphanumeric() {
            if !self.open {
                self.tokens.form.push(' ');
                self.open = true;
                self.capital = c.is_uppercase();
                self.tokens.words.push(Token {
                    hash: 0,
                    stem: 0,
                    start: self.tokens.form.len() as u32,
                    after_break: self.after_break,
                    capital: self.capital,
                });
                self.after_break = false;
            }
            if c.is_ascii() {
                self.tokens.form.push(c.to_ascii_lowercase());
            } else {
                self.tokens.form.extend(c.to_lowercase());
            }
        } else if !matches!(
            c,
            '\'' | '’' | '‘' | 'ʼ' | '`' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{300}'..='\u{36f}'
        ) {
            self.close();
            if matches!(c, ',' | ';' | ':' | '(' | ')' | '–' | '—' | '.' | '!' | '?' | '|' | '“' | '”' | '"')
            {
                self.after_break = true;
            }
        }
    }

    fn close(&mut self) {
        if self.open {
            self.open = false;
            if let Some(word) = self.tokens.words.last_mut() {
                let text = &self.tokens.form[word.start as usize..];
                word.hash = hash(text);
                word.stem = hash(stem(text));
            }
        }
    }
}

/// A word's number: FNV-1a. Two words of one policy with one number would only be taken for each other.
pub fn hash(word: &str) -> u32 {
    word.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// A word without its commonest endings. Rough on purpose: it only has to treat both sides alike.
fn stem(word: &str) -> &str {
    if word.len() <= 4 || !word.is_ascii() || word.as_bytes()[0].is_ascii_digit() {
        return word;
    }
    for ending in [
        "ations", "ation", "ements", "ement", "ings", "ing", "ies", "ied", "ers", "ed", "es", "er", "ly",
        "s", "e", "y",
    ] {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.len() >= 3
        {
            // "ss" is no plural; a doubled consonant is the ending's doing: "logged".
            return if ending == "s" && stem.ends_with('s') { word } else { stem };
        }
    }
    word
}
