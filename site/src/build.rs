//! The whole site: histories to pages, one policy at a time, and then the pages about all of them.

use crate::api;
use crate::card::{self, CardError, Cards};
use crate::feed::{Entry, Feed, opml};
use crate::files::{self, PAINTER};
use crate::input::{Archived, BuildInput, Context, Load, Service, Watch};
use crate::manifest::{self, Built, Manifest, NAME};
use crate::output::{Output, WriteError};
use crate::page::{self, line::FindingLine, line::Lines, subscribe::kind_plural};
use crate::place::{self, Channel};
use crate::render::{RenderError, Renderer};
use crate::shown::capitalised;
use crate::summary::{Summary, newest_first};
use crate::wayfinder::Wayfinder;
use chrono::NaiveDate;
use policy::board::Board;
use policy::finding::{Finding, Kind, Topic};
use policy::history::History;
use policy::id::{Digest, PolicyId};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

/// What a build did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct BuildReport {
    pub policies: usize,
    /// Policies whose pages were drawn; the others were still good.
    pub drawn: usize,
    pub pages: usize,
    pub files: usize,
    pub written: usize,
    pub removed: usize,
    /// Policies that could not be drawn, and why.
    pub failed: Vec<(PolicyId, String)>,
}

/// What stops a build.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(transparent)]
    Card(#[from] CardError),
}

/// The site in `out`, from values. A policy that fails is named in the report and left as it was.
pub fn build_from(
    archived: &[Archived],
    load: &Load<'_>,
    input: &BuildInput,
    out: &Path,
) -> Result<BuildReport, BuildError> {
    let output = Output::new(out)?;
    let earlier = Manifest::read(out);
    let renderer = Renderer::new()?;
    let cards = Cards::new();
    let way = Wayfinder::new(input.base_url.as_ref());
    // A service that nobody declares any more has pages all the same.
    let mut named = input.clone();
    for one in archived {
        let service = || Service { name: one.id.service.clone(), operator: None };
        named.services.entry(one.id.service.clone()).or_insert_with(service);
    }
    let input = &named;
    // Pages of one policy do not show the site's day: it would redraw them all whenever one is seen.
    let known: BTreeSet<PolicyId> = archived.iter().map(|one| one.id.clone()).collect();
    let context =
        Context { input, as_of: NaiveDate::default(), way, archived: &known, lines: Lines::default() };
    let painted = Mutex::default();
    let drawer = Drawer {
        context,
        renderer: &renderer,
        cards: &cards,
        output: &output,
        earlier: &earlier,
        painted: &painted,
    };

    let mut report = BuildReport::default();
    let mut places: BTreeMap<String, &PolicyId> = BTreeMap::new();
    let mut distinct = Vec::new();
    for one in archived {
        match places.insert(place::policy(&one.id), &one.id) {
            Some(other) if *other != one.id => {
                let why = format!("would lie in the same folder as `{other}`; rename one of them");
                report.failed.push((one.id.clone(), why));
            }
            _ => distinct.push(one),
        }
    }
    let drawn: Vec<Drawn> =
        distinct.par_iter().map(|one| drawer.policy(one, load)).collect::<Result<_, BuildError>>()?;

    let mut built: BTreeMap<String, Built> = BTreeMap::new();
    for (one, drawn) in distinct.iter().zip(drawn) {
        match drawn {
            Drawn::Anew(policy) => {
                report.drawn += 1;
                built.insert(place::policy(&one.id), *policy);
            }
            Drawn::Good(policy) => {
                built.insert(place::policy(&one.id), *policy);
            }
            Drawn::Failed(why) => report.failed.push((one.id.clone(), why)),
            Drawn::Nothing => {}
        }
    }
    let mut summaries: Vec<Summary> = built.values().map(|built| built.summary.clone()).collect();
    summaries.sort_by(|a, b| a.policy.cmp(&b.policy));
    let watches: BTreeMap<PolicyId, Watch> =
        archived.iter().map(|one| (one.id.clone(), one.watch.clone())).collect();
    let Drawer { context, .. } = drawer;
    let whole_from = drawn_from_all(input, archived, &built);
    let whole = if earlier.whole.from == Some(whole_from)
        && earlier.whole.files.iter().all(|file| output.exists(file))
    {
        earlier.whole.files.iter().for_each(|file| output.keep(file));
        earlier.whole.clone()
    } else {
        let findings: Vec<&Finding> = summaries.iter().flat_map(|summary| &summary.findings).collect();
        let lines = Lines::of(&context, &findings);
        let context = Context { as_of: as_of(input, &summaries, &watches), lines, ..context };
        let before = output.files();
        let (renderer, output) = (&renderer, &output);
        Whole { context: &context, renderer, output, summaries: &summaries, watches: &watches }.draw()?;
        let files = output.files().difference(&before).cloned().collect();
        manifest::Whole { from: Some(whole_from), files }
    };

    output.keep(NAME);
    let files = output.files();
    let mut cards = painted.into_inner().expect("no painter panics");
    for (place, from) in &earlier.cards {
        if files.contains(place) {
            cards.entry(place.clone()).or_insert(*from);
        }
    }
    report.policies = summaries.len();
    report.pages = files.iter().filter(|file| file.ends_with(".html")).count();
    report.files = files.len();
    report.removed = output.prune(&earlier.files);
    let manifest = Manifest { source: files::SOURCE.to_owned(), policies: built, cards, whole, files };
    output.file(NAME, &serde_json::to_vec(&manifest).expect("maps with text keys"))?;
    report.written = output.written();
    Ok(report)
}

/// Names everything that the pages about all policies show.
fn drawn_from_all(input: &BuildInput, archived: &[Archived], built: &BTreeMap<String, Built>) -> Digest {
    // Every field is named: one that is added has to be thought of here.
    let BuildInput { base_url, services, policies, events, measured, contact } = input;
    let parts = serde_json::json!([
        built.iter().map(|(place, built)| (place, built.from)).collect::<Vec<_>>(),
        archived.iter().map(|one| (&one.id, &one.watch)).collect::<Vec<_>>(),
        base_url.as_ref().map(url::Url::as_str),
        services,
        policies.iter().collect::<Vec<_>>(),
        events,
        measured,
        contact,
    ]);
    Digest::of(parts.to_string())
}

/// The last day that the data know of.
fn as_of(input: &BuildInput, summaries: &[Summary], watches: &BTreeMap<PolicyId, Watch>) -> NaiveDate {
    let seen = summaries.iter().filter_map(|summary| summary.seen_until).map(|at| at.date_naive());
    let looked =
        watches.values().flat_map(|watch| &watch.sources).map(|source| source.last_looked.date_naive());
    let happened = input.events.iter().map(|event| event.date.first_day());
    seen.chain(looked).chain(happened).max().unwrap_or_default()
}

/// Draws one policy's pages.
struct Drawer<'a> {
    context: Context<'a>,
    renderer: &'a Renderer,
    cards: &'a Cards,
    output: &'a Output,
    earlier: &'a Manifest,
    /// What this build's cards were painted from.
    painted: &'a Mutex<BTreeMap<String, Digest>>,
}

enum Drawn {
    Anew(Box<Built>),
    /// Nothing that its pages show has changed.
    Good(Box<Built>),
    Failed(String),
    /// Nothing was ever recorded.
    Nothing,
}

impl Drawer<'_> {
    fn policy(&self, one: &Archived, load: &Load<'_>) -> Result<Drawn, BuildError> {
        let from = self.drawn_from(one);
        let earlier = self.earlier.policies.get(&place::policy(&one.id));
        if let Some(earlier) = earlier
            && earlier.from == from
            && earlier.files.iter().all(|file| self.output.exists(file))
        {
            earlier.files.iter().for_each(|file| self.output.keep(file));
            return Ok(Drawn::Good(Box::new(earlier.clone())));
        }
        let history = match load(&one.id) {
            Ok(Some(history)) if !history.versions.is_empty() => history,
            Ok(_) => return Ok(Drawn::Nothing),
            Err(why) => {
                // What was drawn before stays: a damaged history takes no page away.
                return Ok(match earlier {
                    Some(earlier) => {
                        earlier.files.iter().for_each(|file| self.output.keep(file));
                        Drawn::Failed(format!("{why}; its pages are left as they were"))
                    }
                    None => Drawn::Failed(why),
                });
            }
        };
        let summary = Summary::of(&history);
        let files = self.pages(one, &history, &summary)?;
        Ok(Drawn::Anew(Box::new(Built { from, summary, files })))
    }

    /// Names everything that the policy's pages show.
    fn drawn_from(&self, one: &Archived) -> Digest {
        let input = self.context.input;
        let parts = serde_json::json!([
            one.digest,
            one.watch,
            input.policies.get(&one.id),
            input.services.get(&one.id.service),
            input.base_url.as_ref().map(url::Url::as_str),
        ]);
        Digest::of(parts.to_string())
    }

    fn pages(
        &self,
        one: &Archived,
        history: &History,
        summary: &Summary,
    ) -> Result<BTreeSet<String>, BuildError> {
        let mut files = BTreeSet::new();
        let mut file = |place: String, bytes: &[u8]| {
            self.output.file(&place, bytes)?;
            files.insert(place);
            Ok::<(), BuildError>(())
        };
        let id = &history.policy;
        let view = page::policy::view(&self.context, history, summary, &one.watch);
        let html = self.renderer.page("policy.html", &place::policy(id), &view)?;
        file(crate::output::page_file(&place::policy(id)), html.as_bytes())?;
        file(place::history(id), &page::policy::history_file(history))?;
        let view = page::statements::view(&self.context, history);
        let html = self.renderer.page("statements.html", &place::statements(id), &view)?;
        file(crate::output::page_file(&place::statements(id)), html.as_bytes())?;
        let mut cards = Vec::new();
        for finding in &history.findings {
            let place = place::finding(&finding.id);
            let view = page::finding::view(&self.context, history, finding);
            let html = self.renderer.page("finding.html", &place, &view)?;
            file(crate::output::page_file(&place), html.as_bytes())?;
            let card = place::card(&finding.id);
            self.card(&card, &view.line)?;
            cards.push(card);
        }
        files.extend(cards);
        Ok(files)
    }

    /// A picture takes longer than all other pages of a finding: it is painted only where it differs.
    fn card(&self, place: &str, line: &FindingLine) -> Result<(), BuildError> {
        let svg = card::svg(line);
        let from = Digest::of(format!("{PAINTER} {svg}"));
        if self.earlier.cards.get(place) == Some(&from) && self.output.exists(place) {
            self.output.keep(place);
        } else {
            self.output.file(place, &self.cards.png(line, &svg)?)?;
        }
        self.painted.lock().expect("no painter panics").insert(place.to_owned(), from);
        Ok(())
    }
}

/// Draws the pages about all policies.
struct Whole<'a> {
    context: &'a Context<'a>,
    renderer: &'a Renderer,
    output: &'a Output,
    summaries: &'a [Summary],
    watches: &'a BTreeMap<PolicyId, Watch>,
}

/// One page or group of files to be drawn, whichever thread comes to it.
type Work<'a> = Box<dyn Fn() -> Result<(), BuildError> + Send + Sync + 'a>;

impl Whole<'_> {
    fn draw(&self) -> Result<(), BuildError> {
        let context = self.context;
        let board = policy::board::board(&context.input.events, context.as_of);
        let mut findings: Vec<&Finding> =
            self.summaries.iter().flat_map(|summary| &summary.findings).collect();
        findings.sort_by(|a, b| newest_first(a, b));
        let mut services: BTreeMap<&str, Vec<&Summary>> = BTreeMap::new();
        for id in context.input.services.keys() {
            services.insert(id, Vec::new());
        }
        for id in context.input.policies.keys() {
            services.entry(&id.service).or_default();
        }
        for summary in self.summaries {
            services.entry(&summary.policy.service).or_default().push(summary);
        }

        let ids: Vec<&str> = services.keys().copied().collect();
        let (findings, services, ids, board) = (&findings, &services, &ids, &board);
        let mut work: Vec<Work<'_>> = vec![
            Box::new(|| {
                let view = page::home::view(context, self.summaries, findings, board);
                self.page("home.html", "", &view)
            }),
            Box::new(|| {
                self.page("board.html", "board/", &page::board::view(context, board, self.summaries))
            }),
            Box::new(|| self.page("timeline.html", "timeline/", &page::timeline::index(context, findings))),
            Box::new(|| self.page("services.html", "services/", &page::service::index(context, services))),
            Box::new(|| self.page("findings.html", "findings/", &page::topic::index(context, findings))),
            Box::new(|| self.page("events.html", "events/", &page::event::index(context))),
            Box::new(|| self.page("search.html", "search/", &page::about::search(context))),
            Box::new(|| self.page("subscribe.html", "subscribe/", &page::subscribe::view(context, ids))),
            Box::new(|| self.page("data.html", "data/", &page::data::view(context))),
            Box::new(|| {
                let view = page::coverage::view(context, self.summaries, self.watches);
                self.page("coverage.html", "coverage/", &view)
            }),
            Box::new(|| self.page("about.html", "about/", &page::about::view(context))),
            Box::new(|| self.page("404.html", "404.html", &page::about::not_found(context))),
            Box::new(|| self.api(findings, board)),
            Box::new(|| self.feeds(findings, ids)),
        ];
        for year in page::timeline::years(context, findings) {
            work.push(Box::new(move || {
                let view = page::timeline::year(context, findings, year);
                self.page("year.html", &page::timeline::year_place(year), &view)
            }));
        }
        for (id, summaries) in services {
            work.push(Box::new(move || {
                let view = page::service::view(context, id, summaries, board);
                self.page("service.html", &place::service(id), &view)
            }));
        }
        for topic in Topic::ALL {
            work.push(Box::new(move || {
                self.page("topic.html", &place::topic(topic), &page::topic::view(context, topic, findings))
            }));
        }
        for event in &context.input.events {
            work.push(Box::new(move || {
                self.page("event.html", &place::event(&event.id), &page::event::view(context, event))
            }));
        }
        work.into_par_iter().try_for_each(|one| one())?;
        // The sitemap names all that was drawn.
        self.fixed()
    }

    fn page(&self, template: &str, place: &str, view: &impl Serialize) -> Result<(), BuildError> {
        let html = self.renderer.page(template, place, view)?;
        Ok(self.output.page(place, &html)?)
    }

    fn feeds(&self, findings: &[&Finding], services: &[&str]) -> Result<(), BuildError> {
        let context = self.context;
        let input = context.input;
        let mut channels: Vec<(Channel<'_>, String, &str, String)> = vec![(
            Channel::All,
            "Walkback: all findings and events".into(),
            "What platforms promise about privacy and encryption, and what they take back.",
            String::new(),
        )];
        for kind in Kind::ALL {
            let title = format!("Walkback: {}", kind_plural(kind));
            channels.push((Channel::Kind(kind), title, "Of all services.", "findings/".into()));
        }
        for topic in Topic::ALL {
            let title = format!("Walkback: {}", topic.label());
            channels.push((
                Channel::Topic(topic),
                title,
                "Findings and events about it, of all services.",
                place::topic(topic),
            ));
        }
        for service in services {
            let title = format!("Walkback: {}", crate::shown::shown(input.service_name(service)));
            channels.push((
                Channel::Service(service),
                title,
                "Findings and events about this service.",
                place::service(service),
            ));
        }
        channels.into_par_iter().try_for_each(|(channel, title, subtitle, home)| {
            let mut entries: Vec<Entry> = findings
                .iter()
                .filter(|finding| match channel {
                    Channel::All => true,
                    Channel::Service(service) => finding.policy.service == service,
                    Channel::Topic(topic) => finding.judgement.topic == topic,
                    Channel::Kind(kind) => finding.judgement.kind == kind,
                })
                // More than a feed carries, so that old ones that take effect late reach the calendar.
                .enumerate()
                .filter(|(i, finding)| *i < 100 || finding.judgement.effective.is_some())
                .map(|(_, finding)| Entry::finding(context, finding))
                .collect();
            let events = input.events.iter().filter(|event| match channel {
                Channel::All => true,
                Channel::Service(service) => {
                    event.concerns(service) || event.concerns(input.service_name(service))
                }
                Channel::Topic(topic) => event.topics.contains(&topic),
                Channel::Kind(kind) => event.step == Some(kind),
            });
            entries.extend(events.map(|event| Entry::event(context, event)));
            let feed = Feed::new(&title, subtitle, context.way.whole(&home), entries);
            for (place, bytes) in feed.files(context, channel) {
                self.output.file(&place, &bytes)?;
            }
            Ok::<(), BuildError>(())
        })?;
        let named = |name: String, channel| (name, channel);
        let groups = [
            ("All", vec![named("All findings and events".into(), Channel::All)]),
            (
                "Kinds",
                Kind::ALL.map(|kind| named(capitalised(kind_plural(kind)), Channel::Kind(kind))).into(),
            ),
            (
                "Topics",
                Topic::ALL.map(|topic| named(capitalised(topic.label()), Channel::Topic(topic))).into(),
            ),
            (
                "Services",
                services
                    .iter()
                    .map(|id| named(crate::shown::shown(input.service_name(id)), Channel::Service(id)))
                    .collect(),
            ),
        ];
        Ok(self.output.file("feeds/walkback.opml", &opml(&context.way, &groups))?)
    }

    fn api(&self, findings: &[&Finding], board: &Board) -> Result<(), BuildError> {
        let rows = page::coverage::rows(self.context.input, self.summaries, self.watches);
        let mut files = api::findings(self.context, findings);
        files.extend(api::events(self.context));
        files.extend(api::board(board));
        files.extend(api::policies(self.context, self.summaries, &rows));
        for (place, bytes) in files {
            self.output.file(&place, &bytes)?;
        }
        Ok(())
    }

    /// Style, scripts, schemas, and the files that robots and hosts look for.
    fn fixed(&self) -> Result<(), BuildError> {
        for (name, bytes) in files::FILES {
            if name.starts_with("static/") {
                self.output.file(name, bytes)?;
            } else if let Some(schema) = name.strip_prefix("schema/") {
                self.output.file(&format!("api/v1/schema/{schema}"), bytes)?;
            }
        }
        // A host that would leave out files whose name begins with a dot or underscore is told not to.
        self.output.file(".nojekyll", b"")?;
        let sitemap = self.context.way.canonical("sitemap.xml");
        let robots = match &sitemap {
            Some(sitemap) => format!("User-agent: *\nAllow: /\n\nSitemap: {sitemap}\n"),
            None => "User-agent: *\nAllow: /\n".to_owned(),
        };
        self.output.file("robots.txt", robots.as_bytes())?;
        if sitemap.is_some() {
            let pages: Vec<String> = self
                .output
                .files()
                .iter()
                .filter(|file| file.ends_with("index.html") && !file.ends_with("/statements/index.html"))
                .filter_map(|file| self.context.way.canonical(file.trim_end_matches("index.html")))
                .collect();
            self.output.file("sitemap.xml", &sitemap_xml(&pages))?;
        }
        Ok(())
    }
}

fn sitemap_xml(pages: &[String]) -> Vec<u8> {
    use quick_xml::events::{BytesDecl, BytesText, Event};
    let mut writer = quick_xml::Writer::new_with_indent(Vec::new(), b' ', 1);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None))).expect("writing to memory");
    let set = writer
        .create_element("urlset")
        .with_attribute(("xmlns", "http://www.sitemaps.org/schemas/sitemap/0.9"));
    set.write_inner_content(|writer| {
        // One sitemap holds at most 50,000 addresses.
        for page in pages.iter().take(50_000) {
            writer.create_element("url").write_inner_content(|writer| {
                writer.create_element("loc").write_text_content(BytesText::new(page)).map(drop)
            })?;
        }
        Ok(())
    })
    .expect("writing to memory");
    writer.into_inner()
}
