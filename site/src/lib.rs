//! The archive as files that people browse, search and subscribe to.
