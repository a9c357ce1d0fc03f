//! What an Open Terms Archive commit message says, in its old and its new wordings.

use policy::history::Cause;

/// A commit message, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Why the version was recorded; `None` where the subject is none of the known wordings.
    pub cause: Option<Cause>,
    /// The snapshots it was extracted from, as written: commit ids, links, `mongo://…`.
    pub snapshots: Vec<String>,
    /// `X-engine-version`, unless it says that it is not known.
    pub engine: String,
    /// `X-source-document-location`.
    pub location: Option<String>,
    /// `X-fetcher`.
    pub fetcher: Option<String>,
    /// `X-recorded-in`: the commit of the collection that our own export was made from.
    pub recorded_in: Option<String>,
}

const SUBJECTS: [(&str, Cause); 6] = [
    ("Start tracking ", Cause::First),
    ("First record of ", Cause::First),
    ("Update ", Cause::Change),
    ("Record new changes of ", Cause::Change),
    ("Refilter ", Cause::Reextraction),
    ("Apply technical or declaration upgrade on ", Cause::Reextraction),
];

/// Reads a commit message.
pub fn read(message: &str) -> Message {
    let mut lines = message.lines();
    let subject = lines.next().unwrap_or("");
    let mut read = Message {
        cause: SUBJECTS.iter().find(|(start, _)| subject.starts_with(start)).map(|(_, cause)| *cause),
        ..Message::default()
    };
    let mut listing = false;
    for line in lines.map(str::trim) {
        if let Some((key, value)) = trailer(line) {
            let value = value.to_owned();
            match key.to_ascii_lowercase().as_str() {
                "x-engine-version" if value != "undefined" => read.engine = value,
                "x-source-document-location" => read.location = Some(value),
                "x-fetcher" => read.fetcher = Some(value),
                "x-recorded-in" => read.recorded_in = Some(value),
                _ => {}
            }
        } else if listing && line.starts_with("- ") {
            read.snapshots.push(line[2..].trim().to_owned());
        } else if let Some(rest) = line.strip_prefix("This version was recorded after ") {
            listing = rest.contains(" assembling ");
            if !listing && let Some((_, reference)) = rest.split_once("snapshot") {
                // `snapshot with Mongo ID5f…`: the space was forgotten for a while.
                let reference = reference.trim();
                let reference = reference.strip_prefix("with Mongo ID").unwrap_or(reference).trim();
                if !reference.is_empty() {
                    read.snapshots.push(reference.to_owned());
                }
            }
        }
    }
    read
}

fn trailer(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(": ")?;
    (key.len() > 2 && key[..2].eq_ignore_ascii_case("x-") && !key.contains(' '))
        .then_some((key, value.trim()))
}

/// The message we write on export: the new wordings, and what only we know as trailers.
pub fn write(
    service: &str,
    name: &str,
    cause: Cause,
    snapshots: &[String],
    engine: &str,
    recorded_in: &str,
) -> String {
    let subject = match cause {
        Cause::First => "First record of",
        Cause::Change => "Record new changes of",
        Cause::Reextraction => "Apply technical or declaration upgrade on",
        Cause::Removal => "Remove",
    };
    let mut message = format!("{subject} {service} {name}\n\n");
    match snapshots {
        [] => {}
        [one] => {
            message.push_str(&format!("This version was recorded after extracting from snapshot {one}\n\n"))
        }
        many => {
            message.push_str(&format!(
                "This version was recorded after extracting from and assembling the following snapshots from {} source documents:\n",
                many.len()
            ));
            many.iter().for_each(|one| message.push_str(&format!("- {one}\n")));
            message.push('\n');
        }
    }
    if !engine.is_empty() {
        message.push_str(&format!("X-engine-version: {engine}\n"));
    }
    if !recorded_in.is_empty() {
        message.push_str(&format!("X-recorded-in: {recorded_in}\n"));
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, cause: Option<Cause>, snapshots: &[&str], engine: &str) {
        let read = read(message);
        assert_eq!(read.cause, cause, "{message}");
        assert_eq!(read.snapshots, snapshots, "{message}");
        assert_eq!(read.engine, engine, "{message}");
    }

    #[test]
    fn old_and_new_wordings() {
        check(
            "Start tracking Courier Privacy Policy\n\nThis version was recorded after filtering snapshot abc123\n",
            Some(Cause::First),
            &["abc123"],
            "",
        );
        check(
            "Update Courier Terms\n\nThis version was recorded after filtering snapshot with Mongo ID 5f00\n",
            Some(Cause::Change),
            &["5f00"],
            "",
        );
        check(
            "Refilter Courier Terms\n\nThis version was recorded after filtering snapshot with Mongo ID5f00\n",
            Some(Cause::Reextraction),
            &["5f00"],
            "",
        );
        check(
            "Record new changes of Courier Terms\n\nThis version was recorded after extracting from and assembling the following snapshots from 2 source documents:\n- mongo://a/1\n- https://example.org/commit/2\n\nX-engine-version: 7.1.0\n",
            Some(Cause::Change),
            &["mongo://a/1", "https://example.org/commit/2"],
            "7.1.0",
        );
        check(
            "Apply technical or declaration upgrade on Courier Terms\n\nThis version was recorded after extracting from snapshot undefined\n\nX-engine-version: undefined\n",
            Some(Cause::Reextraction),
            &["undefined"],
            "",
        );
        check("First record of Courier Terms", Some(Cause::First), &[], "");
        check("Add a readme\n\n- a list", None, &[], "");
    }

    #[test]
    fn trailers_of_a_snapshot() {
        let read = read(
            "Record new changes of Courier Terms\n\nX-engine-version: 15.1.0\nX-fetcher: htmlOnly\nx-source-document-location: https://example.org/a: b\n",
        );
        assert_eq!(read.location.as_deref(), Some("https://example.org/a: b"));
        assert_eq!(read.fetcher.as_deref(), Some("htmlOnly"));
    }

    #[test]
    fn what_is_written_reads_the_same() {
        for snapshots in [vec![], vec!["mongo://a/1".to_owned()], vec!["a".into(), "b".into()]] {
            for cause in [Cause::First, Cause::Change, Cause::Reextraction] {
                let message = write("Courier", "Terms of Service", cause, &snapshots, "1.2", "00ff");
                let read = read(&message);
                assert_eq!((read.cause, read.snapshots), (Some(cause), snapshots.clone()));
                assert_eq!((read.engine.as_str(), read.recorded_in.as_deref()), ("1.2", Some("00ff")));
            }
        }
    }
}
