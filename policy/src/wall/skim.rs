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
            _ => {}
        }
    }
    glance
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
    fn a_glance_stops_at_its_limit() {
        let body = "<p>word ".repeat(10_000);
        assert!(skim(&body, 100).length < 200);
    }
}
