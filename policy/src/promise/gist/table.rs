//! The network as a file: a row a line.

use super::{ENDINGS, Gists};
use crate::id::Digest;
use crate::promise::rules::RuleError;
use std::fmt::Write as _;

/// The name of an ending's row.
const ENDING_ROW: &str = "(ending)";

impl Gists {
    /// A line a row: its name (a word; `(ending)` for words that are seldom met; else the part of the network), a tab, the
    /// size of one step, a tab, and the row in such steps, from -127 to 127, with spaces between them. `#` begins a comment.
    pub fn write(&self) -> String {
        let mut out = String::new();
        let endings = std::iter::repeat_n(ENDING_ROW, ENDINGS as usize);
        let names = endings.chain(self.words.iter().map(String::as_str));
        for (name, row) in names.zip(self.net.words()).chain(self.net.parts()) {
            let most = row.iter().fold(0.0f32, |most, x| most.max(x.abs()));
            // Written with few digits, and steps counted in what is written.
            let size = format!("{:.2e}", (most / 127.0).max(1e-9));
            let step: f32 = size.parse().unwrap_or(1.0);
            let _ = write!(out, "{name}\t{size}\t");
            for (n, x) in row.iter().enumerate() {
                let steps = (x / step).round().clamp(-127.0, 127.0) as i32;
                let _ = write!(out, "{}{steps}", if n > 0 { " " } else { "" });
            }
            out.push('\n');
        }
        out
    }

    /// What [`Gists::write`] wrote.
    pub fn parse(file: &str, text: &str) -> Result<Gists, RuleError> {
        let fault = |line: Option<usize>, fault: String, remedy: &str| RuleError::Fault {
            file: file.to_owned(),
            field: line.map_or_else(|| "rows".to_owned(), |n| format!("line {}", n + 1)),
            fault,
            remedy: remedy.to_owned(),
        };
        let mut words = Vec::new();
        let mut numbers: Vec<f32> = Vec::with_capacity(text.len() / 4);
        let mut endings = 0;
        for (n, line) in
            text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        {
            let mut row = || {
                let mut parts = line.split('\t');
                let (name, size, row) = (parts.next()?, parts.next()?, parts.next()?);
                let size: f32 = size.parse().ok().filter(|size: &f32| size.is_finite())?;
                for steps in row.split(' ') {
                    numbers.push(f32::from(steps.parse::<i8>().ok()?) * size);
                }
                parts.next().is_none().then_some(name)
            };
            let name = row().ok_or_else(|| {
                fault(
                    Some(n),
                    "no row of a network".into(),
                    "write a name, the size of a step and whole numbers from -127 to 127, with tabs between the three",
                )
            })?;
            match name {
                ENDING_ROW => endings += 1,
                _ if name.starts_with('(') => {}
                _ => words.push(name.to_owned()),
            }
        }
        let count = words.len() + endings;
        let net = super::net::Net::from_numbers(count, numbers).filter(|_| endings == ENDINGS as usize);
        let net = net.ok_or_else(|| {
            fault(
                None,
                format!("{endings} endings, {} words and what follows are no whole network", words.len()),
                "write it anew with `walkback eval --fit-gists`",
            )
        })?;
        let digest = Digest::of(text).0;
        let id = u64::from_be_bytes(digest[..8].try_into().unwrap_or_default());
        Ok(Gists::new(words, net, id))
    }
}
