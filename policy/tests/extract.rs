//! Pages to text: each `tests/extract/NAME.html` must give `tests/extract/NAME.md`.
//!
//! A page may begin with `<!-- reading: {…} -->`, the fields of a declaration; without it, its main content is
//! looked for. To rewrite the golden files: `UPDATE_GOLDEN=1 cargo test -p policy --test extract`; then read
//! that diff as you would code.

use policy::declaration::{Declaration, SourceDocument};
use policy::extract::{ExtractError, extract};
use std::fmt::Write as _;
use std::path::Path;

/// Reads `html` as the policy of Courier declared with these fields.
fn read(html: &str, reading: &str) -> Result<String, ExtractError> {
    let fields = reading.trim().trim_start_matches('{').trim_end_matches('}');
    let comma = if fields.trim().is_empty() { "" } else { "," };
    let json = format!(
        r#"{{"name": "Courier", "terms": {{"Terms": {{"fetch": "https://courier.example/legal/terms"{comma}{fields}}}}}}}"#
    );
    let declaration = Declaration::parse("Courier.json", &json).expect("the reading of a test page parses");
    let document: &SourceDocument = &declaration.policies[0].documents[0];
    extract(html, &document.location, document)
}

#[test]
fn pages_give_their_golden_text() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/extract");
    let rewrite = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut pages: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "html"))
        .collect();
    pages.sort();
    assert!(pages.len() > 10);
    let mut wrong = String::new();
    for page in pages {
        let html = std::fs::read_to_string(&page).unwrap();
        let reading = html
            .strip_prefix("<!-- reading: ")
            .and_then(|rest| rest.split_once(" -->"))
            .map_or("", |(reading, _)| reading);
        let text = read(&html, reading).unwrap_or_else(|error| format!("error: {error}\n"));
        let golden = page.with_extension("md");
        if rewrite {
            std::fs::write(&golden, &text).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        if text != expected {
            writeln!(wrong, "== {}\n-- gave\n{text}-- wanted\n{expected}", page.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn deep_nesting_keeps_its_text() {
    for (name, depth) in [("div", 100_000), ("b", 10_000), ("ul><li", 10_000), ("table><tr><td", 10_000)] {
        let close = format!("</{}>", name.split('>').next().unwrap());
        let html =
            format!("<body>{}deep words{}<p>after", format!("<{name}>").repeat(depth), close.repeat(depth));
        let text = read(&html, r#"{"select": "body"}"#).unwrap();
        assert!(text.contains("deep words") && text.contains("after"), "{name}");
    }
    let unclosed = format!("{}last words of a long page, which end it", "<div>".repeat(100_000));
    assert!(read(&unclosed, "").unwrap_or_default().len() < 10_000);
}

#[test]
fn drawings_do_not_nest() {
    let html =
        format!("<div>{}</div><main>words</main>", "<svg><path d='M0'/><use/></svg><svg/>".repeat(5_000));
    assert_eq!(read(&html, r#"{"select": "main"}"#).unwrap(), "words\n");
}

#[test]
fn a_tracker_for_readers_without_scripts_does_not_swallow_the_page() {
    let html = "<noscript><iframe src='https://x.example/' /></noscript><main>words</main>";
    assert_eq!(read(html, r#"{"select": "main"}"#).unwrap(), "words\n");
}

#[test]
fn long_lines_and_odd_bytes_are_read() {
    let line = format!("{} ", "word".repeat(64)).repeat(20 * 1024);
    assert!(line.len() > 5 << 20);
    let text = read(&format!("<main>{line}</main>"), r#"{"select": "main"}"#).unwrap();
    assert_eq!(text.len(), line.len());
    let odd = "<main>a\0b\u{feff} \u{1}c\u{202e}d <p>\u{ad}e\0</main>\0";
    let text = read(odd, r#"{"select": "main"}"#).unwrap();
    assert!(!text.contains(['\0', '\u{1}', '\u{ad}', '\u{feff}']), "{text:?}");
}

#[test]
fn pages_beyond_all_bounds_are_refused_not_cut() {
    let many_elements = "<p>x".repeat(500_000);
    let many_attributes = format!("<p {}>x", (0..50_000).map(|n| format!("a{n} ")).collect::<String>());
    let reopened: String = (0..20_000).map(|n| format!("<div><font color={n}></div>")).collect();
    for html in [many_elements, many_attributes, reopened] {
        assert!(matches!(read(&html, ""), Err(ExtractError::TooComplex { .. })), "{}", &html[..40]);
    }
}

#[test]
fn a_pdf_is_said_to_be_one() {
    assert!(matches!(read("%PDF-1.7\n1 0 obj", ""), Err(ExtractError::NotExtracted { .. })));
}
