//! Brings other archives' history in.
//!
//! - [`git`]: reading a repository by calling `git`, with hooks, external helpers and user settings off
//! - [`message`]: what an Open Terms Archive commit message says
//! - [`ota_versions`]: the texts a collection extracted
//! - [`ota_snapshots`]: the pages a collection fetched, as captures
//! - [`warc`]: the pages of a WARC file, as captures
//! - [`export`]: the way back, a versions repository of our archive

pub mod export;
pub mod git;
pub mod message;
pub mod ota_snapshots;
pub mod ota_versions;
pub mod warc;

use std::time::Duration;

/// How far an import has come, for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The commits are being listed.
    Listing,
    /// So many versions or snapshots of so many are read.
    Reading { done: u64, all: u64 },
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The collection's name: the repository's.
    pub collection: String,
    /// Commits that were listed because they were not here yet.
    pub commits: u64,
    /// Versions that are new.
    pub versions: u64,
    /// Policies that have new versions.
    pub policies: u64,
    /// Versions that were here already.
    pub known: u64,
    /// What could not be read, each with its cause; the rest is here.
    pub problems: Vec<String>,
}

/// A name pattern: `*` stands for any characters, `?` for one; case does not matter.
///
/// ```
/// assert!(crawler::import::matches("what*", "WhatsApp"));
/// assert!(!crawler::import::matches("what*", "X"));
/// ```
pub fn matches(pattern: &str, name: &str) -> bool {
    fn rest(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', tail)) => (0..=name.len()).any(|skipped| rest(tail, &name[skipped..])),
            Some((c, tail)) => name.first().is_some_and(|n| *c == '?' || c == n) && rest(tail, &name[1..]),
        }
    }
    // Runs of stars mean one star; kept, they would take exponential time.
    let mut chars: Vec<char> = pattern.to_lowercase().chars().collect();
    chars.dedup_by(|a, b| *a == '*' && *b == '*');
    rest(&chars, &name.to_lowercase().chars().collect::<Vec<_>>())
}

/// How often progress is told: often enough for a bar, too rarely to cost anything.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_matches_whole_names() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("", "x", false),
            ("a?c", "ABC", true),
            ("*book*", "Facebook Messenger", true),
            ("book", "Facebook", false),
            ("***", "Ünï", true),
            ("ü*", "Ünï", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
