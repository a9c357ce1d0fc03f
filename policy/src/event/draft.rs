//! A new event's file: every field with a comment, filled in as far as is known.

use super::{EventDate, Kind};
use crate::finding::Topic;
use crate::id::slug;

/// What is known of an event about to be written.
#[derive(Debug, Clone)]
pub struct Draft {
    pub date: EventDate,
    pub title: String,
    pub kind: Kind,
    pub services: Vec<String>,
    pub actors: Vec<String>,
    pub topics: Vec<Topic>,
}

impl Draft {
    /// The file's name: date and title, for ever the event's id.
    pub fn file_name(&self) -> String {
        let mut words = String::new();
        for word in slug(&self.title).split('-') {
            // Ids stand in links: a few words are enough.
            if !words.is_empty() && words.len() + word.len() > 50 {
                break;
            }
            words.push('-');
            words.push_str(word);
        }
        format!("{}{words}.toml", self.date)
    }

    /// The file's text. It parses as it is; the linter names what is still to be filled in.
    pub fn to_toml(&self) -> String {
        let kinds = Kind::ALL.iter().map(|kind| kind.key()).collect::<Vec<_>>().join(" ");
        let topics = Topic::ALL.iter().map(|topic| topic.key()).collect::<Vec<_>>().join(" ");
        let (services, actors) = (list(&self.services), list(&self.actors));
        let chosen = list(&self.topics.iter().map(|topic| topic.key().to_owned()).collect::<Vec<_>>());
        let (title, date, kind) = (text(&self.title), self.date, self.kind);
        let service = text(self.services.first().map_or("Courier", String::as_str));
        format!(
            r#"# An event: see docs/events.md. Fill in what is empty, take the `#` away from what you need, leave the rest out.
# Then `walkback event check` names what is still missing or wrong.
title = {title}
# As precise as the sources: "2026", "2026-05" or "2026-05-08". The file's name starts with it.
date = "{date}"
# The last day, if it lasted:
# until = "2026-06-30"
# When it begins to hold, if not on `date`:
# effective = "2026-07-01"
# One of: {kinds}
kind = "{kind}"
# What it did to a promise, if anything: reversal, expansion, strengthening
# step = "reversal"
# Who acted, and which services it concerns, named as in data/declarations.
actors = {actors}
services = {services}
# Of: {topics}
topics = {chosen}
# high: a primary source or several that agree; medium: one good source; low: contested or thin
confidence = "medium"
# What happened, in two or three sentences of your own; never a copied text.
summary = ""
# Ids (file names without .toml) of events this one continues, answers or ends:
# related = []

# At least one source; repeat the block for more. The id is a short name that claims refer to.
[[source]]
id = "blog"
publisher = ""
title = ""
url = "https://"
# date = "{date}"
# It was written by the one who acted:
# primary = true
# You read it, or a stored copy, and it says so:
# verified = true
# You could not read it, but another text that you read cites this address for this:
# cited = true

# What it does to the encryption board. Scopes: chats groups calls backups files mail
# States: default opt_in limited announced none not_offered ended_on:YYYY-MM-DD
# `before` is what the board shows until then; leave it out if no event told yet.
# [[effect]]
# service = {service}
# scope = "chats"
# before = "opt_in"
# after = "none"
# area = "where, if not everywhere"

# What a source says that others contradict, or that only it says.
# [[claim]]
# about = "date"
# says = ""
# sources = ["blog"]
# followed = true
# why = ""
"#
        )
    }
}

fn text(value: &str) -> String {
    toml::Value::String(value.to_owned()).to_string()
}

fn list(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|value| text(value)).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, lint};

    fn draft(title: &str) -> Draft {
        Draft {
            date: "2026-05".parse().unwrap(),
            title: title.into(),
            kind: Kind::Withdrawal,
            services: vec!["Courier \"Pro\"".into()],
            actors: vec![],
            topics: vec![Topic::Encryption],
        }
    }

    #[test]
    fn a_draft_parses_and_the_linter_names_what_is_missing() {
        let draft = draft("Courier’s \"private\" chats end");
        assert_eq!(draft.file_name(), "2026-05-courier-s-private-chats-end.toml");
        let event = Event::parse(&draft.file_name(), &draft.to_toml()).unwrap();
        assert_eq!((event.title.as_str(), event.kind), (draft.title.as_str(), draft.kind));
        assert_eq!(event.services, draft.services);
        let fields: Vec<String> = lint(&[event]).into_iter().map(|fault| fault.field).collect();
        assert_eq!(
            fields,
            ["source `blog`, publisher", "source `blog`, title", "source `blog`, url", "summary"]
        );
    }

    #[test]
    fn a_draft_without_its_comment_signs_is_still_toml() {
        let toml = draft("x").to_toml();
        let fields: String = toml
            .lines()
            .map(|line| {
                line.strip_prefix("# ").filter(|l| l.contains(" = ") || l.starts_with("[[")).unwrap_or(line)
            })
            .map(|line| format!("{line}\n"))
            .collect();
        Event::parse("2026-05-x.toml", &fields).unwrap();
    }

    #[test]
    fn a_long_title_makes_a_short_name() {
        let name = draft(&"many words ".repeat(20)).file_name();
        let whole = name.ends_with("-words.toml") || name.ends_with("-many.toml");
        assert!(name.len() < 70 && whole, "{name}");
    }
}
