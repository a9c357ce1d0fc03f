//! A reader that hangs up, as `head` does, is no failure of the command it read from, and hides none.

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
    // `check` names it, and ends with 1.
    let declarations = data.path().join("declarations");
    std::fs::create_dir(&declarations).unwrap();
    std::fs::write(declarations.join("Broken.json"), "{").unwrap();
    for (command, code) in [(&["stats"][..], 0), (&["stats", "--json"], 0), (&["derive"], 0), (&["check"], 1)]
    {
        let read = run(command, Stdio::piped());
        assert_eq!(read.status.code(), Some(code), "{command:?}: {read:?}");
        assert!(!read.stdout.is_empty(), "{command:?} says something: {read:?}");
        // Open for writing, and nobody reads: each line that is written fails at once.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let unread = run(command, writer.into());
        let said = String::from_utf8_lossy(&unread.stderr);
        assert_eq!(unread.status.code(), Some(code), "{command:?}: {said}");
    }
}
