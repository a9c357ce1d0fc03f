//! The archive as files that people browse, search and subscribe to.
//!
//! Input: histories, declarations, events. Output: a folder of plain files that any host can serve,
//! the same bytes for the same archive. The parts, in the order of their use:
//!
//! - [`input`]: what a site is built from
//! - [`archived`]: those values, out of an archive and the declarations
//! - [`place`]: where everything lies
//! - [`search`]: the index, its query language, and its export for the browser
//! - [`mod@build`]: one policy after the other, then the pages about all of them
//! - [`page`]: one view a kind of page; `templates/` decides how it looks
//! - [`feed`], [`api`], [`card`]: the same facts for readers, programs and share previews
//! - [`output`], [`manifest`]: only what changed is drawn and written
//! - [`serve`]: a local server with the native search

pub mod api;
pub mod archived;
pub mod build;
pub mod card;
pub mod cite;
pub mod date;
pub mod feed;
pub mod files;
pub mod input;
pub mod manifest;
pub mod output;
pub mod page;
pub mod place;
pub mod render;
pub mod search;
pub mod shown;
pub mod summary;
pub mod wayfinder;
pub mod wording;

pub use archived::{SiteError, build};
pub use build::{BuildError, BuildReport, build_from};
pub use input::BuildInput;
pub mod serve;
pub use url::Url;
