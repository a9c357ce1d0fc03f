//! Selected parts of a page to Markdown, GitHub's flavour: headings, lists, tables, links, emphasis, code, quotes.
//!
//! The tree is walked without recursion: pages nest as deep as they like.

use super::links::{self, Links};
use super::select::{Overlap, Span};
use super::writer::Writer;
use ego_tree::{NodeId, NodeRef};
use scraper::node::Element;
use scraper::{Html, Node};
use std::collections::HashSet;

/// A part of a page to write.
pub(super) enum Part {
    Element(NodeId),
    Span(Span),
}

/// What is left out of the parts.
#[derive(Debug, Default)]
pub(super) struct Skip {
    pub nodes: HashSet<NodeId>,
    /// Buttons and form fields: no part of a document whose place was guessed.
    pub controls: bool,
}

/// Writes the parts one after the other.
pub(super) fn write(parts: &[Part], page: &Html, links: &Links, skip: &Skip) -> String {
    let mut scribe = Scribe { links, skip, frames: vec![Frame::new(Shape::Document)], lists: Vec::new() };
    for part in parts {
        match part {
            Part::Element(id) => {
                if let Some(node) = page.tree.get(*id) {
                    scribe.walk(node, None);
                }
            }
            Part::Span(span) => scribe.walk(page.tree.root(), Some(span)),
        }
        scribe.current().new_block(2);
    }
    scribe.finish()
}

/// An element whose content is gathered before it is written, because its marks depend on it.
struct Frame {
    shape: Shape,
    out: Writer,
    /// A block stands inside: no inline mark can span it.
    holds_block: bool,
}

enum Shape {
    Document,
    /// Emphasis, deletion, code: the mark on both sides.
    Inline(&'static str),
    Link(String),
    Heading(u8),
    Item,
    Quote,
    Preformatted,
    Table(Table),
    Row(Vec<String>),
    Cell,
}

#[derive(Default)]
struct Table {
    rows: Vec<Vec<String>>,
    /// The first row names the columns.
    has_head: bool,
}

struct List {
    ordered: bool,
    next: u64,
}

impl Frame {
    fn new(shape: Shape) -> Self {
        let out = if matches!(shape, Shape::Inline("`")) { Writer::verbatim() } else { Writer::default() };
        Self { shape, out, holds_block: false }
    }
}

struct Scribe<'a> {
    links: &'a Links,
    skip: &'a Skip,
    frames: Vec<Frame>,
    lists: Vec<List>,
}

/// What `enter` did with a node.
enum Entered {
    /// Written or left out whole.
    Done,
    /// Its children come next; what `leave` has to close.
    Into(Closing),
}

#[derive(Clone, Copy)]
enum Closing {
    Nothing,
    Block,
    List,
    Frame,
}

impl<'a> Scribe<'a> {
    fn current(&mut self) -> &mut Writer {
        let last = self.frames.len() - 1;
        &mut self.frames[last].out
    }

    fn walk(&mut self, root: NodeRef<'a, Node>, span: Option<&Span>) {
        let mut open: Vec<Closing> = Vec::new();
        let mut node = root;
        loop {
            let entered = match span.map(|span| (span.overlap(node.id()), span.encloses(node.id()))) {
                Some((Overlap::Outside, _)) => Entered::Done,
                // An element around the whole span is not part of it.
                Some((_, true)) => Entered::Into(Closing::Nothing),
                _ => self.enter(node),
            };
            if let Entered::Into(closing) = entered {
                if let Some(child) = node.first_child() {
                    open.push(closing);
                    node = child;
                    continue;
                }
                self.leave(closing);
            }
            // On to what comes next: a sibling, or one of an ancestor.
            loop {
                if node.id() == root.id() {
                    return;
                }
                if let Some(next) = node.next_sibling() {
                    node = next;
                    break;
                }
                let (Some(parent), Some(closing)) = (node.parent(), open.pop()) else { return };
                self.leave(closing);
                node = parent;
            }
        }
    }

    fn enter(&mut self, node: NodeRef<'a, Node>) -> Entered {
        let element = match node.value() {
            Node::Text(text) => {
                if self.frames.iter().any(|frame| matches!(frame.shape, Shape::Preformatted)) {
                    self.current().raw(&text.replace('\0', ""));
                } else {
                    self.current().words(text);
                }
                return Entered::Done;
            }
            Node::Element(element) => element,
            Node::Document | Node::Fragment => return Entered::Into(Closing::Nothing),
            _ => return Entered::Done,
        };
        if self.skip.nodes.contains(&node.id()) {
            return Entered::Done;
        }
        if let Some(address) = element.attr("data-cfemail").and_then(links::email) {
            self.current().words(&address);
            return Entered::Done;
        }
        self.enter_element(node, element)
    }

    fn enter_element(&mut self, node: NodeRef<'a, Node>, element: &Element) -> Entered {
        let name = element.name();
        match name {
            "script" | "style" | "head" | "template" | "noscript" | "iframe" | "object" | "embed"
            | "canvas" | "video" | "audio" | "noembed" | "noframes" | "datalist" => Entered::Done,
            "button" | "input" | "select" | "textarea" if self.skip.controls => Entered::Done,
            // Where somebody selected a drawing or a form, its words were meant.
            "svg" | "math" if self.skip.controls => Entered::Done,
            "br" => {
                self.current().line_break();
                Entered::Done
            }
            "hr" => {
                self.open_block(2);
                self.current().raw("* * *");
                self.current().new_block(2);
                Entered::Done
            }
            "img" => {
                self.image(element);
                Entered::Done
            }
            "em" | "i" => self.open(Shape::Inline("_")),
            "strong" | "b" => self.open(Shape::Inline("**")),
            "del" | "s" | "strike" => self.open(Shape::Inline("~~")),
            "code" | "kbd" | "samp" | "tt" if !self.is_preformatted() => self.open(Shape::Inline("`")),
            "a" => match element.attr("href").and_then(|href| self.links.target(href)) {
                // Only the outermost of links that stand in each other can be one.
                Some(target) if !self.frames.iter().any(|frame| matches!(frame.shape, Shape::Link(_))) => {
                    self.open(Shape::Link(target.into_owned()))
                }
                _ => Entered::Into(Closing::Nothing),
            },
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.open_block(2);
                self.open(Shape::Heading(name.as_bytes()[1] - b'0'))
            }
            "ul" | "ol" | "menu" | "dir" => {
                let breaks = if self.in_item() { 1 } else { 2 };
                self.open_block(breaks);
                let next = element.attr("start").and_then(|start| start.trim().parse().ok()).unwrap_or(1);
                self.lists.push(List { ordered: name == "ol", next });
                Entered::Into(Closing::List)
            }
            "li" => {
                self.open_block(1);
                self.open(Shape::Item)
            }
            "blockquote" => {
                self.open_block(2);
                self.open(Shape::Quote)
            }
            "pre" if !self.is_preformatted() => {
                self.open_block(2);
                self.open(Shape::Preformatted)
            }
            "table" if holds_data(node) => {
                self.open_block(2);
                self.open(Shape::Table(Table::default()))
            }
            "tr" if matches!(self.shape(), Shape::Table(_)) => {
                let heads = node.children().filter_map(|child| child.value().as_element());
                let all_heads =
                    heads.clone().next().is_some() && heads.clone().all(|cell| cell.name() != "td");
                if let Some(Frame { shape: Shape::Table(table), .. }) = self.frames.last_mut()
                    && table.rows.is_empty()
                {
                    table.has_head = all_heads;
                }
                self.open(Shape::Row(Vec::new()))
            }
            "td" | "th" if matches!(self.shape(), Shape::Row(_)) => self.open(Shape::Cell),
            _ if is_block(name) => {
                self.open_block(2);
                Entered::Into(Closing::Block)
            }
            _ => Entered::Into(Closing::Nothing),
        }
    }

    fn open(&mut self, shape: Shape) -> Entered {
        self.frames.push(Frame::new(shape));
        Entered::Into(Closing::Frame)
    }

    /// A block starts: what stands open inline around it cannot be marked as one.
    fn open_block(&mut self, breaks: u8) {
        for frame in self.frames.iter_mut().rev() {
            match frame.shape {
                Shape::Inline(_) | Shape::Link(_) => frame.holds_block = true,
                _ => break,
            }
        }
        self.current().new_block(breaks);
    }

    fn shape(&self) -> &Shape {
        &self.frames[self.frames.len() - 1].shape
    }

    fn is_preformatted(&self) -> bool {
        self.frames.iter().any(|frame| matches!(frame.shape, Shape::Preformatted))
    }

    fn in_item(&self) -> bool {
        self.frames.iter().rev().any(|frame| matches!(frame.shape, Shape::Item))
    }

    fn image(&mut self, element: &Element) {
        let alt = element.attr("alt").unwrap_or_default().trim();
        // Without words an image says nothing that could be promised; its address changes with every release.
        if alt.chars().any(char::is_alphanumeric) {
            let mut words = Writer::default();
            words.words(alt);
            let target = element.attr("src").and_then(|src| self.links.target(src)).unwrap_or_default();
            let image = format!("![{}]({target})", words.finish().text);
            self.current().raw(&image);
        }
    }

    fn leave(&mut self, closing: Closing) {
        match closing {
            Closing::Nothing => {}
            Closing::Block => self.current().new_block(2),
            Closing::List => {
                self.lists.pop();
                self.current().new_block(2);
            }
            Closing::Frame => {
                // The document's own frame is never closed by an element.
                if self.frames.len() > 1
                    && let Some(frame) = self.frames.pop()
                {
                    self.close(frame);
                }
            }
        }
    }

    fn close(&mut self, frame: Frame) {
        let Frame { shape, out, holds_block } = frame;
        let done = out.finish();
        match shape {
            Shape::Document => self.current().raw(&done.text),
            Shape::Inline(_) | Shape::Link(_) => {
                if done.led_by_space {
                    self.current().owe_space();
                }
                let is_blank = done.text.is_empty();
                match shape {
                    _ if is_blank => {}
                    _ if holds_block => {
                        self.current().new_block(2);
                        self.current().raw(&done.text);
                        self.current().new_block(2);
                    }
                    Shape::Link(target) => {
                        let text = done.text.replace("\n", " ");
                        self.current().raw(&format!("[{text}]({target})"));
                    }
                    Shape::Inline(mark) => self.current().raw(&format!("{mark}{}{mark}", done.text)),
                    _ => {}
                }
                if done.ends_with_space && !holds_block {
                    self.current().owe_space();
                }
            }
            Shape::Heading(level) => {
                if !done.text.is_empty() {
                    let words: Vec<&str> = done.text.split_whitespace().collect();
                    let marks = &"######"[..usize::from(level.clamp(1, 6))];
                    self.current().raw(&format!("{marks} {}", words.join(" ")));
                }
                self.current().new_block(2);
            }
            Shape::Item => {
                let mark = match self.lists.last_mut() {
                    Some(List { ordered: true, next }) => {
                        let number = *next;
                        *next = next.saturating_add(1);
                        format!("{number}.  ")
                    }
                    _ => "*   ".to_owned(),
                };
                if !done.text.is_empty() {
                    let item = indented(&done.text, &mark, "    ");
                    self.current().raw(&item);
                }
                self.current().new_block(1);
            }
            Shape::Quote => {
                if !done.text.is_empty() {
                    let quote = indented(&done.text, "> ", "> ");
                    self.current().raw(&quote);
                }
                self.current().new_block(2);
            }
            Shape::Preformatted => {
                let code = done.text.trim_end().trim_start_matches('\n');
                if !code.is_empty() {
                    // A fence longer than any in the text.
                    let mut fence = String::from("```");
                    while code.contains(&fence) {
                        fence.push('`');
                    }
                    self.current().raw(&format!("{fence}\n{code}\n{fence}"));
                }
                self.current().new_block(2);
            }
            Shape::Cell => {
                let cell = done.text.replace("  \n", "\n").replace('|', "\\|");
                let lines: Vec<&str> =
                    cell.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
                let cell = lines.join("<br>");
                if let Some(Frame { shape: Shape::Row(cells), .. }) = self.frames.last_mut() {
                    cells.push(cell);
                }
            }
            Shape::Row(cells) => {
                if let Some(Frame { shape: Shape::Table(table), .. }) = self.frames.last_mut()
                    && cells.iter().any(|cell| !cell.is_empty())
                {
                    table.rows.push(cells);
                }
            }
            Shape::Table(table) => {
                // A caption, or text that stands in no cell.
                self.current().raw(&done.text);
                self.current().new_block(2);
                let table = table.markdown();
                self.current().raw(&table);
                self.current().new_block(2);
            }
        }
    }

    fn finish(mut self) -> String {
        while self.frames.len() > 1 {
            self.leave(Closing::Frame);
        }
        match self.frames.pop() {
            Some(document) => {
                let mut text = document.out.finish().text;
                text.push('\n');
                text
            }
            None => String::new(),
        }
    }
}

impl Table {
    fn markdown(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        if columns == 0 {
            return String::new();
        }
        let line = |cells: &[String]| {
            let mut line = String::from("|");
            for column in 0..columns {
                line.push(' ');
                line.push_str(cells.get(column).map_or("", String::as_str));
                line.push_str(" |");
            }
            line
        };
        let mut rows = self.rows.as_slice();
        let mut lines = Vec::new();
        match rows.split_first() {
            Some((head, rest)) if self.has_head => {
                lines.push(line(head));
                rows = rest;
            }
            // Markdown has no table without a head.
            _ => lines.push(line(&[])),
        }
        lines.push(format!("|{}", " --- |".repeat(columns)));
        lines.extend(rows.iter().map(|row| line(row)));
        lines.join("\n")
    }
}

/// A table of data: at least two columns and rows, no table or heading inside. Others are layout, their cells blocks.
fn holds_data(table: NodeRef<'_, Node>) -> bool {
    let mut rows = 0;
    let mut columns = 0;
    let mut in_row = 0;
    for node in table.descendants().skip(1) {
        let Some(element) = node.value().as_element() else { continue };
        match element.name() {
            "table" | "h1" | "h2" | "h3" => return false,
            "tr" => {
                rows += 1;
                in_row = 0;
            }
            "td" | "th" => {
                in_row += 1;
                columns = columns.max(in_row);
            }
            _ => {}
        }
    }
    rows > 1 && columns > 1
}

/// Puts `first` before the first line and `others` before the rest; blank lines stay blank where that is only space.
fn indented(text: &str, first: &str, others: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16 + first.len());
    for (index, line) in text.split('\n').enumerate() {
        match index {
            0 => out.push_str(first),
            _ if line.is_empty() => {
                out.push('\n');
                out.push_str(others.trim_end());
            }
            _ => {
                out.push('\n');
                out.push_str(others);
            }
        }
        out.push_str(line);
    }
    out
}

/// Elements that stand on lines of their own.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "frameset"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "html"
            | "legend"
            | "li"
            | "main"
            | "menu"
            | "nav"
            | "noscript"
            | "ol"
            | "option"
            | "p"
            | "pre"
            | "search"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
    )
}
