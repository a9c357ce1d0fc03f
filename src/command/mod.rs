//! One file a subcommand: each reads its arguments, calls the crates, prints the result.

pub mod bench;
pub mod build;
pub mod check;
pub mod completions;
pub mod crawl;
pub mod declare;
pub mod demo;
pub mod derive;
pub mod eval;
pub mod event;
pub mod explain;
pub mod export;
pub mod findings;
pub mod import;
pub mod replay;
pub mod run;
pub mod search;
pub mod serve;
pub mod show;
pub mod stats;
