//! What must hold for any input: the bodies of the fuzz targets in `fuzz/`, run under `cargo test` too, over a
//! small corpus. Each takes bytes and panics where a property is broken.

use crate::declaration::{Declaration, SourceDocument};
use crate::{extract, statement};
use url::Url;

/// No file makes parsing a declaration panic, and what parses can be read at any instant.
pub fn declaration(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    // A line of dashes parts a declaration from its history file.
    let (json, history) = text.split_once("\n---\n").unwrap_or((&text, "{}"));
    let Ok(declaration) = Declaration::parse("Courier.json", json) else { return };
    let _ = declaration.warnings();
    if let Ok(declaration) = declaration.with_history("Courier.history.json", history) {
        for policy in declaration.policies.iter().chain(&declaration.retired) {
            for reading in &policy.past {
                assert!(!policy.documents_at(reading.valid_until).is_empty());
            }
        }
    }
}

/// No page makes extraction panic, with a selector or without, and the same page gives the same text.
pub fn extraction(bytes: &[u8]) {
    let html = extract::decode(bytes, None);
    let Ok(url) = Url::parse("https://courier.example/legal/terms") else { return };
    let json = r#"{"name": "C", "terms": {"T": {"fetch": "https://courier.example/legal/terms",
        "select": ["main", {"startBefore": "h1", "endAfter": "p"}], "remove": ["nav", {"startAfter": "b", "endBefore": "i"}],
        "filter": ["removeQueryParams"]}}}"#;
    let declared = Declaration::parse("C.json", json)
        .ok()
        .map(|declaration| declaration.policies[0].documents[0].clone());
    for document in declared.into_iter().chain([SourceDocument::at(url.clone())]) {
        let text = extract::extract(&html, &url, &document);
        assert_eq!(text, extract::extract(&html, &url, &document));
        if let Ok(text) = text {
            assert!(text.ends_with('\n') && !text.contains('\0'));
            let _ = statement::segment(&text);
        }
    }
    let _ = crate::declaration::propose(&url, &html);
}

/// No text makes segmentation panic, and no statement is blank.
pub fn statements(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for segment in statement::segment(&text) {
        assert!(!segment.text.trim().is_empty());
        let _ = statement::comparable(&segment.text);
    }
}
