//! Every sentence a policy ever held, standing or gone: where a statement's link leads for ever.

use crate::date::Day;
use crate::input::Context;
use crate::place;
use crate::render::Frame;
use crate::shown::{LONGEST, clip, count, shown};
use policy::history::{History, Statement};
use policy::statement::Role;
use serde::Serialize;

/// The longest lead-in shown, in characters.
pub const LEAD: usize = 240;

/// The page of a policy's statements.
#[derive(Serialize)]
pub struct View {
    pub frame: Frame,
    pub service: String,
    pub service_href: String,
    pub policy: String,
    pub policy_href: String,
    pub counted: String,
    pub standing: Vec<Line>,
    pub gone: Vec<Year>,
}

/// Statements that went in one year.
#[derive(Serialize)]
pub struct Year {
    pub year: String,
    pub lines: Vec<Line>,
}

/// One statement with its lifespan.
#[derive(Serialize)]
pub struct Line {
    pub anchor: String,
    /// `h`, `p` or `li`: how it is set.
    pub role: &'static str,
    pub lead_in: Option<String>,
    pub text: String,
    pub topic: &'static str,
    pub spans: Vec<Span>,
}

/// An interval in which it stood.
#[derive(Serialize)]
pub struct Span {
    pub from: Day,
    /// The last sighting; none where it still stands.
    pub until: Option<Day>,
}

pub fn view(context: &Context<'_>, history: &History) -> View {
    let id = &history.policy;
    let service = shown(context.input.service_name(&id.service));
    let name = shown(&id.name);
    // Standing statements in the order of the newest text; those of no listed version follow.
    let mut placed = vec![false; history.statements.len()];
    let mut standing = Vec::new();
    let newest = history.current().map(|version| version.statements.as_slice()).unwrap_or_default();
    for &index in newest {
        let index = index as usize;
        if let Some(statement) = history.statements.get(index)
            && !std::mem::replace(&mut placed[index], true)
        {
            standing.push(line(statement, true));
        }
    }
    under_one_lead(&mut standing);
    let mut gone: Vec<(chrono::DateTime<chrono::Utc>, usize)> = (0..history.statements.len())
        .filter(|index| !placed[*index])
        .map(|index| {
            (history.statements[index].lifespan.last().map(|i| i.last_seen).unwrap_or_default(), index)
        })
        .collect();
    gone.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut years: Vec<Year> = Vec::new();
    for (last, index) in gone {
        let year = last.format("%Y").to_string();
        if years.last().is_none_or(|known| known.year != year) {
            years.push(Year { year, lines: Vec::new() });
        }
        years.last_mut().expect("just pushed").lines.push(line(&history.statements[index], false));
    }
    years.iter_mut().for_each(|year| under_one_lead(&mut year.lines));
    let mut frame = Frame::new(
        context,
        &place::statements(id),
        "services",
        &format!("Every sentence of {name}, {service}"),
    )
    .described(&format!(
        "Every sentence {service}’s “{name}” ever held on record, with the dates between which it stood."
    ));
    // Thousands of sentences of other people: the search here finds them; the web's need not.
    frame.unlisted = true;
    View {
        service_href: place::service(&id.service),
        policy_href: place::policy(id),
        counted: format!(
            "{}, {} standing",
            count(history.statements.len(), "sentence", "sentences"),
            crate::shown::thousands(standing.len())
        ),
        standing,
        gone: years,
        policy: name,
        service,
        frame,
    }
}

/// A lead-in is said once, not before each of the items that follow it.
fn under_one_lead(lines: &mut [Line]) {
    let mut said: Option<String> = None;
    for line in lines {
        match line.lead_in.take() {
            Some(lead) if said.as_ref() == Some(&lead) => {}
            Some(lead) => {
                said = Some(lead.clone());
                line.lead_in = Some(lead);
            }
            // The sentence that leads the items in often stands by itself before them.
            None => said = Some(clip(&line.text, LEAD)),
        }
    }
}

fn line(statement: &Statement, standing: bool) -> Line {
    let last = statement.lifespan.len().saturating_sub(1);
    let spans = statement.lifespan.iter().enumerate().map(|(i, interval)| Span {
        from: Day::of(interval.first_seen),
        until: (!standing || i < last).then(|| Day::of(interval.last_seen)),
    });
    Line {
        anchor: place::statement_anchor(&statement.id),
        role: match statement.role {
            Role::Heading => "h",
            Role::Sentence => "p",
            Role::Item | Role::Cell => "li",
        },
        lead_in: statement.lead_in.as_deref().map(|lead| clip(lead, LEAD)),
        text: clip(&statement.text, LONGEST),
        topic: statement.topic.map_or("", |topic| topic.label()),
        spans: spans.collect(),
    }
}
