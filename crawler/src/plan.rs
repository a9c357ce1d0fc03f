//! What is due to be fetched. Pure: declarations, what was seen, and now go in; a plan comes out.

use crate::settings::Settings;
use chrono::{DateTime, TimeDelta, Utc};
use policy::declaration::{Declarations, Policy};
use policy::id::PolicyId;
use std::fmt;
use url::Url;

/// What is known of a source document from earlier captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The last attempt, whatever came of it.
    pub tried: DateTime<Utc>,
    /// That attempt saw the document.
    pub saw_document: bool,
    /// When its bytes last came.
    pub full_fetch: Option<DateTime<Utc>>,
    pub validators: Option<Validators>,
}

/// What a server gave us to ask "has it changed since?" with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validators {
    /// The URL that gave them: no other is asked with them.
    pub url: String,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

/// One source document to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub policy: PolicyId,
    /// As declared.
    pub source: String,
    pub url: Url,
    /// The declaration says why robots.txt is not heeded for this policy.
    pub robots_override: Option<String>,
    /// Ask only for what changed.
    pub validators: Option<Validators>,
}

/// One source document that was looked at recently enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resting {
    pub policy: PolicyId,
    pub source: String,
    pub until: DateTime<Utc>,
}

/// What a crawl will do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub due: Vec<Due>,
    pub resting: Vec<Resting>,
}

/// Which source documents a plan takes in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Services by id or name, any case; empty: all.
    pub services: Vec<String>,
    /// Leave out what was looked at recently enough.
    pub due_only: bool,
}

/// Whether it is time to look again. Early by a twelfth of the interval: a daily run that starts
/// a minute sooner than yesterday's must not skip a day.
///
/// ```
/// use chrono::{DateTime, TimeDelta, Utc};
/// let last: DateTime<Utc> = "2026-05-08T06:00:10Z".parse().unwrap();
/// let day = TimeDelta::days(1);
/// assert!(crawler::plan::is_due(Some(last), day, "2026-05-09T06:00:00Z".parse().unwrap()));
/// assert!(!crawler::plan::is_due(Some(last), day, "2026-05-08T18:00:00Z".parse().unwrap()));
/// assert!(crawler::plan::is_due(None, day, last));
/// ```
pub fn is_due(last: Option<DateTime<Utc>>, every: TimeDelta, now: DateTime<Utc>) -> bool {
    last.is_none_or(|last| due_at(last, every).is_none_or(|at| now >= at) || now < last)
}

fn due_at(last: DateTime<Utc>, every: TimeDelta) -> Option<DateTime<Utc>> {
    last.checked_add_signed(every - every / 12)
}

/// Plans a crawl. `seen` tells what earlier captures know of a source document.
pub fn plan(
    declarations: &Declarations,
    choice: &Choice,
    settings: &Settings,
    now: DateTime<Utc>,
    mut seen: impl FnMut(&PolicyId, &str) -> Option<Seen>,
) -> Plan {
    let mut plan = Plan::default();
    for declaration in declarations.iter() {
        let chosen = choice.services.is_empty()
            || choice.services.iter().any(|name| {
                name.eq_ignore_ascii_case(&declaration.service)
                    || name.eq_ignore_ascii_case(&declaration.name)
            });
        for policy in declaration.policies.iter().filter(|_| chosen) {
            for document in &policy.documents {
                let source = document.location.to_string();
                let seen = seen(&policy.id, &source);
                match seen.as_ref().and_then(|seen| rests_until(policy, seen, settings, now)) {
                    Some(until) if choice.due_only => {
                        plan.resting.push(Resting { policy: policy.id.clone(), source, until });
                    }
                    _ => plan.due.push(Due {
                        policy: policy.id.clone(),
                        source,
                        url: document.location.clone(),
                        robots_override: policy.robots.as_ref().map(|robots| robots.reason.clone()),
                        validators: seen.and_then(|seen| usable(seen, settings, now)),
                    }),
                }
            }
        }
    }
    plan
}

/// When the document is due again, if that lies ahead.
fn rests_until(
    policy: &Policy,
    seen: &Seen,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let every = policy.every.unwrap_or(settings.every);
    // What failed may have passed by the next look: look four times as often, but not in every run.
    let every = if seen.saw_document { every } else { every / 4 };
    if is_due(Some(seen.tried), every, now) { None } else { due_at(seen.tried, every) }
}

/// Validators, unless it is time to see the whole page again.
fn usable(seen: Seen, settings: &Settings, now: DateTime<Utc>) -> Option<Validators> {
    let recent = seen.full_fetch.is_some_and(|at| !is_due(Some(at), settings.full_fetch_every, now));
    seen.validators.filter(|known| recent && (known.etag.is_some() || known.last_modified.is_some()))
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for due in &self.due {
            let how = if due.validators.is_some() { "if changed" } else { "whole" };
            writeln!(f, "fetch {} {} ({how})", due.policy, due.url)?;
        }
        for resting in &self.resting {
            writeln!(
                f,
                "rest  {} {} until {}",
                resting.policy,
                resting.source,
                resting.until.format("%F %H:%M")
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn declarations() -> Declarations {
        let file = |name: &str| {
            let json = format!(
                r#"{{"name":"{name}","terms":{{"Privacy Policy":{{"fetch":"https://{}.example/privacy","select":"main"}}}}}}"#,
                name.to_lowercase()
            );
            (format!("{name}.json"), json)
        };
        let (declarations, errors) = Declarations::parse([file("Courier"), file("Parley")]);
        assert!(errors.is_empty(), "{errors:?}");
        declarations
    }

    fn seen(tried: &str, full: &str) -> Seen {
        Seen {
            tried: at(tried),
            saw_document: true,
            full_fetch: Some(at(full)),
            validators: Some(Validators {
                url: "https://courier.example/privacy".to_owned(),
                etag: Some("\"1\"".to_owned()),
                last_modified: None,
            }),
        }
    }

    fn check(choice: Choice, now: &str, courier: Option<Seen>, expected: &str) {
        let plan = plan(&declarations(), &choice, &Settings::default(), at(now), |policy, _| {
            courier.clone().filter(|_| policy.service == "Courier")
        });
        assert_eq!(plan.to_string(), expected);
    }

    const COURIER: &str = "Courier / Privacy Policy https://courier.example/privacy";
    const PARLEY: &str = "Parley / Privacy Policy https://parley.example/privacy";

    #[test]
    fn what_was_never_seen_is_fetched_whole() {
        let all = format!("fetch {COURIER} (whole)\nfetch {PARLEY} (whole)\n");
        check(Choice::default(), "2026-05-08T12:00:00Z", None, &all);
    }

    #[test]
    fn services_are_chosen_by_name() {
        let choice = Choice { services: vec!["parley".to_owned()], due_only: false };
        check(choice, "2026-05-08T12:00:00Z", None, &format!("fetch {PARLEY} (whole)\n"));
    }

    #[test]
    fn what_was_seen_rests_and_is_then_asked_for_changes() {
        let due_only = Choice { services: vec!["Courier".to_owned()], due_only: true };
        let last = Some(seen("2026-05-08T12:00:00Z", "2026-05-08T12:00:00Z"));
        let rest = format!("rest  {COURIER} until 2026-05-09 10:00\n");
        check(due_only.clone(), "2026-05-08T13:00:00Z", last.clone(), &rest);
        check(
            due_only.clone(),
            "2026-05-09T11:59:00Z",
            last.clone(),
            &format!("fetch {COURIER} (if changed)\n"),
        );
        check(
            Choice { due_only: false, ..due_only },
            "2026-05-08T13:00:00Z",
            last,
            &format!("fetch {COURIER} (if changed)\n"),
        );
    }

    #[test]
    fn once_a_week_the_whole_page_is_fetched() {
        let choice = Choice { services: vec!["Courier".to_owned()], due_only: true };
        let last = Some(seen("2026-05-08T12:00:00Z", "2026-05-02T00:00:00Z"));
        check(choice, "2026-05-09T12:00:00Z", last, &format!("fetch {COURIER} (whole)\n"));
    }

    #[test]
    fn what_failed_is_tried_again_sooner() {
        let choice = Choice { services: vec!["Courier".to_owned()], due_only: true };
        let failed = Seen { saw_document: false, ..seen("2026-05-08T12:00:00Z", "2026-05-08T00:00:00Z") };
        let rest = format!("rest  {COURIER} until 2026-05-08 17:30\n");
        check(choice.clone(), "2026-05-08T13:00:00Z", Some(failed.clone()), &rest);
        check(choice, "2026-05-08T18:00:00Z", Some(failed), &format!("fetch {COURIER} (if changed)\n"));
    }

    #[test]
    fn a_clock_set_back_makes_everything_due() {
        assert!(is_due(Some(at("2026-05-08T12:00:00Z")), TimeDelta::days(1), at("2020-01-01T00:00:00Z")));
        assert!(is_due(Some(at("2024-02-29T12:00:00Z")), TimeDelta::days(366), at("2025-03-01T12:00:00Z")));
    }
}
