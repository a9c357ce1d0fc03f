//! A whole site from the fixture: its links, its bytes, what a second build writes, and hostile texts.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use support::{build, histories, input};

fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn pages(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<&str, String> {
    let html = files.iter().filter(|(name, _)| name.ends_with(".html"));
    html.map(|(name, bytes)| (name.as_str(), String::from_utf8(bytes.clone()).unwrap())).collect()
}

/// The values of an attribute, entities undone.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<String> {
    let start = format!(" {name}=\"");
    html.split(&start)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(|value: &'a str| {
            value
                .replace("&#x2f;", "/")
                .replace("&quot;", "\"")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&")
        })
        .collect()
}

#[test]
fn every_internal_link_leads_somewhere() {
    let out = tempfile::tempdir().unwrap();
    build(out.path(), &histories(), &input());
    let files = files(out.path());
    let pages = pages(&files);
    let anchors: BTreeMap<&str, BTreeSet<String>> =
        pages.iter().map(|(name, html)| (*name, attributes(html, "id").into_iter().collect())).collect();
    let mut checked = 0;
    let mut broken = Vec::new();
    for (name, html) in &pages {
        for link in attributes(html, "href")
            .into_iter()
            .chain(attributes(html, "src"))
            .chain(attributes(html, "data-history"))
        {
            if link.starts_with("http") || link.starts_with("mailto:") {
                continue;
            }
            checked += 1;
            let (rest, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let path = rest.split('?').next().unwrap_or("");
            // The page for lost addresses is shown at any depth: its links begin at the site's path.
            let mut target = match path.strip_prefix("/archive/") {
                Some(path) if *name == "404.html" => PathBuf::from(path),
                _ => Path::new(name).parent().unwrap().join(path),
            };
            if path.is_empty() {
                target = PathBuf::from(name);
            }
            let mut parts: Vec<String> = Vec::new();
            for part in target.components() {
                match part.as_os_str().to_str().unwrap() {
                    ".." => assert!(parts.pop().is_some(), "{name}: {link} leaves the site"),
                    "." => {}
                    part => parts.push(part.to_owned()),
                }
            }
            let mut file = parts.join("/");
            if path.ends_with('/') || file.is_empty() {
                file = format!("{file}/index.html").trim_start_matches('/').to_owned();
            }
            let found = files.contains_key(&file)
                && (anchor.is_empty() || !file.ends_with(".html") || anchors[file.as_str()].contains(anchor));
            if !found {
                broken.push(format!("{name}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{} broken:\n{}", broken.len(), broken.join("\n"));
    assert!(checked > 800, "only {checked} links were looked at");
}

#[test]
fn the_same_archive_gives_the_same_bytes() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    build(first.path(), &histories(), &input());
    build(second.path(), &histories(), &input());
    assert_eq!(files(first.path()), files(second.path()));
}

#[test]
fn a_second_build_writes_nothing() {
    let out = tempfile::tempdir().unwrap();
    let first = build(out.path(), &histories(), &input());
    assert!(first.written > 50 && first.drawn == first.policies, "{first:?}");
    let second = build(out.path(), &histories(), &input());
    assert_eq!((second.written, second.drawn, second.removed), (0, 0, 0));
}

#[test]
fn a_new_version_redraws_its_policy_alone() {
    let out = tempfile::tempdir().unwrap();
    let mut told = support::told();
    let before: Vec<_> = told.iter().map(support::Told::history).collect();
    build(out.path(), &before, &input());
    let old = files(out.path());
    told[2].texts.push(("2026-06-10", vec!["Messages are end-to-end encrypted.".into()]));
    let after: Vec<_> = told.iter().map(support::Told::history).collect();
    let report = build(out.path(), &after, &input());
    assert_eq!(report.drawn, 1);
    let new = files(out.path());
    let changed: Vec<&String> =
        new.iter().filter(|(name, bytes)| old.get(*name) != Some(bytes)).map(|(name, _)| name).collect();
    assert!(changed.contains(&&"services/example-chat/help-encryption/index.html".to_owned()), "{changed:?}");
    assert!(
        !changed.iter().any(|name| name.starts_with("findings/wb-") || name.contains("privacy-policy")),
        "{changed:?}"
    );
    // Who reads a feed is told of nothing where nothing was found.
    assert!(!changed.iter().any(|name| name.starts_with("feeds/")), "{changed:?}");
    let anew = tempfile::tempdir().unwrap();
    build(anew.path(), &after, &input());
    assert_eq!(files(anew.path()), new, "built upon an earlier site or from nothing, the files are the same");
}

#[test]
fn a_picture_is_painted_only_where_it_differs() {
    let out = tempfile::tempdir().unwrap();
    build(out.path(), &histories(), &input());
    let card = out.path().join(format!("findings/{}/card.png", histories()[0].findings[0].id));
    let painted = std::fs::read(&card).unwrap();
    std::fs::write(&card, "left alone").unwrap();
    let manifest = out.path().join(".walkback.json");
    let change = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
        change(&mut value);
        std::fs::write(&manifest, value.to_string()).unwrap();
    };
    // Another program drew the pages: they are drawn anew, the pictures are not.
    change(&|value| value["source"] = "another".into());
    let report = build(out.path(), &histories(), &input());
    assert_eq!(report.drawn, report.policies);
    assert_eq!(std::fs::read(&card).unwrap(), b"left alone");
    change(&|value| {
        value["source"] = "another".into();
        value["cards"] = serde_json::json!({});
    });
    build(out.path(), &histories(), &input());
    assert_eq!(std::fs::read(&card).unwrap(), painted);
}

#[test]
fn pages_about_all_are_drawn_again_when_something_they_show_changes() {
    let out = tempfile::tempdir().unwrap();
    build(out.path(), &histories(), &input());
    let mut other = input();
    other.contact = Some("someone@walkback.example".into());
    let report = build(out.path(), &histories(), &other);
    assert_eq!((report.drawn, report.written), (0, 2), "the method's page and the manifest");
    // A page that was taken away comes back.
    std::fs::remove_file(out.path().join("about/index.html")).unwrap();
    assert_eq!(build(out.path(), &histories(), &other).written, 1);
}

#[test]
fn what_an_earlier_build_wrote_and_this_one_does_not_is_taken_away() {
    let out = tempfile::tempdir().unwrap();
    build(out.path(), &histories(), &input());
    std::fs::write(out.path().join("CNAME"), "walkback.example").unwrap();
    let fewer: Vec<_> = histories().into_iter().filter(|history| history.policy.service != "微信").collect();
    let gone = files(out.path()).into_keys().find(|name| name.starts_with("services/x")).unwrap();
    let report = build(out.path(), &fewer, &input());
    assert!(report.removed > 0);
    assert!(!out.path().join(gone).exists());
    assert!(out.path().join("CNAME").exists(), "a file that no build wrote stays");
}

#[test]
fn a_policy_that_fails_keeps_its_pages_and_stops_no_other() {
    let out = tempfile::tempdir().unwrap();
    let all = histories();
    build(out.path(), &all, &input());
    let page = "services/courier/privacy-policy/index.html";
    let old = std::fs::read(out.path().join(page)).unwrap();
    let mut archived = support::archived(&all);
    for one in &mut archived {
        one.digest = policy::id::Digest::of("changed");
    }
    let load = |id: &policy::id::PolicyId| match id.service.as_str() {
        "Courier" => Err("damaged on disk".to_owned()),
        _ => Ok(all.iter().find(|history| history.policy == *id).cloned()),
    };
    let report = site::build_from(&archived, &load, &input(), out.path()).unwrap();
    assert_eq!(report.failed.len(), 1);
    assert!(report.failed[0].1.contains("damaged on disk"));
    assert_eq!(std::fs::read(out.path().join(page)).unwrap(), old);
    assert_eq!(report.drawn, all.len() - 1);
}

#[test]
fn hostile_text_is_shown_as_text_everywhere() {
    let out = tempfile::tempdir().unwrap();
    build(out.path(), &histories(), &input());
    let files = files(out.path());
    let mut hostile_pages = 0;
    for (name, html) in pages(&files) {
        let lower = html.to_lowercase();
        for script in lower.split("<script").skip(1) {
            assert!(
                script.starts_with(" src=") || script.starts_with(" type=\"application/ld+json\""),
                "{name}: <script{}",
                &script[..60.min(script.len())]
            );
        }
        for forbidden in ["<img", "onerror=alert(1)>", "href=\"javascript:", "{{ frame", "style=\"", "<style"]
        {
            let escaped = forbidden == "{{ frame";
            // Template syntax that came with a text is text: it is there, escaped or not, and did nothing.
            assert!(escaped || !lower.contains(forbidden), "{name} holds {forbidden}");
        }
        assert!(!html.contains(|c: char| matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')), "{name} holds a control");
        hostile_pages += usize::from(html.contains("&lt;script&gt;"));
        if name != "services/hostile-service-sons/terms-title-script/history.json" {
            assert!(html.len() < 600_000, "{name} has {} bytes", html.len());
        }
    }
    assert!(hostile_pages > 10, "{hostile_pages}");
    for (name, bytes) in files.iter().filter(|(name, _)| {
        name.ends_with(".atom") || name.ends_with(".opml") || name.ends_with("sitemap.xml")
    }) {
        let text = std::str::from_utf8(bytes).unwrap();
        assert!(!text.contains("<script"), "{name}");
        assert!(!text.contains(|c: char| c < ' ' && !matches!(c, '\n' | '\t')), "{name}");
    }
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".ics")) {
        let text = std::str::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        let begins = lines.iter().filter(|line| **line == "BEGIN:VEVENT").count();
        let ends = lines.iter().filter(|line| **line == "END:VEVENT").count();
        assert_eq!(begins, ends, "{name}");
        assert_eq!(lines.iter().filter(|line| line.starts_with("END:VCALENDAR")).count(), 1, "{name}");
        assert!(lines.iter().all(|line| line.len() <= 75), "{name} has a line that is not folded");
    }
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".csv")) {
        let text = std::str::from_utf8(bytes).unwrap();
        assert!(!text.contains(",=HYPERLINK") && !text.contains("\"=HYPERLINK"), "{name}");
    }
}

#[test]
fn who_reads_a_feed_is_told_once_more_when_a_finding_is_retracted() {
    let out = tempfile::tempdir().unwrap();
    build(out.path(), &histories(), &input());
    let files = files(out.path());
    let mut told = 0;
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".atom")) {
        let text = std::str::from_utf8(bytes).unwrap();
        for entry in text.split("<entry>").skip(1).filter(|entry| entry.contains("[retracted]")) {
            assert!(entry.contains("<published>2023-06-10T09:30:00Z</published>"), "{name}: {entry}");
            assert!(entry.contains("<updated>2023-06-12T00:00:00Z</updated>"), "{name}: {entry}");
            told += 1;
        }
    }
    assert!(told > 0);
    // The data say it too, and of nothing that stands.
    let api: serde_json::Value = serde_json::from_slice(&files["api/v1/findings.json"]).unwrap();
    let found = api["findings"].as_array().unwrap();
    for finding in found {
        let is_retracted = finding["status"] == "retracted";
        let at =
            if is_retracted { serde_json::json!("2023-06-12T00:00:00Z") } else { serde_json::Value::Null };
        assert_eq!(finding["retracted_at"], at, "{finding}");
    }
    let table = std::str::from_utf8(&files["api/v1/findings.csv"]).unwrap();
    assert!(table.lines().next().unwrap().ends_with(",retracted_at"), "{table}");
    let retracted = found.iter().filter(|finding| finding["status"] == "retracted").count();
    assert_eq!(table.matches(",2023-06-12T00:00:00Z").count(), retracted, "{table}");
}

#[test]
fn the_heaviest_reversals_that_stand_head_the_findings() {
    let out = tempfile::tempdir().unwrap();
    build(out.path(), &histories(), &input());
    let files = files(out.path());
    let html = std::str::from_utf8(&files["findings/index.html"]).unwrap();
    let section = html.split("id=\"heaviest\"").nth(1).unwrap().split("</section>").next().unwrap();
    let mut expected: Vec<_> = histories().into_iter().flat_map(|history| history.findings).collect();
    policy::finding::heaviest_first(&mut expected);
    expected.retain(|finding| {
        finding.judgement.kind == policy::finding::Kind::Reversal
            && finding.status == policy::finding::Status::Confirmed
    });
    let places: Vec<usize> = expected.iter().filter_map(|finding| section.find(&finding.id.0)).collect();
    assert!(places.len() > 1 && places.is_sorted(), "{places:?}");
    assert_eq!(section.matches("<article").count(), places.len());
}

#[test]
fn a_finding_about_an_item_shows_what_the_item_hangs_under() {
    let mut histories = histories();
    let marked = histories
        .iter_mut()
        .flat_map(|history| &mut history.findings)
        .find(|finding| !finding.judgement.before.is_empty())
        .expect("one finding has a sentence that stood before");
    marked.judgement.lead_in_before = Some("Nobody <here> may:".into());
    let marked = marked.clone();
    let out = tempfile::tempdir().unwrap();
    build(out.path(), &histories, &input());
    let files = files(out.path());
    let text = |place: &str| std::str::from_utf8(&files[place]).unwrap();
    let escaped = "Nobody &lt;here&gt; may:";
    for finding in histories.iter().flat_map(|history| &history.findings) {
        let html = text(&format!("findings/{}/index.html", finding.id));
        let due = usize::from(finding.id == marked.id);
        assert_eq!(html.matches(&format!("<p class=\"lead\" dir=\"auto\">{escaped}</p>")).count(), due);
        assert_eq!(html.matches("<p class=\"lead\"").count(), due, "{}", finding.id);
    }
    // In lists and feeds too, and once for each entry about it.
    let list = text("findings/index.html");
    assert_eq!(
        list.matches(&format!("<span class=\"lead\">{escaped}</span>")).count(),
        list.matches(&format!("findings/{}/", marked.id)).count()
    );
    assert!(list.contains(escaped));
    assert!(text("feeds/all.atom").contains(escaped), "the feed of all");
    let api: serde_json::Value = serde_json::from_str(text("api/v1/findings.json")).unwrap();
    let told = api["findings"].as_array().unwrap().iter().find(|one| one["id"] == marked.id.0).unwrap();
    assert_eq!(told["lead_in_before"], "Nobody <here> may:");
    assert!(told["lead_in_after"].is_null());
}

#[test]
fn a_sentence_without_counterpart_stands_beside_what_comes_nearest() {
    use policy::finding::Nearest;
    let mut histories = histories();
    let (at, known) = histories
        .iter()
        .enumerate()
        .find(|(_, history)| history.findings.iter().any(|finding| finding.judgement.after.is_empty()))
        .map(|(at, history)| (at, history.statements[0].clone()))
        .expect("a finding of a promise that is gone");
    let marked = histories[at]
        .findings
        .iter_mut()
        .find(|finding| finding.judgement.after.is_empty())
        .expect("as above");
    marked.judgement.nearest = vec![
        Nearest { text: "We may <sell> some.".into(), lead_in: Some("From 2027:".into()), in_both: false },
        Nearest { text: known.text.clone(), lead_in: None, in_both: true },
    ];
    let marked = marked.clone();
    let out = tempfile::tempdir().unwrap();
    build(out.path(), &histories, &input());
    let files = files(out.path());
    let html = std::str::from_utf8(&files[&format!("findings/{}/index.html", marked.id)]).unwrap();
    let list = html.split("<ul class=\"nearest\">").nth(1).expect("a list").split("</ul>").next().unwrap();
    let items: Vec<&str> = list.split("<li>").skip(1).collect();
    assert_eq!(items.len(), 2);
    assert!(items[0].contains("We may &lt;sell&gt; some.") && items[0].contains("From 2027:"), "{list}");
    assert!(items[0].contains("new") && !items[0].contains("href"), "no such statement: {list}");
    assert!(items[1].contains("stood there before, too"), "{list}");
    assert!(items[1].contains(&known.id.to_string()), "{list}");
    let api: serde_json::Value =
        serde_json::from_str(std::str::from_utf8(&files["api/v1/findings.json"]).unwrap()).unwrap();
    let findings = api["findings"].as_array().unwrap();
    let told = findings.iter().find(|one| one["id"] == marked.id.0).unwrap();
    assert_eq!(
        told["nearest"][0],
        serde_json::json!({"text": "We may <sell> some.", "lead_in": "From 2027:", "in_both": false})
    );
    let others = findings.iter().filter(|one| one["id"] != marked.id.0);
    assert!(others.into_iter().all(|one| one["nearest"] == serde_json::json!([])));
}

#[test]
fn every_page_says_what_it_must() {
    let out = tempfile::tempdir().unwrap();
    build(out.path(), &histories(), &input());
    let files = files(out.path());
    let pages = pages(&files);
    for (name, html) in &pages {
        assert!(html.contains("Content-Security-Policy"), "{name}");
        assert_eq!(html.matches("<h1>").count(), 1, "{name}");
        assert!(html.contains("<html lang=\"en\">") && html.contains("<title>"), "{name}");
    }
    let home = &pages["index.html"];
    for word in ["Promise about", "By default", "since", "Search every sentence"] {
        assert!(home.contains(word), "home lacks {word}");
    }
    // What is less sure is told apart, and what was retracted is not there at all.
    let (front, rest) =
        home.split_once("Less sure, to be checked").expect("a provisional reversal is on record");
    assert!(front.contains("Courier") && !front.contains("possibly"), "{front}");
    assert!(rest.contains("Promise about sale of data possibly weakened"));
    let topic = &pages["topics/encryption/index.html"];
    for word in
        ["id=\"reversals\"", "timeline/2023/?kind=reversal&amp;topic=encryption", "Protections gained"]
    {
        assert!(topic.contains(word), "the topic lacks {word}");
    }
    let ids: Vec<String> = histories()[0].findings.iter().map(|finding| finding.id.to_string()).collect();
    let of = |index: usize| pages[format!("findings/{}/index.html", ids[index]).as_str()].as_str();
    assert!(!home.contains(&ids[4]));
    assert!(of(0).contains("by default → opt-in"));
    assert!(of(0).contains("Earlier and later on the same promise") && of(0).contains(&ids[1]));
    assert!(
        of(1).contains("8 May 2026") && of(1).contains("no sign of it") || of(1).contains("No sign of it")
    );
    assert!(of(2).contains("Provisional: seen once") && of(2).contains("possibly weakened"));
    assert!(of(4).contains("Retracted:") && of(4).contains("came back on 12 June 2023"));
    assert!(of(4).contains("We found no sentence in the later version that says the same."));
    assert!(of(0).contains("warc:0001.warc.gz@4096") && of(0).contains("SHA-256"));
    for form in ["@misc{", "container-title", "Markdown"] {
        assert!(of(0).contains(form), "{form}");
    }
    let event = &pages["events/2023-06-courier-opt-in/index.html"];
    for word in ["Where the sources disagree", "We do not follow this", "June 2023", "Example Daily"] {
        assert!(event.contains(word), "the event lacks {word}");
    }
    let coverage = &pages["coverage/index.html"];
    for word in ["Blocked", "Never captured", "Watched", "a bot wall"] {
        assert!(coverage.contains(word), "coverage lacks {word}");
    }
    let about = &pages["about/index.html"];
    assert!(
        about.contains("0.80") && about.contains("0.60") && about.contains("mailto:contest@walkback.example")
    );
    let policy = &pages["services/courier/privacy-policy/index.html"];
    for word in
        ["seen unchanged until", "that changed nothing", "Compare two dates", "id=\"v-20230610T093000Z\""]
    {
        assert!(policy.contains(word), "the policy lacks {word}");
    }
    let statements = &pages["services/courier/privacy-policy/statements/index.html"];
    assert!(statements.contains("No longer there") && statements.contains("Last seen in 2023"));
}

#[test]
fn the_site_works_under_a_path_and_without_an_address() {
    let out = tempfile::tempdir().unwrap();
    let mut without = input();
    without.base_url = None;
    build(out.path(), &histories(), &without);
    assert!(!out.path().join("sitemap.xml").exists());
    let home = std::fs::read_to_string(out.path().join("index.html")).unwrap();
    assert!(!home.contains("canonical") && !home.contains("href=\"/"));
    build(out.path(), &histories(), &input());
    let sitemap = std::fs::read_to_string(out.path().join("sitemap.xml")).unwrap();
    assert!(sitemap.contains("<loc>https://walkback.example/archive/board/</loc>"), "{sitemap}");
    let lost = std::fs::read_to_string(out.path().join("404.html")).unwrap();
    assert!(lost.contains("href=\"/archive/static/css/walkback.css"), "{lost}");
}

#[test]
fn a_card_is_drawn_from_our_own_font() {
    let out = tempfile::tempdir().unwrap();
    build(out.path(), &histories(), &input());
    let files = files(out.path());
    let cards: Vec<&Vec<u8>> =
        files.iter().filter(|(name, _)| name.ends_with("card.png")).map(|(_, bytes)| bytes).collect();
    assert!(cards.len() > 10);
    for card in cards {
        assert!(card.starts_with(b"\x89PNG") && card.len() > 4_000 && card.len() < 120_000, "{}", card.len());
    }
}
