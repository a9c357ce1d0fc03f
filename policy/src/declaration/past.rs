//! `X.history.json`: how policies were read on earlier days.

use super::error::Faults;
use super::json::{self, Fields};
use super::{DeclarationError, PastPolicy};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Parses a history file: an object of policy names, each with a list of readings and their `validUntil`.
/// The lists are not sorted in the wild, and instants carry offsets.
pub(super) fn parse(file_name: &str, text: &str) -> Result<Vec<(String, Vec<PastPolicy>)>, DeclarationError> {
    let mut faults = Faults::default();
    let value = history(text, &mut faults);
    faults.finish(file_name, value)
}

fn history(text: &str, faults: &mut Faults) -> Option<Vec<(String, Vec<PastPolicy>)>> {
    let root = json::object(text, faults)?;
    let mut policies = Vec::new();
    for (name, entries) in &root {
        let Value::Array(entries) = entries else {
            faults.add(name, "is not a list", "write a list of readings, each with `validUntil`");
            continue;
        };
        let mut readings = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("{name}[{index}]");
            let Value::Object(entry) = entry else {
                faults.add(
                    &path,
                    "is not an object",
                    "write { \"fetch\": …, \"select\": …, \"validUntil\": … }",
                );
                continue;
            };
            let mut fields = Fields::new(path, entry);
            let valid_until = fields.take("validUntil").map(|(path, value)| (path, instant(value)));
            let documents = json::documents(&mut fields, faults);
            fields.refuse_rest(faults);
            match valid_until {
                Some((_, Some(valid_until))) => {
                    if let Some(documents) = documents {
                        readings.push(PastPolicy { valid_until, documents });
                    }
                }
                Some((path, None)) => {
                    faults.add(&path, "is not an instant", "write it as 2024-03-18T18:30:09Z");
                }
                None => faults.add(
                    &format!("{name}[{index}].validUntil"),
                    "is missing",
                    "add the instant of the last capture read this way",
                ),
            }
        }
        policies.push((name.clone(), readings));
    }
    Some(policies)
}

fn instant(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|at| at.to_utc())
}
