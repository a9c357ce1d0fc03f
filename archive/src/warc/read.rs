//! Reads records out of WARC files, ours and other people's: gzip with a member a record, gzip with
//! several records a member, or plain. Whatever the bytes are, the answer is records and at most one
//! fault with its offset; nothing panics and no length in the file is believed before it is checked.

use super::{Kind, Record};
use flate2::bufread::GzDecoder;
use policy::id::Digest;
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead, BufReader, Read};

const GZIP_MAGIC: u8 = 0x1f;

/// Longest line and longest head that is read: far above what any crawler writes.
const MAX_HEAD: usize = 256 * 1024;

/// A record and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Offset of its gzip member, or of the record itself in a plain file.
    pub offset: u64,
    /// Length of the gzip member or of the plain record.
    pub length: u64,
    /// SHA-256 of these bytes.
    pub sha256: Digest,
    pub record: Record,
}

/// Why reading stopped, and where.
#[derive(Debug, thiserror::Error)]
#[error("at byte {offset}: {fault}")]
pub struct WarcError {
    pub offset: u64,
    #[source]
    pub fault: WarcFault,
}

/// What is wrong with the bytes of a record.
#[derive(Debug, thiserror::Error)]
pub enum WarcFault {
    #[error("the file ends inside a record")]
    Torn,
    #[error("not a WARC record: it starts with `{0}`")]
    NotWarc(String),
    #[error("a field without a colon: `{0}`")]
    Field(String),
    #[error("no usable Content-Length")]
    Length,
    #[error("the head of the record is longer than {MAX_HEAD} bytes")]
    LongHead,
    #[error("the block is {length} bytes, the limit is {limit}")]
    TooLarge { length: u64, limit: u64 },
    #[error("the record does not end with two empty lines")]
    End,
    #[error("the gzip member is damaged")]
    Gzip(#[source] io::Error),
    #[error("the gzip member holds more than one record")]
    ManyRecords,
    #[error("cannot read")]
    Read(#[source] io::Error),
}

impl WarcFault {
    /// The bytes end too early, and up to their end nothing is wrong with them.
    pub fn is_torn(&self) -> bool {
        match self {
            WarcFault::Torn => true,
            WarcFault::Gzip(error) | WarcFault::Read(error) => error.kind() == io::ErrorKind::UnexpectedEof,
            _ => false,
        }
    }
}

/// Reads records one after another. After an error it ends: what follows a torn record has no known start.
pub struct Reader<R: BufRead> {
    input: Counted<R>,
    max_block: u64,
    ended: bool,
    /// Records of a member that holds several.
    waiting: std::vec::IntoIter<Located>,
}

impl<R: BufRead> Reader<R> {
    /// `max_block`: no block above this many bytes is read.
    pub fn new(input: R, max_block: u64) -> Self {
        let input = Counted { inner: input, offset: 0, sha256: Sha256::new() };
        Self { input, max_block, ended: false, waiting: Vec::new().into_iter() }
    }

    /// Bytes read so far that belong to whole records.
    pub fn offset(&self) -> u64 {
        self.input.offset
    }

    fn read_next(&mut self) -> Result<Option<Located>, WarcFault> {
        loop {
            if let Some(located) = self.waiting.next() {
                return Ok(Some(located));
            }
            let offset = self.input.offset;
            self.input.sha256 = Sha256::new();
            let Some(&first) = self.input.fill_buf().map_err(WarcFault::Read)?.first() else {
                return Ok(None);
            };
            let records = if first == GZIP_MAGIC { self.member()? } else { self.plain()? };
            let length = self.input.offset - offset;
            let sha256 = Digest(std::mem::take(&mut self.input.sha256).finalize().into());
            // A member may be empty: then the loop goes on with the next one.
            let located = records.into_iter().map(|record| Located { offset, length, sha256, record });
            self.waiting = located.collect::<Vec<_>>().into_iter();
        }
    }

    fn member(&mut self) -> Result<Vec<Record>, WarcFault> {
        let mut member = BufReader::new(GzDecoder::new(&mut self.input));
        let mut records = Vec::new();
        let mut room = self.max_block;
        // Reading on to the end of the member is what makes gzip check its own sum.
        while let Some(record) = read_record(&mut member, room).map_err(in_gzip)? {
            // Heads count too: a member of a few kilobytes may hold a million records that say nothing.
            let head: usize = record.fields.iter().map(|(name, value)| name.len() + value.len() + 64).sum();
            let length = record.block.len() as u64 + head as u64 + 64;
            records.push(record);
            room = match room.checked_sub(length) {
                Some(room) => room,
                None if records.len() == 1 => 0,
                None => return Err(WarcFault::TooLarge { length, limit: self.max_block }),
            };
        }
        Ok(records)
    }

    fn plain(&mut self) -> Result<Vec<Record>, WarcFault> {
        Ok(read_record(&mut self.input, self.max_block)?.into_iter().collect())
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Located, WarcError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let offset = self.input.offset;
        match self.read_next() {
            Ok(Some(located)) => Some(Ok(located)),
            Ok(None) => {
                self.ended = true;
                None
            }
            Err(fault) => {
                self.ended = true;
                Some(Err(WarcError { offset, fault }))
            }
        }
    }
}

/// Every whole record of a file in memory, and the fault that ended it, if one did.
pub fn read_all(bytes: &[u8], max_block: u64) -> (Vec<Located>, Option<WarcError>) {
    let mut records = Vec::new();
    for next in Reader::new(bytes, max_block) {
        match next {
            Ok(located) => records.push(located),
            Err(error) => return (records, Some(error)),
        }
    }
    (records, None)
}

/// The one record in one gzip member; more than one, or bytes after it, is a fault.
pub fn read_member(bytes: &[u8], max_block: u64) -> Result<Record, WarcFault> {
    let mut member = BufReader::new(GzDecoder::new(bytes));
    let record = read_record(&mut member, max_block).map_err(in_gzip)?.ok_or(WarcFault::Torn)?;
    if read_record(&mut member, max_block).map_err(in_gzip)?.is_some() {
        return Err(WarcFault::ManyRecords);
    }
    let rest = member.into_inner().into_inner();
    if rest.is_empty() { Ok(record) } else { Err(WarcFault::ManyRecords) }
}

/// The next record of an uncompressed stream; `None` at its end.
pub fn read_record(input: &mut impl BufRead, max_block: u64) -> Result<Option<Record>, WarcFault> {
    let mut head = 0;
    let Some(version) = line(input, &mut head)? else { return Ok(None) };
    if !version.starts_with(b"WARC/") {
        let start: String = String::from_utf8_lossy(&version).chars().take(40).collect();
        return Err(WarcFault::NotWarc(start));
    }
    let mut fields: Vec<(String, String)> = Vec::new();
    loop {
        let line = line(input, &mut head)?.ok_or(WarcFault::Torn)?;
        if line.is_empty() {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        if let (true, Some((_, value))) = (text.starts_with([' ', '\t']), fields.last_mut()) {
            // WARC 1.0 allowed a field to go on in the next line.
            let more = text.trim();
            if !value.is_empty() && !more.is_empty() {
                value.push(' ');
            }
            value.push_str(more);
            continue;
        }
        let (name, value) =
            text.split_once(':').ok_or_else(|| WarcFault::Field(text.chars().take(40).collect()))?;
        fields.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let mut take = |name: &str| {
        let at = fields.iter().position(|(key, _)| key.eq_ignore_ascii_case(name));
        at.map(|at| fields.remove(at).1)
    };
    let length: u64 = take("Content-Length").and_then(|text| text.parse().ok()).ok_or(WarcFault::Length)?;
    let kind = Kind::named(&take("WARC-Type").unwrap_or_default());
    if length > max_block {
        return Err(WarcFault::TooLarge { length, limit: max_block });
    }
    // Grow with what really comes: a false length must not reserve memory.
    let mut block = Vec::with_capacity(length.min(1 << 20) as usize);
    Read::take(&mut *input, length).read_to_end(&mut block).map_err(torn_or_read)?;
    if (block.len() as u64) < length {
        return Err(WarcFault::Torn);
    }
    let mut end = [0; 4];
    input.read_exact(&mut end).map_err(torn_or_read)?;
    if &end != b"\r\n\r\n" {
        return Err(WarcFault::End);
    }
    Ok(Some(Record { kind, fields, block }))
}

/// A line without its end; `None` at the end of the input.
fn line(input: &mut impl BufRead, head: &mut usize) -> Result<Option<Vec<u8>>, WarcFault> {
    let mut line = Vec::new();
    let room = (MAX_HEAD - *head) as u64;
    Read::take(&mut *input, room).read_until(b'\n', &mut line).map_err(torn_or_read)?;
    *head += line.len();
    if line.is_empty() {
        return if room == 0 { Err(WarcFault::LongHead) } else { Ok(None) };
    }
    if line.pop() != Some(b'\n') {
        return Err(if *head >= MAX_HEAD { WarcFault::LongHead } else { WarcFault::Torn });
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(line))
}

fn torn_or_read(error: io::Error) -> WarcFault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => WarcFault::Torn,
        _ => WarcFault::Read(error),
    }
}

/// Inside gzip an error of reading is an error of the member, unless the file just ends.
fn in_gzip(fault: WarcFault) -> WarcFault {
    match fault {
        WarcFault::Read(error) => WarcFault::Gzip(error),
        other => other,
    }
}

/// Counts and hashes what is consumed.
struct Counted<R> {
    inner: R,
    offset: u64,
    sha256: Sha256,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(buf.len());
        buf[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        // The buffer that fill_buf gave is still there until it is consumed.
        if let Ok(buffer) = self.inner.fill_buf() {
            self.sha256.update(&buffer[..n.min(buffer.len())]);
        }
        self.inner.consume(n);
        self.offset += n as u64;
    }
}
