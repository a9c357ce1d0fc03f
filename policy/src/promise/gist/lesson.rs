//! The statements that the network is fitted to, and what readers told of them.

use super::is_read;
use crate::finding::Kind;
use crate::id::Digest;
use crate::promise::document::{Document, Unit};
use crate::promise::features::{self, Mode, Pair};
use crate::promise::gate::gate;
use crate::promise::reading::mark;
use crate::promise::rules::Rules;
use crate::promise::stake::Marked;
use crate::promise::train::{self, Example, Settings, Source};
use serde::Serialize;
use std::collections::BTreeMap;

/// A statement of the histories.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Statement {
    /// See [`mark`].
    pub mark: String,
    /// See [`half`]: that of the service where readers told something of it, else where it was met first.
    pub half: usize,
    pub text: String,
    /// How much it protects and how much it permits, see [`super::super::stake::Stake`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marks: Option<[f32; 2]>,
    /// Whether it was listed as a reversal where it was lost.
    #[serde(skip_serializing_if = "Listed::is_empty")]
    pub lost: Listed,
    /// Whether it was listed as an expansion where it was new.
    #[serde(skip_serializing_if = "Listed::is_empty")]
    pub new: Listed,
    /// Its words in small letters and breaks between them, with spaces between them.
    #[serde(skip)]
    pub words: String,
}

/// What readers held of a statement that had nothing like it in the other text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Listed {
    /// That it is a finding, from 0 to 1.
    pub chance: f32,
    /// How much that counts; 0 where nobody was asked.
    pub weight: f32,
}

impl Listed {
    fn is_empty(&self) -> bool {
        self.weight == 0.0
    }

    fn add(&mut self, chance: f32, weight: f32) {
        let all = self.weight + weight;
        self.chance = (self.chance * self.weight + chance * weight) / all;
        // Many looks at one statement are not as many statements.
        self.weight = all.min(2.0);
    }
}

/// Which half of the services a service belongs to, 0 or 1: whatever is learned of one half is tried on the other.
pub fn half(service: &str) -> usize {
    usize::from(Digest::of(format!("half:{service}")).0[0] & 1)
}

/// The statements of many texts, each once.
#[derive(Debug, Default)]
pub struct Statements {
    by_mark: BTreeMap<String, Statement>,
}

impl Statements {
    /// Adds those of a text.
    pub fn add(&mut self, service: &str, document: &Document) {
        for placed in &document.placed {
            if !is_read(&placed.unit) || document.language != "en" {
                continue;
            }
            let mark = mark(&placed.unit.text);
            self.by_mark.entry(mark.clone()).or_insert_with(|| Statement {
                mark,
                half: half(service),
                text: placed.unit.text.to_string(),
                marks: None,
                lost: Listed::default(),
                new: Listed::default(),
                words: words(&placed.unit),
            });
        }
    }

    /// Adds what readers told: marks of single statements, and which lost or new ones they listed.
    pub fn tell(&mut self, rules: &Rules, examples: &[Example], marked: &[Marked], settings: Settings) {
        for marked in marked {
            if let Some(statement) = self.of(&marked.mark, &marked.service) {
                statement.marks = Some([marked.stake.protects, marked.stake.permits]);
            }
        }
        let bare = rules.clone().with_weights(Default::default());
        for example in examples {
            let weight = match example.source {
                Source::Label | Source::Chances => 1.0,
                Source::Reading => settings.lessons,
                Source::Grades | Source::Written => continue,
            };
            if gate(&bare, &example.before, &example.after).is_some() {
                continue;
            }
            let pair = Pair::new(rules, &example.before, &example.after);
            for (task, candidates) in
                [features::reversals(&pair), features::expansions(&pair)].into_iter().enumerate()
            {
                for candidate in candidates.iter().filter(|candidate| candidate.mode == Mode::Gone) {
                    let told = match example.source {
                        Source::Chances => train::told(&example.chances, example, task, candidate)
                            .map(|chance| (chance, 1.0)),
                        _ => train::reading(example, task, candidate)
                            .map(|(is_finding, weight)| (f32::from(u8::from(is_finding)), weight)),
                    };
                    let Some((chance, own)) = told else { continue };
                    let unit = match candidate.kind {
                        Kind::Expansion => candidate.after.map(|n| &example.after.placed[n].unit),
                        _ => candidate.before.map(|n| &example.before.placed[n].unit),
                    };
                    let Some(unit) = unit else { continue };
                    if let Some(statement) = self.of(&mark(&unit.text), &example.service) {
                        let listed = if task == 0 { &mut statement.lost } else { &mut statement.new };
                        listed.add(chance, own * weight);
                    }
                }
            }
        }
    }

    /// The statement of which readers of that service tell something: from then on it belongs to that half.
    /// `None` where readers of the other half told something before.
    fn of(&mut self, mark: &str, service: &str) -> Option<&mut Statement> {
        let statement = self.by_mark.get_mut(mark)?;
        let is_told = statement.marks.is_some() || !statement.lost.is_empty() || !statement.new.is_empty();
        if !is_told {
            statement.half = half(service);
        }
        (statement.half == half(service)).then_some(statement)
    }

    /// By mark.
    pub fn iter(&self) -> impl Iterator<Item = &Statement> {
        self.by_mark.values()
    }
}

fn words(unit: &Unit) -> String {
    let own: Vec<&str> = super::spelled(unit, unit.lead_words).map(|(_, word)| word).collect();
    own.join(" ")
}
