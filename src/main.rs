//! The `walkback` command: parses what was typed, runs it, chooses the exit code.

/// Prints a line of a result, as `println!` does, which would panic where nobody reads: see [`print_line`].
macro_rules! say {
    ($($line:tt)*) => { crate::print_line(format_args!($($line)*))? };
}

mod cli;
mod command;
mod ground;

use clap::Parser as _;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_target(false)
        // Colour on a terminal only, and only where NO_COLOR does not forbid it.
        .with_ansi(
            std::io::stderr().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        )
        .without_time()
        .with_max_level(if cli.global.quiet { tracing::Level::ERROR } else { tracing::Level::WARN })
        .init();
    match cli.run() {
        Ok(cli::Exit::Done) => ExitCode::SUCCESS,
        Ok(cli::Exit::SomeFailed) => ExitCode::from(1),
        // A reader that hangs up (`walkback search … | head`) is not a failure worth a word.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("walkback: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// A reader that hangs up stops no work and hides no failure: what is left to do is done, and the exit code stays true.
fn print_line(line: std::fmt::Arguments<'_>) -> std::io::Result<()> {
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
