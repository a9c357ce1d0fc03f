//! Where a page's document is, when nobody said: its main content.
//!
//! Three steps, none of which knows any site: leave out what calls itself navigation, banner or consent; go
//! down from the page's `main` (or its body) as long as one element holds nearly all the prose; inside that, leave
//! out blocks that are nothing but links.

use super::markdown::{Skip, is_block};
use ego_tree::{NodeId, NodeRef};
use scraper::node::Element;
use scraper::{Html, Node};

/// The element that holds the document, and what in it is not part of it.
pub(super) struct Content {
    pub root: NodeId,
    pub skip: Skip,
}

/// Letters of one block that make it prose rather than a label.
const PROSE: u32 = 40;
/// An element is gone into while it holds this share, in hundredths, of the prose found at the start.
const NEARLY_ALL: u64 = 96;
/// A landmark must hold this share, in hundredths, of the page's prose to be taken at its word.
const ENOUGH: u64 = 50;
/// A page with fewer letters has no document.
const LEAST: u32 = 60;

/// One element in document order; its descendants follow it up to `end`.
#[derive(Clone, Copy)]
struct Block {
    id: NodeId,
    parent: usize,
    end: usize,
    kind: Kind,
    /// Letters in it, those of links, and those of blocks that read like prose.
    letters: u32,
    linked: u32,
    prose: u32,
    links: u32,
    /// Letters that stand in no block inside it.
    own: u32,
    own_linked: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// `main`, `article` or their roles.
    Landmark,
    Heading,
    List,
    /// Calls itself navigation, banner, sidebar, form: no part of the document, unless most of it stands there.
    Surroundings,
    /// Asks for consent, or to subscribe: never part of the document, however long.
    Interruption,
    /// Its content is no text.
    NoText,
}

/// The main content of a page, if it has any.
pub(super) fn find(page: &Html) -> Option<Content> {
    let mut blocks = survey(page);
    leave_out_surroundings(&mut blocks);
    let first = blocks.first()?;
    if first.letters < LEAST {
        return None;
    }
    let total = u64::from(first.prose);
    let landmark = (0..blocks.len())
        .filter(|&at| blocks[at].kind == Kind::Landmark && share(blocks[at].prose, total) >= ENOUGH)
        .max_by_key(|&at| (blocks[at].prose, std::cmp::Reverse(at)));
    let start = landmark.unwrap_or(0);
    let root = narrowest(&blocks, start);
    let nodes = leftovers(&blocks, root).into_iter().map(|at| blocks[at].id).collect();
    Some(Content { root: blocks[root].id, skip: Skip { nodes, controls: true } })
}

/// A share in hundredths; of nothing, everything.
fn share(part: u32, total: u64) -> u64 {
    (u64::from(part) * 100).checked_div(total).unwrap_or(100)
}

/// From `start` down, while one child holds nearly all the prose.
fn narrowest(blocks: &[Block], start: usize) -> usize {
    let total = u64::from(blocks[start].prose);
    if total == 0 {
        return start;
    }
    let mut at = start;
    loop {
        let heaviest = children(blocks, at).max_by_key(|&child| blocks[child].prose);
        match heaviest {
            // Not into the only paragraph or list: its heading stands beside it.
            Some(child)
                if share(blocks[child].prose, total) >= NEARLY_ALL
                    && blocks[child].kind != Kind::List
                    && !has_title_outside(blocks, at, child) =>
            {
                at = child;
            }
            _ => return at,
        }
    }
}

/// A heading stands in `parent` but not in its child.
fn has_title_outside(blocks: &[Block], parent: usize, child: usize) -> bool {
    (parent + 1..blocks[parent].end)
        .filter(|&at| at < child || at >= blocks[child].end)
        .any(|at| blocks[at].kind == Kind::Heading && blocks[at].letters > 0)
}

fn children(blocks: &[Block], parent: usize) -> impl Iterator<Item = usize> {
    let mut at = parent + 1;
    std::iter::from_fn(move || {
        (at < blocks[parent].end).then(|| {
            let child = at;
            at = blocks[child].end;
            child
        })
    })
}

/// What stands in the root but is not the document: boilerplate, and blocks that are all links.
fn leftovers(blocks: &[Block], root: usize) -> Vec<usize> {
    let mut out = Vec::new();
    let mut at = root + 1;
    while at < blocks[root].end {
        let block = &blocks[at];
        let is_leftover = matches!(block.kind, Kind::Surroundings | Kind::Interruption)
            || (block.links > 2
                && block.prose * 4 < block.letters
                && block.linked * 10 >= block.letters * 8
                && block.letters * 4 < blocks[root].letters);
        if is_leftover {
            out.push(at);
            at = block.end;
        } else {
            at += 1;
        }
    }
    out
}

/// Takes what surrounds the document out of the measures of all that holds it.
///
/// `sidebar-layout` may name the sidebar or the page that has one: what holds most of the page's prose is the page.
fn leave_out_surroundings(blocks: &mut [Block]) {
    let total = blocks.first().map_or(0, |body| u64::from(body.prose));
    let mut at = 0;
    while at < blocks.len() {
        let Block { kind, end, letters, linked, prose, links, .. } = blocks[at];
        let is_page = kind == Kind::Surroundings && prose > 0 && share(prose, total) >= ENOUGH;
        match kind {
            Kind::Surroundings if is_page => blocks[at].kind = Kind::Plain,
            Kind::Surroundings | Kind::Interruption => {
                let mut holder = at;
                while holder > 0 {
                    holder = blocks[holder].parent;
                    let holder = &mut blocks[holder];
                    holder.letters = holder.letters.saturating_sub(letters);
                    holder.linked = holder.linked.saturating_sub(linked);
                    holder.prose = holder.prose.saturating_sub(prose);
                    holder.links = holder.links.saturating_sub(links);
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
}

/// All elements of the page in document order, measured.
fn survey(page: &Html) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    // Indices of the elements that stand open.
    let mut open: Vec<usize> = Vec::new();
    let (mut in_link, mut in_landmark, mut in_nothing) = (0_u32, 0_u32, 0_u32);
    for edge in page.tree.root().traverse() {
        match edge {
            ego_tree::iter::Edge::Open(node) => match node.value() {
                Node::Element(element) => {
                    let kind = kind(element, node, in_landmark > 0);
                    let is_link = u32::from(element.name() == "a");
                    in_link += is_link;
                    in_landmark += u32::from(kind == Kind::Landmark);
                    in_nothing += u32::from(kind == Kind::NoText);
                    let parent = open.last().copied().unwrap_or(0);
                    open.push(blocks.len());
                    blocks.push(Block {
                        id: node.id(),
                        parent,
                        end: 0,
                        kind,
                        letters: 0,
                        linked: 0,
                        prose: 0,
                        links: is_link,
                        own: 0,
                        own_linked: 0,
                    });
                }
                Node::Text(text) if in_nothing == 0 => {
                    if let Some(&at) = open.last() {
                        let letters = letters(text);
                        blocks[at].own += letters;
                        if in_link > 0 {
                            blocks[at].own_linked += letters;
                        }
                    }
                }
                _ => {}
            },
            ego_tree::iter::Edge::Close(node) => {
                let Node::Element(element) = node.value() else { continue };
                let Some(at) = open.pop() else { continue };
                let end = blocks.len();
                let block = &mut blocks[at];
                in_link -= u32::from(element.name() == "a");
                in_landmark -= u32::from(block.kind == Kind::Landmark);
                in_nothing -= u32::from(block.kind == Kind::NoText);
                block.end = end;
                let (own, own_linked) = (block.own, block.own_linked);
                let is_inline = !is_block(element.name());
                if !is_inline {
                    block.letters += own;
                    block.linked += own_linked;
                    if own >= PROSE && own_linked * 2 <= own {
                        block.prose += own;
                    }
                }
                let Block { parent, letters, linked, prose, links, .. } = *block;
                if at > 0 {
                    let parent = &mut blocks[parent];
                    parent.letters += letters;
                    parent.linked += linked;
                    parent.prose += prose;
                    parent.links += links;
                    if is_inline {
                        parent.own += own;
                        parent.own_linked += own_linked;
                    }
                }
            }
        }
    }
    blocks
}

fn letters(text: &str) -> u32 {
    // The bytes of ASCII letters and digits, and one for each other character: signs of other scripts are rare.
    let count = text.bytes().filter(|byte| byte.is_ascii_alphanumeric() || *byte >= 0xc0).count();
    u32::try_from(count).unwrap_or(u32::MAX / 1024)
}

fn kind(element: &Element, node: NodeRef<'_, Node>, in_landmark: bool) -> Kind {
    let role = element.attr("role").unwrap_or_default();
    match role {
        "main" | "article" => return Kind::Landmark,
        "dialog" | "alertdialog" => return Kind::Interruption,
        "navigation" | "banner" | "contentinfo" | "search" | "complementary" | "menu" | "menubar"
        | "toolbar" | "tooltip" => {
            return Kind::Surroundings;
        }
        _ => {}
    }
    match element.name() {
        "main" | "article" => return Kind::Landmark,
        "script" | "style" | "head" | "template" | "svg" | "math" | "iframe" | "object" | "canvas"
        | "video" | "audio" | "button" | "select" | "textarea" | "noscript" | "datalist" => {
            return Kind::NoText;
        }
        "dialog" => return Kind::Interruption,
        "nav" | "aside" | "footer" | "search" => return Kind::Surroundings,
        // A document's own header holds its title.
        "header" if !in_landmark && !holds_title(node) => return Kind::Surroundings,
        // Some sites wrap the whole page in a form.
        "form" if !holds_title(node) => return Kind::Surroundings,
        "h1" | "h2" | "h3" => return Kind::Heading,
        "ul" | "ol" | "p" | "dl" | "table" => return Kind::List,
        "html" | "body" | "a" | "span" | "li" | "b" | "strong" | "em" | "i" | "br" | "td" | "tr" => {
            return Kind::Plain;
        }
        _ => {}
    }
    let mut named = Kind::Plain;
    for words in [element.attr("class"), element.attr("id")].into_iter().flatten() {
        match named_kind(words) {
            Kind::Plain => {}
            Kind::Interruption => {
                named = Kind::Interruption;
                break;
            }
            other => named = other,
        }
    }
    if named != Kind::Plain && holds_title(node) { Kind::Plain } else { named }
}

/// An element with the page's title in it is more than a banner, whatever it is called.
fn holds_title(node: NodeRef<'_, Node>) -> bool {
    node.descendants().any(|node| node.value().as_element().is_some_and(|element| element.name() == "h1"))
}

/// What a class list or an id says, read as words: `siteNav-top` as `site`, `nav`, `top`.
fn named_kind(names: &str) -> Kind {
    let bytes = names.as_bytes();
    let mut start = 0;
    let mut kind = Kind::Plain;
    for at in 0..=bytes.len() {
        let ends = at == bytes.len()
            || !bytes[at].is_ascii_alphanumeric()
            || (at > start && bytes[at].is_ascii_uppercase() && bytes[at - 1].is_ascii_lowercase());
        if !ends {
            continue;
        }
        let word = &bytes[start..at];
        if is_any(word, INTERRUPTIONS) {
            return Kind::Interruption;
        }
        if is_any(word, SURROUNDINGS) {
            kind = Kind::Surroundings;
        }
        start = if at < bytes.len() && bytes[at].is_ascii_alphanumeric() { at } else { at + 1 };
    }
    kind
}

fn is_any(word: &[u8], words: &[&str]) -> bool {
    word.len() > 2 && words.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(word))
}

/// What sites in English call the parts around a document.
const SURROUNDINGS: &[&str] = &[
    "nav",
    "navbar",
    "navigation",
    "breadcrumb",
    "breadcrumbs",
    "sidebar",
    "sidenav",
    "footer",
    "masthead",
    "skiplink",
    "share",
    "sharing",
    "social",
    "related",
    "pagination",
    "pager",
    "advert",
    "ads",
    "toc",
    "feedback",
    "promo",
];

/// What they call the parts that stand before it.
const INTERRUPTIONS: &[&str] =
    &["consent", "onetrust", "cookiebanner", "newsletter", "subscribe", "signup", "modal", "popup"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_words() {
        for names in ["nav", "siteNav-top", "site_footer", "x toc", "Page-sidebar__inner"] {
            assert_eq!(named_kind(names), Kind::Surroundings, "{names}");
        }
        for names in ["onetrust-consent-sdk", "CookieConsent", "newsletterBox"] {
            assert_eq!(named_kind(names), Kind::Interruption, "{names}");
        }
        for names in ["navy", "content", "stock", "", "footerless", "é nävbar"] {
            assert_eq!(named_kind(names), Kind::Plain, "{names}");
        }
    }
}
