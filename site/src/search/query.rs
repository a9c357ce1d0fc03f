//! What people type, parsed. `search.js` parses the same way; the grammar is in docs/search-format.md.

use super::words;
use chrono::{Datelike as _, Days, Months, NaiveDate};

/// A parsed query. All clauses and filters must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pub clauses: Vec<Clause>,
    pub filters: Vec<Filter>,
    /// Only what stood on this day.
    pub as_of: Option<NaiveDate>,
    /// `Some(true)`: only what no longer stands; `Some(false)`: only what does.
    pub gone: Option<bool>,
    /// Only what was first seen, or happened, in this year.
    pub year: Option<i32>,
    /// Small words that were left out of a question.
    pub ignored: Vec<String>,
    /// What could not be understood, in words for whoever typed it.
    pub problems: Vec<String>,
}

/// Words that must, or must not, stand in the record or name its service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    pub not: bool,
    pub what: What,
    quoted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Folded forms next to each other; most often just one.
    Words(Vec<String>),
    /// Every form that begins with this.
    Prefix(String),
}

/// A condition on what the record is, not on what it says. Several on one field: any of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub not: bool,
    pub field: Field,
    /// The value's folded forms.
    pub value: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Service,
    Policy,
    Topic,
    Kind,
}

/// Left out of a query that says something besides.
const FILLER: &str = "a an and any are at be been by did do does for from had has have how in is it its of on \
                      or that the their them they this to was were what when where which who whom whose why with";
/// These make it a question; then [`LOOSE`] words are left out too.
const QUESTION: &str = "did do does how what when where which who whom whose why";
const LOOSE: &str = "app apps company companies current currently ever happened now otherwise platform platforms \
                     say says said service services still today until";

impl Query {
    /// Never fails: what cannot be understood is told in [`Query::problems`] and left out.
    pub fn parse(typed: &str) -> Query {
        let mut query = Query::default();
        let mut rest = typed.trim_start();
        while !rest.is_empty() {
            rest = query.take_one(rest).trim_start();
        }
        query.leave_out_filler();
        query
    }

    /// Reads one clause or filter off the front and returns what follows it.
    fn take_one<'a>(&mut self, typed: &'a str) -> &'a str {
        let (not, typed) = match typed.strip_prefix('-') {
            Some(rest) if rest.starts_with(|c: char| !c.is_whitespace()) => (true, rest),
            _ => (false, typed),
        };
        let (name, value_at) = match typed.split_once(':') {
            Some((name, rest)) => (name.to_ascii_lowercase(), rest),
            None => (String::new(), ""),
        };
        if FIELDS.contains(&name.as_str()) {
            let (value, _, rest) = take_value(value_at);
            self.add_filter(not, &name, value);
            return rest;
        }
        let (value, quoted, rest) = take_value(typed);
        self.add_words(not, value, quoted);
        rest
    }

    fn add_filter(&mut self, not: bool, name: &str, typed: &str) {
        let value = words::forms(typed);
        let field = match name {
            "service" => Field::Service,
            "policy" => Field::Policy,
            "topic" => Field::Topic,
            "kind" => Field::Kind,
            "gone" => {
                let gone = !matches!(value.first().map(String::as_str), Some("no" | "false"));
                self.gone = Some(gone != not);
                return;
            }
            "year" => {
                match number(typed, 4) {
                    Some(year) if !not => self.year = i32::try_from(year).ok(),
                    _ => self.problems.push(format!("`year:{typed}` names no year: write year:2024")),
                }
                return;
            }
            _ => {
                match last_day(typed) {
                    Some(day) if !not => self.as_of = Some(day),
                    _ => self.problems.push(format!(
                        "`as-of:{typed}` names no date: write as-of:2024-05-31, as-of:2024-05 or as-of:2024"
                    )),
                }
                return;
            }
        };
        if value.is_empty() {
            self.problems.push(format!("`{name}:` needs a value, such as {name}:{}", example(field)));
        } else {
            self.filters.push(Filter { not, field, value });
        }
    }

    fn add_words(&mut self, not: bool, typed: &str, quoted: bool) {
        let mut forms = words::forms(typed);
        if !quoted && typed.ends_with('*') {
            let Some(prefix) = forms.pop() else { return };
            // A prefix of one letter would stand for a tenth of the language.
            if prefix.is_ascii() && prefix.len() < 2 {
                self.problems.push(format!("`{typed}` is too short: write two letters before the *"));
                return;
            }
            self.clauses.push(Clause { not, what: What::Prefix(prefix), quoted: true });
        }
        if !forms.is_empty() {
            self.clauses.push(Clause { not, what: What::Words(forms), quoted });
        }
    }

    fn leave_out_filler(&mut self) {
        let has = |list: &str, form: &str| list.split_ascii_whitespace().any(|word| word == form);
        let bare = |clause: &Clause| match &clause.what {
            What::Words(forms) if forms.len() == 1 && !clause.quoted && !clause.not => Some(forms[0].clone()),
            _ => None,
        };
        let question = self.clauses.iter().filter_map(bare).any(|form| has(QUESTION, &form));
        let filler = |form: &str| has(FILLER, form) || (question && has(LOOSE, form));
        let says_more =
            self.clauses.iter().any(|clause| !clause.not && !bare(clause).is_some_and(|form| filler(&form)));
        if says_more {
            self.clauses.retain(|clause| match bare(clause) {
                Some(form) if filler(&form) => {
                    self.ignored.push(form);
                    false
                }
                _ => true,
            });
        }
    }

    /// Nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty()
            && self.filters.is_empty()
            && self.as_of.is_none()
            && self.gone.is_none()
            && self.year.is_none()
    }
}

const FIELDS: [&str; 7] = ["service", "policy", "topic", "kind", "as-of", "gone", "year"];

fn example(field: Field) -> &'static str {
    match field {
        Field::Service => "signal",
        Field::Policy => "\"privacy policy\"",
        Field::Topic => "encryption",
        Field::Kind => "reversal",
    }
}

/// A value up to the closing quote, or up to white space; whether it was quoted; what follows.
fn take_value(typed: &str) -> (&str, bool, &str) {
    const QUOTES: [char; 4] = ['"', '“', '”', '„'];
    if let Some(inside) = typed.strip_prefix(QUOTES) {
        // A quote that was never closed reaches to the end.
        let end = inside.find(QUOTES).unwrap_or(inside.len());
        let rest = inside[end..].strip_prefix(QUOTES).unwrap_or("");
        return (&inside[..end], true, rest);
    }
    let end = typed.find(|c: char| c.is_whitespace() || QUOTES.contains(&c)).unwrap_or(typed.len());
    (&typed[..end], false, &typed[end..])
}

/// A number of exactly so many digits.
fn number(typed: &str, digits: usize) -> Option<u32> {
    (typed.len() == digits && typed.bytes().all(|b| b.is_ascii_digit())).then(|| typed.parse().ok())?
}

/// `2024-05-31`, `2024-05` or `2024`: the last day of it.
fn last_day(typed: &str) -> Option<NaiveDate> {
    let parts: Vec<&str> = typed.split('-').collect();
    let year = i32::try_from(number(parts.first()?, 4)?).ok()?;
    match parts[1..] {
        [] => NaiveDate::from_ymd_opt(year, 12, 31),
        [month] => {
            let first = NaiveDate::from_ymd_opt(year, number(month, 2)?, 1)?;
            first.checked_add_months(Months::new(1))?.checked_sub_days(Days::new(1))
        }
        [month, day] => NaiveDate::from_ymd_opt(year, number(month, 2)?, number(day, 2)?),
        _ => None,
    }
}

/// Days since 1970, as the index and its export count them.
pub fn day_number(date: NaiveDate) -> u32 {
    u32::try_from(date.num_days_from_ce() - 719_163).unwrap_or(0)
}

/// The date of a [`day_number`].
pub fn day_date(day: u32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(day).unwrap_or(0) + 719_163).unwrap_or_default()
}

/// One canonical line: what the parity test compares with the browser's reading.
impl std::fmt::Display for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        let sign = |not: bool| if not { "-" } else { "" };
        for filter in &self.filters {
            let name = FIELDS[filter.field as usize];
            parts.push(format!("{}{name}:{}", sign(filter.not), filter.value.join("+")));
        }
        if let Some(day) = self.as_of {
            parts.push(format!("as-of:{day}"));
        }
        if let Some(gone) = self.gone {
            parts.push(format!("gone:{}", if gone { "yes" } else { "no" }));
        }
        if let Some(year) = self.year {
            parts.push(format!("year:{year}"));
        }
        parts.extend(self.clauses.iter().map(Clause::to_string));
        f.write_str(&parts.join(" "))
    }
}

impl std::fmt::Display for Clause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.not { "-" } else { "" };
        match &self.what {
            What::Prefix(prefix) => write!(f, "{sign}{prefix}*"),
            What::Words(forms) if forms.len() == 1 && !self.quoted => write!(f, "{sign}{}", forms[0]),
            What::Words(forms) => write!(f, "{sign}\"{}\"", forms.join(" ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a query down in one canonical line. `search.js` has the same function.
    fn canonical(query: &Query) -> String {
        query.to_string()
    }

    #[track_caller]
    fn check(typed: &str, expected: &str) {
        assert_eq!(canonical(&Query::parse(typed)), expected, "{typed}");
    }

    #[test]
    fn words_and_phrases() {
        check("sell data", "sell data");
        check("end-to-end encryption", "\"end to end\" encryption");
        check("\"we never sell\" -ads", "\"we never sell\" -ads");
        check("„never sold” x", "\"never sold\" x");
        check("\"left open", "\"left open\"");
        check("encr* -adv*", "encr* -adv*");
        check("opt-out*", "out* opt");
        check("a - b", "b");
        check("!!! ***", "");
    }

    #[test]
    fn filters() {
        check("service:Signal topic:data_sale", "service:signal topic:data+sale");
        check("policy:\"privacy policy\" kind:reversal", "policy:privacy+policy kind:reversal");
        check("-service:x as-of:2024-02", "-service:x as-of:2024-02-29");
        check("as-of:2024 gone:", "as-of:2024-12-31 gone:yes");
        check("-gone: x", "gone:no x");
        check("gone:no", "gone:no");
        check("year:2024 x", "year:2024 x");
        check("http://example", "\"http example\"");
    }

    #[test]
    fn what_cannot_be_understood_is_told() {
        for typed in [
            "as-of:soon",
            "as-of:2024-13",
            "as-of:2024-1",
            "service:",
            "-as-of:2024",
            "year:24",
            "a*",
            "topic:!",
        ] {
            assert_eq!(Query::parse(typed).problems.len(), 1, "{typed}");
        }
    }

    #[test]
    fn small_words_go_only_where_others_stay() {
        check("which services encrypt groups by default today?", "encrypt groups default");
        check("services", "services");
        check("who has reversed the promise", "reversed promise");
        check("the who", "the who");
        check("\"the\" promise", "\"the\" promise");
        check("our services", "our services");
    }

    #[test]
    fn days_count_from_1970() {
        let day = NaiveDate::from_ymd_opt(2026, 5, 8).unwrap();
        assert_eq!(day_number(NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()), 0);
        assert_eq!(day_date(day_number(day)), day);
    }
}
