//! What a well-formed declaration asks for that we cannot do, or that a person should look at.

use super::{Declaration, Filter, Policy, Selection, Selector, SourceDocument};

/// How much a warning matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Wrong: mend it.
    Fault,
    /// The declaration asks for something that is not done; its text may differ from what its author meant.
    NotHonoured,
    /// Worth a look.
    Note,
}

/// One thing to know about a declaration.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Warning {
    pub severity: Severity,
    pub file: String,
    /// The path of the field, `terms.Privacy Policy`; empty for the file as a whole.
    pub field: String,
    pub problem: String,
    pub remedy: String,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file)?;
        if !self.field.is_empty() {
            write!(f, " `{}`", self.field)?;
        }
        write!(f, ": {}: {}", self.problem, self.remedy)
    }
}

impl Declaration {
    /// What cannot be honoured or wants a look, in this file alone.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let file = format!("{}.json", self.service);
        if self.policies.is_empty() {
            warnings.push(Warning {
                severity: Severity::Note,
                file: file.clone(),
                field: "terms".to_owned(),
                problem: "tracks nothing".to_owned(),
                remedy: "add a policy".to_owned(),
            });
        }
        for policy in &self.policies {
            policy.warn(&file, &mut warnings);
        }
        warnings
    }
}

impl Policy {
    fn warn(&self, file: &str, warnings: &mut Vec<Warning>) {
        let field = format!("terms.{}", self.id.name);
        let mut add = |severity, problem: String, remedy: &str| {
            warnings.push(Warning {
                severity,
                file: file.to_owned(),
                field: field.clone(),
                problem,
                remedy: remedy.to_owned(),
            });
        };
        for document in &self.documents {
            for filter in &document.filters {
                if let Filter::NotHonoured { name, .. } = filter {
                    add(
                        Severity::NotHonoured,
                        format!("filter `{name}` is not honoured: it is somebody's JavaScript"),
                        "say the same with `remove` or a range, where it can be said",
                    );
                }
            }
            if document.execute_client_scripts == Some(true) {
                add(
                    Severity::NotHonoured,
                    "`executeClientScripts` is not honoured yet: the page is read without a browser"
                        .to_owned(),
                    "check with `walkback declare` that its text is in the page as sent",
                );
            }
            if document.is_pdf() {
                add(
                    Severity::NotHonoured,
                    format!("{} is a PDF: captured, its text not extracted", document.location),
                    "track the page in HTML where there is one",
                );
            }
            for (list, selections) in [("select", &document.select), ("remove", &document.remove)] {
                for selector in selections.iter().flat_map(selectors) {
                    for name in unknown_elements(selector.text()) {
                        add(
                            Severity::Note,
                            format!(
                                "`{list}` asks for <{name}>, which is no element of HTML: it may never match"
                            ),
                            "check the spelling; a class needs a dot before it, an id a `#`",
                        );
                    }
                }
            }
            for selection in document.select.iter().filter(|selection| document.remove.contains(selection)) {
                add(
                    Severity::Fault,
                    format!("`{selection}` is both selected and removed: nothing is left"),
                    "take it out of one of the two lists",
                );
            }
            for selection in document.select.iter().filter(|selection| never_text(selection)) {
                add(
                    Severity::Fault,
                    format!("`{selection}` selects what never becomes text"),
                    "select the element around the document's text",
                );
            }
        }
        if self.verified.is_none() {
            add(
                Severity::Note,
                match self.cited {
                    Some(_) => {
                        "is unverified: others cite its address, no capture has confirmed it".to_owned()
                    }
                    None => "is unverified: no capture has confirmed its pages and selectors".to_owned(),
                },
                "crawl it, look at `walkback show`, then set `verified` to that day",
            );
        }
    }
}

impl SourceDocument {
    /// All of its CSS selectors, those of ranges too.
    pub fn selectors(&self) -> impl Iterator<Item = &Selector> {
        self.select.iter().chain(&self.remove).flat_map(selectors)
    }
}

fn selectors(selection: &Selection) -> Vec<&Selector> {
    match selection {
        Selection::Elements(selector) => vec![selector],
        Selection::Between(range) => vec![range.start.selector(), range.end.selector()],
    }
}

fn never_text(selection: &Selection) -> bool {
    let Selection::Elements(selector) = selection else { return false };
    matches!(
        selector.text().trim().to_ascii_lowercase().as_str(),
        "script" | "style" | "head" | "meta" | "link" | "template" | "title"
    )
}

/// Names of elements in a selector that HTML does not have; names with a hyphen are custom elements and pass.
fn unknown_elements(selector: &str) -> Vec<String> {
    let mut unknown = Vec::new();
    let mut depth = 0_usize;
    let mut quote = None;
    let mut before = ' ';
    let mut name = String::new();
    // A space at the end closes the last name.
    for c in selector.chars().chain(std::iter::once(' ')) {
        if let Some(open) = quote {
            if c == open {
                quote = None;
            }
            continue;
        }
        match c {
            '"' | '\'' => quote = Some(c),
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let in_name = c.is_alphanumeric() || matches!(c, '-' | '_' | '\\');
        if depth == 0 && in_name && (!name.is_empty() || (" >+~,(".contains(before) && c.is_alphabetic())) {
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() {
            let known = ELEMENTS.split(' ').any(|element| element == name);
            // `even`, `odd` and `of` stand in `:nth-child(…)`.
            if !known && !name.contains(['-', '\\']) && !["n", "even", "odd", "of"].contains(&name.as_str()) {
                unknown.push(name.clone());
            }
            name.clear();
        }
        before = c;
    }
    unknown
}

/// The elements of HTML, living and dead, and of SVG where pages select them.
const ELEMENTS: &str = "a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink \
    blockquote body br button canvas caption center cite code col colgroup data datalist dd del details dfn dialog \
    dir div dl dt em embed fieldset figcaption figure font footer form frame frameset g h1 h2 h3 h4 h5 h6 head \
    header hgroup hr html i iframe image img input ins kbd label layer legend li link main map mark marquee math \
    menu menuitem meta meter nav nobr noframes noscript object ol optgroup option output p param path picture \
    plaintext portal pre progress q rb rp rt rtc ruby s samp script search section select slot small source span \
    strike strong style sub summary sup svg table tbody td template text textarea tfoot th thead time title tr \
    track tt u ul use var video wbr xmp";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_element_is_noticed() {
        assert_eq!(unknown_elements("mian > p"), ["mian"]);
        assert_eq!(unknown_elements("main .content, div:not(setcion)"), ["setcion"]);
    }

    #[test]
    fn classes_attributes_and_custom_elements_are_not_element_names() {
        for selector in [
            "main",
            ".foo bar-baz",
            "#a > h2:nth-of-type(2) ~ p",
            "[aria-label=\"two words\"]",
            "li:nth-child(2n+1)",
            "div:nth-child(even)",
            "[role=main] ol > *:not(li)",
            ".a\\:b",
        ] {
            assert_eq!(unknown_elements(selector), [""; 0], "{selector}");
        }
    }
}
