//! What `walkback eval` reads out of git repositories.

use anyhow::{Context as _, bail};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

fn git(repository: &Path, args: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.args(["-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never"]);
    git.arg("-C").arg(repository).args(args);
    git
}

fn fault(repository: &Path) -> String {
    format!("git cannot read `{}`; is it a repository?", repository.display())
}

/// Every text that any commit holds: its blob id, and the path that it was committed under first.
pub fn texts(repository: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let output = git(repository, &["rev-list", "--objects", "--all", "--reverse"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run git; install it")?;
    if !output.status.success() {
        bail!(fault(repository));
    }
    let listed = String::from_utf8_lossy(&output.stdout);
    let mut texts = BTreeMap::new();
    for (id, path) in listed.lines().filter_map(|line| line.split_once(' ')) {
        if path.ends_with(".md") && path.contains('/') {
            texts.entry(id.to_owned()).or_insert_with(|| path.to_owned());
        }
    }
    Ok(texts)
}

/// Takes the text of each of those blobs that the repository has.
pub fn each_blob(repository: &Path, ids: &[&str], mut take: impl FnMut(&str, String)) -> anyhow::Result<()> {
    if let Some(id) = ids.iter().find(|id| !id.bytes().all(|b| b.is_ascii_hexdigit())) {
        bail!("`{id}` is no git blob id");
    }
    let mut git = git(repository, &["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run git; install it")?;
    let mut input = git.stdin.take().context("git takes no input")?;
    let asked = ids.join("\n") + "\n";
    // Written aside: git answers while it is still being asked.
    let writer = std::thread::spawn(move || input.write_all(asked.as_bytes()));
    let mut output = BufReader::new(git.stdout.take().context("git gives no output")?);
    let mut head = String::new();
    while output.read_line(&mut head)? > 0 {
        let parts: Vec<&str> = head.split_whitespace().collect();
        if let [id, "blob", size] = parts[..] {
            let mut bytes = vec![0; size.parse::<usize>()? + 1];
            output.read_exact(&mut bytes)?;
            bytes.pop();
            take(id, String::from_utf8_lossy(&bytes).into_owned());
        }
        head.clear();
    }
    writer.join().ok().context("git stopped reading")??;
    if !git.wait()?.success() {
        bail!(fault(repository));
    }
    Ok(())
}
