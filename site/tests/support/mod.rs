//! A small archive in our own words: histories, declarations and events, hostile texts among them.
#![allow(dead_code, reason = "each test uses its part")]

use chrono::{DateTime, Duration, NaiveDate, Utc};
use policy::event::Event;
use policy::finding::{EvidenceClass, Finding, Judgement, Kind, Status, Topic};
use policy::history::{Cause, Change, History, Interval, Reading, Statement, Version};
use policy::id::{Digest, FindingId, PolicyId, PromiseId, StatementId, VersionId};
use policy::statement::Role;
use site::input::{Archived, BuildInput, Declared, Measured, MeasuredRow, Service, Watch, WatchedSource};
use std::collections::BTreeMap;

/// What someone might write into a policy to get out of it.
pub const HOSTILE: [&str; 9] = [
    "</p></main></script><script>document.title='owned'</script><img src=x onerror=alert(1)>",
    "{{ frame.root }}{% raw %}{% include 'layout.html' %}{# gone #} ${7*7} <%= 1 %>",
    "\u{202e}txet desrever\u{202c} and \u{2066}isolated\u{2069} and \u{200f}marked",
    "bell \u{7} escape \u{1b}[31m null \u{0} delete \u{7f} next line \u{85} not a character \u{ffff}",
    "نحن لا نبيع بياناتك أبدا ولا نقرأ رسائلك",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301} ﷽",
    "]]> &amp; &lt;b&gt; <!-- --> \" ' ` \\ \\n END:VCALENDAR BEGIN:VEVENT",
    "=HYPERLINK(\"https://attacker.example\",\"look\")",
    "javascript:alert(1) data:text/html,<script>alert(1)</script>",
];

/// A policy told as its successive texts.
pub struct Told {
    pub id: PolicyId,
    pub texts: Vec<(&'static str, Vec<String>)>,
    pub findings: Vec<Finding>,
}

pub fn day(text: &str) -> DateTime<Utc> {
    format!("{text}T09:30:00Z").parse().expect("a date")
}

/// A judgement with everything that need not be said.
pub fn judgement(kind: Kind, topic: Topic, before: &str, after: &str) -> Judgement {
    Judgement {
        kind,
        topic,
        before: before.into(),
        after: after.into(),
        lead_in_before: None,
        lead_in_after: None,
        nearest: Vec::new(),
        severity: 2,
        confidence: 0.9,
        weight: 2.0,
        rule: format!("{topic}.ladder"),
        reason: "The sentence that bound the service is weaker than it was.".into(),
        steps: vec!["compared".into()],
        effective: None,
        silent: false,
        state_before: None,
        state_after: None,
        scope: vec![],
        promise_key: format!("{topic}/{before}"),
    }
}

pub fn finding(id: &PolicyId, from: &str, to: &str, judgement: Judgement) -> Finding {
    let statement = |text: &str| (!text.is_empty()).then(|| statement_id(text));
    Finding {
        id: FindingId::of(&[&id.service, &id.name, &judgement.promise_key, judgement.kind.key(), to]),
        promise: PromiseId(Digest::of(&judgement.promise_key).short(12)),
        policy: id.clone(),
        from: VersionId::new(day(from), 1),
        to: VersionId::new(day(to), 1),
        last_seen_before: day(to) - Duration::days(3),
        first_seen_after: day(to),
        before_statement: statement(&judgement.before),
        after_statement: statement(&judgement.after),
        status: Status::Confirmed,
        status_note: String::new(),
        retracted_at: None,
        class: EvidenceClass::A,
        judgement,
    }
}

pub fn statement_id(text: &str) -> StatementId {
    StatementId(Digest::of(text).short(12))
}

impl Told {
    /// The history that follows: statements interned, lifespans counted, changes listed.
    pub fn history(&self) -> History {
        let mut statements: Vec<Statement> = Vec::new();
        let mut number: BTreeMap<String, u32> = BTreeMap::new();
        let mut versions: Vec<Version> = Vec::new();
        let mut changes = Vec::new();
        for (i, (at, texts)) in self.texts.iter().enumerate() {
            let first = day(at);
            let next = self.texts.get(i + 1).map(|(next, _)| day(next));
            let seen_until = next.map_or(first + Duration::days(20), |next| next - Duration::days(3));
            let mut sequence = Vec::new();
            for text in texts {
                let (role, words) = match text.strip_prefix("# ") {
                    Some(heading) => (Role::Heading, heading),
                    None => match text.strip_prefix("- ") {
                        Some(item) => (Role::Item, item),
                        None => (Role::Sentence, text.as_str()),
                    },
                };
                let index = *number.entry(words.to_owned()).or_insert_with(|| {
                    statements.push(Statement {
                        id: statement_id(words),
                        text: words.to_owned(),
                        role,
                        aside: false,
                        section: vec!["What we promise".into()],
                        lead_in: (role == Role::Item).then(|| "We do not:".into()),
                        lifespan: vec![],
                        current: false,
                        topic: words.contains("encrypt").then_some(Topic::Encryption),
                        says: Vec::new(),
                    });
                    u32::try_from(statements.len() - 1).expect("few")
                });
                sequence.push(index);
            }
            for &index in &sequence {
                let lifespan = &mut statements[index as usize].lifespan;
                match lifespan.last_mut() {
                    Some(last) if last.gone_by.is_none() => last.last_seen = seen_until,
                    _ => lifespan.push(Interval { first_seen: first, last_seen: seen_until, gone_by: None }),
                }
            }
            for (index, statement) in statements.iter_mut().enumerate() {
                statement.current = sequence.contains(&u32::try_from(index).expect("few"));
                if !statement.current
                    && let Some(last) = statement.lifespan.last_mut()
                {
                    last.gone_by.get_or_insert(first);
                }
            }
            let before: Vec<u32> =
                versions.last().map(|v: &Version| v.statements.clone()).unwrap_or_default();
            let id = VersionId::new(first, 1);
            if let Some(last) = versions.last() {
                changes.push(Change {
                    from: last.id.clone(),
                    to: id.clone(),
                    removed: before.iter().copied().filter(|n| !sequence.contains(n)).collect(),
                    added: sequence.iter().copied().filter(|n| !before.contains(n)).collect(),
                    reworded: vec![],
                    moved: 0,
                    touches_promises: true,
                });
            }
            versions.push(Version {
                id,
                at: first,
                seen_until,
                cause: if i == 0 { Cause::First } else { Cause::Change },
                reading: Reading::Real,
                note: "The publisher’s text changed.".into(),
                recorder: String::new(),
                class: EvidenceClass::A,
                digest: Digest::of(texts.join("\n")),
                bytes: texts.iter().map(|text| text.len() as u64).sum(),
                origins: vec![
                    "https://example.org/privacy".into(),
                    format!("warc:000{i}.warc.gz@{}", i * 4096),
                    "javascript:alert(1)".into(),
                ],
                statements: sequence,
            });
            // The other edition, which comes and goes.
            if i % 2 == 1 {
                let flip = versions.last().expect("just pushed").clone();
                versions.push(Version {
                    id: VersionId::new(first + Duration::days(1), 1),
                    at: first + Duration::days(1),
                    seen_until: first + Duration::days(1),
                    reading: Reading::Variant { lane: 1 },
                    note: "A text this policy keeps flipping back to.".into(),
                    ..flip
                });
            }
        }
        History {
            policy: self.id.clone(),
            versions,
            statements,
            changes,
            findings: self.findings.clone(),
            follows: None,
        }
    }
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

/// Courier's privacy policy: encryption by default, then by choice, then at an end.
fn courier() -> Told {
    let id = PolicyId::new("Courier", "Privacy Policy");
    let common = [
        "# What we promise",
        "Courier is made for people who want to talk without being overheard.",
        "We keep your account data for as long as you have an account.",
        "You may ask us at any time to delete your account.",
        "# Contact",
        "Write to us at the address below.",
    ];
    let with = |extra: &[&str]| -> Vec<String> {
        let mut all = texts(&common[..3]);
        all.extend(extra.iter().map(|text| (*text).to_owned()));
        all.extend(texts(&common[3..]));
        all
    };
    let sale = ("We never sell your data to anyone.", "We may share data with partners for advertising.");
    let default = "All chats and calls are end-to-end encrypted by default.";
    let opt_in = "Chats are end-to-end encrypted if you switch it on in the settings.";
    let ended = "From 8 May 2026 chats are no longer end-to-end encrypted.";
    let mut first = finding(
        &id,
        "2021-02-01",
        "2023-06-10",
        judgement(Kind::Reversal, Topic::Encryption, default, opt_in),
    );
    first.judgement.state_before = Some("default".into());
    first.judgement.state_after = Some("opt_in".into());
    first.judgement.scope = vec!["chats".into()];
    first.judgement.severity = 3;
    first.judgement.weight = 5.0;
    let mut second =
        finding(&id, "2023-06-10", "2026-03-02", judgement(Kind::Reversal, Topic::Encryption, opt_in, ended));
    second.promise = first.promise.clone();
    second.judgement.effective = NaiveDate::from_ymd_opt(2026, 5, 8);
    second.judgement.severity = 3;
    second.judgement.weight = 6.0;
    second.judgement.silent = true;
    let mut third =
        finding(&id, "2023-06-10", "2026-03-02", judgement(Kind::Reversal, Topic::DataSale, sale.0, sale.1));
    third.status = Status::Provisional;
    third.judgement.confidence = 0.5;
    let fourth = finding(
        &id,
        "2019-05-01",
        "2021-02-01",
        judgement(Kind::Strengthening, Topic::Encryption, "", default),
    );
    let mut fifth = finding(
        &id,
        "2021-02-01",
        "2023-06-10",
        judgement(Kind::Reversal, Topic::Retention, "We delete logs after 30 days.", ""),
    );
    fifth.status = Status::Retracted;
    fifth.status_note = "the sentence came back on 12 June 2023".into();
    fifth.retracted_at = Some("2023-06-12T00:00:00Z".parse().unwrap());
    // The last text moves one sentence up and says more in another.
    let mut last = with(&[sale.1, ended]);
    let delete = last.iter().position(|text| text.starts_with("You may ask us")).expect("in every text");
    let delete = last.remove(delete);
    last.insert(1, delete);
    for text in &mut last {
        *text = text.replace("as you have an account.", "as you have an account, and for two years after.");
    }
    Told {
        texts: vec![
            ("2019-05-01", with(&["- We delete logs after 30 days.", sale.0])),
            ("2021-02-01", with(&["- We delete logs after 30 days.", sale.0, default])),
            ("2023-06-10", with(&[sale.0, opt_in])),
            ("2026-03-02", last),
        ],
        findings: vec![first, second, third, fourth, fifth],
        id,
    }
}

/// A policy whose every text is out to do harm, with one line of two megabytes.
fn hostile() -> Told {
    let id = PolicyId::new("Hostile <Service> & “Sons”", "Terms </title><script>");
    let mut first = texts(&HOSTILE[..5]);
    let mut second = texts(&HOSTILE[4..]);
    first.push("long ".repeat(400_000));
    second.push("x".repeat(2_000_000));
    let mut findings = Vec::new();
    for (i, pair) in HOSTILE.windows(2).enumerate() {
        let mut judgement = judgement(Kind::ALL[i % 3], Topic::ALL[i], pair[0], pair[1]);
        judgement.reason = HOSTILE[(i + 3) % HOSTILE.len()].into();
        judgement.rule = HOSTILE[0].into();
        judgement.effective = NaiveDate::from_ymd_opt(2026, 6, 1);
        let mut finding = finding(&id, "2025-01-10", "2025-08-20", judgement);
        finding.status_note = HOSTILE[(i + 1) % HOSTILE.len()].into();
        findings.push(finding);
    }
    let long = ("long ".repeat(400_000), "x".repeat(2_000_000));
    findings.push(finding(
        &id,
        "2025-01-10",
        "2025-08-20",
        judgement(Kind::Reversal, Topic::Security, &long.0, &long.1),
    ));
    Told { id, texts: vec![("2025-01-10", first), ("2025-08-20", second)], findings }
}

/// A plain policy with nothing found in it.
fn plain(service: &str) -> Told {
    Told {
        id: PolicyId::new(service, "Help: encryption"),
        texts: vec![(
            "2024-01-05",
            texts(&["# Encryption", "Messages are encrypted on the way to us.", "We can read them."]),
        )],
        findings: vec![],
    }
}

pub fn told() -> Vec<Told> {
    vec![courier(), hostile(), plain("Example Chat"), plain("微信")]
}

const EVENTS: [(&str, &str); 4] = [
    (
        "2021-02-01-courier-default.toml",
        r#"
        title = "Courier encrypts chats and calls by default"
        date = "2021-02-01"
        kind = "default"
        step = "strengthening"
        services = ["Courier"]
        topics = ["encryption"]
        confidence = "high"
        summary = "Courier says that chats and calls are readable by nobody but the people in them."
        [[source]]
        id = "blog"
        publisher = "Courier"
        title = "Your chats are yours"
        url = "https://courier.example/blog/default"
        primary = true
        verified = true
        [[effect]]
        service = "Courier"
        scope = "chats"
        after = "default"
        [[effect]]
        service = "Courier"
        scope = "calls"
        after = "default"
    "#,
    ),
    (
        "2023-06-courier-opt-in.toml",
        r#"
        title = "Courier makes encryption a choice"
        date = "2023-06"
        kind = "withdrawal"
        step = "reversal"
        services = ["Courier"]
        topics = ["encryption", "user_control"]
        confidence = "medium"
        summary = "New chats start unencrypted; people may switch encryption on."
        related = ["2021-02-01-courier-default"]
        [[source]]
        id = "help"
        publisher = "Courier"
        title = "How to switch encryption on"
        url = "https://courier.example/help"
        primary = true
        [[source]]
        id = "daily"
        publisher = "Example Daily"
        title = "Courier quietly changes course"
        url = "https://daily.example/courier"
        date = "2023-07-02"
        [[effect]]
        service = "Courier"
        scope = "chats"
        before = "default"
        after = "opt_in"
        [[claim]]
        about = "date"
        says = "the change came in June"
        sources = ["help"]
        followed = true
        why = "The help page carries the date."
        [[claim]]
        about = "date"
        says = "the change came in July"
        date = "2023-07-01"
        sources = ["daily"]
        followed = false
        why = "The paper counts from its own report."
        [[claim]]
        about = "reason"
        says = "few people used it"
        sources = ["daily"]
        followed = true
        why = "Only this source gives a reason."
    "#,
    ),
    (
        "2026-03-02-courier-ends.toml",
        r#"
        title = "Courier announces the end of encrypted chats"
        date = "2026-03-02"
        effective = "2026-05-08"
        kind = "withdrawal"
        step = "reversal"
        services = ["Courier"]
        topics = ["encryption"]
        confidence = "high"
        summary = "Encrypted chats end; people are told to download what they want to keep."
        related = ["2023-06-courier-opt-in"]
        [[source]]
        id = "help"
        publisher = "Courier"
        title = "Encrypted chats are going away"
        url = "https://courier.example/help/end"
        primary = true
        [[effect]]
        service = "Courier"
        scope = "chats"
        before = "opt_in"
        after = "ended_on:2026-05-08"
    "#,
    ),
    (
        "2026-06-01-hostile-event.toml",
        r#"
        title = "</h1><script>alert(1)</script> {{ frame }} \u202egnihton"
        date = "2026-06-01"
        kind = "statement"
        services = ["Example Chat", "<img src=x onerror=alert(1)>"]
        actors = ["<b>Somebody</b>"]
        topics = ["security"]
        confidence = "low"
        summary = "]]></content><script>alert(1)</script> \u0007 END:VEVENT"
        [[source]]
        id = "a"
        publisher = "<i>Publisher</i>"
        title = "</a><script>alert(1)</script>"
        url = "javascript:alert(1)"
    "#,
    ),
];

pub fn events() -> Vec<Event> {
    EVENTS.iter().map(|(name, toml)| Event::parse(name, toml).expect("our own event parses")).collect()
}

pub fn input() -> BuildInput {
    let service = |name: &str, operator: Option<&str>| Service {
        name: name.into(),
        operator: operator.map(Into::into),
    };
    let declared = |kind: &str, url: &str| Declared { kind: kind.into(), sources: vec![url.into()] };
    BuildInput {
        base_url: Some("https://walkback.example/archive/".parse().expect("a link")),
        services: [
            ("Courier".to_owned(), service("Courier", Some("Post & Sons"))),
            ("Example Chat".to_owned(), service("Example Chat", None)),
        ]
        .into(),
        policies: [
            (
                PolicyId::new("Courier", "Privacy Policy"),
                declared("privacy policy", "https://courier.example/privacy"),
            ),
            (
                PolicyId::new("Courier", "White paper"),
                declared("white paper", "https://courier.example/paper"),
            ),
            (
                PolicyId::new("Example Chat", "Help: encryption"),
                declared("help page", "https://chat.example/help"),
            ),
        ]
        .into(),
        events: events(),
        measured: Some(Measured {
            on: "a made-up set".into(),
            changes: 100,
            rows: vec![MeasuredRow { what: "Reversals".into(), precision: 0.8, recall: 0.6 }],
        }),
        contact: Some("contest@walkback.example".into()),
    }
}

pub fn archived(histories: &[History]) -> Vec<Archived> {
    let watch = |id: &PolicyId| match id.service.as_str() {
        "Courier" => vec![("fetched", ""), ("unchanged", "")],
        "Example Chat" => vec![("blocked", "a bot wall <b>stood</b> before it")],
        _ => vec![],
    };
    histories
        .iter()
        .map(|history| Archived {
            id: history.policy.clone(),
            digest: Digest::of(serde_json::to_vec(history).expect("maps with text keys")),
            watch: Watch {
                sources: watch(&history.policy)
                    .into_iter()
                    .map(|(outcome, why)| WatchedSource {
                        url: "https://courier.example/privacy".into(),
                        last_looked: day("2026-06-20"),
                        outcome: outcome.into(),
                        why: why.into(),
                        last_seen: Some(day("2026-06-18")),
                    })
                    .collect(),
            },
        })
        .collect()
}

/// Builds the fixture's site.
pub fn build(out: &std::path::Path, histories: &[History], input: &BuildInput) -> site::BuildReport {
    let load = |id: &PolicyId| Ok(histories.iter().find(|history| history.policy == *id).cloned());
    site::build_from(&archived(histories), &load, input, out).expect("the fixture builds")
}

pub fn histories() -> Vec<History> {
    told().iter().map(Told::history).collect()
}
