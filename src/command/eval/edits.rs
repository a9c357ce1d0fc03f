//! Edits of single sentences, made up to learn from: `data/promises/edits.txt` and `exchanges.txt`.

use anyhow::{Context as _, bail};
use chrono::DateTime;
use policy::finding::Kind;
use policy::promise::score::{Answer, Said};
use policy::promise::train::{Example, Grades, Source};
use policy::promise::{Document, Rules};
use std::path::Path;

/// A file of edits, a line each: `KIND TOPIC SEVERITY FROM TO | old sentence | new sentence`, a side empty where
/// nothing stands. FROM and TO are states of encryption, where it is about that; `nothing` is the kind of an edit that
/// means nothing. `page | sentence` and `title | heading`: what stands around them, unchanged. `#` begins a comment.
struct Edits<'a> {
    name: String,
    titles: Vec<&'a str>,
    around: Vec<&'a str>,
    edits: Vec<Edit<'a>>,
}

#[derive(Clone)]
struct Edit<'a> {
    /// `None`: it means nothing.
    kind: Option<Kind>,
    topic: &'a str,
    severity: u8,
    states: Option<[&'a str; 2]>,
    old: &'a str,
    new: &'a str,
}

impl<'a> Edits<'a> {
    fn parse(file: &Path, text: &'a str) -> anyhow::Result<Edits<'a>> {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut edits = Edits { name, titles: Vec::new(), around: Vec::new(), edits: Vec::new() };
        for (n, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let parts: Vec<&str> = line.split('|').map(str::trim).collect();
            match parts[..] {
                ["page", sentence] => edits.around.push(sentence),
                ["title", heading] => edits.titles.push(heading),
                [head, old, new] if !(old.is_empty() && new.is_empty()) => {
                    let edit = Edit::parse(head, old, new);
                    edits.edits.push(edit.with_context(|| format!("{}:{}", file.display(), n + 1))?);
                }
                _ => bail!(
                    "{}:{}: not an edit; write `KIND TOPIC SEVERITY FROM TO | old sentence | new sentence`",
                    file.display(),
                    n + 1
                ),
            }
        }
        if edits.titles.is_empty() {
            edits.titles.push("Privacy policy");
        }
        Ok(edits)
    }

    /// Both texts as a document each, under a heading and with the sentences between.
    fn example(&self, rules: &Rules, id: String, texts: [Vec<&str>; 2], findings: Vec<Said>) -> Example {
        let [before, after] = texts.map(|sentences| {
            let sentences: Vec<&str> =
                sentences.into_iter().filter(|sentence| !sentence.is_empty()).collect();
            Document::read(rules, &sentences.join("\n\n"))
        });
        Example {
            id,
            service: String::new(),
            file: self.name.clone(),
            before,
            after,
            answer: Answer { artefact: false, findings },
            at: DateTime::UNIX_EPOCH,
            source: Source::Written,
            shown: None,
            grades: Grades::new(),
            chances: Grades::new(),
        }
    }

    fn title(&self, n: usize) -> String {
        format!("# {}", self.titles[n % self.titles.len()])
    }
}

impl<'a> Edit<'a> {
    fn parse(head: &'a str, old: &'a str, new: &'a str) -> anyhow::Result<Edit<'a>> {
        let words: Vec<&str> = head.split(' ').collect();
        let kind = match words[0] {
            "nothing" => None,
            "reversal" => Some(Kind::Reversal),
            "expansion" => Some(Kind::Expansion),
            "strengthening" => Some(Kind::Strengthening),
            kind => bail!("`{kind}` is no kind; use reversal, expansion, strengthening or nothing"),
        };
        let states = match words[..] {
            [_, _, _, from, to] => Some([from, to]),
            _ if words.len() > 3 => bail!("`{head}` has one state; write both, before and after, or none"),
            _ => None,
        };
        let severity = words.get(2).and_then(|word| word.parse().ok()).unwrap_or(1);
        Ok(Edit { kind, topic: words.get(1).copied().unwrap_or_default(), severity, states, old, new })
    }

    /// Read backwards, a loss is a gain. What is allowed no longer is a protection, and a protection given up may be
    /// an expansion: not asked.
    fn back(&self) -> Edit<'a> {
        let kind = self.kind.map(|kind| match kind {
            Kind::Strengthening => Kind::Reversal,
            Kind::Reversal | Kind::Expansion => Kind::Strengthening,
        });
        let states = self.states.map(|[from, to]| [to, from]);
        Edit { kind, states, old: self.new, new: self.old, ..*self }
    }

    fn said(&self) -> Option<Said> {
        Some(Said {
            kind: self.kind?,
            topic: self.topic.to_owned(),
            before: self.old.to_owned(),
            after: self.new.to_owned(),
            severity: self.severity,
            sure: true,
            state_before: self.states.map(|[from, _]| from.to_owned()),
            state_after: self.states.map(|[_, to]| to.to_owned()),
            also: Vec::new(),
        })
    }
}

/// How many edits stand on one page.
const A_PAGE: usize = 5;

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read edits `{}`", file.display()))
}

/// The edits of a file on pages of five, each page also read backwards.
pub fn on_long_pages(rules: &Rules, file: &Path) -> anyhow::Result<Vec<Example>> {
    let text = read(file)?;
    let all = Edits::parse(file, &text)?;
    // Edits of one page must not be neighbours in the file, which were written in one breath.
    let pages = all.edits.len().div_ceil(A_PAGE);
    let mut examples = Vec::new();
    for page in 0..pages {
        for is_back in [false, true] {
            let mut findings = Vec::new();
            let title = all.title(page);
            let mut texts = [vec![title.as_str()], vec![title.as_str()]];
            let mut plain = all.around.iter().cycle().skip(page * 7).copied();
            for edit in all.edits.iter().skip(page).step_by(pages) {
                let edit = if is_back { edit.back() } else { edit.clone() };
                let between: Vec<&str> = plain.by_ref().take(2.min(all.around.len())).collect();
                texts[0].extend(between.iter().copied().chain([edit.old]));
                texts[1].extend(between.iter().copied().chain([edit.new]));
                findings.extend(edit.said());
            }
            let id = format!("{}-{page}{}", file.display(), if is_back { "-back" } else { "" });
            examples.push(all.example(rules, id, texts, findings));
        }
    }
    Ok(examples)
}

/// The edits of a file, each on a short page of its own.
pub fn on_short_pages(rules: &Rules, file: &Path) -> anyhow::Result<Vec<Example>> {
    let text = read(file)?;
    let all = Edits::parse(file, &text)?;
    let pages = all.edits.iter().enumerate().map(|(n, edit)| {
        let mut plain = all.around.iter().cycle().skip(n * 7).copied();
        let above: Vec<&str> = plain.by_ref().take(1 + n % 3).collect();
        let below: Vec<&str> = plain.take(1 + n / 3 % 4).collect();
        let title = all.title(n);
        let page = |sentence| {
            let own = [title.as_str()].into_iter().chain(above.iter().copied()).chain([sentence]);
            own.chain(below.iter().copied()).collect()
        };
        let texts = [page(edit.old), page(edit.new)];
        all.example(rules, format!("{}-{n}", all.name), texts, edit.said().into_iter().collect())
    });
    Ok(pages.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn an_edit_teaches_both_ways() {
        let text = "# a comment\n\
            page | Prices are shown before you order.\n\
            reversal data_sale 3 | We never sell your data. | We may sell your data.\n\
            nothing | Call us. | Ring us.\n";
        let examples = on_long_pages(&Rules::builtin(), file(text).path()).unwrap();
        assert_eq!(examples.len(), 2, "one page, there and back");
        let kinds = |n: usize| examples[n].answer.findings.iter().map(|f| f.kind).collect::<Vec<_>>();
        assert_eq!(kinds(0), [Kind::Reversal]);
        assert_eq!(kinds(1), [Kind::Strengthening]);
        assert_eq!(examples[0].answer.findings[0].before, "We never sell your data.");
        assert_eq!(examples[1].answer.findings[0].before, "We may sell your data.");
        assert!(examples.iter().all(|example| example.source == Source::Written));
    }

    #[test]
    fn what_is_no_edit_is_named_with_its_line() {
        let error = on_long_pages(&Rules::builtin(), file("\nreversal We sell.\n").path()).err().unwrap();
        assert!(error.to_string().contains(":2: not an edit"), "{error}");
        for (head, told) in [("worse x 1", "`worse` is no kind"), ("reversal encryption 3 none", "one state")]
        {
            let text = format!("{head} | We do. | We do not.\n");
            let error = on_short_pages(&Rules::builtin(), file(&text).path()).err().unwrap();
            assert!(format!("{error:#}").contains(told), "{error:#}");
        }
    }

    #[test]
    fn an_edit_alone_keeps_its_states() {
        let text = "title | Settings\npage | Prices are shown before you order.\n\
            reversal encryption 3 default opt_in | Chats are sealed. | You can seal a chat.\n\
            reversal sharing 1 |  | Partners may have your name.\n";
        let examples = on_short_pages(&Rules::builtin(), file(text).path()).unwrap();
        let said = &examples[0].answer.findings[0];
        assert_eq!(said.state_before.as_deref(), Some("default"));
        assert_eq!(said.state_after.as_deref(), Some("opt_in"));
        assert_eq!(examples[1].answer.findings[0].state_after, None);
        assert_eq!(examples[1].after.placed.len(), examples[1].before.placed.len() + 1);
    }
}
