//! The one writer's lock.

use super::open::{OpenError, io_error};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::Path;

const LOCK: &str = "lock";

/// Held while this process writes to the archive; the operating system releases it, whatever ends the process.
///
/// It is given back by name when dropped, not by closing the file: a child that another thread has just forked holds
/// a copy of the descriptor until it executes its program, and would keep the archive locked for that moment.
#[derive(Debug)]
pub(super) struct WriterLock(File);

impl WriterLock {
    /// Refused at once where another holds it.
    pub(super) fn take(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join(LOCK);
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open.map_err(|error| io_error(&path, error))?;
        match file.try_lock() {
            Ok(()) => {
                // For the message of whoever comes next; the lock itself is the operating system's.
                let named = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                named.map_err(|error| io_error(&path, error))?;
                Ok(Self(file))
            }
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                let pid = pid.trim();
                let holder = if pid.is_empty() { String::new() } else { format!(" (process {pid})") };
                Err(OpenError::Locked { dir: dir.to_path_buf(), holder })
            }
            Err(TryLockError::Error(error)) => Err(io_error(&path, error)),
        }
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        // Closing releases it too, once no copy of the descriptor is left.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_the_descriptor_in_another_process_does_not_keep_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let lock = WriterLock::take(dir.path()).unwrap();
        assert!(matches!(WriterLock::take(dir.path()), Err(OpenError::Locked { .. })));
        // What a fork leaves behind until its program is executed.
        let copy = lock.0.try_clone().unwrap();
        drop(lock);
        drop(WriterLock::take(dir.path()).unwrap());
        drop(copy);
    }
}
