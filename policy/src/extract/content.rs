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
    /// Navigation, banner, consent, form: no part of any document.
    Boilerplate,
}

/// The main content of a page, if it has any.
pub(super) fn find(page: &Html) -> Option<Content> {
    let blocks = survey(page);
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
        let is_leftover = block.kind == Kind::Boilerplate
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

/// All elements of the page in document order, measured.
fn survey(page: &Html) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    // Indices of the elements that stand open; of links among them.
    let mut open: Vec<usize> = Vec::new();
    let mut in_link = 0_u32;
    let mut in_boilerplate = 0_u32;
    for edge in page.tree.root().traverse() {
        match edge {
            ego_tree::iter::Edge::Open(node) => match node.value() {
                Node::Element(element) => {
                    let parent = open.last().copied().unwrap_or(0);
                    let kind = kind(element, node, &blocks, &open);
                    open.push(blocks.len());
                    in_link += u32::from(element.name() == "a");
                    in_boilerplate += u32::from(kind == Kind::Boilerplate);
                    let is_link = u32::from(element.name() == "a");
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
                // What is left out must not weigh.
                Node::Text(text) if in_boilerplate == 0 => {
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
                in_link -= u32::from(element.name() == "a");
                in_boilerplate -= u32::from(blocks[at].kind == Kind::Boilerplate);
                let end = blocks.len();
                let block = &mut blocks[at];
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
    let count = text.chars().filter(|c| c.is_alphanumeric()).count();
    u32::try_from(count).unwrap_or(u32::MAX / 1024)
}

fn kind(element: &Element, node: NodeRef<'_, Node>, blocks: &[Block], open: &[usize]) -> Kind {
    let role = element.attr("role").unwrap_or_default();
    match role {
        "navigation" | "banner" | "contentinfo" | "search" | "dialog" | "alertdialog" | "complementary"
        | "menu" | "menubar" | "toolbar" | "tooltip" => return Kind::Boilerplate,
        "main" | "article" => return Kind::Landmark,
        _ => {}
    }
    let in_landmark = open.iter().any(|&at| blocks[at].kind == Kind::Landmark);
    match element.name() {
        "main" | "article" => return Kind::Landmark,
        "nav" | "script" | "style" | "head" | "template" | "svg" | "math" | "iframe" | "object"
        | "canvas" | "video" | "audio" | "button" | "select" | "textarea" | "noscript" | "dialog"
        | "datalist" | "search" => {
            return Kind::Boilerplate;
        }
        "aside" | "footer" => return Kind::Boilerplate,
        // A document's own header holds its title.
        "header" if !in_landmark && !holds_title(node) => return Kind::Boilerplate,
        // Some sites wrap the whole page in a form.
        "form" if !holds_title(node) => return Kind::Boilerplate,
        "h1" | "h2" | "h3" => return Kind::Heading,
        "ul" | "ol" | "p" | "dl" | "table" => return Kind::List,
        "html" | "body" => return Kind::Plain,
        _ => {}
    }
    let named = element.attr("class").into_iter().chain(element.attr("id"));
    if named.flat_map(words).any(|word| is_boilerplate_word(&word)) && !holds_title(node) {
        return Kind::Boilerplate;
    }
    Kind::Plain
}

/// An element with the page's title in it is more than a banner, whatever it is called.
fn holds_title(node: NodeRef<'_, Node>) -> bool {
    node.descendants().any(|node| node.value().as_element().is_some_and(|element| element.name() == "h1"))
}

/// The words of a class list or id, `siteNav-top` as `site`, `nav`, `top`.
fn words(names: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in names.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words
}

/// What sites in English call the parts around a document.
fn is_boilerplate_word(word: &str) -> bool {
    matches!(
        word,
        "nav"
            | "navbar"
            | "navigation"
            | "breadcrumb"
            | "breadcrumbs"
            | "sidebar"
            | "sidenav"
            | "footer"
            | "masthead"
            | "skiplink"
            | "skip"
            | "consent"
            | "onetrust"
            | "cookiebanner"
            | "share"
            | "sharing"
            | "social"
            | "related"
            | "newsletter"
            | "subscribe"
            | "signup"
            | "pagination"
            | "pager"
            | "modal"
            | "popup"
            | "advert"
            | "ads"
            | "toc"
            | "feedback"
            | "promo"
    )
}
