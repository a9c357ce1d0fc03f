//! The only crate that knows what lies under `data/archive`.
//!
//! * [`store`]: [`Archive`], opened by one writer or many readers; captures stored and read back;
//! * [`capture`]: a capture on its way in, and the records it becomes;
//! * [`warc`]: WARC 1.1, written and read;
//! * [`body`]: bodies decoded within limits;
//! * [`catalog`]: the SQLite file that says where everything lies, and how it is rebuilt;
//! * [`verify`]: every digest and every reference checked;
//! * [`text`]: texts at little cost, and what others recorded;
//! * [`derived`]: histories, derived from all that, and [`read`]: what is asked about them;
//! * [`import`]: other people's WARC files as captures;
//! * [`fuzz`]: what must hold for any bytes.
//!
//! The disk format is docs/archive-format.md.

pub mod body;
pub mod capture;
pub mod catalog;
pub mod derived;
pub mod fuzz;
pub mod import;
pub mod read;
pub mod store;
pub mod text;
pub mod verify;
pub mod warc;

pub use capture::{Facts, Head, LastSeen, NewCapture, Redirect, Response, Truncated};
pub use catalog::rebuild::{RebuildError, Rebuilt};
pub use derived::{Derivation, DeriveError};
pub use import::{ImportError, Imported, import_warc};
pub use read::{Histories, HistoryError};
pub use store::{Archive, OpenError, ReadError, StoreError, StoredResponse, index_dir};
pub use verify::Fault;
