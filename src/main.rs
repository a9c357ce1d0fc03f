//! The `walkback` command: parses what was typed, runs it, chooses the exit code.

/// Prints a line of a result. A reader that hung up is an error here, and none in [`main`]; `println!` would panic.
macro_rules! say {
    ($($line:tt)*) => {
        std::io::Write::write_fmt(&mut std::io::stdout().lock(), format_args!("{}\n", format_args!($($line)*)))?
    };
}

mod cli;
mod command;
mod ground;

use clap::Parser as _;
use std::io::IsTerminal as _;
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

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
