//! What must hold for any bytes that are taken for a WARC file: the body of a fuzz target in `fuzz/`, run under
//! `cargo test` too. It panics where a property is broken.

use crate::body;
use crate::capture::Head;
use crate::capture::head::Origin;
use crate::warc::{Kind, read_all, read_member};
use policy::id::Digest;

/// Small, so that limits are met.
const MAX_BLOCK: u64 = 1 << 16;

/// No file makes reading panic; what is read lies in the file, in order, and is read again when written again.
pub fn warc(bytes: &[u8]) {
    let (records, fault) = read_all(bytes, MAX_BLOCK);
    let mut place = (0, 0);
    for located in &records {
        let end = located.offset + located.length;
        assert!(end <= bytes.len() as u64);
        let within = &bytes[located.offset as usize..end as usize];
        assert_eq!(located.sha256, Digest::of(within));
        // Several records may share one member.
        assert!((located.offset, end) == place || located.offset >= place.1);
        place = (located.offset, end);
    }
    if let Some(fault) = fault {
        assert!(fault.offset <= bytes.len() as u64 && fault.offset >= place.1);
        let _ = (fault.to_string(), fault.fault.is_torn());
    }
    for record in records.into_iter().map(|located| located.record) {
        let _ = (record.date(), record.target());
        // Fields that follow from the rest, and what one line cannot hold, come only from files of others.
        let ours = record.fields.iter().all(|(name, value)| {
            let follows = ["content-length", "warc-type"].contains(&name.to_ascii_lowercase().as_str());
            !follows && !name.is_empty() && !name.contains(char::is_whitespace) && !value.contains('\r')
        });
        let known = !matches!(&record.kind, Kind::Other(name) if name.trim() != name || name.contains('\r'));
        if ours && known {
            let read = read_member(&record.to_member(1).bytes, MAX_BLOCK).expect("what is written is read");
            assert_eq!(read, record);
        }
        if let Ok((head, sent)) = Head::split(&record.block, Origin::Wire) {
            let sent = if head.is_chunked() { body::dechunk(sent).unwrap_or_default() } else { sent.into() };
            let encodings = head.values("content-encoding");
            let limits = body::Limits { decoded: 1 << 20, ..body::Limits::default() };
            let decoded = body::decode(&sent, encodings.iter().map(String::as_str), limits);
            assert!(
                decoded.is_ok_and(|decoded| decoded.len() as u64 <= limits.decoded)
                    || !encodings.is_empty()
                    || sent.len() > 1 << 20
            );
            let _ = (head.status(), head.fields());
        }
    }
}
