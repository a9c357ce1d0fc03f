//! A glance at a page: how much there is to read, and the first of it. No parser: it errs on
//! broken markup, which recognition survives, and it costs a fiftieth of building a tree.

/// What a glance shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// Lower case, white space folded.
    pub title: String,
    /// The first top heading.
    pub heading: String,
    /// The first readable text, up to the limit; lower case, white space folded.
    pub text: String,
    /// Characters of readable text; counting stops soon after the limit.
    pub length: usize,
    /// A field for a password is on the page.
    pub password: bool,
    /// Scripts are on the page.
    pub scripts: bool,
    /// Where a `meta` of the page sends its readers, at once or within seconds.
    pub refresh: Option<String>,
}

/// Skims `body` until `limit` characters of text were read.
pub fn skim(body: &str, limit: usize) -> Glance {
    let mut glance = Glance::default();
    let mut rest = body;
    let mut into = Into::Text;
    while !rest.is_empty() && glance.length <= limit {
        let Some(open) = rest.find('<') else {
            glance.take(rest, into);
            break;
        };
        glance.take(&rest[..open], into);
        rest = &rest[open..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let end = rest.find('>').map_or(rest.len(), |end| end + 1);
        let tag = &rest[..end];
        rest = &rest[end..];
        let name_at = if tag.starts_with("</") { 2 } else { 1 };
        let name: String = tag[name_at..]
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .take(10)
            .collect::<String>()
            .to_ascii_lowercase();
        let opens = name_at == 1;
        match name.as_str() {
            "script" | "style" | "svg" | "template" | "noscript" if opens => {
                glance.scripts |= name == "script";
                if !tag.ends_with("/>") {
                    rest = after_close(rest, &name);
                }
            }
            "title" => into = if opens { Into::Title } else { Into::Text },
            "h1" if opens && glance.heading.is_empty() => into = Into::Heading,
            "h1" => into = Into::Text,
            "input" => {
                let tag = tag.to_ascii_lowercase();
                glance.password |= tag.contains("type=\"password\"")
                    || tag.contains("type='password'")
                    || tag.contains("type=password");
            }
            "meta" if glance.refresh.is_none() => glance.refresh = refresh(tag),
            _ => {}
        }
    }
    glance
}

/// The target of `<meta http-equiv="refresh" content="0; url=…">`.
fn refresh(tag: &str) -> Option<String> {
    // Byte for byte as long as `tag`, so that places in one are places in the other.
    let lower = tag.to_ascii_lowercase();
    let kind =
        lower.find("http-equiv").map(|at| lower[at + 10..].trim_start_matches(['=', ' ', '"', '\'']))?;
    if !kind.starts_with("refresh") {
        return None;
    }
    let content = lower.find("content").map(|at| at + "content".len())?;
    let value = tag[content..].trim_start().strip_prefix('=')?.trim_start();
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split(['>', ' ']).next()?,
    };
    let (seconds, target) = value.split_once([';', ','])?;
    let soon = seconds.trim().parse::<f32>().is_ok_and(|seconds| seconds <= 10.0);
    let target = target.trim_start();
    let named = target.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("url"));
    let target = if named { target[3..].trim_start().strip_prefix('=')? } else { target };
    let target = target.trim().trim_matches(['"', '\'']).replace("&amp;", "&");
    (soon && !target.is_empty()).then_some(target)
}

#[derive(Clone, Copy)]
enum Into {
    Title,
    Heading,
    Text,
}

impl Glance {
    fn take(&mut self, text: &str, into: Into) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        match into {
            Into::Title => {
                append(&mut self.title, text, 300);
            }
            Into::Heading => {
                append(&mut self.heading, text, 300);
                self.length += append(&mut self.text, text, usize::MAX);
            }
            Into::Text => self.length += append(&mut self.text, text, usize::MAX),
        }
    }
}

/// Appends folded lower-case words and says how many characters came.
fn append(to: &mut String, text: &str, limit: usize) -> usize {
    let before = to.len();
    for word in text.split_whitespace() {
        if to.len() > limit {
            break;
        }
        if !to.is_empty() {
            to.push(' ');
        }
        if word.is_ascii() {
            to.push_str(word);
            let at = to.len() - word.len();
            to[at..].make_ascii_lowercase();
        } else {
            to.extend(word.chars().flat_map(char::to_lowercase));
        }
    }
    // Characters, not bytes: a page in Japanese says as much in a third of the signs.
    to[before..].chars().count()
}

/// The text after `</name…>`, or nothing where it never closes.
fn after_close<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        if rest.len() >= name.len() && rest.as_bytes()[..name.len()].eq_ignore_ascii_case(name.as_bytes()) {
            return rest.find('>').map_or("", |end| &rest[end + 1..]);
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_reads_words_and_skips_the_rest() {
        let glance = skim(
            "<!doctype html><title>A  Page</title><style>p{}</style><!-- <p>no --><h1>Big</h1>\
             <script>var x = '<p>no</p>'</script><p>Two WORDS</p><input type=password>",
            1_000,
        );
        assert_eq!(glance.title, "a page");
        assert_eq!(glance.heading, "big");
        assert_eq!(glance.text, "big two words");
        assert!(glance.password && glance.scripts);
    }

    #[test]
    fn a_glance_survives_broken_markup() {
        for body in ["<", "<!--", "<script>", "</", "<title>x", "é<é>é", "<p", "</script", "<script></scrip"]
        {
            skim(body, 100);
        }
        assert_eq!(skim("<script>never closed <p>x", 100).length, 0);
    }

    #[test]
    fn a_refresh_names_its_target() {
        for (tag, expected) in [
            (
                r#"<meta http-equiv="refresh" content="0; url=https://example.com/en/?a=1&amp;b=2">"#,
                Some("https://example.com/en/?a=1&b=2"),
            ),
            ("<META CONTENT='5;URL=/new' HTTP-EQUIV='Refresh'>", Some("/new")),
            (r#"<meta http-equiv=refresh content="0;url='/quoted'">"#, Some("/quoted")),
            (r#"<meta http-equiv="refresh" content="300">"#, None),
            (r#"<meta http-equiv="refresh" content="900; url=/">"#, None),
            (r#"<meta http-equiv="content-type" content="0; url=/">"#, None),
            ("<meta http-equiv=refresh content=", None),
            ("<meta http-equiv=refresh content='0;u", Some("u")),
            ("<meta http-equiv=refresh content='0;éé'>", Some("éé")),
        ] {
            assert_eq!(skim(tag, 100).refresh.as_deref(), expected, "{tag}");
        }
    }

    #[test]
    fn a_glance_stops_at_its_limit() {
        let body = "<p>word ".repeat(10_000);
        assert!(skim(&body, 100).length < 200);
    }
}
