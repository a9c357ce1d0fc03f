//! The encryption board: which service encrypts what, since when, as the events say.
