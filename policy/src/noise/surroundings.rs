//! What stands around a document on its page: menus, lists of teasers, data for scripts. None of it is a
//! statement of the document, whether it comes, goes or changes.
//!
//! Only its build is looked at, never its words: a menu is a run of blocks that are wholly links, before the
//! first or after the last prose of the text. A list that a sentence leads into ("Our partners:") is content.

use crate::statement::BlockKind;

/// How a block looks from afar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing but links and pictures.
    Link,
    /// A few words without a full stop, as between the links of a menu.
    Label,
    /// A lead-in, that a list hangs under.
    LeadIn,
    /// A sentence or more.
    Prose,
    /// Anything else: headings, rows, short sentences.
    Other,
}

/// A menu has so many links, at least: shorter runs may be references that the document makes.
const MENU: usize = 8;
/// A menu's links are apart by so many labels, at most.
const LABELS: usize = 2;
/// A sentence has so many words, at least.
const SENTENCE: usize = 12;

/// How a block looks; its sentences are plain.
pub(super) fn look(kind: BlockKind, raw: &str, sentences: &[std::sync::Arc<str>]) -> Look {
    if matches!(kind, BlockKind::Heading(_) | BlockKind::Head | BlockKind::Row) {
        return Look::Other;
    }
    if is_link(raw) {
        return Look::Link;
    }
    if sentences.last().is_some_and(|last| last.ends_with([':', '：'])) {
        return Look::LeadIn;
    }
    let words = |text: &str| 1 + text.bytes().filter(|byte| *byte == b' ').count();
    match sentences {
        [one] if words(one) <= 6 && one.len() <= 60 && !one.ends_with(['.', '!', ';', ',', '。']) => {
            Look::Label
        }
        _ if sentences.iter().any(|one| words(one) >= SENTENCE) => Look::Prose,
        _ => Look::Other,
    }
}

/// Nothing that a reader sees stands outside of links and pictures. A link may begin in a block before, or go
/// on in the next: a picture over a line of text.
fn is_link(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    if memchr::memchr(b']', bytes).is_none() {
        return false;
    }
    let (mut at, mut depth, mut is_link, mut is_outside) = (0, 0usize, false, false);
    // The depth of a link that is still open and has words already.
    let mut words = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' => depth += 1,
            b']' if bytes.get(at + 1) == Some(&b'(') => {
                match depth {
                    // It began in a block before: all so far was its text.
                    0 => is_outside = false,
                    _ => depth -= 1,
                }
                words = words.min(depth);
                let mut open = 0;
                while at + 1 < bytes.len() {
                    at += 1;
                    match bytes[at] {
                        b'(' => open += 1,
                        b')' => open -= 1,
                        _ => {}
                    }
                    if open == 0 {
                        break;
                    }
                }
                is_link = true;
            }
            b']' if depth > 0 => return false,
            byte if byte.is_ascii_alphanumeric() || byte >= 0x80 => match depth {
                0 => is_outside = true,
                _ => words = depth,
            },
            _ => {}
        }
        at += 1;
    }
    is_link && !is_outside && words == 0
}

/// The blocks of a text that are its menus, by their looks.
pub(super) fn menus(looks: &[Look]) -> Vec<std::ops::Range<usize>> {
    let first = looks.iter().position(|look| *look == Look::Prose).unwrap_or(looks.len());
    let last = looks.iter().rposition(|look| *look == Look::Prose).map_or(0, |last| last + 1);
    let mut menus = Vec::new();
    for part in [0..first, last.max(first)..looks.len()] {
        let mut at = part.start;
        while at < part.end {
            let start = at;
            let (mut links, mut labels, mut end) = (0, 0, at);
            while at < part.end && labels <= LABELS {
                match looks[at] {
                    Look::Link => (links, labels, end) = (links + 1, 0, at + 1),
                    Look::Label if links > 0 => labels += 1,
                    _ => break,
                }
                at += 1;
            }
            if links >= MENU && (start == 0 || looks[start - 1] != Look::LeadIn) {
                menus.push(start..end);
            }
            at = at.max(start + 1);
        }
    }
    menus
}

/// Data meant for a script: a long line full of its marks.
pub(super) fn is_data(text: &str) -> bool {
    if text.len() < 200 {
        return false;
    }
    let marks =
        text.bytes().filter(|byte| matches!(byte, b'{' | b'}' | b'"' | b'[' | b']' | b'=' | b';')).count();
    let pairs = text.matches("\":").count();
    pairs >= 4 && marks * 12 >= text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::blocks;

    /// What is set aside of a text, a line each.
    fn check(markdown: &str, expected: &[&str]) {
        let blocks = blocks(markdown);
        let looks: Vec<Look> =
            blocks.iter().map(|block| look(block.kind, block.raw, &block.sentences())).collect();
        let found: Vec<&str> =
            menus(&looks).into_iter().flat_map(|menu| blocks[menu].iter().map(|block| block.raw)).collect();
        assert_eq!(found, expected, "{looks:?}");
    }

    const PROSE: &str =
        "We keep what you send us for as long as your account is open, and no longer than that.";

    fn links(count: usize) -> String {
        (0..count).map(|n| format!("* [Page {n}](/page/{n})\n")).collect()
    }

    #[test]
    fn a_menu_before_or_after_the_prose_is_set_aside() {
        let menu: Vec<String> = (0..8).map(|n| format!("[Page {n}](/page/{n})")).collect();
        let menu: Vec<&str> = menu.iter().map(String::as_str).collect();
        check(&format!("{}\n# Privacy\n\n{PROSE}\n", links(8)), &menu);
        check(&format!("{PROSE}\n\n{}", links(8)), &menu);
    }

    #[test]
    fn references_within_the_document_are_kept() {
        check(&format!("{PROSE}\n\n{}\n{PROSE}\n", links(12)), &[]);
        check(&format!("{PROSE}\n\n{}", links(5)), &[]);
        check(&format!("{PROSE}\n\nOur partners are:\n\n{}", links(12)), &[]);
        check(&format!("{PROSE}\n\n{}", links(12).replace(")\n", ") gets your name\n")), &[]);
    }

    #[test]
    fn labels_between_links_are_of_the_menu_and_pictures_are_no_words() {
        let menu = links(4) + "* By team\n" + &links(4).replace('[', "[![](p.svg) ");
        check(&format!("{menu}\n{PROSE}\n"), &menu.lines().map(|line| &line[2..]).collect::<Vec<_>>());
    }

    #[test]
    fn data_is_no_sentence() {
        assert!(is_data(
            &r#"undefined {"menu":{"key":"none","links":[{"text":"Buy","href":"/buy"}]}} "#.repeat(4)
        ));
        assert!(!is_data(&format!("We call this \"the service\"; {}", PROSE.repeat(4))));
    }
}
