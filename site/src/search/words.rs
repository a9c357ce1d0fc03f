//! Text to word forms and terms: what counts as a word, in the index, in queries and in the browser.
//!
//! A *form* is a word as written, folded: compatibility-decomposed (NFKD), lower case, without marks.
//! A *term* is the form's English stem; the index is of terms. `search.js` folds the same way and
//! learns terms from the exported vocabulary, so it needs no stemmer. What both do is written in
//! docs/search-format.md; `tests/search_parity.rs` holds them together.

use std::ops::Range;
use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer, Token, TokenStream, Tokenizer};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Longer forms are digests and addresses, which nobody types: they are left out.
const LONGEST: usize = 40;

/// The folded forms of a text in order, each with the bytes of the text it stands for.
///
/// ```
/// let forms = site::search::words::forms("Meta’s end-to-end Règles");
/// assert_eq!(forms, ["meta", "end", "to", "end", "regles"]);
/// ```
pub fn forms(text: &str) -> Vec<String> {
    let mut forms = Vec::new();
    each_form(text, &mut |form, _| forms.push(form.to_owned()));
    forms
}

/// Calls `each` with every form of `text` and its place in it.
pub fn each_form(text: &str, each: &mut dyn FnMut(&str, Range<usize>)) {
    let mut folded = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if !is_word(c) {
            continue;
        }
        let mut end = start + c.len_utf8();
        while let Some(&(at, c)) = chars.peek() {
            if !is_word(c) {
                break;
            }
            end = at + c.len_utf8();
            chars.next();
        }
        let word = &text[start..end];
        fold(word, &mut folded);
        // A word in a script without spaces is found by its characters: each is a form of its own.
        let mut from = 0;
        for (at, c) in folded.char_indices() {
            let inside = c.is_alphanumeric();
            if !inside || is_solo(c) {
                emit(&folded[from..at], start..end, each);
                from = at + c.len_utf8();
                if inside {
                    emit(&folded[at..from], start..end, each);
                }
            }
        }
        emit(&folded[from..], start..end, each);
        // `Meta’s` is the word Meta.
        let mut rest = text[end..].chars();
        if matches!(rest.next(), Some('\'' | '’'))
            && matches!(rest.next(), Some('s' | 'S'))
            && !rest.next().is_some_and(is_word)
        {
            chars.next();
            chars.next();
        }
    }
}

fn emit(form: &str, place: Range<usize>, each: &mut dyn FnMut(&str, Range<usize>)) {
    if !form.is_empty() && (form.len() <= LONGEST || form.chars().count() <= LONGEST) {
        each(form, place);
    }
}

fn fold(word: &str, folded: &mut String) {
    folded.clear();
    if word.is_ascii() {
        folded.extend(word.chars().map(|c| c.to_ascii_lowercase()));
    } else {
        let lower = word.nfkd().collect::<String>().to_lowercase();
        folded.extend(lower.chars().filter(|&c| !is_combining_mark(c)));
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || (!c.is_ascii() && (c.is_alphanumeric() || is_combining_mark(c)))
}

/// Scripts written without spaces between words. Ranges, not script names, so that browsers agree.
fn is_solo(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// The analyzer that turns a form into its term.
pub fn stemmer() -> TextAnalyzer {
    TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(Language::English)).build()
}

/// The term of one form.
pub fn term(stemmer: &mut TextAnalyzer, form: &str) -> String {
    stemmer.token_stream(form).next().map(|token| token.text.clone()).unwrap_or_default()
}

/// The analyzer of indexed text: forms, then stems.
pub fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(Forms::default()).filter(Stemmer::new(Language::English)).build()
}

/// tantivy's view of [`each_form`].
#[derive(Debug, Clone, Default)]
struct Forms {
    tokens: Vec<Token>,
    len: usize,
}

impl Tokenizer for Forms {
    type TokenStream<'a> = FormStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> FormStream<'a> {
        self.len = 0;
        let Forms { tokens, len } = self;
        each_form(text, &mut |form, place| {
            if *len == tokens.len() {
                tokens.push(Token::default());
            }
            // The tokens' buffers are used again from text to text.
            let token = &mut tokens[*len];
            token.text.clear();
            token.text.push_str(form);
            (token.offset_from, token.offset_to, token.position) = (place.start, place.end, *len);
            *len += 1;
        });
        FormStream { forms: self, next: 0 }
    }
}

struct FormStream<'a> {
    forms: &'a mut Forms,
    next: usize,
}

impl TokenStream for FormStream<'_> {
    fn advance(&mut self) -> bool {
        self.next += 1;
        self.next <= self.forms.len
    }

    fn token(&self) -> &Token {
        &self.forms.tokens[self.next - 1]
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.forms.tokens[self.next - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(forms(text).join(" "), expected);
    }

    #[test]
    fn words_are_folded() {
        check("End-to-End ENCRYPTED", "end to end encrypted");
        check("Règles d’accès", "regles d acces");
        check("Meta's and METAS' users’s, o's9", "meta and metas users o s9");
        check("ﬁle ½ ①", "file 1 2 1");
        check("İstanbul ΣΑΣ", "istanbul σας");
        check("a_b c.d e/f", "a b c d e f");
        check("\u{202e}bidi\u{0}nul", "bidi nul");
    }

    #[test]
    fn scripts_without_spaces_give_one_form_a_character() {
        check("隐私policy政策", "隐 私 policy 政 策");
    }

    #[test]
    fn digests_are_left_out() {
        check(&format!("x {} y", "a".repeat(41)), "x y");
        check(&"a".repeat(40), &"a".repeat(40));
    }

    #[test]
    fn terms_are_stems() {
        let mut stemmer = stemmer();
        assert_eq!(term(&mut stemmer, "encryption"), term(&mut stemmer, "encrypted"));
        let mut analyzer = analyzer();
        let mut stream = analyzer.token_stream("selling data");
        let mut terms = Vec::new();
        stream.process(&mut |token| terms.push((token.text.clone(), token.position)));
        assert_eq!(terms, [("sell".into(), 0), ("data".into(), 1)]);
    }
}
