use super::*;

const PLAIN: &str = r#"
title = "Courier tests encrypted chats"
date = "2024-02"
kind = "test"
services = ["Courier"]
topics = ["encryption"]
confidence = "high"
summary = "Some people may try it."
[[source]]
id = "blog"
publisher = "Courier"
title = "A test"
url = "https://courier.example/test"
"#;

fn parse(extra: &str) -> Event {
    Event::parse("2024-02-courier-test.toml", &format!("{PLAIN}{extra}")).unwrap()
}

/// The faults of one event must be exactly these: field and a word of the problem.
fn check(extra: &str, expected: &[(&str, &str)]) {
    let faults = lint(&[parse(extra)]);
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    for (fault, (field, problem)) in faults.iter().zip(expected) {
        assert!(fault.field.contains(field) && fault.problem.contains(problem), "{fault}");
        assert!(!fault.remedy.is_empty() && fault.to_string().contains("2024-02-courier-test.toml"));
    }
}

#[test]
fn a_plain_event_is_clean() {
    check("", &[]);
}

#[test]
fn an_unknown_field_names_file_and_field() {
    let error = Event::parse("2024-02-courier-test.toml", &format!("colour = \"red\"\n{PLAIN}")).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("2024-02-courier-test.toml") && text.contains("colour"), "{text}");
}

#[test]
fn a_wrong_date_topic_state_or_kind_names_the_remedy() {
    for (from, to, remedy) in [
        ("2024-02", "Feb 2024", "YYYY-MM"),
        ("\"encryption\"", "\"crypto\"", "data_sale"),
        ("\"test\"", "\"trial\"", "white_paper"),
        ("\"high\"", "\"sure\"", "medium"),
    ] {
        let text = PLAIN.replacen(from, to, 1);
        let error = Event::parse("2024-02-courier-test.toml", &text).unwrap_err().to_string();
        assert!(error.contains(remedy), "{error}");
    }
}

#[test]
fn a_file_is_named_for_its_date() {
    for name in
        ["2024-03-courier-test.toml", "courier.toml", "2024-02-.toml", "2024-02-Courier.toml", "2024-02-x"]
    {
        assert!(matches!(Event::parse(name, PLAIN), Err(EventError::Name { .. })), "{name}");
    }
    // A day in the name of an event known only by its month would be a date nobody can prove.
    assert!(Event::parse("2024-02-10-courier.toml", PLAIN).is_err());
    assert_eq!(Event::parse("data/events/2024-02-ok.toml", PLAIN).unwrap().id, "2024-02-ok");
}

#[test]
fn a_source_needs_an_address_or_a_reason() {
    check("[[source]]\nid = \"b\"\npublisher = \"P\"\ntitle = \"T\"\n", &[("source `b`, url", "none")]);
    check("[[source]]\nid = \"b\"\npublisher = \"P\"\ntitle = \"T\"\nnote = \"Printed only.\"\n", &[]);
    check(
        "[[source]]\nid = \"b\"\npublisher = \"P\"\ntitle = \"T\"\nurl = \"courier/test\"\n",
        &[("source `b`, url", "no web address")],
    );
}

#[test]
fn a_claim_names_sources_of_its_event() {
    check(
        "[[claim]]\nabout = \"date\"\nsays = \"March\"\nsources = [\"x\"]\nfollowed = true\nwhy = \"w\"\n",
        &[("claim 1 about date, sources", "no source `x`")],
    );
}

#[test]
fn of_rival_claims_exactly_one_is_followed() {
    let claim = |followed| {
        format!(
            "[[claim]]\nabout = \"date\"\nsays = \"s\"\nsources = [\"blog\"]\nfollowed = {followed}\nwhy = \"w\"\n"
        )
    };
    check(&(claim(true) + &claim(false)), &[]);
    check(&(claim(true) + &claim(true)), &[("claims about date", "2 of 2")]);
    check(&(claim(false) + &claim(false)), &[("claims about date", "0 of 2")]);
    assert!(parse(&(claim(true) + &claim(false))).is_contested());
    assert!(!parse(&claim(true)).is_contested());
}

#[test]
fn effects_follow_one_another() {
    let effect = |before: &str, after: &str| {
        format!("[[effect]]\nservice = \"Courier\"\nscope = \"chats\"\n{before}after = \"{after}\"\n")
    };
    let event = |name: &str, date: &str, effect: String| {
        Event::parse(name, &format!("{}{effect}", PLAIN.replacen("2024-02", date, 1))).unwrap()
    };
    let first = event("2024-02-a.toml", "2024-02", effect("", "limited"));
    let good = event("2024-03-b.toml", "2024-03", effect("before = \"limited\"\n", "default"));
    let bad = event("2024-04-c.toml", "2024-04", effect("before = \"opt_in\"\n", "none"));
    assert_eq!(lint(&[good.clone(), first.clone()]), []);
    let faults = lint(&[first, good, bad]);
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert!(faults[0].to_string().contains("`2024-03-b` left `default`"), "{}", faults[0]);
}

#[test]
fn an_effect_belongs_to_a_service_of_the_event() {
    check(
        "[[effect]]\nservice = \"Other\"\nscope = \"chats\"\nafter = \"none\"\n",
        &[("effect on Other chats, service", "lack")],
    );
}

#[test]
fn what_takes_effect_is_found_by_its_day() {
    let soon = Event::parse(
        "2024-02-courier-test.toml",
        &PLAIN.replacen("kind", "effective = \"2024-05-01\"\nkind", 1),
    )
    .unwrap();
    let end =
        parse("[[effect]]\nservice = \"Courier\"\nscope = \"chats\"\nafter = \"ended_on:2024-05-03\"\n");
    let day = |d| NaiveDate::from_ymd_opt(2024, 5, d).unwrap();
    let events = [end, soon];
    let due = taking_effect(&events, day(1), day(31));
    assert_eq!(due.iter().map(|(d, _)| *d).collect::<Vec<_>>(), [day(1), day(3)]);
    assert!(taking_effect(&events, day(4), day(31)).is_empty());
}
