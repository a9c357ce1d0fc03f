//! How far two texts of one document agree, by their words.

use regex::Regex;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::LazyLock;

/// Words that make one shingle.
const SHINGLE: usize = 5;

/// How far a text agrees with a reference: shares of their word shingles, from 0 to 1.
///
/// Words are the runs of letters and digits, in lower case, of the text without Markdown's marks and link targets;
/// an e-mail address counts as one word, hidden or not. A shingle is five words in a row; each counts once a text.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Agreement {
    /// The share of the reference's shingles that the text has.
    pub recall: f64,
    /// The share of the text's shingles that the reference has.
    pub precision: f64,
}

impl Agreement {
    pub fn of(text: &str, reference: &str) -> Self {
        let (text, reference) = (shingles(text), shingles(reference));
        let both = text.intersection(&reference).count();
        let share = |whole: usize| if whole == 0 { 1.0 } else { both as f64 / whole as f64 };
        Self { recall: share(reference.len()), precision: share(text.len()) }
    }
}

fn shingles(markdown: &str) -> HashSet<u64> {
    let words = words(markdown);
    words
        .windows(SHINGLE.min(words.len()).max(1))
        .map(|window| {
            // Of one program run only: the hash is compared, never stored.
            let mut hasher = DefaultHasher::new();
            window.hash(&mut hasher);
            hasher.finish()
        })
        .collect()
}

/// The words of a Markdown text.
pub fn words(markdown: &str) -> Vec<String> {
    static TARGET: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\]\((?:\\.|[^()\\]|\([^()]*\))*\)|<br>").expect("a constant pattern"));
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\\?\[email.protected\\?\]|[\w.+\\-]+@[\w-]+(?:\.[\w-]+)+").expect("a constant pattern")
    });
    let text = TARGET.replace_all(markdown, "] ");
    let text = ADDRESS.replace_all(&text, " eaddress ");
    // An escaped sign stands within a word, as `npm\_config`; the mark itself parts words on both sides.
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_targets_do_not_count() {
        let agreement = Agreement::of(
            "# Who we are\n\n*   **We** are [Courier](https://courier.example/a_%28b%29), at [email protected].",
            "Who we are\n==========\n\n- We are _Courier_, at post@courier.example.",
        );
        assert_eq!(agreement, Agreement { recall: 1.0, precision: 1.0 });
        assert_eq!(words("[a](x \"t\") [b](y(z)) c<br>d"), ["a", "b", "c", "d"]);
        assert_eq!(words("at \\[email protected\\]."), words("at a.b@c.example."));
    }

    #[test]
    fn half_a_text_has_half_the_recall_and_full_precision() {
        let whole: String = (0..200).map(|n| format!("word{n} ")).collect();
        let half: String = (0..100).map(|n| format!("word{n} ")).collect();
        let agreement = Agreement::of(&half, &whole);
        assert!((agreement.recall - 0.49).abs() < 0.01 && agreement.precision == 1.0, "{agreement:?}");
        assert_eq!(Agreement::of(&whole, &whole), Agreement { recall: 1.0, precision: 1.0 });
    }
}
