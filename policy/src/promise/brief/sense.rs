//! What a word would mean on a page about privacy, settings and services: "hand", "pass" and "disclose" all share,
//! "lock" and "scramble" encrypt. Senses tell where a sentence's very words were never met before.

use super::wording::{Term, row};
use crate::promise::document::{Unit, WordHasher};
use crate::promise::rules::RuleError;
use crate::promise::token;
use std::collections::{HashMap, HashSet};

/// A sense, by its place in the file's list.
type Sense = u8;

/// So many senses a word has at most.
const MOST: usize = 3;

/// Words of this one are passed over: "the", "of".
const GRAMMAR: &str = "grammar";

/// Of words written in digits.
const NUMBER: &str = "@number";

/// Words up to so far apart tell something together.
const APART: usize = 6;

/// Between the names of two senses: the second comes right after the first, or later.
const NEXT: &str = ">";
const LATER: &str = "..";

/// The words of `senses.tsv`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::promise) struct Senses {
    /// `@share`
    names: Vec<String>,
    /// The names' numbers among terms.
    numbers: Vec<u32>,
    /// By stem; none where the word is passed over.
    words: HashMap<u32, Vec<Sense>, WordHasher>,
    digits: Vec<Sense>,
}

impl Senses {
    /// A line a sense: `@name`, a tab, what it means. Then a line a word: its stem, a tab, its senses with spaces
    /// between them. `#` begins a comment.
    pub fn parse(file: &str, text: &str) -> Result<Senses, RuleError> {
        let mut senses = Senses::default();
        for (n, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            senses.add(line).map_err(|(fault, remedy)| RuleError::Fault {
                file: file.to_owned(),
                field: format!("line {}", n + 1),
                fault,
                remedy: remedy.to_owned(),
            })?;
        }
        senses.digits = senses.sense(NUMBER).into_iter().collect();
        Ok(senses)
    }

    /// What is wrong with the line, and what helps.
    fn add(&mut self, line: &str) -> Result<(), (String, &'static str)> {
        let Some((word, told)) = line.split_once('\t') else {
            return Err((
                format!("`{line}` has no tab"),
                "write a word's stem, a tab and its senses: `disclos`, tab, `share`",
            ));
        };
        if word.starts_with('@') {
            if self.names.len() > usize::from(Sense::MAX) {
                return Err(("there are more than 256 senses".into(), "join some of them"));
            }
            self.names.push(word.to_owned());
            self.numbers.push(token::hash(word));
            return Ok(());
        }
        let mut own = Vec::new();
        for name in told.split(' ').filter(|name| *name != GRAMMAR) {
            let Some(sense) = self.sense(&format!("@{name}")) else {
                return Err((
                    format!("`{name}` is no sense"),
                    "use one that is listed above the words, or list it there: `@name`, tab, what it means",
                ));
            };
            own.push(sense);
        }
        if own.len() > MOST {
            return Err((format!("`{word}` has more than {MOST} senses"), "keep the likeliest"));
        }
        match self.words.insert(token::hash(word), own) {
            None => Ok(()),
            Some(_) => Err((format!("`{word}` stands here a second time"), "join the two lines")),
        }
    }

    fn sense(&self, name: &str) -> Option<Sense> {
        self.names.iter().position(|known| known == name).map(|n| n as Sense)
    }

    /// The senses of a sentence's own words in a row; an unknown word has none, and keeps its place.
    fn of(&self, unit: &Unit) -> Vec<&[Sense]> {
        let own = unit.lead_words..unit.tokens.words.len();
        own.filter_map(|n| {
            if unit.tokens.word(n).starts_with(|c: char| c.is_ascii_digit()) {
                return Some(&*self.digits);
            }
            match self.words.get(&unit.tokens.words[n].stem) {
                Some(own) if own.is_empty() => None,
                own => Some(own.map_or(&[], |own| &**own)),
            }
        })
        .collect()
    }

    /// Each sense, each two of them next to each other, and each two near each other.
    fn each(&self, unit: &Unit, mut take: impl FnMut(Sense, Option<(&'static str, Sense)>)) {
        let row = self.of(unit);
        for (n, own) in row.iter().enumerate() {
            for sense in *own {
                take(*sense, None);
                for (apart, others) in row[n + 1..].iter().take(APART).enumerate() {
                    for other in *others {
                        if apart == 0 {
                            take(*sense, Some((NEXT, *other)));
                        }
                        take(*sense, Some((LATER, *other)));
                    }
                }
            }
        }
    }

    /// The terms of a sentence's senses.
    pub fn terms(&self, unit: &Unit) -> HashSet<Term, WordHasher> {
        let [next, later] = [NEXT, LATER].map(token::hash);
        let number = |sense: Sense| self.numbers[usize::from(sense)];
        let mut terms: HashSet<Term, WordHasher> = HashSet::default();
        self.each(unit, |sense, with| {
            terms.insert(match with {
                None => row(&[number(sense)]),
                Some((NEXT, other)) => row(&[number(sense), next, number(other)]),
                Some((_, other)) => row(&[number(sense), later, number(other)]),
            });
        });
        terms
    }

    /// The names of those terms: `@not`, `@not > @sell`, `@not .. @sell`.
    pub fn term_names(&self, unit: &Unit) -> Vec<String> {
        let name = |sense: Sense| self.names[usize::from(sense)].as_str();
        let mut names = Vec::new();
        self.each(unit, |sense, with| {
            names.push(match with {
                None => name(sense).to_owned(),
                Some((how, other)) => format!("{} {how} {}", name(sense), name(other)),
            });
        });
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promise::document::Document;
    use crate::promise::rules::Rules;

    const FILE: &str = "# x\n@we\tthe service\n@share\tgive away\n@not\tdenial\n@number\tdigits\n\n\
                        we\twe\nhand\tshare\ndisclos\tshare\nnev\tnot\nto\tgrammar\n";

    fn names(text: &str) -> Vec<String> {
        let document = Document::read(&Rules::builtin(), text);
        Senses::parse("senses.tsv", FILE).unwrap().term_names(&document.placed[0].unit)
    }

    #[test]
    fn other_words_of_one_sense_tell_the_same() {
        assert_eq!(names("We never hand."), names("We never disclose."));
        assert_eq!(
            names("We never hand."),
            [
                "@not",
                "@not .. @share",
                "@not > @share",
                "@share",
                "@we",
                "@we .. @not",
                "@we .. @share",
                "@we > @not"
            ]
        );
    }

    #[test]
    fn grammar_is_passed_over_and_unknown_words_keep_their_place() {
        assert_eq!(names("Never to hand 40."), names("Never hand 40."));
        assert!(names("Never hand it.").contains(&"@not > @share".to_owned()));
        assert!(!names("Never quickly hand it.").contains(&"@not > @share".to_owned()));
        assert!(names("Never quickly hand it.").contains(&"@not .. @share".to_owned()));
    }

    #[test]
    fn terms_are_their_names() {
        let document = Document::read(&Rules::builtin(), "We never hand 40 of them to anyone.");
        let unit = &document.placed[0].unit;
        let senses = Senses::parse("senses.tsv", FILE).unwrap();
        let named: HashSet<Term, WordHasher> =
            senses.term_names(unit).iter().map(|name| super::super::wording::term_of(name)).collect();
        assert_eq!(senses.terms(unit), named);
    }

    #[test]
    fn a_fault_is_named_with_its_line_and_remedy() {
        for (line, told) in [
            ("loan\tlend", "`lend` is no sense"),
            ("loan share", "has no tab"),
            ("hand\tshare", "a second time"),
            ("loan\twe share not number", "more than 3 senses"),
        ] {
            let error = Senses::parse("senses.tsv", &format!("{FILE}{line}\n")).unwrap_err().to_string();
            assert!(error.contains("senses.tsv: line 12") && error.contains(told), "{error}");
        }
    }
}
