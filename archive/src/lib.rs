//! The only crate that knows what lies under `data/archive`.
