//! What a crawl leaves for the next one beside the captures. It may be deleted at any time, and is not evidence.

use super::Archive;
use std::fs;
use std::io::{self, Write as _};

const MEMORY: &str = "memory";

impl Archive {
    /// What was last remembered under that name, if it can still be read.
    pub fn recall(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.dir().join(MEMORY).join(name)).ok()
    }

    /// Remembers `bytes` in place of what was remembered: all of them, or those of before.
    pub fn remember(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let folder = self.dir().join(MEMORY);
        fs::create_dir_all(&folder)?;
        let unfinished = folder.join(format!("{name}.new"));
        let mut file = fs::File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(unfinished, folder.join(name))
    }
}
