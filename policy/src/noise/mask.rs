//! A statement without the tokens that rotate: dates, times, counters, nonces.
//!
//! A number may also be the promise itself ("within 30 days"), so a number beside a unit stays.

/// What stands in the place of a token that rotates; no comparable form of words holds it.
pub(super) const MARK: u8 = b'#';

/// Words beside which a number means something, in the languages that policies come in most.
static UNITS: List = List::new(&[
    "day",
    "days",
    "month",
    "months",
    "year",
    "years",
    "hour",
    "hours",
    "week",
    "weeks",
    "minute",
    "minutes",
    "age",
    "aged",
    "old",
    "older",
    "under",
    "over",
    "percent",
    "article",
    "section",
    "usd",
    "eur",
    "euros",
    "dollars",
    "business",
    "working",
    "calendar",
    "consecutive",
    "least",
    "most",
    "within",
    "jours",
    "mois",
    "ans",
    "an",
    "heures",
    "semaines",
    "tage",
    "tagen",
    "monate",
    "monaten",
    "jahre",
    "jahren",
    "stunden",
    "wochen",
    "días",
    "meses",
    "años",
    "horas",
    "dagen",
    "maanden",
    "jaar",
    "giorni",
    "mesi",
    "anni",
    "dias",
    "anos",
]);

static MONTHS: List = List::new(&[
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "sept",
    "oct",
    "nov",
    "dec",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
    "januar",
    "februar",
    "märz",
    "juni",
    "juli",
    "oktober",
    "dezember",
    "enero",
    "marzo",
    "junio",
    "julio",
]);

/// A list of words that is asked often: most words are told apart by first byte and length.
struct List {
    words: &'static [&'static str],
    /// For each first byte, the lengths that occur, as bits.
    lengths: [u32; 256],
    /// For each first byte, the places in the list, as bits.
    places: [u64; 256],
}

impl List {
    const fn new(words: &'static [&'static str]) -> Self {
        assert!(words.len() <= 64);
        let (mut lengths, mut places) = ([0; 256], [0; 256]);
        let mut n = 0;
        while n < words.len() {
            let word = words[n].as_bytes();
            assert!(word.len() < 32);
            lengths[word[0] as usize] |= 1 << word.len();
            places[word[0] as usize] |= 1 << n;
            n += 1;
        }
        Self { words, lengths, places }
    }

    fn contains(&self, word: &str) -> bool {
        let Some(first) = word.as_bytes().first().map(|byte| *byte as usize) else { return false };
        if word.len() >= 32 || self.lengths[first] >> word.len() & 1 == 0 {
            return false;
        }
        let mut left = self.places[first];
        while left != 0 {
            if self.words[left.trailing_zeros() as usize] == word {
                return true;
            }
            left &= left - 1;
        }
        false
    }
}

/// The masked form of a comparable text (lower case, single spaces); `None` where nothing rotates.
///
/// ```
/// use policy::noise::mask::mask;
/// assert_eq!(mask("last updated 3 may 2021"), mask("last updated 14 june 2022"));
/// assert_eq!(mask("deleted within 30 days"), None);
/// assert_eq!(mask("we sell nothing"), None);
/// ```
pub fn mask(comparable: &str) -> Option<String> {
    let words = Words::of(comparable)?;
    let first = (0..words.places.len()).find(|at| words.rotates(*at))?;
    let mut masked = String::with_capacity(comparable.len());
    let mut copied = 0;
    for at in first..words.places.len() {
        if at == first || words.rotates(at) {
            let Place { start, end, .. } = words.places[at];
            masked.push_str(&comparable[copied..start]);
            masked.push(char::from(MARK));
            copied = end;
        }
    }
    masked.push_str(&comparable[copied..]);
    Some(masked)
}

/// A comparable text in words.
struct Words<'a> {
    text: &'a str,
    places: Vec<Place>,
    /// One of the words is "ago".
    has_ago: bool,
}

/// Where a word stands, and how many digits it has.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    end: usize,
    digits: usize,
}

impl<'a> Words<'a> {
    /// `None` where no word can rotate: only numbers, what stands beside them, and long ids do.
    fn of(text: &'a str) -> Option<Self> {
        let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
        let has_long = || text.as_bytes().split(|byte| *byte == b' ').any(|word| word.len() >= 20);
        if !has_digit && !has_long() {
            return None;
        }
        let mut words = Self { text, places: Vec::with_capacity(text.len() / 4 + 1), has_ago: false };
        let mut place = Place { start: 0, end: 0, digits: 0 };
        // White space parts words nowhere but at single spaces, so bytes tell them apart.
        for (at, byte) in text.bytes().chain([b' ']).enumerate() {
            if byte == b' ' {
                words.has_ago |= &text[place.start..at] == "ago";
                words.places.push(Place { end: at, ..place });
                place = Place { start: at + 1, end: 0, digits: 0 };
            } else {
                place.digits += usize::from(byte.is_ascii_digit());
            }
        }
        Some(words)
    }

    fn get(&self, at: usize) -> Option<&'a str> {
        self.places.get(at).map(|place| &self.text[place.start..place.end])
    }

    /// The words of these places that there are.
    fn near(&self, from: usize, to: usize) -> impl Iterator<Item = &'a str> {
        (from..to).filter_map(|at| self.get(at))
    }

    fn rotates(&self, at: usize) -> bool {
        let Some(word) = self.get(at) else { return false };
        let digits = self.places[at].digits;
        // `11 hours ago`: number and unit both tick.
        if self.has_ago {
            let is_unit = |at: usize| self.get(at).is_some_and(|word| UNITS.contains(word));
            let ago = |at: usize| self.get(at) == Some("ago");
            if ago(at + 1) && is_unit(at) || ago(at + 2) && is_unit(at + 1) {
                return true;
            }
        }
        if digits == 0 {
            // A month's name beside a number is part of a date; "may" alone is a modal verb.
            if MONTHS.contains(word) {
                return self
                    .near(at.saturating_sub(1), at)
                    .chain(self.near(at + 1, at + 2))
                    .any(is_date_part);
            }
            // Hexadecimal or base64 ids without a digit are rare; words of 40 letters are none.
            return word.len() >= 40 && word.is_ascii();
        }
        if word.len() >= 20 && word.is_ascii() {
            return true;
        }
        let before = at.saturating_sub(2);
        let beside_unit =
            self.near(at + 1, at + 3).chain(self.near(before, at)).any(|other| UNITS.contains(other));
        if is_date_part(word) {
            let beside_month =
                self.near(before, at).chain(self.near(at + 1, at + 3)).any(|other| MONTHS.contains(other));
            return beside_month || word.len() == 4 || !beside_unit;
        }
        // `12345`, `a1b2c3d4`: counters and ids; a short number beside a unit is none.
        digits == word.len() && !beside_unit || digits >= 3 && word.len() >= 8
    }
}

/// A day, a year, `3rd`.
fn is_date_part(word: &str) -> bool {
    if !word.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let number =
        word.trim_end_matches("st").trim_end_matches("nd").trim_end_matches("rd").trim_end_matches("th");
    match number.parse::<u32>() {
        Ok(day @ 1..=31) => number.len() <= 2 && day > 0,
        Ok(year) => (1990..=2099).contains(&year) && number == word,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::mask;

    fn same(a: &str, b: &str) {
        assert_eq!(mask(a).unwrap_or(a.into()), mask(b).unwrap_or(b.into()), "{a} | {b}");
    }

    fn differ(a: &str, b: &str) {
        assert_ne!(mask(a).unwrap_or(a.into()), mask(b).unwrap_or(b.into()), "{a} | {b}");
    }

    #[test]
    fn what_rotates_is_masked() {
        same("last modified may 25 2018", "last modified june 1 2019");
        same("copyright 2019 example inc", "copyright 2020 example inc");
        same("effective 1st march 2020", "effective 2nd april 2021");
        same("1204 comments", "1209 comments");
        same("posted 11 hours ago", "posted 1 week ago");
        same("ray id 7a8b9c0d1e2f3a4b", "ray id 0a8b9c0d1e2f3a4c");
    }

    #[test]
    fn what_promises_is_kept() {
        differ("we delete it after 30 days", "we delete it after 90 days");
        differ("users must be 13 years old", "users must be 16 years old");
        differ("at least 12 months", "at least 18 months");
        differ("we may share it", "we shall share it");
        differ("we sell a", "we sell b");
    }
}
