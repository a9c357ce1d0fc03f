//! Lines of Markdown to blocks, without copying.

use super::{Role, inline, sentence};
use std::sync::Arc;

/// What a block is, with what its place depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockKind {
    /// `1` is the outermost level.
    Heading(u8),
    Paragraph,
    /// An item of a list, indented by so many columns.
    Item(u16),
    /// The row of a table that names its columns: a line of dashes stands below it.
    Head,
    /// A row of a table: its cells stand between `|`.
    Row,
    /// A paragraph that continues an item of a list, indented by so many columns.
    Continuation(u16),
}

/// A block of Markdown: its kind and its raw text, marks of the block itself taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Block<'a> {
    pub kind: BlockKind,
    pub raw: &'a str,
}

impl BlockKind {
    pub fn role(self) -> Role {
        match self {
            BlockKind::Heading(_) => Role::Heading,
            BlockKind::Paragraph | BlockKind::Continuation(_) => Role::Sentence,
            BlockKind::Item(_) => Role::Item,
            BlockKind::Head | BlockKind::Row => Role::Cell,
        }
    }
}

impl Block<'_> {
    /// The block's plain sentences. Depends on the block alone, so that a reader may remember it.
    pub fn sentences(&self) -> Vec<Arc<str>> {
        let mut out = Vec::new();
        let mut take = |sentence: &str| out.push(Arc::from(sentence));
        match self.kind {
            BlockKind::Heading(_) => {
                let text = inline::plain(self.raw);
                let text = text.replace('\n', " ");
                if !text.trim().is_empty() {
                    take(text.trim());
                }
            }
            BlockKind::Head | BlockKind::Row => {
                let cells: Vec<String> = cells(self.raw).map(inline::plain).collect();
                match row(&cells) {
                    Some(row) => row.iter().for_each(|sentence| take(sentence)),
                    None => cells.iter().for_each(|cell| sentence::split_into(cell, &mut take)),
                }
            }
            _ => sentence::split_into(&inline::plain(self.raw), &mut take),
        }
        out
    }
}

/// A row of so many words at most is read as one statement.
const ROW_WORDS: usize = 48;
/// Stands between the cells of such a row.
pub(crate) const BORDER: &str = " | ";

/// A row whose cells need each other ("Messages | 30 days"), as one statement, and what the last cell says behind its
/// first sentence. `None` where other cells say more than a sentence: they are to be read one by one.
fn row(cells: &[String]) -> Option<Vec<String>> {
    let mut said: Vec<String> = Vec::new();
    let mut more: Vec<String> = Vec::new();
    for cell in cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()) {
        let sentences = sentence::split(cell);
        if !more.is_empty() || (sentences.len() > 1 && cell.contains('\n')) {
            return None;
        }
        match sentences.as_slice() {
            [first, rest @ ..] if !rest.is_empty() => {
                said.push(first.clone());
                more = rest.to_vec();
            }
            // A number alone is no sentence, but it is an answer.
            _ => said.push(cell.to_owned()),
        }
    }
    let row = said.join(BORDER);
    let fits = row.split(' ').count() <= ROW_WORDS && row.contains(char::is_alphabetic);
    fits.then(|| std::iter::once(row).chain(more).collect())
}

/// Every cell but empty ones is in bold, and there are two at least.
fn is_bold(row: &str) -> bool {
    let is_bold = |cell: &str| cell.starts_with("**") && cell.ends_with("**");
    let mut filled = cells(row).map(str::trim).filter(|cell| !cell.is_empty());
    let mut count = 0;
    filled.all(|cell| {
        count += 1;
        is_bold(cell)
    }) && count > 1
}

/// The cells of a row; `\|` is no border.
fn cells(row: &str) -> impl Iterator<Item = &str> {
    let bytes = row.as_bytes();
    let mut start = 0;
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let escaped = at > 0 && bytes[at - 1] == b'\\';
            at += 1;
            if bytes[at - 1] == b'|' && !escaped {
                let cell = &row[start..at - 1];
                start = at;
                return Some(cell);
            }
        }
        if start < row.len() {
            let cell = &row[start..];
            start = row.len();
            return Some(cell);
        }
        None
    })
}

/// The blocks of a Markdown text in reading order: no blank lines, no rules, no code fences.
pub fn blocks(markdown: &str) -> Vec<Block<'_>> {
    let mut reader =
        Reader { text: markdown, blocks: Vec::new(), open: None, in_list: false, above: Above::Other };
    let mut start = 0;
    for end in memchr_lines(markdown) {
        let line = markdown[start..end].trim_end_matches(['\r', '\n']);
        reader.line(line, start);
        start = end;
    }
    reader.close();
    reader.blocks
}

/// The byte positions after each line.
fn memchr_lines(text: &str) -> impl Iterator<Item = usize> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= text.len() {
            return None;
        }
        at = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |offset| at + offset + 1);
        Some(at)
    })
}

struct Reader<'a> {
    text: &'a str,
    blocks: Vec<Block<'a>>,
    /// The block being read: kind, first and last byte.
    open: Option<(BlockKind, usize, usize)>,
    /// An item was read and nothing since has stood at the left margin.
    in_list: bool,
    above: Above,
}

/// What the line above is to a row of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Above {
    Row,
    /// A line of dashes, or an empty row, with no row above it.
    Delimiter,
    #[default]
    Other,
}

impl<'a> Reader<'a> {
    fn close(&mut self) {
        if let Some((kind, start, end)) = self.open.take() {
            self.blocks.push(Block { kind, raw: &self.text[start..end] });
        }
    }

    fn line(&mut self, line: &'a str, start: usize) {
        let above = std::mem::take(&mut self.above);
        let body = line.trim_start_matches([' ', '\t']);
        let indent = line.len() - body.len();
        let trimmed = body.trim_end();
        if trimmed.is_empty() {
            return self.close();
        }
        let body_start = start + indent;
        let end = body_start + trimmed.len();
        let bytes = trimmed.as_bytes();
        match bytes[0] {
            b'#' => {
                let level = bytes.iter().take_while(|b| **b == b'#').count();
                if level <= 6 && bytes.get(level).is_none_or(|b| *b == b' ') {
                    self.close();
                    let inner = trimmed[level..].trim().trim_end_matches('#').trim_end();
                    if !inner.is_empty() {
                        self.blocks.push(Block { kind: BlockKind::Heading(level as u8), raw: inner });
                    }
                    self.in_list = false;
                    return;
                }
            }
            b'=' | b'-' | b'*' | b'_' if is_rule(bytes) => {
                if bytes[0] == b'=' || (bytes[0] == b'-' && self.open.is_some()) {
                    // A line under a paragraph makes it a heading.
                    if let Some((BlockKind::Paragraph, from, to)) = self.open.take() {
                        let level = if bytes[0] == b'=' { 1 } else { 2 };
                        self.blocks
                            .push(Block { kind: BlockKind::Heading(level), raw: &self.text[from..to] });
                        self.in_list = false;
                    }
                    return;
                }
                if bytes.len() >= 3 {
                    return self.close();
                }
            }
            b'|' => {
                self.close();
                let inner = trimmed.trim_matches('|');
                if inner.bytes().any(|b| !matches!(b, b'-' | b'|' | b' ' | b':')) {
                    // Converters leave the head empty where the page named the columns in bold.
                    let is_head = above == Above::Delimiter && is_bold(inner);
                    let kind = if is_head { BlockKind::Head } else { BlockKind::Row };
                    self.blocks.push(Block { kind, raw: inner });
                    self.above = Above::Row;
                } else if above == Above::Row {
                    if let Some(row) = self.blocks.last_mut() {
                        row.kind = BlockKind::Head;
                    }
                } else {
                    self.above = Above::Delimiter;
                }
                return;
            }
            b'>' => {
                let inner = trimmed.trim_start_matches(['>', ' ']);
                self.close();
                if !inner.is_empty() {
                    self.blocks.push(Block { kind: BlockKind::Paragraph, raw: inner });
                }
                return;
            }
            _ => {}
        }
        if let Some(marker) = marker_len(bytes) {
            self.close();
            self.in_list = true;
            let content = trimmed[marker..].trim_start();
            let offset = trimmed.len() - content.len();
            if !content.is_empty() {
                self.open = Some((BlockKind::Item(indent.min(200) as u16), body_start + offset, end));
            }
            return;
        }
        match &mut self.open {
            Some((_, _, to)) => *to = end,
            None => {
                self.in_list &= indent >= 2;
                let kind = if self.in_list {
                    BlockKind::Continuation(indent.min(200) as u16)
                } else {
                    BlockKind::Paragraph
                };
                self.open = Some((kind, body_start, end));
            }
        }
    }
}

/// Three or more of one of `=-*_`, or two of `=-`, and nothing else but spaces.
fn is_rule(bytes: &[u8]) -> bool {
    let count = bytes.iter().filter(|b| **b == bytes[0]).count();
    count >= 2 && bytes.iter().all(|b| *b == bytes[0] || *b == b' ')
}

/// The length of a list marker with the space behind it: `* `, `12. `, `3) `, `• `.
fn marker_len(bytes: &[u8]) -> Option<usize> {
    match bytes[0] {
        b'*' | b'-' | b'+' => bytes.get(1).is_none_or(|b| *b == b' ').then_some(1),
        b'0'..=b'9' => {
            let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
            let mark = bytes.get(digits)?;
            let mut len = digits + 1;
            // Escaped as `1\.` where the page wrote the number itself.
            if *mark == b'\\' && matches!(bytes.get(len), Some(b'.' | b')')) {
                len += 1;
            } else if !matches!(mark, b'.' | b')') {
                return None;
            }
            (digits <= 3 && bytes.get(len).is_none_or(|b| *b == b' ')).then_some(len)
        }
        // "(a) ", "(12) "
        b'(' => {
            let inner = bytes[1..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
            let closed = bytes.get(inner + 1) == Some(&b')') && bytes.get(inner + 2) == Some(&b' ');
            ((1..=3).contains(&inner) && closed).then_some(inner + 2)
        }
        // U+2022, U+25CF, U+25AA, U+00B7: bullets that the page wrote itself.
        0xe2 if bytes.starts_with("•".as_bytes())
            || bytes.starts_with("●".as_bytes())
            || bytes.starts_with("▪".as_bytes()) =>
        {
            Some(3)
        }
        0xc2 if bytes.starts_with("·".as_bytes()) => Some(2),
        _ => None,
    }
}
