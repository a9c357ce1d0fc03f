//! Words with their places: what the vocabulary is matched against and texts are compared by.

use crate::statement::{FIRST, normalised, step, word_hash};

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
        if text.is_ascii() {
            read_ascii(text.as_bytes(), &mut tokens);
        } else {
            let mut reader = Reader { tokens: &mut tokens, open: false, after_break: false, capital: false };
            normalised(text, |c| reader.push(c));
            reader.close();
        }
        tokens.form.push(' ');
        tokens
    }

    /// The number of the word that starts at a byte of the form.
    pub fn at(&self, start: usize) -> usize {
        self.words.partition_point(|word| (word.start as usize) < start)
    }

    /// The word without its ending.
    pub fn stem(&self, n: usize) -> &str {
        let word = self.word(n);
        &word[..stem(word.as_bytes())]
    }

    pub fn word(&self, n: usize) -> &str {
        let start = self.words[n].start as usize;
        let end = self.words.get(n + 1).map_or(self.form.len(), |next| next.start as usize) - 1;
        &self.form[start..end]
    }
}

/// The same as [`Reader`] for a text in ASCII, as most are: each word in one go.
fn read_ascii(text: &[u8], tokens: &mut Tokens) {
    let mut form = std::mem::take(&mut tokens.form).into_bytes();
    // The number of each beginning of a word: one of them is its stem's.
    let mut numbers = [0; LONG];
    let mut after_break = false;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if !byte.is_ascii_alphanumeric() {
            after_break |= breaks(char::from(byte));
            at += 1;
            continue;
        }
        form.push(b' ');
        let start = form.len();
        let mut number = FIRST;
        while let Some(&byte) = text.get(at) {
            if byte.is_ascii_alphanumeric() {
                let small = byte.to_ascii_lowercase();
                number = step(number, small);
                if let Some(place) = numbers.get_mut(form.len() - start) {
                    *place = number;
                }
                form.push(small);
            } else if !is_within_word(char::from(byte)) {
                break;
            }
            at += 1;
        }
        let len = stem(&form[start..]);
        tokens.words.push(Token {
            hash: number,
            stem: numbers.get(len - 1).copied().unwrap_or_else(|| word_hash(&form[start..start + len])),
            start: start as u32,
            after_break,
            capital: byte.is_ascii_uppercase(),
        });
        after_break = false;
    }
    tokens.form = String::from_utf8(form).expect("ASCII is UTF-8");
}

/// Words up to this length have the numbers of all their beginnings noted.
const LONG: usize = 32;

/// Signs that part no word: apostrophes and invisible ones.
fn is_within_word(c: char) -> bool {
    matches!(
        c,
        '\'' | '’' | '‘' | 'ʼ' | '`' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{300}'..='\u{36f}'
    )
}

/// Signs behind which something else may begin.
fn breaks(c: char) -> bool {
    matches!(c, ',' | ';' | ':' | '(' | ')' | '–' | '—' | '.' | '!' | '?' | '|' | '“' | '”' | '"')
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
        } else if !is_within_word(c) {
            self.close();
            self.after_break |= breaks(c);
        }
    }

    fn close(&mut self) {
        if self.open {
            self.open = false;
            if let Some(word) = self.tokens.words.last_mut() {
                let text = &self.tokens.form[word.start as usize..];
                word.hash = hash(text);
                word.stem = word_hash(&text.as_bytes()[..stem(text.as_bytes())]);
            }
        }
    }
}

/// A word's number: FNV-1a. Two words of one policy with one number would only be taken for each other.
pub fn hash(word: &str) -> u32 {
    word_hash(word.as_bytes())
}

/// The numbers of a text's words in small letters, parted at whatever is neither letter nor digit.
pub fn words(text: &str, mut take: impl FnMut(u32)) {
    if text.is_ascii() {
        let (mut number, mut open) = (FIRST, false);
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() {
                number = step(number, byte.to_ascii_lowercase());
                open = true;
            } else if std::mem::take(&mut open) {
                take(std::mem::replace(&mut number, FIRST));
            }
        }
        if open {
            take(number);
        }
        return;
    }
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        match word.is_ascii() {
            true => take(word.bytes().fold(FIRST, |number, byte| step(number, byte.to_ascii_lowercase()))),
            false => take(hash(&word.to_lowercase())),
        }
    }
}

/// How long a word is without its commonest endings. Rough on purpose: it only has to treat both sides alike.
fn stem(word: &[u8]) -> usize {
    let len = word.len();
    if len <= 4 || !word.is_ascii() || word[0].is_ascii_digit() {
        return len;
    }
    // The longest first; a stem keeps three letters.
    match word {
        [stem @ .., b'a', b't', b'i', b'o', b'n', b's'] if stem.len() >= 3 => stem.len(),
        [stem @ .., b'a', b't', b'i', b'o', b'n'] if stem.len() >= 3 => stem.len(),
        [stem @ .., b'e', b'm', b'e', b'n', b't', b's'] if stem.len() >= 3 => stem.len(),
        [stem @ .., b'e', b'm', b'e', b'n', b't'] if stem.len() >= 3 => stem.len(),
        [stem @ .., b'i', b'n', b'g', b's'] if stem.len() >= 3 => stem.len(),
        [stem @ .., b'i', b'n', b'g'] if stem.len() >= 3 => stem.len(),
        [stem @ .., b'i', b'e', b's' | b'd'] if stem.len() >= 3 => stem.len(),
        [stem @ .., b'e', b'r', b's'] if stem.len() >= 3 => stem.len(),
        [stem @ .., b'e', b'd' | b's' | b'r'] => stem.len(),
        [stem @ .., b'l', b'y'] => stem.len(),
        // "ss" is no plural; a doubled consonant is the ending's doing: "logged".
        [.., b's', b's'] => len,
        [stem @ .., b's' | b'e' | b'y'] => stem.len(),
        _ => len,
    }
}
