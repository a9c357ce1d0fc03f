//! `walkback bench site`: the same Markdown pages given to our builder and to static site generators.

use crate::cli::{Exit, Global};
use anyhow::Context as _;
use archive::Archive;
use policy::finding::EvidenceClass;
use policy::history::{Cause, History, Recording, derive};
use policy::id::{Digest, PolicyId};
use policy::promise::Rules;
use serde::{Deserialize, Serialize};
use site::BuildInput;
use site::input::{Archived, Watch};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Rounds measured; the middle one is reported.
const ROUNDS: usize = 3;
/// Documents of one service.
const A_SERVICE: usize = 10;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many Markdown documents: the newest text of each archived policy first, then older ones.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pages: usize,
    /// Where the documents and the sites are written.
    #[arg(long, value_name = "DIR", default_value = "target/bench-site")]
    work: PathBuf,
    /// Build these documents once, Markdown or histories: how the benchmark calls itself.
    #[arg(long, hide = true, value_name = "DIR")]
    one: Option<PathBuf>,
}

/// What a generator took.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Row {
    generator: String,
    wall_s: f64,
    cpu_s: f64,
    peak_mb: f64,
    html_files: usize,
    /// Documents in a second of processor time: other programs on the machine weigh less on it.
    documents_per_cpu_s: f64,
    documents_per_s: f64,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let out = args.work.join("out");
    if let Some(documents) = &args.one {
        build(documents, &out)?;
        return Ok(Exit::Done);
    }
    let _ = fs::remove_dir_all(&args.work);
    let documents = documents(&global.data, args.pages)?;
    let markdown = args.work.join("documents");
    for (i, text) in documents.iter().enumerate() {
        write(&markdown.join(format!("page-{i:05}.md")), text)?;
    }
    let count = documents.len();
    let mut rows = Vec::new();
    let histories = args.work.join("histories");
    let rules = Rules::builtin();
    for path in files_in(&markdown)? {
        let (id, history) = read(&path, &rules)?;
        write(&histories.join(format!("{}.json", id.name)), &serde_json::to_string(&history)?)?;
    }
    for (name, from) in [("walkback", &histories), ("walkback, deriving too", &markdown)] {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "site", "--work"]).arg(&args.work).arg("--one").arg(from);
        rows.push(measure(name, &mut command, &out, count)?);
    }
    for (name, prepare) in GENERATORS {
        let Some(version) = version(name) else {
            eprintln!("{name} is not on the PATH and is left out");
            continue;
        };
        let folder = fs::canonicalize(&args.work)?.join(name);
        let mut command = prepare(&documents, &folder)?;
        let out = folder.join("out");
        rows.push(measure(&version, &mut command, &out, count)?);
    }
    if global.json {
        println!("{}", serde_json::json!({ "documents": count, "generators": rows }));
    } else {
        println!("{count} Markdown documents, {} bytes", documents.iter().map(String::len).sum::<usize>());
        println!(
            "{:<24} {:>7} {:>7} {:>12} {:>10} {:>7} {:>11} {:>8}",
            "generator", "wall s", "cpu s", "documents/s", "per cpu s", "HTML", "HTML/cpu s", "peak MB"
        );
        for row in rows {
            println!(
                "{:<24} {:>7.2} {:>7.2} {:>12.0} {:>10.0} {:>7} {:>11.0} {:>8.0}",
                row.generator,
                row.wall_s,
                row.cpu_s,
                row.documents_per_s,
                row.documents_per_cpu_s,
                row.html_files,
                row.html_files as f64 / row.cpu_s,
                row.peak_mb
            );
        }
    }
    Ok(Exit::Done)
}

/// Texts of the archive as Markdown that any generator takes: without what is a command to some of them.
fn documents(data: &Path, most: usize) -> anyhow::Result<Vec<String>> {
    let archive = Archive::open_read_only(&data.join("archive"))?;
    let reader = archive.histories()?;
    let mut left = Vec::new();
    for id in reader.policies()? {
        if let Some(history) = reader.history(&id)? {
            let versions = history.versions.into_iter().filter(|version| version.reading.is_document());
            left.push((id, versions.map(|version| version.id).collect::<Vec<_>>()));
        }
    }
    let mut documents = Vec::new();
    while documents.len() < most && left.iter().any(|(_, versions)| !versions.is_empty()) {
        for (id, versions) in &mut left {
            let Some(version) = versions.pop().filter(|_| documents.len() < most) else { continue };
            let text = archive.text(id, &version)?;
            documents.push(text.replace("{{", "{ {").replace("{%", "{ %").replace("+++", "+ + +"));
        }
    }
    anyhow::ensure!(!documents.is_empty(), "the archive holds no text: import or crawl first");
    Ok(documents)
}

/// Draws the site of these documents: histories as an archive holds them, or Markdown whose statements are
/// found first.
fn build(documents: &Path, out: &Path) -> anyhow::Result<()> {
    let paths = files_in(documents)?;
    let archived: Vec<Archived> = paths
        .iter()
        .map(|path| Archived {
            id: id(path),
            digest: Digest::of(path.to_string_lossy().as_bytes()),
            watch: Watch::default(),
        })
        .collect();
    let by_id: BTreeMap<PolicyId, &PathBuf> = paths.iter().map(|path| (id(path), path)).collect();
    let rules = Rules::builtin();
    let load = |id: &PolicyId| -> Result<Option<History>, String> {
        let path = by_id.get(id).ok_or("a document that is not there")?;
        Ok(Some(read(path, &rules).map_err(|error| format!("{error:#}"))?.1))
    };
    let report = site::build::build_from(&archived, &load, &BuildInput::default(), out)?;
    anyhow::ensure!(report.failed.is_empty(), "{} documents could not be drawn", report.failed.len());
    Ok(())
}

fn files_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.sort();
    Ok(paths)
}

/// The policy that a document stands for: some documents make a service, so that services have pages as well.
fn id(path: &Path) -> PolicyId {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let number = name.trim_start_matches("page-").parse::<usize>().unwrap_or(0);
    PolicyId { service: format!("Service {}", number / A_SERVICE), name }
}

fn read(path: &Path, rules: &Rules) -> anyhow::Result<(PolicyId, History)> {
    let id = id(path);
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    if path.extension().is_some_and(|extension| extension == "json") {
        return Ok((id, serde_json::from_str(&text)?));
    }
    let at = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
    let recording = Recording {
        at,
        seen_until: at,
        times_seen: 1,
        cause: Cause::First,
        class: EvidenceClass::C,
        recorder: "bench".into(),
        text: Some(0),
        origins: Vec::new(),
    };
    let history = derive(&id, vec![recording], &vec![text], rules);
    Ok((id, history))
}

type Prepare = fn(&[String], &Path) -> anyhow::Result<Command>;

/// Each with the least it needs: a bare page around the text; no search, no feeds, no theme of its own
/// where it can do without.
const GENERATORS: [(&str, Prepare); 3] = [("zola", zola), ("hugo", hugo), ("mdbook", mdbook)];

const PAGE: &str = "<!doctype html><html lang=en><head><meta charset=utf-8><title>";

fn zola(documents: &[String], folder: &Path) -> anyhow::Result<Command> {
    write(&folder.join("config.toml"), "base_url = \"https://example.org\"\n")?;
    write(
        &folder.join("templates/page.html"),
        &format!(
            "{PAGE}{{{{ page.title }}}}</title></head><body>{{{{ page.content | safe }}}}</body></html>"
        ),
    )?;
    for template in ["index.html", "section.html"] {
        let list = "{% for page in section.pages %}<a href=\"{{ page.permalink }}\">{{ page.title }}</a>{% endfor %}";
        write(
            &folder.join("templates").join(template),
            &format!("{PAGE}All</title></head><body>{list}</body>"),
        )?;
    }
    write(&folder.join("content/_index.md"), "+++\n+++\n")?;
    for (i, text) in documents.iter().enumerate() {
        let page = format!("+++\ntitle = \"Page {i}\"\n+++\n{text}");
        write(&folder.join(format!("content/page-{i:05}.md")), &page)?;
    }
    let mut command = Command::new("zola");
    command.current_dir(folder).args(["build", "--force", "--output-dir", "out"]);
    Ok(command)
}

fn hugo(documents: &[String], folder: &Path) -> anyhow::Result<Command> {
    let config = "baseURL = 'https://example.org/'\ndisableKinds = ['taxonomy', 'term', 'RSS', 'sitemap', 'robotsTXT', '404']\n\
                  [markup.goldmark.renderer]\nunsafe = true\n";
    write(&folder.join("hugo.toml"), config)?;
    write(
        &folder.join("layouts/_default/single.html"),
        &format!("{PAGE}{{{{ .Title }}}}</title></head><body>{{{{ .Content }}}}</body></html>"),
    )?;
    let list = "{{ range .Pages }}<a href=\"{{ .RelPermalink }}\">{{ .Title }}</a>{{ end }}";
    for layout in ["_default/list.html", "index.html"] {
        write(&folder.join("layouts").join(layout), &format!("{PAGE}All</title></head><body>{list}</body>"))?;
    }
    for (i, text) in documents.iter().enumerate() {
        let page = format!("+++\ntitle = \"Page {i}\"\n+++\n{text}");
        write(&folder.join(format!("content/page-{i:05}.md")), &page)?;
    }
    let mut command = Command::new("hugo");
    command.current_dir(folder).args(["--quiet", "--destination", "out"]);
    Ok(command)
}

fn mdbook(documents: &[String], folder: &Path) -> anyhow::Result<Command> {
    write(
        &folder.join("book.toml"),
        "[book]\ntitle = \"Pages\"\n[output.html]\n[output.html.search]\nenable = false\n[output.html.print]\nenable = false\n",
    )?;
    let mut summary = "# Summary\n\n".to_owned();
    for (i, text) in documents.iter().enumerate() {
        writeln!(summary, "- [Page {i}](page-{i:05}.md)")?;
        write(&folder.join(format!("src/page-{i:05}.md")), text)?;
    }
    write(&folder.join("src/SUMMARY.md"), &summary)?;
    let mut command = Command::new("mdbook");
    command.current_dir(folder).args(["build", "--dest-dir", "out"]);
    Ok(command)
}

/// The generator's name and version, where it is installed.
fn version(name: &str) -> Option<String> {
    let asked = if name == "hugo" { "version" } else { "--version" };
    let output = Command::new(name).arg(asked).stderr(Stdio::null()).output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = said.split([' ', '-', '\n']).find(|word| {
        word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()) && word.contains('.')
    });
    Some(format!("{name} {}", number.unwrap_or_default()))
}

/// Runs it a few times from nothing, and takes the middle one.
fn measure(name: &str, command: &mut Command, out: &Path, documents: usize) -> anyhow::Result<Row> {
    let mut rows = Vec::new();
    for _ in 0..ROUNDS {
        let _ = fs::remove_dir_all(out);
        let started = Instant::now();
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let mut used = Used::default();
        let status = loop {
            used.look(child.id());
            if let Some(status) = child.try_wait()? {
                break status;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let wall_s = started.elapsed().as_secs_f64();
        anyhow::ensure!(status.success(), "{name} failed: {status}");
        rows.push(Row {
            generator: name.to_owned(),
            wall_s,
            cpu_s: used.cpu_s,
            peak_mb: used.peak_mb,
            html_files: html_files(out),
            documents_per_cpu_s: documents as f64 / used.cpu_s.max(0.01),
            documents_per_s: documents as f64 / wall_s,
        });
    }
    rows.sort_by(|a, b| a.cpu_s.total_cmp(&b.cpu_s));
    Ok(rows.swap_remove(ROUNDS / 2))
}

/// Processor time and memory of a running process, as Linux counts them.
#[derive(Default)]
struct Used {
    cpu_s: f64,
    peak_mb: f64,
}

impl Used {
    fn look(&mut self, process: u32) {
        let read = |what: &str| fs::read_to_string(format!("/proc/{process}/{what}")).unwrap_or_default();
        let stat = read("stat");
        // Behind the name, which may hold anything, in parentheses; in hundredths of a second.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = [11, 12].map(|i| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0));
        self.cpu_s = self.cpu_s.max((ticks[0] + ticks[1]) / 100.0);
        let status = read("status");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        self.peak_mb = self.peak_mb.max(peak.unwrap_or(0.0) / 1024.0);
    }
}

fn html_files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            true => html_files(&entry.path()),
            false => usize::from(entry.path().extension().is_some_and(|extension| extension == "html")),
        })
        .sum()
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
