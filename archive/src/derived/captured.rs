//! Our own captures, extracted.

use crate::store::{Archive, ReadError};
use crate::text::Texts;
use crate::text::table::TextError;
use policy::declaration::Declarations;
use policy::history::Recording;
use policy::id::PolicyId;
use rusqlite::Connection;

/// The versions that our own captures of a policy give.
#[derive(Debug, Default)]
pub(crate) struct Own {
    pub recordings: Vec<Recording>,
    pub texts: Texts,
}

/// What the own versions of a policy depend on, and how many captures there are.
pub(crate) fn key(
    archive: &Archive,
    policy: &PolicyId,
    declarations: &Declarations,
) -> Result<(String, u64), ReadError> {
    let _ = declarations;
    let captures = archive.captures(policy)?;
    Ok((captures.len().to_string(), captures.len() as u64))
}

/// Extracts what is new.
pub(crate) fn read(
    archive: &Archive,
    policy: &PolicyId,
    declarations: &Declarations,
) -> Result<Own, ReadError> {
    let _ = (archive, policy, declarations);
    Ok(Own::default())
}

/// Writes the extracted texts; to be called within a transaction.
pub(crate) fn save(connection: &Connection, policy: &PolicyId, own: &Own) -> Result<(), TextError> {
    let _ = (connection, policy, own);
    Ok(())
}
