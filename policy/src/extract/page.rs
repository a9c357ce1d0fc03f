//! A page as a tree, parsed within bounds.
//!
//! html5ever builds the tree that browsers build, but sets no bounds: nested elements cost the square of their
//! depth, and unclosed formatting elements multiply. A sieve between its tokenizer and its tree builder holds
//! depth and size down, as browsers do; what is beyond them is refused, because half a document would read
//! like a withdrawn one.

use super::code;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use html5ever::{LocalName, TokenizerResult, local_name};
use scraper::{Html, HtmlTreeSink};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// Elements nested deeper are unwrapped, their content kept; browsers do the same at this depth.
const MAX_DEPTH: usize = 512;
/// A page of 600 KB has about 10,000 nodes.
const MAX_NODES: usize = 400_000;
/// Attributes of one element; html5ever compares each with all before it.
const MAX_ATTRIBUTES: usize = 4_000;
/// Bytes handed to the tokenizer at once, so that a page beyond the bounds is left early.
const FEED: usize = 64 * 1024;

/// The page is beyond the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooComplex;

/// Parses a page as a browser would before its scripts run.
pub(super) fn parse(html: &str) -> Result<Html, TooComplex> {
    parse_with(html, code::tag)
}

/// `next_code` finds the next tag that may open code, which is then passed over.
fn parse_with(html: &str, next_code: impl Fn(&str, usize) -> Option<code::Tag>) -> Result<Html, TooComplex> {
    if has_overlong_tag(html) {
        return Err(TooComplex);
    }
    let builder = TreeBuilder::new(
        HtmlTreeSink::new(Html::new_document()),
        // As browsers read it: what stands in `noscript` is for others, and an element left open there
        // (a tracker's `<iframe/>`) would swallow the page.
        TreeBuilderOpts { scripting_enabled: true, ..TreeBuilderOpts::default() },
    );
    let sieve = Sieve {
        builder,
        open: RefCell::default(),
        unwrapped: RefCell::default(),
        overfull: Cell::new(false),
        in_code: Cell::new(None),
    };
    let tokenizer = Tokenizer::new(sieve, TokenizerOpts::default());
    let input = BufferQueue::default();
    let mut at = 0;
    let mut code = next_code(html, 0);
    while at < html.len() {
        let was_code = tokenizer.sink.in_code.get().is_some();
        // A tag that may open code is fed by itself.
        let stop = match &code {
            Some(tag) if at < tag.start => tag.start,
            Some(tag) => tag.end,
            None => html.len(),
        };
        let end = if stop - at <= FEED { stop } else { html.floor_char_boundary(at + FEED) };
        input.push_back(StrTendril::from(&html[at..end]));
        while let TokenizerResult::Script(_) | TokenizerResult::EncodingIndicator(_) = tokenizer.feed(&input)
        {
        }
        if tokenizer.sink.overfull.get() {
            return Err(TooComplex);
        }
        at = end;
        if code.as_ref().is_some_and(|tag| tag.end == at) {
            if let (false, Some(name)) = (was_code, tokenizer.sink.in_code.get()) {
                at += code::len(&html[at..], name);
            }
            code = next_code(html, at);
        }
    }
    tokenizer.end();
    if tokenizer.sink.overfull.get() {
        return Err(TooComplex);
    }
    let page = tokenizer.sink.builder.sink.0.into_inner();
    if is_too_deep(&page) { Err(TooComplex) } else { Ok(page) }
}

/// Stands between tokenizer and tree builder.
struct Sieve {
    builder: TreeBuilder<ego_tree::NodeId, HtmlTreeSink>,
    /// Names of the elements that stand open, as far as tags tell.
    open: RefCell<Vec<LocalName>>,
    /// How many elements of a name were unwrapped and not yet closed.
    unwrapped: RefCell<HashMap<LocalName, usize>>,
    overfull: Cell<bool>,
    /// Within a script or a style sheet, and which of them.
    in_code: Cell<Option<&'static str>>,
}

impl Sieve {
    /// `<path/>` has an end; `<div/>` has none, for HTML knows no such thing outside of drawings and formulas.
    fn closes_itself(&self, tag: &Tag) -> bool {
        tag.self_closing
            && (matches!(tag.name, local_name!("svg") | local_name!("math"))
                || self.builder.adjusted_current_node_present_but_not_in_html_namespace())
    }

    /// The tag goes on to the tree builder.
    fn admits(&self, tag: &Tag) -> bool {
        if is_uncounted(&tag.name) || self.closes_itself(tag) {
            return true;
        }
        let mut open = self.open.borrow_mut();
        match tag.kind {
            TagKind::StartTag if open.len() >= MAX_DEPTH => {
                *self.unwrapped.borrow_mut().entry(tag.name.clone()).or_default() += 1;
                false
            }
            TagKind::StartTag => {
                open.push(tag.name.clone());
                true
            }
            TagKind::EndTag => {
                if let Some(count) = self.unwrapped.borrow_mut().get_mut(&tag.name)
                    && *count > 0
                {
                    *count -= 1;
                    return false;
                }
                if let Some(at) = open.iter().rposition(|name| *name == tag.name) {
                    open.truncate(at);
                }
                true
            }
        }
    }
}

impl TokenSink for Sieve {
    type Handle = ego_tree::NodeId;

    fn process_token(&self, token: Token, line_number: u64) -> TokenSinkResult<Self::Handle> {
        if self.builder.sink.0.borrow().tree.values().len() > MAX_NODES {
            self.overfull.set(true);
            return TokenSinkResult::Continue;
        }
        match &token {
            // Scripts and style sheets are never text, and half of a page: they are not kept.
            Token::CharacterTokens(_) if self.in_code.get().is_some() => TokenSinkResult::Continue,
            Token::TagToken(tag) if !self.admits(tag) => TokenSinkResult::Continue,
            Token::TagToken(tag) => {
                let code = match (tag.kind, &tag.name) {
                    (TagKind::StartTag, &local_name!("script")) => Some("script"),
                    (TagKind::StartTag, &local_name!("style")) => Some("style"),
                    _ => None,
                };
                let result = self.builder.process_token(token, line_number);
                // Elsewhere, as in drawings, elements of these names hold markup.
                self.in_code.set(code.filter(|_| matches!(result, TokenSinkResult::RawData(_))));
                result
            }
            // Comments are never text; left out, they cost nothing.
            Token::CommentToken(_) => TokenSinkResult::Continue,
            _ => self.builder.process_token(token, line_number),
        }
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Elements that cannot pile up by themselves: they have no content, their content is no markup,
/// or the next of their kind closes them.
fn is_uncounted(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("area")
            | local_name!("base")
            | local_name!("br")
            | local_name!("col")
            | local_name!("embed")
            | local_name!("hr")
            | local_name!("img")
            | local_name!("input")
            | local_name!("link")
            | local_name!("meta")
            | local_name!("param")
            | local_name!("source")
            | local_name!("track")
            | local_name!("wbr")
            | local_name!("html")
            | local_name!("head")
            | local_name!("body")
            | local_name!("title")
            | local_name!("script")
            | local_name!("style")
            | local_name!("textarea")
            | local_name!("iframe")
            | local_name!("noscript")
            | local_name!("noembed")
            | local_name!("noframes")
            | local_name!("xmp")
            | local_name!("plaintext")
            | local_name!("p")
            | local_name!("li")
            | local_name!("dt")
            | local_name!("dd")
            | local_name!("option")
            | local_name!("optgroup")
            | local_name!("tr")
            | local_name!("td")
            | local_name!("th")
            | local_name!("thead")
            | local_name!("tbody")
            | local_name!("tfoot")
    )
}

/// A tag with more attributes than any page has.
fn has_overlong_tag(html: &str) -> bool {
    let bytes = html.as_bytes();
    let mut at = 0;
    while let Some(open) = bytes.get(at..).and_then(|rest| memchr::memchr(b'<', rest)) {
        at += open + 1;
        if !bytes.get(at).is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let mut words = 0;
        let mut quote = None;
        let mut before = b'<';
        while let Some(&byte) = bytes.get(at) {
            match quote {
                Some(open) if byte == open => quote = None,
                Some(_) => {}
                None if byte == b'>' => break,
                None if matches!(byte, b'"' | b'\'') && before == b'=' => quote = Some(byte),
                // A slash parts attributes as white space does.
                None if matches!(before, b' ' | b'\n' | b'\t' | b'\r' | 0x0c | b'/' | b'"' | b'\'')
                    && !byte.is_ascii_whitespace() =>
                {
                    words += 1;
                    if words > MAX_ATTRIBUTES {
                        return true;
                    }
                }
                None => {}
            }
            before = byte;
            at += 1;
        }
    }
    false
}

/// Misnested formatting elements can outgrow the sieve's count; selectors walk up the tree for each element.
fn is_too_deep(page: &Html) -> bool {
    let mut depth = 0_usize;
    for edge in page.tree.root().traverse() {
        match edge {
            ego_tree::iter::Edge::Open(_) => depth += 1,
            ego_tree::iter::Edge::Close(_) => depth -= 1,
        }
        if depth > 8 * MAX_DEPTH {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_passed_over_leaves_the_page_as_it_is() {
        for html in [
            "<p>a<script>x<y</script><p>b<style>p{}</style>c",
            "<style>a</styles></STYLE\n><p>b",
            "<script>never</scrip",
            "<script><!-- <script> a </script> b --></script><p>c",
            "<script><!--</script><p>c",
            "<script>a<!-- b</script><script>-->d</script><p>c",
            "<script data-a='>'>a<script>b</script><p>c",
            "<script data-a='>'><!-- <script>b</script>d--></script><p>c",
            "<!-- <script> --><p>a</script><p>b",
            "<!--[if a]><script src=b></script><![endif]--><p>a",
            "<p title='<script>'>a</p><p>b",
            "<svg><style><p>a</style></svg><script>b</script>",
            "<textarea><script>a</textarea>b</script><p>c",
            "<noscript><style>a</noscript><p>b",
            "<script/>a</script><p>b",
            "<style><script>a</style></script><p>b",
            "<title><style></title><p>a</style><p>b",
            "<template><script>a<p></script><p>b</template>",
            "<script\n>a\r\n\0é</script\r><p>b",
            "<scripted><p>a</scripted><styles>b",
            "<script>",
            "<style",
        ] {
            let [skimmed, whole] =
                [parse(html), parse_with(html, |_, _| None)].map(|page| page.unwrap().html());
            assert_eq!(skimmed, whole, "{html}");
        }
    }
}
