//! A reader that hangs up, as `head` does, is no failure of the command it read from.

use std::process::{Command, Output, Stdio};

#[test]
fn a_reader_that_hangs_up_is_no_failure() {
    let data = tempfile::tempdir().unwrap();
    let run = |command: &[&str], to: Stdio| -> Output {
        Command::new(env!("CARGO_BIN_EXE_walkback"))
            .arg("--data")
            .arg(data.path())
            .args(command)
            .stdout(to)
            .output()
            .expect("walkback starts")
    };
    // Refused, but from now on there is an archive.
    run(&["import", "ota-versions", "nowhere"], Stdio::null());
    for command in [&["stats"][..], &["stats", "--json"], &["derive"]] {
        let read = run(command, Stdio::piped());
        assert!(read.status.success() && !read.stdout.is_empty(), "{command:?} says something: {read:?}");
        // Open for writing, and nobody reads: each line that is written fails at once.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let unread = run(command, writer.into());
        assert!(unread.status.success(), "{command:?}: {}", String::from_utf8_lossy(&unread.stderr));
    }
}
