//! The vocabulary of promises: files that people edit, checked and compiled once.

use super::document::WordHasher;
use super::lexicon::Lexicon;
use crate::finding::Topic;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Declares an enum of cues with the names the files use.
macro_rules! cues {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $key:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($variant),* }
        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// As written in data/promises.
            pub fn key(self) -> &'static str {
                match self { $($name::$variant => $key),* }
            }
            pub fn bit(self) -> u64 { 1 << self as u8 }
        }
    };
}

cues! {
    /// What a word does in a sentence, whatever the sentence is about.
    Grammar {
        Negation = "negation", NotNegation = "not_negation", NoLonger = "no_longer", Only = "only", May = "may",
        Will = "will", Hedge = "hedge", Universal = "universal", Default = "default", Condition = "condition",
        Exception = "exception", Consent = "consent", Law = "law", Described = "described", We = "we", You = "you",
        YouDuty = "you_duty", Liability = "liability", Commerce = "commerce", Region = "region", Minor = "minor",
        Business = "business", Example = "example", Hypothesis = "hypothesis", Quotation = "quotation",
        OtherCompany = "other_company", Definition = "definition", Announced = "announced", Ended = "ended",
        Effective = "effective", OptOutNow = "opt_out_now", Notice = "notice", Answer = "answer",
        Navigation = "navigation",
    }
}

cues! {
    /// Words about encryption, for its ladder.
    Encryption {
        EndToEnd = "end_to_end", OnlyTransit = "only_transit", KeyCustody = "key_custody", OptIn = "opt_in",
        Default = "default", Chats = "scope_chats", Groups = "scope_groups", Calls = "scope_calls",
        Backups = "scope_backups", Files = "scope_files", Regions = "scope_regions", Minors = "scope_minors",
        Business = "scope_business",
    }
}

/// Which list a word stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Slot {
    Grammar,
    Verb,
    Data,
    Recipient,
    Purpose,
    Topic,
    Encryption,
}

pub(super) const SLOTS: usize = 7;

/// What a word of the files stands for: its list and its place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cue {
    pub slot: Slot,
    pub id: u8,
}

/// A verb, kind of data, recipient or purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub topic: Option<Topic>,
    pub protective: bool,
    pub sensitive: bool,
    pub reach: u8,
    /// How much a word of it speaks for its topic.
    pub votes: i32,
}

/// Everything the judge knows about words and weights. Built once; see [`Rules::builtin`].
#[derive(Debug, Clone)]
pub struct Rules {
    pub(super) languages: Vec<Language>,
    /// The commonest words of all languages, each with the places of the languages it is common in.
    pub(super) common: HashMap<u32, Vec<usize>, WordHasher>,
    pub(super) verbs: Vec<Entry>,
    pub(super) data: Vec<Entry>,
    pub(super) recipients: Vec<Entry>,
    pub(super) purposes: Vec<Entry>,
    pub(super) weights: super::weights::Weights,
    pub(super) reversal: super::weights::Ready,
    pub(super) expansion: super::weights::Ready,
    /// Of reversals, of expansions.
    pub(super) gravity: [super::severity::Ready; 2],
    pub(super) stakes: super::stake::Ready,
    pub(super) gists: Option<Arc<super::gist::Gists>>,
    pub(super) senses: super::brief::Senses,
    pub(super) wording: super::brief::Wording,
    pub(super) brief: super::brief::Brief,
}

/// The words of one language, compiled.
#[derive(Debug, Clone)]
pub(super) struct Language {
    pub code: String,
    /// Every noun has a capital, so that a capital within a sentence is no name.
    pub capital_nouns: bool,
    pub common: HashSet<u32, WordHasher>,
    pub words: Lexicon,
    pub units: HashMap<u32, u32, WordHasher>,
    pub numbers: HashMap<u32, u32, WordHasher>,
    pub months: HashMap<u32, u32, WordHasher>,
    /// Days of a month in words: "first" is 1.
    pub ordinals: HashMap<u32, u32, WordHasher>,
    /// Words that mean the last day of the month or year behind them.
    pub closing: HashSet<u32, WordHasher>,
    pub ladder: LadderWords,
}

/// Words that tell what a sentence about end-to-end encryption says of which part of the service. They are
/// asked for in such sentences only, so that common ones ("but", "some") cost nothing elsewhere.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LadderWords {
    /// Begin a part of the sentence that says something else: "but", "while".
    pub contrast: Vec<String>,
    /// Of these, the ones that set two things apart even without a negation: "chats are …, while calls …".
    pub apart: Vec<String>,
    /// Verbs that tell a new subject from one more thing in a list.
    pub be: Vec<String>,
    /// "some", "only for": the step is not for all.
    pub limited: Vec<String>,
    /// The statement is about earlier times.
    pub past: Vec<String>,
    /// "read more": what follows is the name of a page.
    pub leads_on: Vec<String>,
    /// "nothing to turn on": no step has to be taken.
    pub effortless: Vec<String>,
    /// What a custody of keys must name.
    pub key: Vec<String>,
    /// The service has the keys.
    pub keys_lost: Vec<String>,
    /// Speaks on of what the sentence before was about: "so are", "use it for".
    pub refers: Vec<String>,
    /// Of these, the ones that say the same again of something else.
    pub likewise: Vec<String>,
    /// Everything, backups too.
    pub whole: Vec<String>,
    /// Chats of two people, which do not stand for groups.
    pub direct: Vec<String>,
    pub mail: Vec<String>,
    /// "cannot be turned off" is no end.
    pub off: Vec<String>,
    /// Smaller things that messages go to, which say nothing of chats: channels, bots.
    pub narrow: Vec<String>,
    /// How words begin that such a sentence must hold.
    pub about: Vec<String>,
}

impl LadderWords {
    /// As they stand in a text's form: between spaces.
    fn compiled(mut self, file: &str) -> Result<LadderWords, RuleError> {
        for (field, list) in [
            ("contrast", &mut self.contrast),
            ("apart", &mut self.apart),
            ("be", &mut self.be),
            ("limited", &mut self.limited),
            ("past", &mut self.past),
            ("leads_on", &mut self.leads_on),
            ("effortless", &mut self.effortless),
            ("key", &mut self.key),
            ("keys_lost", &mut self.keys_lost),
            ("refers", &mut self.refers),
            ("likewise", &mut self.likewise),
            ("whole", &mut self.whole),
            ("direct", &mut self.direct),
            ("mail", &mut self.mail),
            ("off", &mut self.off),
            ("narrow", &mut self.narrow),
            ("about", &mut self.about),
        ] {
            for word in list {
                if word.is_empty() || crate::statement::comparable(word) != *word {
                    return Err(RuleError::Fault {
                        file: file.to_owned(),
                        field: format!("ladder.{field}"),
                        fault: format!("`{word}` can never match"),
                        remedy: format!(
                            "write small letters, single spaces and no punctuation: `{}`",
                            crate::statement::comparable(word)
                        ),
                    });
                }
                *word = format!(" {word} ");
            }
        }
        Ok(self)
    }
}

/// A fault in the files under data/promises.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    #[error("cannot read promise rules `{file}`: {error}")]
    Syntax { file: String, error: Box<toml::de::Error> },
    #[error("{file}: {field}: {fault}; {remedy}")]
    Fault { file: String, field: String, fault: String, remedy: String },
    #[error("no file among the promise rules names a `language`; add data/promises/english.toml")]
    NoLanguage,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguageFile {
    language: String,
    /// Every noun has a capital, so that a capital within a sentence is no name.
    #[serde(default)]
    capital_nouns: bool,
    common: Vec<String>,
    #[serde(default)]
    grammar: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    units: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    numbers: BTreeMap<String, u32>,
    /// Names of months to 1 to 12.
    #[serde(default)]
    months: BTreeMap<String, u32>,
    /// Days of a month in words to 1 to 31; "thirty-first" is found by its parts.
    #[serde(default)]
    ordinals: BTreeMap<String, u32>,
    /// Words that mean the last day of the month or year behind them: "end".
    #[serde(default)]
    closing: Vec<String>,
    #[serde(default)]
    verb: Vec<EntryFile>,
    #[serde(default)]
    data: Vec<EntryFile>,
    #[serde(default)]
    recipient: Vec<EntryFile>,
    #[serde(default)]
    purpose: Vec<EntryFile>,
    #[serde(default)]
    topic: Vec<EntryFile>,
    #[serde(default)]
    encryption: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    ladder: LadderWords,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryFile {
    name: String,
    topic: Option<String>,
    #[serde(default)]
    protective: bool,
    #[serde(default)]
    sensitive: bool,
    #[serde(default)]
    reach: u8,
    /// How much a word of it speaks for its topic; 3 for verbs, 2 for others.
    votes: Option<i32>,
    words: Vec<String>,
}

impl Rules {
    /// The files that are compiled into the program: names and texts.
    pub const BUILTIN: [(&str, &str); 9] = [
        ("brief.toml", include_str!("../../../data/promises/brief.toml")),
        ("english.toml", include_str!("../../../data/promises/english.toml")),
        ("french.toml", include_str!("../../../data/promises/french.toml")),
        ("german.toml", include_str!("../../../data/promises/german.toml")),
        ("gists.tsv", include_str!("../../../data/promises/gists.tsv")),
        ("senses.tsv", include_str!("../../../data/promises/senses.tsv")),
        ("stakes.tsv", include_str!("../../../data/promises/stakes.tsv")),
        ("weights.toml", include_str!("../../../data/promises/weights.toml")),
        ("wording.tsv", include_str!("../../../data/promises/wording.tsv")),
    ];

    /// The rules that are compiled into the program.
    pub fn builtin() -> Rules {
        let files: Vec<_> =
            Self::BUILTIN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        // A test holds that the files in the repository parse.
        Rules::parse(&files).unwrap_or_else(|error| panic!("built-in promise rules: {error}"))
    }

    /// Rules from files: names and texts. `weights.toml`, `stakes.tsv`, `gists.tsv`, `wording.tsv` and `brief.toml`
    /// hold fitted numbers, `senses.tsv` what words mean on short pages, all others a language each.
    pub fn parse(files: &[(String, String)]) -> Result<Rules, RuleError> {
        let mut rules = Rules {
            languages: Vec::new(),
            common: HashMap::default(),
            verbs: Vec::new(),
            data: Vec::new(),
            recipients: Vec::new(),
            purposes: Vec::new(),
            weights: super::weights::Weights::default(),
            reversal: super::weights::Ready::default(),
            expansion: super::weights::Ready::default(),
            gravity: Default::default(),
            stakes: super::stake::Ready::default(),
            gists: None,
            senses: super::brief::Senses::default(),
            wording: super::brief::Wording::default(),
            brief: super::brief::Brief::default(),
        };
        let mut ordered: Vec<_> = files.iter().collect();
        // English first: it names the entries that other languages give words for.
        ordered.sort_by_key(|(name, _)| (!name.ends_with("english.toml"), name.clone()));
        for (file, text) in ordered {
            if file.ends_with("weights.toml") {
                rules.weights = super::weights::Weights::parse(file, text)?;
            } else if file.ends_with("stakes.tsv") {
                rules.stakes = super::stake::Ready::parse(file, text)?;
            } else if file.ends_with("gists.tsv") {
                let is_empty = text.lines().all(|line| line.is_empty() || line.starts_with('#'));
                rules.gists = match is_empty {
                    true => None,
                    false => Some(Arc::new(super::gist::Gists::parse(file, text)?)),
                };
            } else if file.ends_with("senses.tsv") {
                rules.senses = super::brief::Senses::parse(file, text)?;
            } else if file.ends_with("wording.tsv") {
                rules.wording = super::brief::Wording::parse(file, text)?;
            } else if file.ends_with("brief.toml") {
                rules.brief = super::brief::Brief::new(file, &super::brief::Trees::parse(file, text)?)?;
            } else {
                rules.add_language(file, text)?;
            }
        }
        if rules.languages.is_empty() {
            return Err(RuleError::NoLanguage);
        }
        let asks = |name: &str| rules.weights.reversal.weights.contains_key(name);
        let needed = [
            ("stakes.tsv", asks("protects_before") && !rules.stakes.is_known()),
            ("gists.tsv", asks("gist_protects_before") && rules.gists.is_none()),
        ];
        if let Some((file, _)) = needed.into_iter().find(|(_, is_missing)| *is_missing) {
            return Err(RuleError::Fault {
                file: file.into(),
                field: "words".into(),
                fault: "weights.toml asks what is at stake, and this file is missing or empty".into(),
                remedy: format!("put the {file} that belongs to weights.toml beside it"),
            });
        }
        let weights = rules.weights.clone();
        Ok(rules.with_weights(weights))
    }

    /// The same vocabulary with other weights.
    pub fn with_weights(mut self, weights: super::weights::Weights) -> Rules {
        self.reversal = super::weights::Ready::new(&self, &weights.reversal);
        self.expansion = super::weights::Ready::new(&self, &weights.expansion);
        self.gravity = [&weights.severity.reversal, &weights.severity.expansion]
            .map(|scale| super::severity::Ready::new(&self, scale));
        self.weights = weights;
        self
    }

    /// The same vocabulary with other stakes.
    pub fn with_stakes(mut self, stakes: &super::stake::Stakes) -> Rules {
        self.stakes = super::stake::Ready::new(stakes);
        self
    }

    /// The same vocabulary with another network.
    pub fn with_gists(mut self, gists: Arc<super::gist::Gists>) -> Rules {
        self.gists = Some(gists);
        self
    }

    /// The language of that code; the first one for a text in a language without rules.
    pub(super) fn language(&self, code: &str) -> &Language {
        self.languages.iter().find(|language| language.code == code).unwrap_or(&self.languages[0])
    }

    fn add_language(&mut self, file: &str, text: &str) -> Result<(), RuleError> {
        let parsed: LanguageFile = toml::from_str(text)
            .map_err(|error| RuleError::Syntax { file: file.to_owned(), error: Box::new(error) })?;
        let fault = |field: &str, fault: String, remedy: String| {
            Err(RuleError::Fault { file: file.to_owned(), field: field.to_owned(), fault, remedy })
        };
        let english = parsed.language == "en";
        let mut builder = PatternBuilder { file, english, found: BTreeMap::new() };
        for (key, words) in &parsed.grammar {
            let Some(cue) = Grammar::ALL.iter().find(|cue| cue.key() == key) else {
                let known: Vec<_> = Grammar::ALL.iter().map(|cue| cue.key()).collect();
                return fault(
                    &format!("grammar.{key}"),
                    "unknown list".into(),
                    format!("use one of: {}", known.join(", ")),
                );
            };
            builder.add(
                &format!("grammar.{key}"),
                Cue { slot: Slot::Grammar, id: *cue as u8 },
                words,
                false,
            )?;
        }
        for (key, words) in &parsed.encryption {
            let Some(cue) = Encryption::ALL.iter().find(|cue| cue.key() == key) else {
                let known: Vec<_> = Encryption::ALL.iter().map(|cue| cue.key()).collect();
                return fault(
                    &format!("encryption.{key}"),
                    "unknown list".into(),
                    format!("use one of: {}", known.join(", ")),
                );
            };
            builder.add(
                &format!("encryption.{key}"),
                Cue { slot: Slot::Encryption, id: *cue as u8 },
                words,
                false,
            )?;
        }
        for (slot, field, entries, known) in [
            (Slot::Verb, "verb", &parsed.verb, &mut self.verbs),
            (Slot::Data, "data", &parsed.data, &mut self.data),
            (Slot::Recipient, "recipient", &parsed.recipient, &mut self.recipients),
            (Slot::Purpose, "purpose", &parsed.purpose, &mut self.purposes),
        ] {
            for entry in entries {
                let at = format!("{field} `{}`", entry.name);
                let topic = match entry.topic.as_deref().map(|key| (key, Topic::from_key(key))) {
                    Some((key, None)) => {
                        let all: Vec<_> = Topic::ALL.iter().map(|topic| topic.key()).collect();
                        return fault(
                            &at,
                            format!("unknown topic `{key}`"),
                            format!("use one of: {}", all.join(", ")),
                        );
                    }
                    Some((_, topic)) => topic,
                    None => None,
                };
                let id = match known.iter().position(|known| known.name == entry.name) {
                    Some(id) => id,
                    None if known.len() < 64 => {
                        known.push(Entry {
                            name: entry.name.clone(),
                            topic,
                            protective: entry.protective,
                            sensitive: entry.sensitive,
                            reach: entry.reach,
                            votes: entry.votes.unwrap_or(if slot == Slot::Verb { 3 } else { 2 }),
                        });
                        known.len() - 1
                    }
                    None => {
                        return fault(
                            &at,
                            "more than 64 entries in this list".into(),
                            "merge two of them".into(),
                        );
                    }
                };
                builder.add(&at, Cue { slot, id: id as u8 }, &entry.words, slot == Slot::Verb)?;
            }
        }
        for entry in &parsed.topic {
            let at = format!("topic `{}`", entry.name);
            let Some(topic) = Topic::from_key(&entry.name) else {
                let all: Vec<_> = Topic::ALL.iter().map(|topic| topic.key()).collect();
                return fault(&at, "unknown topic".into(), format!("use one of: {}", all.join(", ")));
            };
            builder.add(&at, Cue { slot: Slot::Topic, id: topic as u8 }, &entry.words, false)?;
        }
        let mut units = HashMap::default();
        for (unit, words) in &parsed.units {
            let hours = match unit.as_str() {
                "hour" => 1,
                "day" => 24,
                "week" => 24 * 7,
                "month" => 24 * 30,
                "year" => 24 * 365,
                _ => {
                    return fault(
                        &format!("units.{unit}"),
                        "unknown unit".into(),
                        "use one of: hour, day, week, month, year".into(),
                    );
                }
            };
            units.extend(words.iter().map(|word| (super::token::hash(word), hours)));
        }
        let numbers = parsed.numbers.iter().map(|(word, value)| (super::token::hash(word), *value)).collect();
        let months = parsed.months.iter().map(|(word, month)| (super::token::hash(word), *month)).collect();
        let ordinals = parsed.ordinals.iter().map(|(word, day)| (super::token::hash(word), *day)).collect();
        let closing = parsed.closing.iter().map(|word| super::token::hash(word)).collect();
        let common: HashSet<u32, WordHasher> =
            parsed.common.iter().map(|word| super::token::hash(word)).collect();
        for word in &common {
            self.common.entry(*word).or_default().push(self.languages.len());
        }
        self.languages.push(Language {
            code: parsed.language,
            capital_nouns: parsed.capital_nouns,
            common,
            words: Lexicon::new(builder.found),
            units,
            numbers,
            months,
            ordinals,
            closing,
            ladder: parsed.ladder.compiled(file)?,
        });
        Ok(())
    }

    /// The entry a cue names, where its list has entries.
    pub fn entry(&self, cue: Cue) -> Option<&Entry> {
        let list = match cue.slot {
            Slot::Verb => &self.verbs,
            Slot::Data => &self.data,
            Slot::Recipient => &self.recipients,
            Slot::Purpose => &self.purposes,
            Slot::Grammar | Slot::Topic | Slot::Encryption => return None,
        };
        list.get(cue.id as usize)
    }
}

struct PatternBuilder<'a> {
    file: &'a str,
    english: bool,
    /// Pattern text and whether more letters may follow, to what it stands for.
    found: BTreeMap<(String, bool), Vec<Cue>>,
}

impl PatternBuilder<'_> {
    fn add(&mut self, field: &str, cue: Cue, words: &[String], verbs: bool) -> Result<(), RuleError> {
        for word in words {
            let (body, exact) = word.strip_prefix('=').map_or((word.as_str(), false), |body| (body, true));
            let (body, open) = body.strip_suffix('*').map_or((body, false), |body| (body, true));
            let clean = body.split_whitespace().collect::<Vec<_>>().join(" ");
            if clean != body || body.is_empty() || crate::statement::comparable(body) != body {
                return Err(RuleError::Fault {
                    file: self.file.to_owned(),
                    field: field.to_owned(),
                    fault: format!("`{word}` can never match"),
                    remedy: format!(
                        "write small letters, single spaces and no punctuation: `{}`",
                        crate::statement::comparable(body)
                    ),
                });
            }
            let forms = match (exact || open || !self.english, verbs) {
                (true, _) => vec![body.to_owned()],
                (false, true) => inflect_verb(body),
                (false, false) => vec![body.to_owned(), format!("{body}s")],
            };
            for form in forms {
                let text = if open { format!(" {form}") } else { format!(" {form} ") };
                let cues = self.found.entry((text, open)).or_default();
                if !cues.contains(&cue) {
                    cues.push(cue);
                }
            }
        }
        Ok(())
    }
}

/// share → share, shares, shared, sharing; the first word of "provide to" likewise.
fn inflect_verb(phrase: &str) -> Vec<String> {
    let (verb, rest) = phrase.split_once(' ').map_or((phrase, String::new()), |(v, r)| (v, format!(" {r}")));
    let stem = verb.strip_suffix('e').unwrap_or(verb);
    let (third, past) = if let Some(y) = verb.strip_suffix('y').filter(|y| !y.ends_with(['a', 'e', 'o', 'u']))
    {
        (format!("{y}ies"), format!("{y}ied"))
    } else if verb.ends_with(['s', 'x']) || verb.ends_with("ch") || verb.ends_with("sh") {
        (format!("{verb}es"), format!("{stem}ed"))
    } else {
        (format!("{verb}s"), format!("{stem}ed"))
    };
    [verb.to_owned(), third, past, format!("{stem}ing")].map(|form| format!("{form}{rest}")).into()
}
