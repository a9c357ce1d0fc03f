//! Findings and events delivered: Atom, JSON Feed 1.1, iCalendar, and an OPML list of the feeds.
//!
//! An entry's id is computed from the finding or event it tells of and never changes. Its date is
//! the data's: a build at another hour gives the same bytes, so that conditional requests work.

mod atom;
mod calendar;
mod json;
mod opml;

pub use opml::opml;

use crate::date::instant;
use crate::input::Context;
use crate::page::line::{FindingLine, headline};
use crate::place::{self, Channel, Form};
use crate::shown::{LONGEST, clip, shown};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use policy::event::Event;
use policy::finding::Finding;
use policy::id::Digest;

/// How many entries a feed carries: the newest.
const MOST: usize = 60;

/// One entry, whatever the form it is delivered in.
#[derive(Debug, Clone)]
pub struct Entry {
    /// `urn:uuid:…`, for ever.
    pub id: String,
    pub title: String,
    pub url: String,
    pub at: DateTime<Utc>,
    /// When what it says last changed: a finding that was retracted is told once more.
    pub changed: DateTime<Utc>,
    /// Paragraphs of plain text.
    pub text: Vec<String>,
    pub tags: Vec<String>,
    /// Days on which something takes effect or ends.
    pub effective: Vec<NaiveDate>,
}

/// A channel with its entries, last changed first.
pub struct Feed {
    pub title: String,
    pub subtitle: String,
    /// The page that shows the same.
    pub home: String,
    pub entries: Vec<Entry>,
    /// Those of the entries, old ones too, that take effect on a day.
    pub dated: Vec<Entry>,
}

/// An id that follows from a name and from nothing else: a UUID of version 8.
fn uuid(name: &str) -> String {
    let mut bytes = Digest::of(name).0;
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A side of a finding: an item of a list after what it hangs under.
fn told(side: &str, lead_in: &Option<String>, sentence: &str) -> String {
    let under = lead_in.as_ref().map(|lead| format!("{lead} ")).unwrap_or_default();
    format!("{side}: “{under}{}”", clip(sentence, LONGEST))
}

impl Entry {
    pub fn finding(context: &Context<'_>, finding: &Finding) -> Self {
        let judgement = &finding.judgement;
        let line = FindingLine::of(context, finding);
        let caveat = line.caveat.map(|caveat| format!(" [{caveat}]")).unwrap_or_default();
        let mut text = Vec::new();
        if !judgement.before.is_empty() {
            text.push(told("Then", &line.then_lead, &judgement.before));
        }
        text.push(match judgement.after.as_str() {
            "" => "Now: no sentence that says the same was found.".to_owned(),
            after => told("Now", &line.now_lead, after),
        });
        text.push(shown(&judgement.reason));
        text.push(format!(
            "{}, {}. {}.",
            line.service,
            line.policy,
            crate::shown::capitalised(line.severity_label)
        ));
        Self {
            id: format!("urn:uuid:{}", uuid(&format!("walkback:finding:{}", finding.id))),
            title: format!("{}: {}{caveat}", line.service, headline(finding)),
            url: context.way.whole(&place::finding(&finding.id)),
            at: finding.first_seen_after,
            changed: finding.retracted_at.unwrap_or(finding.first_seen_after),
            text: text.into_iter().filter(|text| !text.is_empty()).collect(),
            tags: vec![line.kind.to_owned(), judgement.topic.label().to_owned(), line.service],
            effective: judgement.effective.into_iter().collect(),
        }
    }

    pub fn event(context: &Context<'_>, event: &Event) -> Self {
        let mut effective: Vec<NaiveDate> =
            event.effective.map(|date| date.first_day()).into_iter().collect();
        effective.extend(event.effects.iter().filter_map(|effect| effect.after.ends()));
        effective.sort();
        effective.dedup();
        let at = event.date.first_day().and_time(NaiveTime::MIN).and_utc();
        let mut tags = vec!["event".to_owned()];
        tags.extend(event.topics.iter().map(|topic| topic.label().to_owned()));
        tags.extend(event.services.iter().map(|service| shown(service)));
        let sources: Vec<String> = event.sources.iter().map(|source| shown(&source.publisher)).collect();
        Self {
            id: format!("urn:uuid:{}", uuid(&format!("walkback:event:{}", event.id))),
            title: shown(&event.title),
            url: context.way.whole(&place::event(&event.id)),
            at,
            changed: at,
            text: vec![shown(&event.summary), format!("Sources: {}.", sources.join(", "))],
            tags,
            effective,
        }
    }
}

impl Feed {
    pub fn new(title: &str, subtitle: &str, home: String, mut entries: Vec<Entry>) -> Self {
        entries.sort_by(|a, b| b.changed.cmp(&a.changed).then_with(|| a.id.cmp(&b.id)));
        let dated = entries.iter().filter(|entry| !entry.effective.is_empty()).cloned().collect();
        entries.truncate(MOST);
        Self { title: title.to_owned(), subtitle: subtitle.to_owned(), home, entries, dated }
    }

    /// When the feed last changed: with its newest entry. One without entries has a fixed date.
    fn updated(&self) -> String {
        let newest = self.entries.iter().map(|entry| entry.changed).max();
        newest.map_or_else(|| "2000-01-01T00:00:00Z".to_owned(), instant)
    }

    /// The channel's three files.
    pub fn files(&self, context: &Context<'_>, channel: Channel<'_>) -> Vec<(String, Vec<u8>)> {
        [Form::Atom, Form::Json, Form::Calendar]
            .into_iter()
            .map(|form| {
                let place = place::feed(channel, form);
                let own = context.way.whole(&place);
                let bytes = match form {
                    Form::Atom => atom::atom(self, &own),
                    Form::Json => json::json(self, &own),
                    Form::Calendar => calendar::calendar(self),
                };
                (place, bytes)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_follows_from_the_name_alone() {
        // Changing this value would republish every entry to every reader.
        assert_eq!(uuid("walkback:finding:wb-0123456789ab"), uuid("walkback:finding:wb-0123456789ab"));
        let id = uuid("x");
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "8");
    }
}
