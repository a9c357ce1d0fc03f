//! JSON to a declaration, field by field, so that every fault can be named with its path.

use super::error::Faults;
use super::{
    Declaration, DeclarationError, Edge, Filter, FormerName, Policy, PolicyKind, Range, RobotsOverride,
    Selection, Selector, ServiceKind, SourceDocument,
};
use crate::id::PolicyId;
use chrono::{NaiveDate, TimeDelta};
use serde_json::{Map, Value};
use url::Url;

pub(super) fn declaration(file_name: &str, text: &str) -> Result<Declaration, DeclarationError> {
    let mut faults = Faults::default();
    let value = read_declaration(file_name, text, &mut faults);
    faults.finish(file_name, value)
}

/// The fields of one JSON object, taken one by one; what is left over is refused.
pub(super) struct Fields<'a> {
    path: String,
    object: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub fn new(path: String, object: &'a Map<String, Value>) -> Self {
        Self { path, object, known: Vec::new() }
    }

    fn field(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The field's value with its path, where it is there and not null.
    pub fn take(&mut self, name: &'static str) -> Option<(String, &'a Value)> {
        self.known.push(name);
        match self.object.get(name) {
            None | Some(Value::Null) => None,
            Some(value) => Some((self.field(name), value)),
        }
    }

    fn text(&mut self, name: &'static str, faults: &mut Faults) -> Option<String> {
        let (path, value) = self.take(name)?;
        match value.as_str().map(str::trim) {
            Some(text) if !text.is_empty() => Some(text.to_owned()),
            _ => {
                faults.add(&path, "is not a text", "write it in quotes, or leave the field out");
                None
            }
        }
    }

    fn texts(&mut self, name: &'static str, faults: &mut Faults) -> Vec<String> {
        let Some((path, value)) = self.take(name) else { return Vec::new() };
        let texts = match value {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(values) => values.iter().map(|value| value.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        texts.unwrap_or_else(|| {
            faults.add(&path, "is not a list of texts", "write [\"…\", \"…\"]");
            Vec::new()
        })
    }

    fn date(&mut self, name: &'static str, faults: &mut Faults) -> Option<NaiveDate> {
        let (path, value) = self.take(name)?;
        let date = value.as_str().and_then(date);
        if date.is_none() {
            faults.add(&path, "is not a date", "write it as 2026-05-08");
        }
        date
    }

    /// Names every field that nothing asked for, with the known one it looks like.
    pub fn refuse_rest(&self, faults: &mut Faults) {
        for name in self.object.keys().filter(|name| !self.known.contains(&name.as_str())) {
            let remedy = match closest(name, self.known.iter().copied()) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("known here are {}", self.known.join(", ")),
            };
            faults.add(&self.field(name), "is not a field we know", remedy);
        }
    }
}

/// Parses a text as one JSON object.
pub(super) fn object(text: &str, faults: &mut Faults) -> Option<Map<String, Value>> {
    // Editors on Windows put a byte order mark before the first brace.
    match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(object)) => Some(object),
        Ok(_) => {
            faults.add("", "is not a JSON object", "write { \"name\": …, \"terms\": … }");
            None
        }
        Err(error) => {
            faults.add("", format!("is not JSON ({error})"), "mend the JSON at that place");
            None
        }
    }
}

fn read_declaration(file_name: &str, text: &str, faults: &mut Faults) -> Option<Declaration> {
    let service = file_name.strip_suffix(".json").unwrap_or(file_name).to_owned();
    let root = object(text, faults)?;
    let mut fields = Fields::new(String::new(), &root);
    // An editor's line, `"$schema": "…"`.
    fields.take("$schema");
    let name = fields.text("name", faults);
    if name.is_none() && !root.contains_key("name") {
        faults.add("name", "is missing", "add the service's name");
    }
    let operator = fields.text("operator", faults);
    let kind =
        word(&mut fields, "kind", ServiceKind::from_key, ServiceKind::ALL.iter().map(|k| k.key()), faults);
    let jurisdiction = fields.text("jurisdiction", faults);
    let languages = fields.texts("languages", faults);
    let tags = fields.texts("tags", faults);
    let aliases = fields.texts("aliases", faults);
    let formerly = former_names(&mut fields, faults);
    let imported_from = fields.text("importedFrom", faults);
    let mut policies = Vec::new();
    match fields.take("terms") {
        Some((_, Value::Object(terms))) => {
            for (name, entry) in terms {
                policies.extend(policy(&service, name, entry, faults));
            }
        }
        Some((path, _)) => {
            faults.add(&path, "is not an object", "write { \"Privacy Policy\": { \"fetch\": … } }");
        }
        None => faults.add(
            "terms",
            "is missing",
            "add the policies to track, { \"Privacy Policy\": { \"fetch\": … } }",
        ),
    }
    fields.refuse_rest(faults);
    policies.sort_by(|a: &Policy, b: &Policy| a.id.cmp(&b.id));
    Some(Declaration {
        service,
        name: name?,
        operator,
        kind,
        jurisdiction,
        languages,
        tags,
        aliases,
        formerly,
        imported_from,
        policies,
        retired: Vec::new(),
    })
}

fn former_names(fields: &mut Fields<'_>, faults: &mut Faults) -> Vec<FormerName> {
    let Some((path, value)) = fields.take("formerly") else { return Vec::new() };
    let Value::Array(entries) = value else {
        faults.add(
            &path,
            "is not a list",
            "write [\"Old name\"] or [{ \"name\": \"Old name\", \"until\": \"2023-07-24\" }]",
        );
        return Vec::new();
    };
    let mut names = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let path = format!("{path}[{index}]");
        match entry {
            Value::String(name) => names.push(FormerName { name: name.clone(), until: None }),
            Value::Object(entry) => {
                let mut fields = Fields::new(path, entry);
                let name = fields.text("name", faults);
                let until = fields.date("until", faults);
                fields.refuse_rest(faults);
                names.extend(name.map(|name| FormerName { name, until }));
            }
            _ => faults.add(&path, "is neither a name nor an object", "write \"Old name\""),
        }
    }
    names
}

fn policy(service: &str, name: &str, entry: &Value, faults: &mut Faults) -> Option<Policy> {
    let path = format!("terms.{name}");
    if name.trim().is_empty() {
        faults.add(&path, "has no name", "name the policy as its publisher does");
    }
    let Value::Object(entry) = entry else {
        faults.add(&path, "is not an object", "write { \"fetch\": \"https://…\" }");
        return None;
    };
    let mut fields = Fields::new(path, entry);
    let kind =
        word(&mut fields, "kind", PolicyKind::from_key, PolicyKind::ALL.iter().map(|k| k.key()), faults);
    let language = fields.text("language", faults);
    let verified = fields.date("verified", faults);
    let verified_by = fields.text("verifiedBy", faults);
    if verified_by.is_some() && verified.is_none() {
        faults.add(
            &format!("terms.{name}.verifiedBy"),
            "stands without `verified`",
            "say in `verified` on which day it confirmed the page",
        );
    }
    let cited = fields.date("cited", faults);
    let every = fields.take("every").and_then(|(path, value)| {
        let every = value.as_str().and_then(interval);
        if every.is_none() {
            faults.add(&path, "is not a span of time", "write a number and m, h, d or w: \"24h\"");
        }
        every
    });
    let robots = robots(&mut fields, faults);
    let documents = documents(&mut fields, faults);
    fields.refuse_rest(faults);
    Some(Policy {
        id: PolicyId::new(service, name),
        kind: kind.unwrap_or_else(|| PolicyKind::of_name(name)),
        language,
        verified,
        verified_by,
        cited,
        every,
        robots,
        documents: documents?,
        past: Vec::new(),
    })
}

fn robots(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<RobotsOverride> {
    let (path, value) = fields.take("robots")?;
    let remedy = "write { \"ignore\": true, \"reason\": \"…\" }; the site shows the reason";
    let Value::Object(object) = value else {
        faults.add(&path, "is not an object", remedy);
        return None;
    };
    let mut inner = Fields::new(path.clone(), object);
    let ignore = inner.take("ignore").map(|(_, value)| value.clone());
    let reason = inner.text("reason", faults);
    inner.refuse_rest(faults);
    match (ignore, reason) {
        (Some(Value::Bool(true)), Some(reason)) => Some(RobotsOverride { reason }),
        (Some(Value::Bool(true)), None) => {
            faults.add(&path, "gives no reason", remedy);
            None
        }
        _ => {
            faults.add(&path, "has no `ignore: true`", remedy);
            None
        }
    }
}

/// The source documents of a policy: one `fetch`, or a `combine` whose items fall back on what stands beside it.
pub(super) fn documents(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Vec<SourceDocument>> {
    let shared = Reading::of(fields, faults);
    let fetch = fields.take("fetch");
    let combine = fields.take("combine");
    match (fetch, combine) {
        (Some((path, value)), None) => Some(vec![shared.document(location(&path, value, faults)?)]),
        (None, Some((path, Value::Array(items)))) if !items.is_empty() => {
            let mut documents: Vec<SourceDocument> = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                let Value::Object(item) = item else {
                    faults.add(&path, "is not an object", "write { \"fetch\": \"https://…\" }");
                    continue;
                };
                let mut fields = Fields::new(path, item);
                // Some files name their items; the name has no meaning for us.
                fields.take("id");
                let own = Reading::of(&mut fields, faults);
                let Some((path, value)) = fields.take("fetch") else {
                    faults.add(&fields.field("fetch"), "is missing", "add the page's URL");
                    continue;
                };
                fields.refuse_rest(faults);
                let Some(location) = location(&path, value, faults) else { continue };
                // A page put together with itself gave one collection 129 false switches of text.
                if documents.iter().any(|document| document.location == location) {
                    faults.add(&path, "stands twice in this `combine`", "keep one, or give each its own URL");
                    continue;
                }
                documents.push(own.or(&shared).document(location));
            }
            Some(documents)
        }
        (None, Some((path, _))) => {
            faults.add(
                &path,
                "is not a list with at least one page",
                "write [{ \"fetch\": … }, { \"fetch\": … }]",
            );
            None
        }
        (Some(_), Some((path, _))) => {
            faults.add(&path, "stands beside `fetch`", "keep one of the two");
            None
        }
        (None, None) => {
            faults.add(&fields.field("fetch"), "is missing", "add the page's URL, or `combine` for several");
            None
        }
    }
}

/// How a page is read, before we know which: what a `combine` shares with its items.
struct Reading {
    select: Option<Vec<Selection>>,
    remove: Option<Vec<Selection>>,
    filters: Option<Vec<Filter>>,
    scripts: Option<bool>,
}

impl Reading {
    fn of(fields: &mut Fields<'_>, faults: &mut Faults) -> Self {
        let scripts = fields.take("executeClientScripts").and_then(|(path, value)| {
            if value.as_bool().is_none() {
                faults.add(&path, "is neither true nor false", "write true, or leave the field out");
            }
            value.as_bool()
        });
        Self {
            select: fields.take("select").map(|(path, value)| selections(&path, value, faults)),
            remove: fields.take("remove").map(|(path, value)| selections(&path, value, faults)),
            filters: fields.take("filter").map(|(path, value)| filters(&path, value, faults)),
            scripts,
        }
    }

    fn or(self, shared: &Reading) -> Self {
        Self {
            select: self.select.or_else(|| shared.select.clone()),
            remove: self.remove.or_else(|| shared.remove.clone()),
            filters: self.filters.or_else(|| shared.filters.clone()),
            scripts: self.scripts.or(shared.scripts),
        }
    }

    fn document(self, location: Url) -> SourceDocument {
        SourceDocument {
            location,
            select: self.select.unwrap_or_default(),
            remove: self.remove.unwrap_or_default(),
            filters: self.filters.unwrap_or_default(),
            execute_client_scripts: self.scripts,
        }
    }
}

fn location(path: &str, value: &Value, faults: &mut Faults) -> Option<Url> {
    let remedy = "write a whole URL, https://…";
    match value.as_str().map(Url::parse) {
        Some(Ok(url)) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
        Some(Ok(url)) => {
            faults.add(path, format!("has the scheme `{}`", url.scheme()), remedy);
            None
        }
        Some(Err(error)) => {
            faults.add(path, format!("is not a URL ({error})"), remedy);
            None
        }
        None => {
            faults.add(path, "is not a text", remedy);
            None
        }
    }
}

fn selections(path: &str, value: &Value, faults: &mut Faults) -> Vec<Selection> {
    match value {
        Value::Array(values) => values
            .iter()
            .enumerate()
            .filter_map(|(index, value)| selection(&format!("{path}[{index}]"), value, faults))
            .collect(),
        value => selection(path, value, faults).into_iter().collect(),
    }
}

fn selection(path: &str, value: &Value, faults: &mut Faults) -> Option<Selection> {
    match value {
        Value::String(text) => selector(path, text, faults).map(Selection::Elements),
        Value::Object(object) => {
            let mut fields = Fields::new(path.to_owned(), object);
            let start = edge(&mut fields, "startBefore", "startAfter", faults);
            let end = edge(&mut fields, "endBefore", "endAfter", faults);
            fields.refuse_rest(faults);
            Some(Selection::Between(Range { start: start?, end: end? }))
        }
        _ => {
            faults.add(
                path,
                "is neither a selector nor a range",
                "write \"main\", or { \"startBefore\": …, \"endBefore\": … }",
            );
            None
        }
    }
}

fn edge(
    fields: &mut Fields<'_>,
    before: &'static str,
    after: &'static str,
    faults: &mut Faults,
) -> Option<Edge> {
    let path = fields.path.clone();
    match (fields.text(before, faults), fields.text(after, faults)) {
        (Some(text), None) => selector(&format!("{path}.{before}"), &text, faults).map(Edge::Before),
        (None, Some(text)) => selector(&format!("{path}.{after}"), &text, faults).map(Edge::After),
        (Some(_), Some(_)) => {
            faults.add(&path, format!("has both `{before}` and `{after}`"), "keep one of the two");
            None
        }
        (None, None) => {
            faults.add(&path, format!("has neither `{before}` nor `{after}`"), "add one of the two");
            None
        }
    }
}

fn selector(path: &str, text: &str, faults: &mut Faults) -> Option<Selector> {
    match Selector::parse(text) {
        Ok(selector) => Some(selector),
        Err(problem) => {
            faults.add(
                path,
                format!("is not a CSS selector we can read ({problem})"),
                "mend it, or select by a class or an id",
            );
            None
        }
    }
}

fn filters(path: &str, value: &Value, faults: &mut Faults) -> Vec<Filter> {
    let entries = match value {
        Value::Array(entries) => entries.as_slice(),
        value => std::slice::from_ref(value),
    };
    let mut filters = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let (name, parameters) = match entry {
            Value::String(name) => (name, None),
            Value::Object(object) if object.len() == 1 => {
                let Some((name, parameters)) = object.iter().next() else { continue };
                (name, Some(parameters))
            }
            _ => {
                faults.add(
                    &format!("{path}[{index}]"),
                    "is not a filter",
                    "write \"name\" or { \"name\": parameters }",
                );
                continue;
            }
        };
        filters.push(if name == "removeQueryParams" {
            let names = match parameters {
                Some(Value::String(name)) => vec![name.clone()],
                Some(Value::Array(names)) => {
                    names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
                }
                _ => Vec::new(),
            };
            Filter::RemoveQueryParams(names)
        } else {
            Filter::NotHonoured { name: name.clone(), parameters: parameters.cloned() }
        });
    }
    filters
}

/// A word out of a fixed list, or a fault that names the list and the closest word.
fn word<T>(
    fields: &mut Fields<'_>,
    name: &'static str,
    parse: impl Fn(&str) -> Option<T>,
    all: impl Iterator<Item = &'static str> + Clone,
    faults: &mut Faults,
) -> Option<T> {
    let (path, value) = fields.take(name)?;
    let text = value.as_str().unwrap_or_default();
    let parsed = parse(text);
    if parsed.is_none() {
        let remedy = match closest(text, all.clone()) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("one of {}", all.collect::<Vec<_>>().join(", ")),
        };
        faults.add(&path, format!("`{text}` is not a kind we know"), remedy);
    }
    parsed
}

fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// `90m`, `24h`, `7d`, `2w`: at least a minute, at most ten years.
fn interval(text: &str) -> Option<TimeDelta> {
    let text = text.trim();
    let unit = text.chars().last()?;
    let number: i64 = text[..text.len() - unit.len_utf8()].trim().parse().ok()?;
    let span = match unit {
        'm' => TimeDelta::try_minutes(number),
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        'w' => TimeDelta::try_weeks(number),
        _ => None,
    }?;
    (span >= TimeDelta::minutes(1) && span <= TimeDelta::days(3660)).then_some(span)
}

/// The known word at most two typing slips away, or equal but for case.
fn closest(word: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    known
        .map(|known| (slips(&word.to_lowercase(), &known.to_lowercase()), known))
        .filter(|(slips, known)| *slips <= 2 && *slips < known.len())
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, known)| known)
}

/// Letters to insert, drop or replace to turn one word into the other (Levenshtein distance).
fn slips(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
