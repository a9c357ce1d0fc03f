//! What is at stake in one statement, whatever became of it: how much it protects people, how much it lets the
//! service do. A sum over its words and pairs of neighbouring words, learned from statements that readers marked
//! one by one: far more of them than there are labelled changes.

use super::document::{Unit, WordHasher};
use super::rules::RuleError;
use super::token;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

/// How much is at stake, on the readers' scale from 0 (nothing) to 3 (front page); a guess may lie outside.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stake {
    /// What people would lose with the statement.
    pub protects: f32,
    /// What it lets the service do with their data, or takes from their say.
    pub permits: f32,
}

/// The fitted numbers: of each word, or of two neighbouring words, `[protects, permits]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stakes {
    pub bias: [f32; 2],
    /// For forty words of length, eighty at most.
    pub length: [f32; 2],
    pub words: BTreeMap<String, [f32; 2]>,
}

/// Rows that are no words.
const BIAS: &str = "(bias)";
const LENGTH: &str = "(length)";

impl Stakes {
    /// A line a term: the term, what it protects, what it permits, with tabs between them. `#` begins a comment.
    pub fn write(&self) -> String {
        let mut out = String::new();
        let named = [(BIAS, &self.bias), (LENGTH, &self.length)];
        let words = self.words.iter().map(|(name, both)| (name.as_str(), both));
        for (name, [protects, permits]) in named.into_iter().chain(words) {
            let _ = writeln!(out, "{name}\t{protects}\t{permits}");
        }
        out
    }
}

/// The table made ready to be asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Ready {
    bias: [f32; 2],
    length: [f32; 2],
    words: HashMap<u64, [f32; 2], WordHasher>,
}

impl Ready {
    pub fn new(stakes: &Stakes) -> Ready {
        Ready {
            bias: stakes.bias,
            length: stakes.length,
            words: stakes.words.iter().map(|(name, both)| (term(name), *both)).collect(),
        }
    }

    /// What [`Stakes::write`] wrote, without keeping the terms themselves.
    pub fn parse(file: &str, text: &str) -> Result<Ready, RuleError> {
        let mut ready = Ready {
            words: HashMap::with_capacity_and_hasher(text.len() / 30, WordHasher::default()),
            ..Ready::default()
        };
        for (n, line) in
            text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        {
            let mut parts = line.split('\t');
            let name = parts.next().unwrap_or_default();
            let mut number = || parts.next().and_then(|part| part.parse::<f32>().ok());
            let (Some(protects), Some(permits), None) = (number(), number(), number()) else {
                return Err(RuleError::Fault {
                    file: file.to_owned(),
                    field: format!("line {}", n + 1),
                    fault: format!("`{line}` is no row"),
                    remedy: "write a term and two numbers, with tabs between them".into(),
                });
            };
            match name {
                BIAS => ready.bias = [protects, permits],
                LENGTH => ready.length = [protects, permits],
                _ => {
                    ready.words.insert(term(name), [protects, permits]);
                }
            }
        }
        Ok(ready)
    }

    /// Whether anything was learned.
    pub fn is_known(&self) -> bool {
        !self.words.is_empty()
    }

    pub fn of(&self, unit: &Unit) -> Stake {
        if !self.is_known() {
            return Stake::default();
        }
        let terms = Terms::of(unit);
        let mut sums = [0, 1].map(|n| self.bias[n] + self.length[n] * terms.length);
        for weights in terms.words.iter().filter_map(|term| self.words.get(term)) {
            sums[0] += weights[0];
            sums[1] += weights[1];
        }
        Stake { protects: sums[0], permits: sums[1] }
    }
}

/// The number of a word, or of two with a space between them.
fn term(name: &str) -> u64 {
    match name.split_once(' ') {
        Some((first, second)) => pair(token::hash(first), token::hash(second)),
        None => u64::from(token::hash(name)),
    }
}

fn pair(first: u32, second: u32) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

/// The words and pairs of a statement, each once, in a fixed order.
struct Terms {
    words: Vec<u64>,
    length: f32,
}

impl Terms {
    fn of(unit: &Unit) -> Terms {
        let own = &unit.tokens.words[unit.lead_words..];
        let mut words: Vec<u64> = own.iter().map(|word| u64::from(word.hash)).collect();
        words.extend(own.windows(2).map(|two| pair(two[0].hash, two[1].hash)));
        words.sort_unstable();
        words.dedup();
        Terms { words, length: own.len().min(80) as f32 / 40.0 }
    }
}

/// A statement that a reader marked.
pub struct Marked {
    /// Statements of one service are never on both sides of a fold.
    pub service: String,
    /// See [`super::reading::mark`].
    pub mark: String,
    /// On the scale of [`Stake`].
    pub stake: Stake,
    terms: Terms,
    names: Vec<(u64, String)>,
}

impl Marked {
    pub fn new(service: String, unit: &Unit, stake: Stake) -> Marked {
        let own = unit.lead_words..unit.tokens.words.len();
        let word = |n: usize| unit.tokens.word(n);
        let hash = |n: usize| unit.tokens.words[n].hash;
        let mut names: Vec<(u64, String)> =
            own.clone().map(|n| (u64::from(hash(n)), word(n).to_owned())).collect();
        names.extend(
            own.skip(1).map(|n| (pair(hash(n - 1), hash(n)), format!("{} {}", word(n - 1), word(n)))),
        );
        Marked { service, mark: super::reading::mark(&unit.text), stake, terms: Terms::of(unit), names }
    }
}

/// A term met at fewer services is left out: it would tell the service, not the promise.
const LEAST: usize = 3;
/// How small the weights are held (L2).
const PENALTY: f64 = 30.0;
/// Nearer to nothing than this, a term is left out of the table.
const TOLD: f32 = 0.015;
/// A front page is little more than a plain promise: words tell no more apart.
const MOST: f32 = 2.5;

/// Ridge regression on both scales, by conjugate gradients. The same statements give the same table.
pub fn fit(marked: &[&Marked]) -> Stakes {
    let mut seen: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for m in marked {
        for term in &m.terms.words {
            let services = seen.entry(*term).or_default();
            if services.len() < LEAST {
                services.insert(&m.service);
            }
        }
    }
    seen.retain(|_, services| services.len() >= LEAST);
    let numbers: HashMap<u64, u32> = seen.keys().enumerate().map(|(n, term)| (*term, n as u32)).collect();
    let rows: Vec<Vec<(u32, f64)>> = marked
        .iter()
        .map(|m| {
            let terms = m.terms.words.iter().filter_map(|term| Some((*numbers.get(term)?, 1.0)));
            terms.chain([(numbers.len() as u32, f64::from(m.terms.length))]).collect()
        })
        .collect();
    let solved = [0, 1].map(|scale| {
        let goal = |m: &Marked| [m.stake.protects, m.stake.permits][scale].min(MOST);
        let goals: Vec<f64> = marked.iter().map(|m| f64::from(goal(m))).collect();
        ridge(&rows, &goals, numbers.len() + 1, PENALTY)
    });
    let names: HashMap<u64, &str> =
        marked.iter().flat_map(|m| &m.names).map(|(term, name)| (*term, name.as_str())).collect();
    let round = |value: f64| ((value * 1000.0).round() / 1000.0) as f32;
    let both = |n: usize| [round(solved[0].0[n]), round(solved[1].0[n])];
    let words = numbers
        .iter()
        .map(|(term, n)| (names[term].to_owned(), both(*n as usize)))
        .filter(|(_, weights)| weights.iter().any(|w| w.abs() >= TOLD))
        .collect();
    Stakes { bias: [round(solved[0].1), round(solved[1].1)], length: both(numbers.len()), words }
}

/// Weights and bias with the least squared error, both sides centred so that the bias goes unpenalised. `rows` name
/// columns and their values, zeros left out; `penalty` holds the weights small (L2).
pub(super) fn ridge(
    rows: &[Vec<(u32, f64)>],
    goals: &[f64],
    columns: usize,
    penalty: f64,
) -> (Vec<f64>, f64) {
    let count = rows.len().max(1) as f64;
    let mean_goal = goals.iter().sum::<f64>() / count;
    let mut means = vec![0.0; columns];
    rows.iter().flatten().for_each(|(n, value)| means[*n as usize] += value / count);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    // Xᵀ(X v) + penalty v, with centred columns that are never written out.
    let times = |v: &[f64]| -> Vec<f64> {
        let shift = dot(&means, v);
        let products: Vec<f64> = rows
            .iter()
            .map(|row| row.iter().map(|(n, value)| value * v[*n as usize]).sum::<f64>() - shift)
            .collect();
        back(rows, &products, &means, columns).iter().zip(v).map(|(b, v)| b + penalty * v).collect()
    };
    let centred: Vec<f64> = goals.iter().map(|goal| goal - mean_goal).collect();
    let mut residual = back(rows, &centred, &means, columns);
    let mut weights = vec![0.0; columns];
    let mut direction = residual.clone();
    let mut size = dot(&residual, &residual);
    let enough = size * 1e-8;
    for _ in 0..200 {
        if size <= enough {
            break;
        }
        let product = times(&direction);
        let step = size / dot(&direction, &product);
        weights.iter_mut().zip(&direction).for_each(|(w, d)| *w += step * d);
        residual.iter_mut().zip(&product).for_each(|(r, p)| *r -= step * p);
        let next = dot(&residual, &residual);
        direction.iter_mut().zip(&residual).for_each(|(d, r)| *d = r + next / size * *d);
        size = next;
    }
    let bias = mean_goal - dot(&means, &weights);
    (weights, bias)
}

/// Xᵀ of the centred columns, times `values`.
fn back(rows: &[Vec<(u32, f64)>], values: &[f64], means: &[f64], columns: usize) -> Vec<f64> {
    let mut sums = vec![0.0; columns];
    for (row, product) in rows.iter().zip(values) {
        row.iter().for_each(|(n, value)| sums[*n as usize] += value * product);
    }
    let total: f64 = values.iter().sum();
    sums.iter_mut().zip(means).for_each(|(sum, mean)| *sum -= mean * total);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promise::{Document, Rules};

    fn marked(rules: &Rules, service: usize, text: &str, protects: f32, permits: f32) -> Marked {
        let document = Document::read(rules, text);
        Marked::new(format!("Service {service}"), &document.placed[0].unit, Stake { protects, permits })
    }

    #[test]
    fn learns_which_words_protect_and_which_permit() {
        let rules = Rules::builtin();
        let words = ["sell", "rent", "trade", "share", "disclose"];
        let mut read = Vec::new();
        for (n, word) in words.iter().enumerate() {
            for object in ["your data", "your messages", "your address book"] {
                read.push(marked(&rules, n, &format!("We never {word} {object}."), 3.0, 0.0));
                read.push(marked(&rules, n, &format!("We may {word} {object}."), 0.0, 2.0));
            }
        }
        let fitted = fit(&read.iter().collect::<Vec<_>>());
        assert!(fitted.words["we never"][0] > 0.05 && fitted.words["we may"][1] > 0.05, "{fitted:?}");
        let ready = Ready::new(&fitted);
        let of = |text: &str| ready.of(&Document::read(&rules, text).placed[0].unit);
        let (promise, permission) = (of("We never read your mail."), of("We may read your mail."));
        assert!(promise.protects > permission.protects + 0.3, "{promise:?} {permission:?}");
        assert!(permission.permits > promise.permits + 0.3, "{promise:?} {permission:?}");
    }

    #[test]
    fn the_table_survives_being_written() {
        let rules = Rules::builtin();
        let of = |n| {
            [
                marked(&rules, n, "We never sell your data.", 3.0, 0.0),
                marked(&rules, n, "We may share your data.", 0.0, 2.0),
            ]
        };
        let read: Vec<Marked> = (0..6).flat_map(of).collect();
        let fitted = fit(&read.iter().collect::<Vec<_>>());
        assert!(!fitted.words.is_empty());
        let text = format!("# a comment\n{}", fitted.write());
        assert_eq!(Ready::parse("stakes.tsv", &text).unwrap(), Ready::new(&fitted));
        let error = Ready::parse("stakes.tsv", "we never\t0.1\n").unwrap_err().to_string();
        assert!(error.contains("stakes.tsv: line 1") && error.contains("two numbers"), "{error}");
    }
}
