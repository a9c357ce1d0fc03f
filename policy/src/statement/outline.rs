//! Gives each sentence its place: the headings above it and the lead-in it hangs under.

use super::{BORDER, BlockKind, Segment};
use std::sync::Arc;

/// What a reader remembers while going down a text.
#[derive(Debug, Clone)]
pub struct Outline {
    headings: Vec<(u8, Arc<str>)>,
    section: Arc<[Arc<str>]>,
    /// The last sentence of the last paragraph, if it calls for a list.
    lead_in: Option<Arc<str>>,
    /// What names the columns of the table that is open.
    head: Option<Arc<str>>,
    /// Items that are open, by indent, each with the last sentence it ended on, if that calls for a list.
    items: Vec<(u16, Option<Arc<str>>)>,
}

impl Default for Outline {
    fn default() -> Self {
        Self { headings: Vec::new(), section: Arc::from([]), lead_in: None, head: None, items: Vec::new() }
    }
}

impl Outline {
    /// Places the sentences of the next block; `take` receives each as a segment.
    pub fn place(&mut self, kind: BlockKind, sentences: &[Arc<str>], mut take: impl FnMut(Segment)) {
        let Some(last) = sentences.last() else { return };
        let role = kind.role();
        let opens = calls_for_list(last).then(|| last.clone());
        if kind != BlockKind::Row {
            self.head = None;
        }
        match kind {
            BlockKind::Heading(level) => {
                self.headings.retain(|(above, _)| *above < level);
                self.section = self.headings.iter().map(|(_, text)| text.clone()).collect();
                self.lead_in = None;
                self.items.clear();
                take(Segment { text: last.clone(), role, section: self.section.clone(), lead_in: None });
                self.headings.push((level, last.clone()));
                self.section = self.headings.iter().map(|(_, text)| text.clone()).collect();
            }
            BlockKind::Paragraph => {
                self.items.clear();
                // A short bold line over a list or a text reads as a heading but has no level; it leads in.
                self.lead_in = opens;
                for text in sentences {
                    take(Segment { text: text.clone(), role, section: self.section.clone(), lead_in: None });
                }
            }
            BlockKind::Continuation(indent) => {
                self.items.retain(|(above, _)| *above < indent);
                if let Some(item) = self.items.last_mut() {
                    item.1 = opens;
                }
                for text in sentences {
                    take(Segment { text: text.clone(), role, section: self.section.clone(), lead_in: None });
                }
            }
            BlockKind::Item(indent) => {
                self.items.retain(|(above, _)| *above < indent);
                let lead_in = self
                    .items
                    .iter()
                    .rev()
                    .find_map(|(_, lead)| lead.clone())
                    .or_else(|| self.lead_in.clone());
                self.items.push((indent, opens));
                for (n, text) in sentences.iter().enumerate() {
                    // Only the item's first sentence completes the lead-in; the others stand by themselves.
                    let lead_in = lead_in.clone().filter(|_| n == 0 || !starts_anew(text));
                    take(Segment { text: text.clone(), role, section: self.section.clone(), lead_in });
                }
            }
            BlockKind::Head => {
                self.items.clear();
                self.head = sentences.first().filter(|_| sentences.len() == 1).cloned();
                for text in sentences {
                    take(Segment {
                        text: text.clone(),
                        role,
                        section: self.section.clone(),
                        lead_in: self.lead_in.clone(),
                    });
                }
            }
            BlockKind::Row => {
                self.items.clear();
                for text in sentences {
                    let head = self.head.as_ref().filter(|_| text.contains(BORDER));
                    let lead_in = head.or(self.lead_in.as_ref()).cloned();
                    take(Segment { text: text.clone(), role, section: self.section.clone(), lead_in });
                }
            }
        }
    }
}

/// "We do not:", "These include", "Wir verkaufen nicht:".
fn calls_for_list(sentence: &str) -> bool {
    sentence.ends_with([':', '：'])
        || sentence.ends_with(|c: char| c.is_alphanumeric() || c == ',') && sentence.len() > 12
}

/// A second sentence of an item starts with a capital and so needs no lead-in.
fn starts_anew(text: &str) -> bool {
    text.starts_with(|c: char| c.is_uppercase() || c.is_numeric())
}
