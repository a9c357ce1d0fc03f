//! Blocks: small compressed files named by the digest of what they hold.
//!
//! A block whose content did not change keeps its name and is neither compressed nor written again,
//! so that a new version costs a site only the blocks it touches.

use policy::id::Digest;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Digits of a block's name.
pub const NAME: usize = 12;
const EXTENSION: &str = "bin";

/// The folder that blocks are written to.
pub struct Folder {
    path: PathBuf,
    present: BTreeSet<String>,
    kept: BTreeSet<String>,
    pub written: usize,
}

impl Folder {
    pub fn open(path: &Path) -> io::Result<Folder> {
        fs::create_dir_all(path)?;
        let mut present = BTreeSet::new();
        for entry in fs::read_dir(path)? {
            if let Ok(name) = entry?.file_name().into_string()
                && let Some(name) = name.strip_suffix(".bin")
            {
                present.insert(name.to_owned());
            }
        }
        let path = path.to_owned();
        Ok(Folder { path, present, kept: BTreeSet::new(), written: 0 })
    }

    /// The names of these blocks, in their order; those that are not there yet are written.
    pub fn put(&mut self, blocks: &[Vec<u8>]) -> io::Result<Vec<String>> {
        let present = &self.present;
        let path = &self.path;
        let put: Vec<(String, bool)> = blocks
            .par_iter()
            .map(|block| {
                let name = Digest::of(block).short(NAME);
                let new = !present.contains(&name);
                if new {
                    write(&file(path, &name), &gzip(block)?)?;
                }
                Ok((name, new))
            })
            .collect::<io::Result<_>>()?;
        self.written += put.iter().filter(|(_, new)| *new).count();
        let names: Vec<String> = put.into_iter().map(|(name, _)| name).collect();
        self.kept.extend(names.iter().cloned());
        Ok(names)
    }

    /// Keeps blocks that an earlier export wrote; false when one of them is missing.
    pub fn keep(&mut self, names: &[String]) -> bool {
        let all = names.iter().all(|name| self.present.contains(name));
        if all {
            self.kept.extend(names.iter().cloned());
        }
        all
    }

    /// The names of all blocks put or kept.
    pub fn kept(&self) -> Vec<String> {
        self.kept.iter().cloned().collect()
    }

    /// Removes the blocks of earlier exports and counts what is left: `(blocks, bytes)`.
    pub fn finish(self) -> io::Result<(usize, u64)> {
        for name in self.present.difference(&self.kept) {
            fs::remove_file(file(&self.path, name))?;
        }
        let mut bytes = 0;
        for name in &self.kept {
            bytes += fs::metadata(file(&self.path, name))?.len();
        }
        Ok((self.kept.len(), bytes))
    }
}

fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(name).with_extension(EXTENSION)
}

/// Writes a file whole or not at all, for its name promises its content.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("part");
    fs::write(&aside, bytes)?;
    fs::rename(&aside, path)
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    // No name and no time in the header: equal blocks are equal files.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Writes a number in groups of seven bits, the low ones first.
pub fn varint(out: &mut Vec<u8>, mut number: u32) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
