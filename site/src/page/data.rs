//! Data: the files behind the site, for programs.

use crate::input::Context;
use crate::render::{Frame, data_block};
use serde::Serialize;

/// The data page.
#[derive(Serialize)]
pub struct View {
    pub frame: Frame,
    pub files: Vec<File>,
}

/// A published file.
#[derive(Serialize)]
pub struct File {
    pub name: &'static str,
    pub href: &'static str,
    pub schema: Option<&'static str>,
    pub about: &'static str,
}

pub fn view(context: &Context<'_>) -> View {
    let mut frame = Frame::new(context, "data/", "data", "Data").described(
        "Findings, events, the encryption board, policies and coverage as JSON and CSV, with their schemas.",
    );
    let file = |name, href, schema, about| File { name, href, schema, about };
    let files = vec![
        file("findings.json", "api/v1/findings.json", Some("api/v1/schema/findings.json"), "every finding"),
        file("findings.csv", "api/v1/findings.csv", None, "the same as a table"),
        file(
            "events.json",
            "api/v1/events.json",
            Some("api/v1/schema/events.json"),
            "every event with its sources and claims",
        ),
        file("events.csv", "api/v1/events.csv", None, "the same as a table"),
        file("board.json", "api/v1/board.json", Some("api/v1/schema/board.json"), "the encryption board"),
        file("board.csv", "api/v1/board.csv", None, "the same as a table"),
        file(
            "policies.json",
            "api/v1/policies.json",
            Some("api/v1/schema/policies.json"),
            "every policy: versions, dates, coverage, where its history lies",
        ),
        file("policies.csv", "api/v1/policies.csv", None, "the same as a table"),
    ];
    frame.facts = Some(data_block(&serde_json::json!({
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": "Walkback findings, events and encryption board",
        "description": frame.description,
        "url": context.way.canonical("data/"),
        "dateModified": context.as_of.to_string(),
        "distribution": files.iter().map(|file| serde_json::json!({
            "@type": "DataDownload",
            "encodingFormat": if file.href.ends_with("csv") { "text/csv" } else { "application/json" },
            "contentUrl": context.way.canonical(file.href),
        })).collect::<Vec<_>>(),
    })));
    View { frame, files }
}
