//! The bytes of a page to text.
