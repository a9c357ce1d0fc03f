//! Dated, sourced entries written by hand.
