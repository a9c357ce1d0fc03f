//! Holds the rule `policy ← archive ← {crawler, site} ← binary`, and that `policy` stays pure.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The direct, non-test dependencies of each of our crates, as cargo itself reads the manifests.
fn dependencies(of: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages.iter().find(|package| package["name"] == of).expect(of);
    package["dependencies"]
        .as_array()
        .expect("dependencies")
        .iter()
        .filter(|dependency| dependency["kind"].is_null())
        .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
        .collect()
}

fn ours(of: &str) -> Vec<String> {
    let crates = ["policy", "archive", "crawler", "site"];
    dependencies(of).into_iter().filter(|name| crates.contains(&name.as_str())).collect()
}

#[test]
fn crates_depend_in_one_direction() {
    assert_eq!(ours("policy"), [""; 0]);
    assert_eq!(ours("archive"), ["policy"]);
    assert_eq!(ours("crawler"), ["archive", "policy"]);
    assert_eq!(ours("site"), ["archive", "policy"]);
    assert_eq!(ours("walkback"), ["archive", "crawler", "policy", "site"]);
}

/// The network is the crawler's alone, except that `site` may listen (never connect) for `walkback serve`.
#[test]
fn only_the_crawler_can_reach_the_network() {
    for client in ["reqwest", "hyper", "rustls", "ureq", "lettre"] {
        for other in ["policy", "archive", "site", "walkback"] {
            assert!(!dependencies(other).contains(client), "{other} depends on {client}");
        }
    }
    assert!(!dependencies("policy").contains("tokio") && !dependencies("archive").contains("tokio"));
}

#[test]
fn only_the_archive_opens_the_catalog() {
    for other in ["policy", "crawler", "site", "walkback"] {
        assert!(!dependencies(other).contains("rusqlite"), "{other} depends on rusqlite");
    }
}

/// `policy` names no file, socket, clock, process or thread in its sources.
#[test]
fn policy_is_pure() {
    let impure = [
        "std::fs",
        "std::net",
        "std::process",
        "std::thread",
        "std::env",
        "Utc::now",
        "Local::now",
        "SystemTime",
        "Instant::now",
        "tokio",
        "println!",
        "eprintln!",
        "static mut",
    ];
    let mut read = 0;
    // A file of tests may read the files it tests with.
    let ours = |file: &PathBuf| file.file_name().is_none_or(|name| name != "tests.rs");
    for file in rust_files(&root().join("policy/src")).into_iter().filter(ours) {
        let source = std::fs::read_to_string(&file).expect("source reads");
        // What stands below the test marker may read test files.
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in
            source.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            for word in impure {
                assert!(!line.contains(word), "{}:{}: `{word}` in pure code", file.display(), number + 1);
            }
        }
        read += 1;
    }
    assert!(read > 5, "the test looked at {read} files only");
}

/// Only the archive crate may spell the folders inside `data/archive`.
#[test]
fn only_the_archive_knows_its_layout() {
    for folder in ["crawler/src", "site/src", "src"] {
        for file in rust_files(&root().join(folder)) {
            let source = std::fs::read_to_string(&file).expect("source reads");
            for word in ["catalog.sqlite", "catalog.db", "\"segments\"", "\"warc\"", ".warc.gz\""] {
                assert!(!source.contains(word), "{}: spells `{word}`", file.display());
            }
        }
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("folder reads") {
        let path = entry.expect("entry reads").path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
