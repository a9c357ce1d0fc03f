//! Plain pages: the method, search, and the one for an address that leads nowhere.

use crate::files::FILES;
use crate::input::Context;
use crate::render::Frame;
use crate::shown::shown;
use serde::Serialize;

/// The method page.
#[derive(Serialize)]
pub struct View {
    pub frame: Frame,
    pub measured: Option<Measured>,
    pub contact: Option<String>,
    pub contact_href: Option<String>,
}

/// The detector's figures, ready to print.
#[derive(Serialize)]
pub struct Measured {
    pub on: String,
    pub changes: String,
    pub rows: Vec<Row>,
}

/// One line of the table.
#[derive(Serialize)]
pub struct Row {
    pub what: String,
    pub precision: String,
    pub recall: String,
    pub f1: String,
}

/// A page with nothing but its frame.
#[derive(Serialize)]
pub struct Plain {
    pub frame: Frame,
}

pub fn view(context: &Context<'_>) -> View {
    let measured = context.input.measured.as_ref().map(|measured| Measured {
        on: shown(&measured.on),
        changes: crate::shown::thousands(measured.changes),
        rows: measured
            .rows
            .iter()
            .map(|row| Row {
                what: shown(&row.what),
                precision: format!("{:.2}", row.precision),
                recall: format!("{:.2}", row.recall),
                f1: format!("{:.2}", f1(row.precision, row.recall)),
            })
            .collect(),
    });
    let contact = context.input.contact.as_deref().map(shown);
    let href = contact.as_deref().and_then(|contact| match contact {
        link if link.starts_with("https://") || link.starts_with("mailto:") => Some(link.to_owned()),
        mail if mail.contains('@') && !mail.contains([' ', '<', ':']) => Some(format!("mailto:{mail}")),
        _ => None,
    });
    View {
        frame: Frame::new(context, "about/", "about", "Method").described(
            "How promises are found, how a change is judged, how often that is right, and how to contest it.",
        ),
        measured,
        contact,
        contact_href: href,
    }
}

fn f1(precision: f32, recall: f32) -> f32 {
    if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
}

pub fn search(context: &Context<'_>) -> Plain {
    let frame = Frame::new(context, "search/", "search", "Search")
        .described("Search every sentence on record, standing or gone, as of any date.");
    // The engine first; what ties it to the page builds on it.
    let engine = "static/js/search.js";
    let scripts = FILES.iter().map(|(name, _)| *name).filter(|name| name.starts_with("static/js/search"));
    let mut scripts: Vec<&str> = scripts.collect();
    scripts.sort_by_key(|name| (*name != engine, *name));
    Plain { frame: scripts.into_iter().fold(frame, |frame, script| frame.script(context, script)) }
}

/// Shown at any depth, so that its links begin at the host's root.
pub fn not_found(context: &Context<'_>) -> Plain {
    let mut frame = Frame::new(context, "404.html", "", "Not found");
    frame.root = context.way.path();
    frame.canonical = None;
    frame.unlisted = true;
    Plain { frame }
}
