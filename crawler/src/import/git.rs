//! Reading a repository by calling `git`: twice as fast as the best library, and 136 crates lighter.
//!
//! A repository is foreign input. Its hooks, its external programs and the user's settings stay off,
//! nothing is fetched behind our back, and no prompt waits for an answer.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Why a repository could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("cannot start `git`: install git 2.36 or newer")]
    Start(#[source] std::io::Error),
    #[error("cannot talk to `git {what}`")]
    Pipe {
        what: &'static str,
        #[source]
        error: std::io::Error,
    },
    #[error("`{0}` is no git repository: name a bare repository, a work tree, a bundle or a URL")]
    NotARepository(String),
    #[error("`{0}` has no commits on its branch: name the branch with --branch")]
    Empty(String),
    #[error("git {what} failed on `{repository}`: {said}")]
    Failed { what: &'static str, repository: String, said: String },
    #[error("cannot make a folder for the clone")]
    Temp(#[source] std::io::Error),
}

/// A repository on this machine.
#[derive(Debug)]
pub struct Repository {
    git_dir: PathBuf,
    /// As it was named.
    origin: String,
    /// A clone that goes when we go.
    _clone: Option<tempfile::TempDir>,
}

/// A commit that changed one or more files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub id: String,
    /// Author date, seconds since 1970.
    pub authored: i64,
    pub message: String,
    pub files: Vec<FileChange>,
}

/// What a commit did to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Bytes: a path need not be UTF-8.
    pub path: Vec<u8>,
    /// The blob's id; `None` where the file was removed.
    pub blob: Option<String>,
}

fn command() -> Command {
    let mut git = Command::new("git");
    for (key, _) in std::env::vars_os() {
        // A hook that runs us sets these for its own repository.
        if key.to_string_lossy().starts_with("GIT_") {
            git.env_remove(key);
        }
    }
    git.env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_ATTR_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh")
        .env("LC_ALL", "C.UTF-8")
        .args(["-c", "protocol.ext.allow=never"])
        .args(["-c", "core.hooksPath=/dev/null"])
        .args(["-c", "core.fsmonitor=false"])
        .args(["-c", "log.showSignature=false"])
        .args(["-c", "i18n.logOutputEncoding=UTF-8"])
        // The repository may lie on a disk of another user; nothing in it is run.
        .args(["-c", "safe.directory=*"])
        .stdin(Stdio::null());
    git
}

fn run(git: &mut Command, what: &'static str, repository: &str) -> Result<Vec<u8>, GitError> {
    let output = git.output().map_err(GitError::Start)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(GitError::Failed { what, repository: repository.to_owned(), said: said(&output.stderr) })
}

/// The line with which git gave up, else the last of what it complained of.
fn said(stderr: &[u8]) -> String {
    let stderr = String::from_utf8_lossy(stderr);
    // After its reason git may go on with advice.
    let lines = || stderr.lines().filter(|line| !line.trim().is_empty());
    let line = lines().find(|line| line.starts_with("fatal:")).or_else(|| lines().next_back());
    let line = line.unwrap_or("it gave no reason");
    line.trim_start_matches("fatal: ").trim_start_matches("error: ").chars().take(300).collect()
}

impl Repository {
    /// Opens a bare repository or a work tree; clones a bundle or a URL into a temporary folder.
    pub fn open(origin: &str) -> Result<Self, GitError> {
        let path = Path::new(origin);
        if path.is_dir() {
            for candidate in [path.join(".git"), path.to_owned()] {
                let mut git = command();
                git.arg("--git-dir").arg(&candidate).args(["rev-parse", "--absolute-git-dir"]);
                if let Ok(found) = run(&mut git, "rev-parse", origin) {
                    let git_dir = String::from_utf8_lossy(&found).trim().into();
                    return Ok(Self { git_dir, origin: origin.to_owned(), _clone: None });
                }
            }
            return Err(GitError::NotARepository(origin.to_owned()));
        }
        let is_bundle = path.is_file() && starts_as_bundle(path);
        if !is_bundle && !is_url(origin) {
            return Err(GitError::NotARepository(origin.to_owned()));
        }
        let clone = tempfile::tempdir().map_err(GitError::Temp)?;
        let git_dir = clone.path().join("clone.git");
        let mut git = command();
        git.args(["clone", "--quiet", "--bare", "--no-tags", "--"]).arg(origin).arg(&git_dir);
        run(&mut git, "clone", origin)?;
        Ok(Self { git_dir, origin: origin.to_owned(), _clone: Some(clone) })
    }

    /// As it was named when it was opened.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The last part of the name, without `.git` and `.bundle`: what a collection is called.
    pub fn name(&self) -> String {
        let trimmed = self.origin.trim_end_matches('/').trim_end_matches("/.git");
        let name = trimmed.rsplit(['/', '\\', ':']).next().unwrap_or(trimmed);
        let name = name.strip_suffix(".git").or(name.strip_suffix(".bundle")).unwrap_or(name);
        if name.is_empty() || name == "." { "repository".to_owned() } else { name.to_owned() }
    }

    fn git(&self) -> Command {
        let mut git = command();
        git.arg("--git-dir").arg(&self.git_dir);
        git
    }

    /// The commit at the tip of a branch; of the current one, or the only one, where none is named.
    pub fn head(&self, branch: Option<&str>) -> Result<String, GitError> {
        let mut names: Vec<String> = match branch {
            Some(branch) => vec![format!("refs/heads/{branch}")],
            None => vec!["HEAD".into(), "refs/heads/main".into(), "refs/heads/master".into()],
        };
        if branch.is_none() {
            let mut git = self.git();
            git.args(["for-each-ref", "--format=%(refname)", "refs/heads"]);
            let refs = run(&mut git, "for-each-ref", &self.origin)?;
            let refs: Vec<String> = String::from_utf8_lossy(&refs).lines().map(str::to_owned).collect();
            if let [only] = refs.as_slice() {
                names.push(only.clone());
            }
        }
        for name in names {
            let mut git = self.git();
            git.args(["rev-parse", "--verify", "--quiet", "--end-of-options"])
                .arg(format!("{name}^{{commit}}"));
            if let Ok(id) = run(&mut git, "rev-parse", &self.origin) {
                return Ok(String::from_utf8_lossy(&id).trim().to_owned());
            }
        }
        Err(GitError::Empty(self.origin.clone()))
    }

    /// Whether `old` is `new` or one of its ancestors.
    pub fn contains(&self, old: &str, new: &str) -> bool {
        let mut git = self.git();
        git.args(["merge-base", "--is-ancestor", old, new]);
        git.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    /// The commits up to `head`, parents first; without those that `after` holds. Calls `each` with every one.
    pub fn commits(
        &self,
        head: &str,
        after: Option<&str>,
        mut each: impl FnMut(Commit),
    ) -> Result<(), GitError> {
        let mut git = self.git();
        git.args(["log", "--reverse", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff"])
            .args(["--no-textconv", "--no-notes", "--format=%H%x1f%at%x1f%B%x1f"])
            .arg(match after {
                Some(after) => format!("{after}..{head}"),
                None => head.to_owned(),
            })
            .arg("--")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = git.spawn().map_err(GitError::Start)?;
        let stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        // Read aside, so that a talkative git never waits for us while we wait for it.
        let stderr = std::thread::spawn(move || {
            let mut said = Vec::new();
            let _ = stderr.take(64 * 1024).read_to_end(&mut said);
            said
        });
        let mut reader = BufReader::with_capacity(1 << 16, stdout);
        let mut open: Option<Commit> = None;
        let mut token = Vec::new();
        let pipe = |error| GitError::Pipe { what: "log", error };
        while next(&mut reader, &mut token).map_err(pipe)? {
            let bytes = token.trim_ascii_start();
            if let Some(raw) = bytes.strip_prefix(b":") {
                // `oldmode newmode oldid newid status`, then the path as the next token.
                let raw = String::from_utf8_lossy(raw).into_owned();
                let mut fields = raw.split(' ');
                let (mode, blob) = (fields.nth(1).unwrap_or(""), fields.nth(1).unwrap_or(""));
                let removed = blob.bytes().all(|digit| digit == b'0');
                // Symbolic links and submodules are no texts.
                let is_file = removed || mode.starts_with("100");
                let blob = (!removed).then(|| blob.to_owned());
                if !next(&mut reader, &mut token).map_err(pipe)? {
                    break;
                }
                if is_file && let Some(commit) = &mut open {
                    commit.files.push(FileChange { path: token.clone(), blob });
                }
            } else if !bytes.is_empty() {
                open.take().into_iter().for_each(&mut each);
                let header = String::from_utf8_lossy(bytes);
                let mut fields = header.splitn(3, '\u{1f}');
                open = Some(Commit {
                    id: fields.next().unwrap_or("").to_owned(),
                    authored: fields.next().and_then(|at| at.parse().ok()).unwrap_or(0),
                    message: fields.next().unwrap_or("").trim_end_matches('\u{1f}').to_owned(),
                    files: Vec::new(),
                });
            }
        }
        let status = child.wait().map_err(pipe)?;
        let stderr = stderr.join().unwrap_or_default();
        if !status.success() {
            return Err(GitError::Failed {
                what: "log",
                repository: self.origin.clone(),
                said: said(&stderr),
            });
        }
        open.into_iter().for_each(each);
        Ok(())
    }

    /// A reader of blobs.
    pub fn blobs(&self) -> Blobs<'_> {
        Blobs { repository: self, running: None }
    }
}

/// Reads up to the next zero byte; false at the end.
fn next(reader: &mut impl std::io::BufRead, token: &mut Vec<u8>) -> std::io::Result<bool> {
    token.clear();
    reader.read_until(0, token)?;
    if token.last() == Some(&0) {
        token.pop();
        return Ok(true);
    }
    Ok(!token.is_empty())
}

fn starts_as_bundle(path: &Path) -> bool {
    let mut start = [0; 12];
    std::fs::File::open(path).is_ok_and(|mut file| file.read_exact(&mut start).is_ok())
        && start.starts_with(b"# v")
        && start.ends_with(b"bundle")
        || path.extension() == Some(OsStr::new("bundle"))
}

fn is_url(origin: &str) -> bool {
    !origin.starts_with('-')
        && ["https://", "http://", "git://", "ssh://", "file://"]
            .iter()
            .any(|start| origin.starts_with(start))
}

/// Reads blobs one after the other, from one `git cat-file --batch`.
#[derive(Debug)]
pub struct Blobs<'a> {
    repository: &'a Repository,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    ids: BufWriter<ChildStdin>,
    objects: BufReader<ChildStdout>,
}

/// What came of reading one blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blob {
    Read(Vec<u8>),
    /// Why it cannot be had.
    Unreadable(String),
}

/// Ids sent ahead of the objects read: enough to keep git busy, too few to fill a pipe both ways.
const AHEAD: usize = 64;

impl Blobs<'_> {
    /// Reads these blobs in order, calling `each` with the place and what came.
    /// A damaged blob is told to `each` and the rest goes on.
    pub fn read(
        &mut self,
        ids: &[String],
        largest: u64,
        mut each: impl FnMut(usize, Blob),
    ) -> Result<(), GitError> {
        let mut sent = 0;
        let mut place = 0;
        while place < ids.len() {
            let running = match &mut self.running {
                Some(running) => running,
                None => {
                    sent = place;
                    self.running.insert(self.repository.cat_file()?)
                }
            };
            if sent < ids.len() && sent - place <= AHEAD / 2 {
                let until = ids.len().min(place + AHEAD);
                let asked = ids[sent..until].iter().try_for_each(|id| writeln!(running.ids, "{id}"));
                // Where git is gone the next read says so.
                let _ = asked.and_then(|()| running.ids.flush());
                sent = until;
            }
            match running.next(largest) {
                Ok(blob) => each(place, blob),
                Err(_) => {
                    // git stops at the first object it cannot unpack: note it, and start again behind it.
                    if let Some(mut running) = self.running.take() {
                        let _ = running.child.kill();
                        let _ = running.child.wait();
                    }
                    each(place, Blob::Unreadable(format!("blob {} is damaged", ids[place])));
                }
            }
            place += 1;
        }
        Ok(())
    }
}

impl Drop for Blobs<'_> {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            let Running { mut child, ids, objects } = running;
            drop(ids);
            drop(objects);
            let _ = child.wait();
        }
    }
}

impl Repository {
    fn cat_file(&self) -> Result<Running, GitError> {
        let mut git = self.git();
        git.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = git.spawn().map_err(GitError::Start)?;
        let ids = BufWriter::new(child.stdin.take().expect("stdin is piped"));
        let objects = BufReader::with_capacity(1 << 18, child.stdout.take().expect("stdout is piped"));
        Ok(Running { child, ids, objects })
    }
}

impl Running {
    fn next(&mut self, largest: u64) -> std::io::Result<Blob> {
        let mut header = String::new();
        if self.objects.read_line(&mut header)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let mut fields = header.trim_end().split(' ');
        let (id, kind, size) = (fields.next(), fields.next(), fields.next());
        let id = id.unwrap_or("");
        let Some(size) = size.and_then(|size| size.parse::<u64>().ok()) else {
            return Ok(Blob::Unreadable(format!("blob {id} is missing")));
        };
        if kind != Some("blob") || size > largest {
            std::io::copy(&mut (&mut self.objects).take(size + 1), &mut std::io::sink())?;
            return Ok(Blob::Unreadable(if size > largest {
                format!("blob {id} has {size} bytes, more than the limit of {largest}")
            } else {
                format!("{id} is no blob")
            }));
        }
        let mut bytes = vec![0; size as usize];
        self.objects.read_exact(&mut bytes)?;
        let mut end = [0];
        self.objects.read_exact(&mut end)?;
        Ok(Blob::Read(bytes))
    }
}

/// Makes a bare repository in an empty folder and starts `git fast-import` in it.
pub(crate) fn fast_import(dir: &Path) -> Result<Child, GitError> {
    let shown = dir.to_string_lossy().into_owned();
    run(
        command().args(["init", "--quiet", "--bare", "--initial-branch=main", "--"]).arg(dir),
        "init",
        &shown,
    )?;
    let mut git = command();
    git.arg("--git-dir").arg(dir).args(["fast-import", "--quiet"]);
    git.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    git.spawn().map_err(GitError::Start)
}

/// Waits for a program that was given all its input.
pub(crate) fn finish(child: Child, what: &'static str, dir: &Path) -> Result<(), GitError> {
    let output = child.wait_with_output().map_err(|error| GitError::Pipe { what, error })?;
    if output.status.success() {
        return Ok(());
    }
    let repository = dir.to_string_lossy().into_owned();
    Err(GitError::Failed { what, repository, said: said(&output.stderr) })
}
