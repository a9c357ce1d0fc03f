//! The only crate that uses the network.
