//! Which promise a finding is about: the same one reversed, restored and reversed again keeps its name.
//!
//! A promise is named for the oldest wording that a statement descends from. A statement descends from the one it
//! rewords, whatever numbers, scopes or data the rewording changed; a statement that moves or comes back is the same
//! statement. A promise that comes back in new words after it was gone is found again by its words among those
//! that earlier findings were about. Two statements that ever stood together are two promises.
//!
//! Only what happened before a finding counts, so that later versions change no name given earlier.

use super::{Change, Statement};
use crate::change::alike;
use crate::finding::{Judgement, Topic};
use crate::id::{Digest, PolicyId, PromiseId};
use crate::noise::sheet::Known;
use chrono::{DateTime, Utc};

/// A promise that comes back has this share of its words in common with what it was.
const ALIKE: f32 = 0.5;

/// What earlier findings were about.
struct Strand {
    /// The number of the oldest wording.
    root: u32,
    /// Of the first finding; later wordings may be read under another.
    topic: Topic,
    /// Numbers of statements.
    wordings: Vec<u32>,
    /// When it was last touched: two findings of one version on one statement are two promises.
    last: DateTime<Utc>,
}

/// The descent of a policy's statements, while going along its changes.
pub(super) struct Lineage<'a> {
    policy: &'a PolicyId,
    known: &'a [Known],
    statements: &'a [Statement],
    /// By number of statement: the number of the oldest wording it descends from.
    roots: Vec<u32>,
    strands: Vec<Strand>,
}

impl<'a> Lineage<'a> {
    pub fn new(policy: &'a PolicyId, known: &'a [Known], statements: &'a [Statement]) -> Self {
        let roots = (0..statements.len() as u32).collect();
        Self { policy, known, statements, roots, strands: Vec::new() }
    }

    /// Goes along a change: what is reworded descends from what it was.
    pub fn pass(&mut self, change: &Change, at: DateTime<Utc>) {
        for (old, new) in &change.reworded {
            if self.is_new(*new, at) {
                self.descend(*new, *old);
            }
        }
    }

    /// The promise that a finding of the change passed last is about; `before` and `after` are its statements'
    /// numbers, where they are known.
    pub fn promise(
        &mut self,
        judgement: &Judgement,
        before: Option<u32>,
        after: Option<u32>,
        at: DateTime<Utc>,
    ) -> PromiseId {
        // The ladder's promise is the state of a scope, whichever sentences carry it.
        if judgement.rule == "encryption_ladder" {
            let scope = judgement.scope.first().map_or("", String::as_str);
            return self.named(&[Topic::Encryption.key(), scope]);
        }
        let Some(primary) = before.or(after) else { return self.named(&[&judgement.promise_key]) };
        let own = self.roots[primary as usize];
        let is_known = self.strands.iter().any(|strand| strand.root == own);
        let root = if is_known { own } else { self.come_back(judgement.topic, primary, at).unwrap_or(own) };
        self.roots[primary as usize] = root;
        if let (Some(_), Some(after)) = (before, after)
            && self.is_new(after, at)
            && self.roots[after as usize] == after
        {
            self.roots[after as usize] = root;
        }
        let wordings = [before, after].into_iter().flatten();
        let place = self.strand(root, judgement.topic, at);
        match place {
            Some(place) => {
                let strand = &mut self.strands[place];
                strand.wordings.extend(wordings);
                strand.last = at;
            }
            None => self.strands.push(Strand {
                root,
                topic: judgement.topic,
                wordings: wordings.collect(),
                last: at,
            }),
        }
        let strand = &self.strands[place.unwrap_or(self.strands.len() - 1)];
        self.named(&[strand.topic.key(), &self.statements[strand.root as usize].id.0])
    }

    fn named(&self, parts: &[&str]) -> PromiseId {
        let mut all = vec![self.policy.service.as_str(), &self.policy.name];
        all.extend(parts);
        PromiseId(Digest::of(all.join("\u{1f}")).short(12))
    }

    /// The strand of that root under that topic; or, where the wording is now read under another topic, the one
    /// touched last, but for those that this very version touched.
    fn strand(&self, root: u32, topic: Topic, at: DateTime<Utc>) -> Option<usize> {
        let of_root = || self.strands.iter().enumerate().filter(|(_, strand)| strand.root == root);
        of_root()
            .find(|(_, strand)| strand.topic == topic)
            .or_else(|| {
                of_root().filter(|(_, strand)| strand.last < at).max_by_key(|(_, strand)| strand.last)
            })
            .map(|(place, _)| place)
    }

    /// The root of the promise that came back in these words.
    fn come_back(&self, topic: Topic, number: u32, at: DateTime<Utc>) -> Option<u32> {
        let words = |number: u32| &*self.known[number as usize].words;
        self.strands
            .iter()
            .filter(|strand| strand.topic == topic)
            .filter(|strand| !strand.wordings.iter().any(|other| self.stood_together(*other, number, at)))
            .map(|strand| {
                let best = strand.wordings.iter().map(|other| alike(words(*other), words(number)));
                (best.fold(0.0f32, f32::max), strand.root)
            })
            .filter(|(alike, _)| *alike >= ALIKE)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
            .map(|(_, root)| root)
    }

    fn descend(&mut self, new: u32, old: u32) {
        if self.roots[new as usize] == new {
            self.roots[new as usize] = self.roots[old as usize];
        }
    }

    /// The statement was never seen before `at`.
    fn is_new(&self, number: u32, at: DateTime<Utc>) -> bool {
        self.statements[number as usize].lifespan.first().is_none_or(|span| span.first_seen >= at)
    }

    /// Both stood at some instant up to `at`.
    fn stood_together(&self, a: u32, b: u32, at: DateTime<Utc>) -> bool {
        if a == b {
            return false;
        }
        let spans = |number: u32| {
            self.statements[number as usize]
                .lifespan
                .iter()
                .filter(move |span| span.first_seen <= at)
                .map(move |span| (span.first_seen, span.gone_by.filter(|gone| *gone <= at)))
        };
        spans(a).any(|(from, until)| {
            spans(b).any(|(other, end)| {
                until.is_none_or(|until| other < until) && end.is_none_or(|end| from < end)
            })
        })
    }
}
