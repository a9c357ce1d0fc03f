//! The `walkback` command.

fn main() {}
