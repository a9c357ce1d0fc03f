//! A finding as a citation: plain text, Markdown, BibTeX and CSL-JSON.
//!
//! The date cited is the day the change was first seen; "accessed" is left to whoever cites.

use crate::input::Context;
use crate::page::line::FindingLine;
use crate::place;
use chrono::Datelike as _;
use policy::finding::Finding;
use serde::Serialize;

/// One form of the citation, ready to be copied.
#[derive(Debug, Clone, Serialize)]
pub struct Citation {
    pub name: &'static str,
    pub text: String,
}

pub fn citations(context: &Context<'_>, finding: &Finding, line: &FindingLine) -> Vec<Citation> {
    let url = context.way.whole(&place::finding(&finding.id));
    let title = format!("{}: {}", line.service, line.headline);
    let source = format!("{}, {}", line.service, line.policy);
    let date = finding.first_seen_after.date_naive();
    let caveat = line.caveat.map(|caveat| format!(" ({caveat})")).unwrap_or_default();
    let text = format!(
        "“{title}”{caveat}. Walkback, finding {}, change in “{source}” first seen {}. {url}",
        finding.id, line.day.text
    );
    let markdown = format!(
        "[{}]({url}){caveat}. Walkback, finding `{}`, change in “{}” first seen {}.",
        markdown(&title),
        finding.id,
        markdown(&source),
        line.day.text
    );
    let bibtex = format!(
        "@misc{{{},\n  title = {{{{{}}}}},\n  author = {{{{Walkback}}}},\n  year = {{{}}},\n  month = {{{}}},\n  day = {{{}}},\n  note = {{Change in {}, first seen {date}{caveat}}},\n  url = {{{url}}}\n}}",
        finding.id,
        bibtex(&title),
        date.year(),
        date.month(),
        date.day(),
        bibtex(&source),
    );
    let csl = serde_json::json!([{
        "id": finding.id,
        "type": "webpage",
        "title": title,
        "container-title": "Walkback",
        "author": [{ "literal": "Walkback" }],
        "issued": { "date-parts": [[date.year(), date.month(), date.day()]] },
        "note": format!("Change in {source}, first seen {date}{caveat}"),
        "URL": url,
    }]);
    vec![
        Citation { name: "Text", text },
        Citation { name: "Markdown", text: markdown },
        Citation { name: "BibTeX", text: bibtex },
        Citation { name: "CSL-JSON", text: serde_json::to_string_pretty(&csl).expect("maps with text keys") },
    ]
}

/// Marks that Markdown would act on, made plain.
fn markdown(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Marks that TeX would act on, made plain; braces are dropped, since unbalanced ones end the entry.
fn bibtex(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' => out.extend(['\\', c]),
            '{' | '}' | '\\' => {}
            '~' => out.push_str("\\textasciitilde "),
            '^' => out.push_str("\\textasciicircum "),
            '→' => out.push_str("$\\to$"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cited_stays_text() {
        assert_eq!(markdown("a [b](c) *d*"), "a \\[b\\](c) \\*d\\*");
        assert_eq!(bibtex("50% of {A & B}\\end"), "50\\% of A \\& Bend");
    }
}
