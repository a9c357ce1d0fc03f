//! The words and phrases of one language, found in a text word by word.
//!
//! A phrase is looked up by the number of its first word, so that only what begins alike is compared: a
//! text has far fewer words than letters.

use super::document::{Hit, WordHasher};
use super::rules::Cue;
use super::token::{self, Tokens};
use std::collections::HashMap;

/// What is looked for; built once.
#[derive(Debug, Clone)]
pub(super) struct Lexicon {
    phrases: Vec<Phrase>,
    /// From and to among the phrases, by the number of a first word that stands whole.
    whole: HashMap<u32, (u32, u32), WordHasher>,
    /// From and to among the phrases, by the first byte of a first word of which only the beginning is given.
    begun: Vec<(u32, u32)>,
}

#[derive(Debug, Clone)]
struct Phrase {
    /// As it stands in [`Tokens::form`], with the space before it and, where no more letters may follow,
    /// the one behind it.
    text: Box<str>,
    /// The first eight bytes behind that space, and which bits of them count: most are told apart by these.
    head: u64,
    mask: u64,
    /// How many words it covers.
    words: usize,
    cues: Box<[Cue]>,
}

impl Lexicon {
    /// `phrases`: each with a space before it and one behind it, unless more letters may follow, which the
    /// flag tells; and what it stands for.
    pub fn new(phrases: impl IntoIterator<Item = ((String, bool), Vec<Cue>)>) -> Lexicon {
        let phrases = phrases.into_iter().map(|((text, open), cues)| {
            let count = text.split_ascii_whitespace().count();
            let last = text.split_ascii_whitespace().next_back().map_or(0, str::len);
            // A last word of which only one letter is given does not count, unless there is no other.
            let words = if open && last == 1 && count > 1 { count - 1 } else { count };
            let first = (!open || count > 1).then(|| {
                let first = text.split_ascii_whitespace().next().unwrap_or_default();
                token::hash(first)
            });
            let bytes = &text.as_bytes()[1..];
            let (head, mask) = (head(bytes), head(&vec![0xff; bytes.len()]));
            (first, Phrase { text: text.into(), head, mask, words, cues: cues.into() })
        });
        let mut phrases: Vec<(Option<u32>, Phrase)> = phrases.collect();
        // Beginnings last, by their first byte.
        phrases.sort_by(|(a, left), (b, right)| {
            (a.is_none(), a, &left.text).cmp(&(b.is_none(), b, &right.text))
        });
        let mut lexicon =
            Lexicon { phrases: Vec::new(), whole: HashMap::default(), begun: vec![(0, 0); 256] };
        for (number, (first, phrase)) in (0..).zip(phrases) {
            let range = match first {
                Some(first) => lexicon.whole.entry(first).or_default(),
                None => &mut lexicon.begun[usize::from(phrase.text.as_bytes()[1])],
            };
            *range = (if range.1 == 0 { number } else { range.0 }, number + 1);
            lexicon.phrases.push(phrase);
        }
        lexicon
    }

    /// Every phrase wherever it stands in a text, those that overlap too, in order of their first words.
    pub fn find(&self, tokens: &Tokens) -> Vec<Hit> {
        let mut hits = Vec::with_capacity(tokens.words.len());
        let form = tokens.form.as_bytes();
        for (n, word) in tokens.words.iter().enumerate() {
            let start = word.start as usize;
            let head = head(&form[start..]);
            let mut take = |(from, to): (u32, u32)| {
                for phrase in &self.phrases[from as usize..to as usize] {
                    let text = phrase.text.as_bytes();
                    if head & phrase.mask == phrase.head
                        && (text.len() <= 9 || form[start - 1..].starts_with(text))
                    {
                        let (from, to) = (n as u16, (n + phrase.words) as u16);
                        hits.extend(phrase.cues.iter().map(|cue| Hit { cue: *cue, from, to }));
                    }
                }
            };
            take(self.whole.get(&word.hash).copied().unwrap_or_default());
            take(self.begun[usize::from(form[start])]);
        }
        hits
    }
}

/// The first eight bytes as a number; zeros stand for those that are missing.
fn head(bytes: &[u8]) -> u64 {
    if let Some(head) = bytes.first_chunk::<8>() {
        return u64::from_le_bytes(*head);
    }
    let mut head = [0; 8];
    head[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promise::rules::Slot;

    /// Found by looking at every place for every phrase.
    fn plainly(phrases: &[(&str, bool)], tokens: &Tokens) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (id, (text, _)) in phrases.iter().enumerate() {
            for start in (0..tokens.form.len())
                .filter(|start| tokens.form.as_bytes()[*start..].starts_with(text.as_bytes()))
            {
                let end = start + text.len();
                let (from, to) = (tokens.at(start + 1), tokens.at((end - 1).max(start + 2)));
                hits.push(Hit {
                    cue: Cue { slot: Slot::Data, id: id as u8 },
                    from: from as u16,
                    to: to as u16,
                });
            }
        }
        hits
    }

    #[test]
    fn finds_every_phrase_wherever_it_stands() {
        let phrases = [
            (" we ", false),
            (" we may ", false),
            (" we may not ", false),
            (" may not ", false),
            (" encrypt", true),
            (" encrypted messag", true),
            (" e", true),
            (" end to e", true),
            (" to ", false),
            (" verschlüsselt", true),
            (" x ", false),
            (" a", true),
            (" we m", true),
        ];
        let of = |id: usize| vec![Cue { slot: Slot::Data, id: id as u8 }];
        let lexicon = Lexicon::new(
            phrases.iter().enumerate().map(|(id, (text, open))| (((*text).to_owned(), *open), of(id))),
        );
        for text in [
            "",
            "We",
            "we may not",
            "We may not, we may. Encrypted messages, encryption; end-to-end end to e",
            "Ende-zu-Ende verschlüsselte Nachrichten x",
            "x",
            "we we we may may not not m",
            "to e to e e",
            "É à we",
        ] {
            let tokens = Tokens::of(text);
            let (mut found, mut wanted) = (lexicon.find(&tokens), plainly(&phrases, &tokens));
            found.sort_by_key(|hit| (hit.from, hit.to, hit.cue));
            wanted.sort_by_key(|hit| (hit.from, hit.to, hit.cue));
            assert_eq!(found, wanted, "{text}");
        }
    }
}
