//! The declared parts of a page, and what is taken out of them.

use super::markdown::Part;
use crate::declaration::{Edge, Range, Selection, Selector};
use ego_tree::NodeId;
use scraper::{ElementRef, Html};
use std::collections::{HashMap, HashSet};

/// The nodes between two places of a page, by the order in which tags open and close.
pub(super) struct Span {
    start: u32,
    end: u32,
    order: HashMap<NodeId, (u32, u32)>,
}

/// How a node stands to a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overlap {
    Outside,
    Partly,
    Inside,
}

impl Span {
    /// The span of a range, where both of its ends are on the page.
    fn of(page: &Html, range: &Range) -> Result<Self, String> {
        let first = |edge: &Edge| {
            elements(page, edge.selector())
                .into_iter()
                .next()
                .ok_or_else(|| edge.selector().text().to_owned())
        };
        let (start, end) = (first(&range.start)?, first(&range.end)?);
        let mut order = HashMap::new();
        for (at, edge) in (0..).zip(page.tree.root().traverse()) {
            match edge {
                ego_tree::iter::Edge::Open(node) => {
                    order.insert(node.id(), (at, at));
                }
                ego_tree::iter::Edge::Close(node) => {
                    if let Some((_, close)) = order.get_mut(&node.id()) {
                        *close = at;
                    }
                }
            }
        }
        let place = |edge: &Edge, node: NodeId| {
            let (open, close) = order.get(&node).copied().unwrap_or_default();
            match edge {
                // Before the element is before its opening; after it, past its closing.
                Edge::Before(_) => open,
                Edge::After(_) => close + 1,
            }
        };
        let (start, end) = (place(&range.start, start), place(&range.end, end));
        Ok(Self { start, end, order })
    }

    /// Whether the whole span stands within a node.
    pub fn encloses(&self, node: NodeId) -> bool {
        self.order.get(&node).is_some_and(|&(open, close)| open < self.start && close >= self.end)
    }

    /// Whether a node stands within the span, outside of it, or across an edge.
    pub fn overlap(&self, node: NodeId) -> Overlap {
        match self.order.get(&node) {
            Some(&(open, close)) if open >= self.start && close < self.end => Overlap::Inside,
            Some(&(open, close)) if close >= self.start && open < self.end => Overlap::Partly,
            _ => Overlap::Outside,
        }
    }
}

/// Elements that match, in the order of the page.
pub(super) fn elements(page: &Html, selector: &Selector) -> Vec<NodeId> {
    let Some(root) = page.tree.root().children().find_map(ElementRef::wrap) else { return Vec::new() };
    let itself = selector.css().matches(&root).then(|| root.id());
    itself.into_iter().chain(root.select(selector.css()).map(|element| element.id())).collect()
}

/// Takes the removals out of the page. One that finds nothing removes nothing.
pub(super) fn remove(page: &mut Html, removals: &[Selection]) {
    let mut doomed = Vec::new();
    for removal in removals {
        match removal {
            Selection::Elements(selector) => doomed.extend(elements(page, selector)),
            Selection::Between(range) => {
                if let Ok(span) = Span::of(page, range) {
                    let inside = |node: &ego_tree::NodeRef<'_, scraper::Node>| {
                        span.overlap(node.id()) == Overlap::Inside
                    };
                    doomed.extend(page.tree.root().descendants().filter(inside).map(|node| node.id()));
                }
            }
        }
    }
    for id in doomed {
        if let Some(mut node) = page.tree.get_mut(id) {
            node.detach();
        }
    }
}

/// The selected parts, in the order they are declared, each once; or the selector that found nothing.
///
/// An element inside a selected one is not a part of its own. A list of selectors is satisfied by any of them;
/// a range must find both of its ends.
pub(super) fn parts(page: &Html, selections: &[Selection]) -> Result<Vec<Part>, String> {
    let mut found = Vec::new();
    let mut chosen = HashSet::new();
    for selection in selections {
        match selection {
            Selection::Elements(selector) => {
                for id in elements(page, selector) {
                    if chosen.insert(id) {
                        found.push(Part::Element(id));
                    }
                }
            }
            Selection::Between(range) => found.push(Part::Span(Span::of(page, range)?)),
        }
    }
    found.retain(|part| match part {
        Part::Element(id) => page
            .tree
            .get(*id)
            .is_some_and(|node| !node.ancestors().any(|ancestor| chosen.contains(&ancestor.id()))),
        Part::Span(_) => true,
    });
    if found.is_empty() {
        let all: Vec<String> = selections.iter().map(Selection::to_string).collect();
        return Err(all.join("`, `"));
    }
    Ok(found)
}
