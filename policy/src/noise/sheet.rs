//! The texts of a policy as numbered statements. Blocks that stood in an earlier text are not read again.

use super::lanes::Seen;
use super::surroundings::{self, Look};
use super::{mask, rotation};
use crate::id::{Digest, StatementId};
use crate::statement::{BlockKind, Outline, Role, Segment, blocks, comparable_words, word_hash};
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, OnceLock};

/// One distinct text as statements.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Statement numbers in reading order, with repetitions.
    pub order: Vec<u32>,
    /// Each once, sorted, but for what is set aside.
    pub set: Vec<u32>,
    /// What is no statement of the document: each once, sorted. See [`Sheets::set_aside`].
    pub aside: Vec<u32>,
    /// Their kin, each once, sorted: statements equal but for tokens that rotate are kin.
    pub kin: Vec<u32>,
    /// Bytes of all statements.
    pub bytes: u64,
    /// Its blocks in reading order: what each is there, and which piece.
    pieces: Vec<(BlockKind, u32)>,
}

/// A document says so many bytes beside its links, at least.
const LEAST_TEXT: usize = 2_000;

/// What is known of a statement whatever text it stands in.
#[derive(Debug, Clone)]
pub struct Known {
    pub id: StatementId,
    /// As it was last read.
    pub text: Arc<str>,
    pub role: Role,
    pub kin: u32,
    /// Hashes of its words, sorted, each once: to find rewordings.
    pub words: Arc<[u32]>,
    /// A fingerprint of these, to see at once that two statements share little.
    pub print: u128,
}

/// A block read: its sentences and their statement numbers.
#[derive(Debug)]
struct Piece {
    numbers: Vec<u32>,
    sentences: Vec<Arc<str>>,
    look: Look,
    /// It was met in a menu, and outside of one.
    in_menu: bool,
    elsewhere: bool,
}

/// The statements of all texts of one policy.
#[derive(Debug, Default)]
pub struct Sheets {
    known: Vec<Known>,
    by_form: HashMap<String, u32, Seeded>,
    /// Of masked forms.
    kin_by_form: HashMap<Box<str>, u32, Seeded>,
    kins: u32,
    /// Room for the words of one statement.
    words: Vec<u32>,
    pieces: Vec<Piece>,
    /// The numbers of pieces by their raw text. Headings and table rows are split differently from other
    /// blocks with the same words.
    blocks: HashMap<Box<str>, u32, Seeded>,
    headings: HashMap<Box<str>, u32, Seeded>,
    rows: HashMap<Box<str>, u32, Seeded>,
}

impl Sheet {
    /// All its statements, each once, sorted.
    pub fn whole(&self) -> Cow<'_, [u32]> {
        if self.aside.is_empty() {
            return Cow::Borrowed(&self.set);
        }
        let mut all: Vec<u32> = self.set.iter().chain(&self.aside).copied().collect();
        all.sort_unstable();
        Cow::Owned(all)
    }

    /// The statement stands in the text but is not of the document.
    pub fn sets_aside(&self, number: u32) -> bool {
        self.aside.binary_search(&number).is_ok()
    }
}

impl Sheets {
    /// All statements, by number.
    pub fn known(&self) -> &[Known] {
        &self.known
    }

    /// Reads a text to statement numbers.
    pub fn read(&mut self, markdown: &str) -> Sheet {
        let mut sheet = Sheet::default();
        let blocks = blocks(markdown);
        sheet.pieces.reserve_exact(blocks.len());
        let mut looks = Vec::with_capacity(blocks.len());
        if self.known.is_empty() {
            // Later texts bring little that is new.
            self.known.reserve(2 * blocks.len());
            self.by_form.reserve(2 * blocks.len());
            self.blocks.reserve(blocks.len());
        }
        for block in blocks {
            let number = self.piece_number(block.kind, block.raw);
            let piece = &self.pieces[number as usize];
            sheet.order.extend_from_slice(&piece.numbers);
            sheet.pieces.push((block.kind, number));
            looks.push(piece.look);
        }
        let mut menus = surroundings::menus(&looks).into_iter().peekable();
        for (place, (_, number)) in sheet.pieces.iter().enumerate() {
            while menus.next_if(|menu| menu.end <= place).is_some() {}
            let piece = &mut self.pieces[*number as usize];
            match menus.peek().is_some_and(|menu| menu.contains(&place)) {
                true => piece.in_menu = true,
                false => piece.elsewhere = true,
            }
        }
        sheet.set = sheet.order.clone();
        sheet.set.sort_unstable();
        sheet.set.dedup();
        sheet.kin = sheet.set.iter().map(|number| self.known[*number as usize].kin).collect();
        sheet.kin.sort_unstable();
        sheet.kin.dedup();
        sheet.bytes = sheet.order.iter().map(|number| self.known[*number as usize].text.len() as u64).sum();
        sheet
    }

    /// Sets aside what is no statement of the document: menus, data for scripts, blocks that are new at each
    /// visit. Whether a text differs is asked of the rest; `order` keeps everything, so that a version can be
    /// shown whole. `strands` are the recorders' versions, each in order of time.
    pub fn set_aside(&self, sheets: &mut [Sheet], strands: &[Vec<Seen>]) {
        let mut menu = vec![false; self.known.len()];
        for piece in self.pieces.iter().filter(|piece| piece.in_menu) {
            piece.numbers.iter().for_each(|number| menu[*number as usize] = true);
        }
        for piece in self.pieces.iter().filter(|piece| piece.elsewhere) {
            piece.numbers.iter().for_each(|number| menu[*number as usize] = false);
        }
        // A page that is links and hardly anything else is a document of links.
        let bytes = |sheet: &Sheet, wanted: &dyn Fn(usize) -> bool| {
            let statements = sheet.order.iter().filter(|number| wanted(**number as usize));
            statements.map(|number| self.known[*number as usize].text.len()).sum::<usize>()
        };
        let (all, of_menus) = sheets.iter().fold((0, 0), |(all, of_menus), sheet| {
            (all + bytes(sheet, &|_| true), of_menus + bytes(sheet, &|number| menu[number]))
        });
        let is_of_links = of_menus * 2 > all && all - of_menus < sheets.len() * LEAST_TEXT;
        let mut aside: Vec<bool> = self
            .known
            .iter()
            .zip(menu)
            .map(|(known, menu)| menu && !is_of_links || surroundings::is_data(&known.text))
            .collect();
        strands.iter().for_each(|seen| rotation::mark(seen, sheets, &mut aside));
        if !aside.contains(&true) {
            return;
        }
        for sheet in sheets {
            let is_aside = |number: &u32| aside[*number as usize];
            sheet.aside = sheet.set.iter().copied().filter(is_aside).collect();
            if !sheet.aside.is_empty() {
                sheet.set.retain(|number| !is_aside(number));
                sheet.kin = sheet.set.iter().map(|number| self.known[*number as usize].kin).collect();
                sheet.kin.sort_unstable();
                sheet.kin.dedup();
            }
        }
    }

    /// A text's statements in their places; their numbers are those of the sheet's `order`.
    pub fn segments(&self, sheet: &Sheet) -> Vec<Segment> {
        let mut outline = Outline::default();
        let mut segments = Vec::with_capacity(sheet.order.len());
        for (kind, number) in &sheet.pieces {
            let piece = &self.pieces[*number as usize];
            outline.place(*kind, &piece.sentences, |segment| segments.push(segment));
        }
        // A heading of several lines is one statement: see `Outline::place`.
        debug_assert_eq!(segments.len(), sheet.order.len());
        segments
    }

    fn piece_number(&mut self, kind: BlockKind, raw: &str) -> u32 {
        let table = match kind {
            BlockKind::Heading(_) => &self.headings,
            BlockKind::Head | BlockKind::Row => &self.rows,
            _ => &self.blocks,
        };
        if let Some(number) = table.get(raw) {
            return *number;
        }
        let piece = self.read_piece(kind, raw);
        let number = self.pieces.len() as u32;
        let table = match kind {
            BlockKind::Heading(_) => &mut self.headings,
            BlockKind::Head | BlockKind::Row => &mut self.rows,
            _ => &mut self.blocks,
        };
        table.insert(raw.into(), number);
        self.pieces.push(piece);
        number
    }

    fn read_piece(&mut self, kind: BlockKind, raw: &str) -> Piece {
        let block = crate::statement::Block { kind, raw };
        let sentences = block.sentences();
        let numbers = sentences.iter().map(|text| self.number(text, kind.role())).collect();
        let look = surroundings::look(kind, raw, &sentences);
        Piece { numbers, sentences, look, in_menu: false, elsewhere: false }
    }

    fn number(&mut self, text: &Arc<str>, role: Role) -> u32 {
        self.words.clear();
        let mut form = comparable_words(text, |word| self.words.push(word));
        if form.is_empty() {
            // A line of marks alone has no comparable form; it is itself.
            form = text.to_string();
            self.words.extend(form.as_bytes().split(|byte| *byte == b' ').map(word_hash));
        }
        if let Some(number) = self.by_form.get(form.as_str()) {
            return *number;
        }
        let number = self.known.len() as u32;
        let masked = mask::mask(&form);
        let kin_form = masked.as_deref().unwrap_or(&form);
        // Without a mask it can only be kin to statements of the same form, and there are none.
        let may_have_kin = masked.is_some() || memchr::memchr(mask::MARK, form.as_bytes()).is_some();
        let kin = match may_have_kin.then(|| self.kin_by_form.get(kin_form)).flatten() {
            Some(kin) => *kin,
            None => {
                let next = self.kins;
                self.kins += 1;
                if may_have_kin {
                    self.kin_by_form.insert(kin_form.into(), next);
                }
                next
            }
        };
        self.words.sort_unstable();
        self.words.dedup();
        self.known.push(Known {
            id: StatementId(Digest::of(&form).short(12)),
            text: text.clone(),
            role,
            kin,
            words: self.words.as_slice().into(),
            print: self
                .words
                .iter()
                .fold(0, |print, word| print | 1 << (word.wrapping_mul(0x9e37_79b1) >> 25)),
        });
        self.by_form.insert(form, number);
        number
    }
}

/// Hashes text eight bytes at a time: the blocks of all versions pass through it, and SipHash was a tenth
/// of the time. Seeded once a process, so that no page can be written to collide.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seeded(u64);

impl Default for Seeded {
    fn default() -> Self {
        static SEED: OnceLock<u64> = OnceLock::new();
        Self(*SEED.get_or_init(|| RandomState::new().hash_one(0u8)))
    }
}

impl BuildHasher for Seeded {
    type Hasher = Folded;
    fn build_hasher(&self) -> Folded {
        Folded(self.0)
    }
}

pub(crate) struct Folded(u64);

impl Folded {
    fn add(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15_u128;
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write_u8(&mut self, byte: u8) {
        self.add(u64::from(byte));
    }
    fn write_u32(&mut self, number: u32) {
        self.add(u64::from(number));
    }
    fn write_u64(&mut self, number: u64) {
        self.add(number);
    }
    fn write_usize(&mut self, number: usize) {
        self.add(number as u64);
    }
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.add(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.add(u64::from_le_bytes(last) ^ (bytes.len() as u64).rotate_left(32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::{segment, statement_id};

    #[test]
    fn a_sheet_holds_what_segmenting_gives() {
        let text = "# Title\n\nWe do:\n\n* one thing. And more.\n* other\n\n| a | b |\n\nTitle\n";
        let mut sheets = Sheets::default();
        sheets.read("# Title\n\n* other");
        let sheet = sheets.read(text);
        let ids: Vec<StatementId> =
            sheet.order.iter().map(|number| sheets.known()[*number as usize].id.clone()).collect();
        let plain = segment(text);
        assert_eq!(ids, plain.iter().map(|segment| statement_id(&segment.text)).collect::<Vec<_>>());
        assert_eq!(sheets.segments(&sheet), plain);
    }

    #[test]
    fn typography_makes_no_other_statement_and_a_date_only_kin() {
        let mut sheets = Sheets::default();
        let a = sheets.read("We don’t sell it.\n\nUpdated 3 May 2020\n");
        let b = sheets.read("* We don't sell it\n\nUpdated 4 June 2021\n");
        assert_ne!(a.set, b.set);
        assert_eq!(a.kin, b.kin);
        assert_eq!(a.order[0], b.order[0]);
    }
}
