//! The events that ship with Walkback: they parse, they hold together, and they answer the questions
//! that people bring.

use chrono::NaiveDate;
use policy::board::{Board, board};
use policy::event::{self, About, Event, Kind, Scope, State};
use policy::finding::{Kind as Step, Topic};
use std::collections::BTreeSet;
use std::path::Path;

fn events() -> Vec<Event> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/events");
    let mut events: Vec<Event> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            Event::parse(path.file_name().unwrap().to_str().unwrap(), &text)
                .unwrap_or_else(|error| panic!("{error}"))
        })
        .collect();
    event::sort(&mut events);
    events
}

fn event(id: &str) -> Event {
    events().into_iter().find(|event| event.id == id).unwrap_or_else(|| panic!("no event {id}"))
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// What the board says of one cell on one day: state, since, and the proving event.
fn check(as_of: &str, service: &str, scope: Scope, state: &str, since: &str, proof: &str) {
    let board = board(&events(), day(as_of));
    let cell =
        board.cell(service, scope).unwrap_or_else(|| panic!("no cell for {service} {scope} on {as_of}"));
    assert_eq!(
        (cell.state.to_string().as_str(), cell.since.to_string().as_str(), cell.event.as_str()),
        (state, since, proof),
        "{service} {scope} on {as_of}"
    );
}

const TODAY: &str = "2026-11-21";

#[test]
fn every_event_is_clean() {
    let faults = event::lint(&events());
    assert!(faults.is_empty(), "{}", faults.iter().map(|f| format!("\n{f}")).collect::<String>());
}

#[test]
fn the_story_is_long_enough() {
    let events = events();
    assert!(events.len() >= 150, "{} events", events.len());
    let years: BTreeSet<i32> = events.iter().map(|event| event.date.year()).collect();
    assert!((2010..=2026).all(|year| years.contains(&year)), "{years:?}");
    for kind in Kind::ALL {
        assert!(events.iter().any(|event| event.kind == *kind), "no event of kind {kind}");
    }
}

#[test]
fn no_text_is_longer_than_a_paraphrase_needs() {
    for event in events() {
        let words = event.summary.split_whitespace().count();
        assert!((8..=110).contains(&words), "{}: {words} words", event.id);
    }
}

#[test]
fn at_least_25_services_have_all_four_cells_and_each_cell_its_proof() {
    let events = events();
    let board = board(&events, day(TODAY));
    let full = board.rows.iter().filter(|row| row.cells.len() == Scope::BOARD.len()).count();
    assert!(full >= 25, "{full} full rows: {:?}", gaps(&board));
    assert!(board.rows.len() >= 30, "{} rows", board.rows.len());
    for row in &board.rows {
        for (scope, cell) in &row.cells {
            let proof = events.iter().find(|event| event.id == cell.event).expect("the proof exists");
            assert!(!proof.sources.is_empty() && proof.concerns(&row.service));
            let effect = proof.effects.iter().find(|e| e.service == row.service && e.scope == *scope);
            assert_eq!(effect.map(|effect| effect.after), Some(cell.state));
        }
    }
}

fn gaps(board: &Board) -> Vec<String> {
    let missing = |row: &policy::board::Row| {
        let scopes = Scope::BOARD.iter().filter(|scope| !row.cells.contains_key(scope));
        scopes.map(|scope| scope.to_string()).collect::<Vec<_>>().join(" ")
    };
    board.rows.iter().map(|row| format!("{}: -{}", row.service, missing(row))).collect()
}

#[test]
fn the_board_of_today() {
    check(TODAY, "Instagram", Scope::Chats, "none", "2026-05-08", "2026-05-08-instagram-encryption-ends");
    check(TODAY, "Instagram", Scope::Groups, "none", "2026-05-08", "2026-05-08-instagram-encryption-ends");
    check(
        TODAY,
        "WhatsApp",
        Scope::Groups,
        "default",
        "2016-04-05",
        "2016-04-05-whatsapp-end-to-end-encryption",
    );
    check(TODAY, "WhatsApp", Scope::Backups, "opt_in", "2021-10-14", "2021-10-14-whatsapp-encrypted-backups");
    check(
        TODAY,
        "Messenger",
        Scope::Chats,
        "default",
        "2023-12-06",
        "2023-12-06-messenger-default-encryption",
    );
    check(
        TODAY,
        "Messenger",
        Scope::Groups,
        "opt_in",
        "2022-01",
        "2022-01-messenger-encrypted-groups-for-all",
    );
    check(
        TODAY,
        "Telegram",
        Scope::Groups,
        "none",
        "2014-11-04",
        "2014-11-04-eff-secure-messaging-scorecard",
    );
    check(TODAY, "Discord", Scope::Calls, "default", "2026-03", "2026-05-18-discord-every-call-encrypted");
    check(TODAY, "TikTok", Scope::Chats, "none", "2026-03-04", "2026-03-04-tiktok-rules-out-encryption");
}

#[test]
fn the_board_of_past_days() {
    check(
        "2026-05-07",
        "Instagram",
        Scope::Chats,
        "ended_on:2026-05-08",
        "2026-03-13",
        "2026-03-13-instagram-announces-end-of-encryption",
    );
    check(
        "2026-03-12",
        "Instagram",
        Scope::Chats,
        "opt_in",
        "2023-12",
        "2023-12-instagram-opt-in-encryption",
    );
    check(
        "2020-01-01",
        "Instagram",
        Scope::Chats,
        "announced",
        "2019-03-06",
        "2019-03-06-facebook-privacy-focused-vision",
    );
    check(
        "2023-12-05",
        "Messenger",
        Scope::Chats,
        "opt_in",
        "2016-10-04",
        "2016-10-04-messenger-secret-conversations",
    );
    check("2015-01-01", "WhatsApp", Scope::Chats, "limited", "2014-11-18", "2014-11-18-whatsapp-textsecure");
    assert!(board(&events(), day("2009-12-31")).rows.is_empty());
    // Known by its month only: not certain before the month is over.
    assert_ne!(
        board(&events(), day("2023-12-30")).cell("Instagram", Scope::Chats).unwrap().event,
        "2023-12-instagram-opt-in-encryption"
    );
}

#[test]
fn an_announced_end_still_holds_until_its_day() {
    let events = events();
    let encrypted = |date| board(&events, day(date)).cell("Instagram", Scope::Chats).unwrap().encrypted;
    assert!(encrypted("2026-05-07") && !encrypted("2026-05-08"));
}

#[test]
fn a_board_depends_on_nothing_but_events_and_day() {
    let mut shuffled = events();
    shuffled.reverse();
    assert_eq!(board(&shuffled, day(TODAY)), board(&events(), day(TODAY)));
}

#[test]
fn when_did_instagrams_encryption_end_and_who_says_otherwise() {
    let end = event("2026-05-08-instagram-encryption-ends");
    assert_eq!(end.date.to_string(), "2026-05-08");
    let dates: Vec<_> = end.claims.iter().filter(|claim| claim.about == About::Date).collect();
    let followed = dates.iter().find(|claim| claim.followed).unwrap();
    assert_eq!(followed.date.unwrap().to_string(), "2026-05-08");
    let rival =
        dates.iter().find(|claim| !claim.followed && claim.date.unwrap().to_string() == "2024").unwrap();
    assert!(rival.sources.contains(&"guide".to_owned()) && !rival.why.is_empty());
    assert!(board(&events(), day(TODAY)).cell("Instagram", Scope::Chats).unwrap().contested);
}

#[test]
fn what_meta_promised_for_instagram_in_2019_2022_and_2023() {
    let promises: BTreeSet<i32> = events()
        .iter()
        .filter(|event| event.concerns("Instagram") && event.actors.iter().any(|actor| actor == "Meta"))
        .filter(|event| event.step == Some(Step::Strengthening) && event.topics.contains(&Topic::Encryption))
        .map(|event| event.date.year())
        .collect();
    assert!([2019, 2022, 2023].iter().all(|year| promises.contains(year)), "{promises:?}");
}

#[test]
fn what_reason_was_given() {
    let announcement = event("2026-03-13-instagram-announces-end-of-encryption");
    let (_, claims) = announcement
        .disagreements()
        .into_iter()
        .find(|(about, _)| *about == About::Reason)
        .expect("the sources disagree on the reason");
    assert!(claims[0].followed && claims[0].says.contains("few"));
    assert!(claims[1..].iter().any(|claim| claim.says.contains("no public explanation")));
}

#[test]
fn which_services_encrypt_groups_by_default_today_and_in_2020() {
    let events = events();
    let groups = |date| -> BTreeSet<String> {
        let board = board(&events, day(date));
        board.services_with(Scope::Groups, State::Default).into_iter().map(str::to_owned).collect()
    };
    let (now, then) = (groups(TODAY), groups("2020-01-01"));
    for service in ["WhatsApp", "Signal", "Threema", "Wire", "Viber", "iMessage and FaceTime"] {
        assert!(now.contains(service) && then.contains(service), "{service}");
    }
    for service in ["Element", "Google Messages"] {
        assert!(now.contains(service) && !then.contains(service), "{service}");
    }
    for service in ["Instagram", "Messenger", "Telegram", "Discord", "Slack"] {
        assert!(!now.contains(service) && !then.contains(service), "{service}");
    }
}

#[test]
fn what_changed_for_messenger_in_december_2023() {
    let change = event("2023-12-06-messenger-default-encryption");
    let chats = change.effects.iter().find(|e| e.service == "Messenger" && e.scope == Scope::Chats).unwrap();
    assert_eq!((chats.before, chats.after), (Some(State::OptIn), State::Default));
}

#[test]
fn until_when_platforms_in_the_eu_could_scan_voluntarily() {
    let expiries: Vec<Event> = events()
        .into_iter()
        .filter(|event| event.kind == Kind::Expiry && event.summary.contains("ePrivacy"))
        .collect();
    assert_eq!(expiries.len(), 1);
    assert_eq!(expiries[0].date.to_string(), "2026-04-03");
}

#[test]
fn who_reversed_a_no_sale_promise() {
    let services: BTreeSet<String> = events()
        .into_iter()
        .filter(|event| event.step == Some(Step::Reversal) && event.topics.contains(&Topic::DataSale))
        .flat_map(|event| event.services)
        .collect();
    assert!(services.contains("Firefox") && services.len() >= 4, "{services:?}");
}

#[test]
fn what_takes_effect_next_month() {
    let events = events();
    let due = event::taking_effect(&events, day("2026-12-01"), day("2026-12-31"));
    assert!(due.iter().any(|(at, _)| *at == day("2026-12-10")), "{due:?}");
    assert!(due.windows(2).all(|pair| pair[0].0 <= pair[1].0));
}

/// The published schema names the words that the parser takes, and every shipped event fits its fields.
#[test]
fn the_schema_says_what_the_parser_takes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/event.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let words = |pointer: &str| -> Vec<String> {
        let list = schema.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}")).as_array().unwrap();
        list.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let keys = |all: &[&str]| all.iter().map(|key| key.to_string()).collect::<Vec<_>>();
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.key()).collect();
    assert_eq!(words("/properties/kind/enum"), keys(&kinds));
    let topics: Vec<&str> = Topic::ALL.iter().map(|topic| topic.key()).collect();
    assert_eq!(words("/properties/topics/items/enum"), keys(&topics));
    let steps: Vec<&str> = Step::ALL.iter().map(|step| step.key()).collect();
    assert_eq!(words("/properties/step/enum"), keys(&steps));
    let scopes: Vec<&str> = Scope::ALL.iter().map(|scope| scope.key()).collect();
    assert_eq!(words("/$defs/effect/properties/scope/enum"), keys(&scopes));
    let abouts: Vec<&str> = About::ALL.iter().map(|about| about.key()).collect();
    assert_eq!(words("/$defs/claim/properties/about/enum"), keys(&abouts));

    for event in events() {
        let event = serde_json::to_value(&event).unwrap();
        let known = |value: &serde_json::Value, pointer: &str| {
            let fields = schema.pointer(pointer).unwrap().as_object().unwrap();
            for field in
                value.as_object().unwrap().keys().filter(|field| *field != "id" || pointer != "/properties")
            {
                assert!(fields.contains_key(field), "{pointer} lacks {field}");
            }
        };
        known(&event, "/properties");
        for (list, pointer) in [
            ("source", "/$defs/source/properties"),
            ("effect", "/$defs/effect/properties"),
            ("claim", "/$defs/claim/properties"),
        ] {
            event
                .get(list)
                .and_then(|list| list.as_array())
                .into_iter()
                .flatten()
                .for_each(|v| known(v, pointer));
        }
    }
}
