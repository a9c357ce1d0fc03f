//! `walkback declare URL`: proposes a declaration for a page, shows what would be tracked, writes it.

use crate::cli::{Exit, Global};
use anyhow::{Context as _, bail};
use archive::Archive;
use chrono::Utc;
use crawler::crawl::{Clock, crawl};
use crawler::plan::{Choice, plan};
use policy::declaration::{Declaration, Declarations, Proposal, propose};
use policy::extract::decode;
use serde_json::{Map, Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use url::Url;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The page to track, as a whole address: `https://courier.example/privacy`.
    #[arg(value_parser = page)]
    url: Url,
    /// Read the page from this file instead of fetching it.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The service's name, where the proposed one is wrong.
    #[arg(long)]
    service: Option<String>,
    /// The policy's name, where the proposed one is wrong.
    #[arg(long)]
    policy: Option<String>,
    /// Write the declaration; without this it is only shown.
    #[arg(long)]
    write: bool,
    /// Where operators of the page can reach you: a web address, or mailto: and an e-mail address.
    #[arg(long, value_name = "ADDRESS", env = "WALKBACK_CONTACT")]
    contact: Option<String>,
}

fn page(typed: &str) -> Result<Url, String> {
    match Url::parse(typed) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => Ok(url),
        Ok(url) => Err(format!("pages are fetched by http and https only, not by `{}`", url.scheme())),
        Err(_) if !typed.contains("://") => Err(format!("write the whole address: https://{typed}")),
        Err(error) => Err(format!("this is no address: {error}")),
    }
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let html = match &args.file {
        Some(path) => {
            let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            decode(&bytes, None).into_owned()
        }
        None => fetch(&args.url, args.contact, global)?,
    };
    let mut proposal = propose(&args.url, &html)?;
    if let Some(service) = args.service {
        proposal.service = service;
    }
    if let Some(policy) = args.policy {
        proposal.policy = policy;
    }
    // A name becomes a file: what a folder cannot hold is not taken into it.
    let id: String = proposal.service.chars().filter(|c| !c.is_control() && !"/\\:".contains(*c)).collect();
    let id = id.trim().trim_matches('.').to_owned();
    if id.is_empty() {
        bail!("the page names no service: add `--service NAME`");
    }
    let path = global.data.join("declarations").join(format!("{id}.json"));
    let json = declaration(&path, &proposal)?;
    // What is written must be what a later run can read.
    Declaration::parse(&format!("{id}.json"), &json)?;
    show(&proposal, &path, &json, global)?;
    if args.write {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        std::fs::write(&path, &json).with_context(|| format!("cannot write {}", path.display()))?;
        if !global.quiet {
            eprintln!("written: {}", path.display());
        }
    } else if !global.quiet {
        eprintln!("not written: add `--write` to write {}", path.display());
    }
    Ok(Exit::Done)
}

/// The declaration with the proposed policy in it: the service's own where there is one, else a new one.
fn declaration(path: &Path, proposal: &Proposal) -> anyhow::Result<String> {
    let mut root: Map<String, Value> = match std::fs::read_to_string(path) {
        Ok(text) => {
            serde_json::from_str(&text).with_context(|| format!("{} is not a declaration", path.display()))?
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Map::from_iter([("name".to_owned(), json!(proposal.service)), ("terms".to_owned(), json!({}))])
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let Some(Value::Object(terms)) = root.get_mut("terms") else {
        bail!("{} has no `terms`: mend it first", path.display());
    };
    if terms.contains_key(&proposal.policy) {
        bail!(
            "{} already declares `{}`: choose another name with `--policy NAME`, or edit the file",
            path.display(),
            proposal.policy
        );
    }
    terms.insert(proposal.policy.clone(), proposal.policy_json());
    Ok(serde_json::to_string_pretty(&root)? + "\n")
}

fn show(proposal: &Proposal, path: &Path, json: &str, global: &Global) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let words = policy::extract::words(&proposal.text).len();
    if global.json {
        let value = json!({
            "service": proposal.service,
            "policy": proposal.policy,
            "kind": proposal.kind,
            "language": proposal.language,
            "select": proposal.select.as_ref().map(|selector| selector.text()),
            "words": words,
            "file": path,
            "text": proposal.text,
        });
        writeln!(out, "{value}")?;
        return Ok(());
    }
    let select =
        proposal.select.as_ref().map_or("none: its main content is looked for", |selector| selector.text());
    writeln!(out, "service   {}", proposal.service)?;
    writeln!(out, "policy    {} ({})", proposal.policy, proposal.kind)?;
    writeln!(out, "selector  {select}")?;
    writeln!(out, "text      {words} words, beginning and end:\n")?;
    let lines: Vec<&str> = proposal.text.lines().filter(|line| !line.trim().is_empty()).collect();
    let cut = |line: &str| line.chars().take(100).collect::<String>();
    for line in lines.iter().take(8) {
        writeln!(out, "    {}", cut(line))?;
    }
    if lines.len() > 12 {
        writeln!(out, "    …")?;
    }
    for line in lines.iter().skip(8.max(lines.len().saturating_sub(4))) {
        writeln!(out, "    {}", cut(line))?;
    }
    writeln!(out, "\n{}:\n{json}", path.display())?;
    Ok(())
}

/// Fetches one page just as a crawl would, robots.txt included, into an archive that is thrown away.
fn fetch(url: &Url, contact: Option<String>, global: &Global) -> anyhow::Result<String> {
    let entry = json!({ "name": "Proposal", "terms": { "Page": { "fetch": url.as_str() } } });
    let (declarations, _) = Declarations::parse([("Proposal.json".to_owned(), entry.to_string())]);
    let policy = declarations.policies().next().context("the URL cannot be declared")?.id.clone();
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let archive = Archive::open(folder.path())?;
    let settings = super::crawl::settings(contact, global)?;
    let choice = Choice { services: Vec::new(), due_only: false };
    let plan = plan(&declarations, &choice, &settings, Utc::now(), |_, _| None);
    crawl(&archive, &plan, &settings, Clock::System, |_| {}).context("the page could not be fetched")?;
    let captures = archive.captures(&policy)?;
    let capture = captures.last().with_context(|| format!("nothing came from {url}"))?;
    if !capture.outcome.saw_document() {
        bail!(
            "{url} did not give the document ({}: {}). Mend that, or save the page with a browser and name the file with \
             `--file FILE`",
            capture.outcome.key(),
            capture.outcome.why()
        );
    }
    let response = archive.response(capture)?;
    Ok(decode(&response.body, response.content_type().as_deref()).into_owned())
}
