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

/// An address of a page or a mailbox, or what a page puts in a mailbox's place to hide it: "[email protected]".
pub(super) fn is_address(chunk: &str) -> bool {
    let has_path = || chunk.split_once('/').is_some_and(|(host, _)| host.contains('.'));
    chunk.contains("://")
        || chunk.contains('@')
        || chunk.starts_with("www.")
        || matches!(chunk, "[email" | "protected]")
        || has_path()
}
