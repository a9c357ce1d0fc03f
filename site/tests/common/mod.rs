//! Invented policies to search in: two services' small histories, and as many statements as asked for.
#![allow(dead_code, reason = "each test file uses its part")]

use chrono::{DateTime, NaiveDate, Utc};
use policy::event::Event;
use policy::finding::{EvidenceClass, Finding, Judgement, Kind, Status, Topic};
use policy::history::{History, Interval, Statement};
use policy::id::{Digest, FindingId, PolicyId, PromiseId, StatementId, VersionId};
use policy::statement::Role;
use site::search::index::{Updated, update};
use site::search::query::{day_date, day_number};
use std::collections::BTreeMap;
use std::path::Path;

pub fn at(day: &str) -> DateTime<Utc> {
    day.parse::<NaiveDate>().unwrap().and_hms_opt(12, 0, 0).unwrap().and_utc()
}

/// `spans`: `2020-01-01..2021-01-01 2022-01-01..`, each from the first sighting to the first without it.
pub fn statement(text: &str, topic: Option<Topic>, spans: &str) -> Statement {
    let lifespan: Vec<Interval> = spans
        .split(' ')
        .map(|span| {
            let (from, until) = span.split_once("..").unwrap();
            let gone_by = (!until.is_empty()).then(|| at(until));
            let last_seen = gone_by.map_or(at("2026-06-01"), |day| day - chrono::Days::new(1));
            Interval { first_seen: at(from), last_seen, gone_by }
        })
        .collect();
    Statement {
        id: StatementId(Digest::of(text).short(12)),
        text: text.to_owned(),
        role: Role::Sentence,
        section: Vec::new(),
        lead_in: None,
        current: lifespan.last().is_some_and(|span| span.gone_by.is_none()),
        lifespan,
        topic,
        says: Vec::new(),
        aside: false,
    }
}

pub fn finding(policy: &PolicyId, kind: Kind, topic: Topic, texts: [&str; 3], day: &str) -> Finding {
    let [reason, before, after] = texts;
    Finding {
        id: FindingId::of(&[&policy.slug(), reason]),
        promise: PromiseId("p".into()),
        policy: policy.clone(),
        from: VersionId("20200101T000000Z".into()),
        to: VersionId("20210101T000000Z".into()),
        last_seen_before: at(day),
        first_seen_after: at(day),
        before_statement: None,
        after_statement: None,
        status: Status::Confirmed,
        status_note: String::new(),
        retracted_at: None,
        class: EvidenceClass::C,
        judgement: Judgement {
            kind,
            topic,
            before: before.into(),
            after: after.into(),
            lead_in_before: None,
            lead_in_after: None,
            nearest: Vec::new(),
            severity: 3,
            confidence: 0.9,
            weight: 3.0,
            rule: "test".into(),
            reason: reason.into(),
            steps: Vec::new(),
            effective: None,
            silent: false,
            state_before: None,
            state_after: None,
            scope: vec!["chats".into()],
            promise_key: "k".into(),
        },
    }
}

pub fn history(policy: PolicyId, statements: Vec<Statement>, findings: Vec<Finding>) -> History {
    History { policy, versions: Vec::new(), statements, changes: Vec::new(), findings, follows: None }
}

/// Two services with a reversal and an event.
pub fn small() -> (Vec<History>, Vec<Event>) {
    let courier = PolicyId::new("Courier", "Privacy Policy");
    let chat = PolicyId::new("Example Chat", "Terms of Service");
    let histories = vec![
        history(
            courier.clone(),
            vec![
                statement(
                    "We never sell your personal data.",
                    Some(Topic::DataSale),
                    "2018-05-25..2024-03-01",
                ),
                statement("Messages are end-to-end encrypted.", Some(Topic::Encryption), "2016-01-10.."),
                statement("You can contact us by post.", None, "2016-01-10..2017-01-01 2019-01-01.."),
                statement("Selling access to partners may be necessary.", None, "2024-03-01.."),
                statement("<script>alert(1)</script> & “quotes” 隐私政策", None, "2020-02-02.."),
            ],
            vec![finding(
                &courier,
                Kind::Reversal,
                Topic::DataSale,
                ["The promise never to sell is gone.", "We never sell your personal data.", ""],
                "2024-03-01",
            )],
        ),
        history(
            chat,
            vec![
                statement("Group chats are encrypted by default.", Some(Topic::Encryption), "2020-06-01.."),
                statement("You may not sell your account.", None, "2015-06-01.."),
            ],
            Vec::new(),
        ),
    ];
    let event = Event::parse(
        "2023-12-06-courier-default.toml",
        r#"
        title = "Courier turns encryption on for everyone"
        date = "2023-12-06"
        kind = "default"
        services = ["Courier"]
        topics = ["encryption"]
        confidence = "high"
        summary = "Personal chats are encrypted without anybody having to ask."
        [[source]]
        id = "blog"
        publisher = "Courier"
        title = "Private by default"
        url = "https://courier.example/blog"
        "#,
    )
    .unwrap();
    (histories, vec![event])
}

/// Brings an index of these up to date; a history's stamp is its own JSON.
pub fn index(path: &Path, histories: &[History], events: &[Event]) -> Updated {
    let stamps: BTreeMap<PolicyId, String> = histories
        .iter()
        .map(|history| (history.policy.clone(), Digest::of(serde_json::to_vec(history).unwrap()).short(16)))
        .collect();
    update(
        path,
        &stamps,
        &mut |id| Ok(histories.iter().find(|history| history.policy == *id).cloned()),
        events,
    )
    .unwrap()
}

/// A small generator of even dice (xorshift), so that every run sees the same texts.
pub struct Dice(u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % sides
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.roll(list.len())]
    }

    fn day(&mut self, from: u32) -> u32 {
        from + self.roll(1_500) as u32
    }
}

/// Invented policies with about `statements` statements in all.
pub fn many(statements: usize) -> Vec<History> {
    const WHO: [&str; 8] =
        ["We", "Our partners", "The service", "Advertisers", "You", "Courts", "Our affiliates", "Operators"];
    const MAY: [&str; 9] =
        ["may", "never", "will", "do not", "can", "must not", "always", "will no longer", "could"];
    const DO: [&str; 14] = [
        "sell", "share", "encrypt", "store", "delete", "disclose", "read", "scan", "combine", "retain",
        "use", "transfer", "collect", "sold",
    ];
    const WHAT: [&str; 16] = [
        "your personal data",
        "message content",
        "end-to-end encrypted chats",
        "biometric identifiers",
        "location history",
        "the user’s contacts",
        "payment details",
        "backups in the cloud",
        "Données personnelles",
        "IP addresses",
        "children's data",
        "voice recordings",
        "群聊 messages",
        "cookies",
        "metadata (who, when, where)",
        "e-mail addresses",
    ];
    const WHY: [&str; 12] = [
        "to train models",
        "for advertising purposes",
        "when the law requires it",
        "without your consent",
        "unless you opt out",
        "for as long as necessary",
        "with third parties",
        "to law-enforcement agencies",
        "by default",
        "in select countries",
        "after 30 days",
        "to improve security",
    ];
    let mut dice = Dice(0x5eed_cafe);
    let mut histories: Vec<History> = Vec::new();
    let mut written = 0;
    while written < statements {
        let number = histories.len();
        let service = format!("{} {number}", dice.pick(&["Chatter", "Courier", "Example Mail", "Pigeon"]));
        let policy =
            PolicyId::new(&service, dice.pick(&["Privacy Policy", "Terms of Service", "Help: Safety"]));
        let mut list = Vec::new();
        let begun = day_number(at("2012-01-01").date_naive()) + dice.roll(800) as u32;
        let versions: Vec<u32> =
            (0..5).scan(begun, |day, _| Some(std::mem::replace(day, dice.day(*day)))).collect();
        for i in 0..60 + dice.roll(200) {
            let (who, may) = (dice.pick(&WHO), dice.pick(&MAY));
            let text = format!(
                "{who} {may} {} {} {}, {number}.{i}.",
                dice.pick(&DO),
                dice.pick(&WHAT),
                dice.pick(&WHY)
            );
            let topic = (dice.roll(5) == 0).then(|| Topic::ALL[dice.roll(15)]);
            let first = dice.roll(5);
            let mut spans = format!("{}..", day_date(versions[first]));
            if dice.roll(3) == 0 {
                let gone = versions[first] + 1 + dice.roll(900) as u32;
                spans.push_str(&day_date(gone).to_string());
                if dice.roll(4) == 0 {
                    spans.push_str(&format!(" {}..", day_date(gone + 1 + dice.roll(300) as u32)));
                }
            }
            list.push(statement(&text, topic, &spans));
        }
        let findings = (0..dice.roll(4))
            .map(|i| {
                let reason = format!("Case {number}.{i}: a promise about {} is gone.", dice.pick(&WHAT));
                let before = format!("We never {} {}.", dice.pick(&DO), dice.pick(&WHAT));
                let kind = Kind::ALL[dice.roll(3)];
                let day = day_date(dice.day(begun)).to_string();
                finding(&policy, kind, Topic::ALL[dice.roll(15)], [&reason, &before, ""], &day)
            })
            .collect();
        written += list.len();
        histories.push(history(policy, list, findings));
    }
    histories
}
