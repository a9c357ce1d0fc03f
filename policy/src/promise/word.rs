//! Words that the rules for edits know by themselves, in the languages that the rules know.

/// Whether a word stands for its opposite, and something that was closed is open then.
pub(super) fn opens(from: &str, to: &str) -> Option<bool> {
    let opposites = [
        ("off", "on"),
        ("disabled", "enabled"),
        ("inactive", "active"),
        ("deaktiviert", "aktiviert"),
        ("désactivé", "activé"),
        ("private", "public"),
    ];
    let is = |(closed, open): &(&str, &str)| (from == *closed && to == *open, from == *open && to == *closed);
    opposites.iter().map(is).find(|(opens, closes)| *opens || *closes).map(|(opens, _)| opens)
}

/// A part of a service, in the languages that the rules know.
pub(super) fn is_part(word: &str) -> bool {
    matches!(
        word,
        "server"
            | "servers"
            | "system"
            | "systems"
            | "staff"
            | "employees"
            | "engineers"
            | "moderators"
            | "algorithms"
            | "serveurs"
            | "employés"
            | "mitarbeiter"
            | "angestellten"
    )
}

/// It leaves nothing out.
pub(super) fn is_every(word: &str) -> bool {
    word == "any" || is_whole(word)
}

/// It leaves nothing out, but where it is denied: "not all" is less than "not any".
pub(super) fn is_whole(word: &str) -> bool {
    matches!(word, "all" | "every" | "each")
}

/// There is none whom it leaves out: "nobody can".
pub(super) fn is_nobody(word: &str) -> bool {
    matches!(word, "nobody" | "none" | "niemand" | "niemandem" | "niemanden" | "personne" | "nul")
}

/// Words that join one more thing to a list, in the languages that the rules know.
pub(super) fn joins(word: &str) -> bool {
    matches!(word, "and" | "or" | "nor" | "und" | "oder" | "noch" | "sowie" | "et" | "ou" | "ni")
}

/// Only the addresses of pages or mailboxes in a sentence are other ones.
pub(super) fn differ_by_addresses(before: &str, after: &str) -> bool {
    fn chunks(text: &str) -> (Vec<&str>, Vec<&str>) {
        let is_edge = |c: char| !c.is_alphanumeric() && c != '[' && c != ']';
        let chunks = text.split_whitespace().map(|chunk| chunk.trim_matches(is_edge));
        chunks.filter(|chunk| !chunk.is_empty()).partition(|chunk| is_address(chunk))
    }
    let ((some, old), (others, new)) = (chunks(before), chunks(after));
    !some.is_empty() && !others.is_empty() && some != others && old == new
}

/// An address of a page or a mailbox, or what a page puts in a mailbox's place to hide it: "[email protected]".
fn is_address(chunk: &str) -> bool {
    let has_path = || chunk.split_once('/').is_some_and(|(host, _)| host.contains('.'));
    chunk.contains("://")
        || chunk.contains('@')
        || chunk.starts_with("www.")
        || matches!(chunk, "[email" | "protected]")
        || has_path()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanged_addresses_are_no_change() {
        let at = "You may object at any time: write to";
        for (before, after) in [
            ("privacy@courier.example.", "dpo@courier.example."),
            ("privacy@courier.example.", "[email protected]."),
            ("https://courier.example/a", "www.courier.example"),
            ("courier.example/object", "courier.example/object-here"),
        ] {
            assert!(differ_by_addresses(&format!("{at} {before}"), &format!("{at} {after}")), "{after}");
        }
        for after in ["us at https://courier.example/a", "our team", "privacy@courier.example or call", ""] {
            let before = format!("{at} privacy@courier.example");
            assert!(!differ_by_addresses(&before, &format!("{at} {after}")), "{after}");
        }
        assert!(!differ_by_addresses("Write to a@b.example.", "Write to a@b.example."));
    }
}
