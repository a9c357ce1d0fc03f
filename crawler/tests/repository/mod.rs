//! Repositories that git makes in a temporary folder, for the tests of imports.

// Each test file uses what it needs.
#![allow(dead_code)]

use archive::Archive;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub struct Desk {
    dir: tempfile::TempDir,
}

/// A commit: date, path, bytes or removal, message.
pub type Commit<'a> = (i64, &'a [u8], Option<Vec<u8>>, String);

pub fn git(repository: &Path, args: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(repository).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Desk {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn archive(&self, name: &str) -> Archive {
        Archive::open(&self.path(name)).unwrap()
    }

    /// A bare repository, made where there is none.
    pub fn repository(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        if !path.exists() {
            git(self.dir.path(), &["init", "--quiet", "--bare", "--initial-branch=main", name]);
        }
        path
    }

    /// Makes or continues a bare repository.
    pub fn commit(&self, name: &str, commits: &[Commit<'_>]) -> PathBuf {
        let path = self.repository(name);
        let has_commits = Command::new("git")
            .arg("-C")
            .arg(&path)
            .args(["rev-parse", "--quiet", "--verify", "main"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success();
        let mut child = Command::new("git")
            .arg("-C")
            .arg(&path)
            .args(["fast-import", "--quiet"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = child.stdin.take().unwrap();
        for (n, (at, file, bytes, message)) in commits.iter().enumerate() {
            write!(out, "commit refs/heads/main\nauthor A <a@example.org> {at} +0200\n").unwrap();
            write!(out, "committer A <a@example.org> {at} +0200\ndata {}\n{message}\n", message.len())
                .unwrap();
            if n == 0 && has_commits {
                writeln!(out, "from refs/heads/main^0").unwrap();
            }
            let quoted: Vec<u8> = file
                .iter()
                .flat_map(|b| match b {
                    b'"' | b'\\' => vec![b'\\', *b],
                    b => vec![*b],
                })
                .collect();
            match bytes {
                None => {
                    out.write_all(b"D \"").unwrap();
                    out.write_all(&quoted).unwrap();
                    out.write_all(b"\"\n").unwrap();
                }
                Some(bytes) => {
                    out.write_all(b"M 100644 inline \"").unwrap();
                    out.write_all(&quoted).unwrap();
                    write!(out, "\"\ndata {}\n", bytes.len()).unwrap();
                    out.write_all(bytes).unwrap();
                    out.write_all(b"\n").unwrap();
                }
            }
        }
        drop(out);
        assert!(child.wait().unwrap().success());
        path
    }
}
