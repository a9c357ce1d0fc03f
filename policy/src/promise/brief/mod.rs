//! Short pages: help articles, security pages, announcements, of a few dozen statements. Their sentences are few and
//! their words are many: what the lists of words do not know, tables learned from pages written for it do.
//!
//! - `sense`: what words mean there, by a list
//! - `wording`: what words claim of encryption, what an exchange of sentences does, which topic they are about
//! - `couple`: which sentence stands in another's place, and what is telling about that
//! - `finding`: the findings, each with its steps
//! - `excerpt`: places of long texts, read as short pages
//! - `lesson`: how tables and trees are learned

mod couple;
mod excerpt;
mod finding;
pub mod lesson;
mod sense;
#[cfg(test)]
mod tests;
pub mod wording;

use super::boost::Tree;
use super::clause;
use super::document::{self, Document, Hit, Unit};
use super::encryption::Step;
use super::features::{Pair, is_editorial};
use super::rules::{Encryption, Grammar, RuleError, Rules};
use super::{edit, plain};
use crate::finding::{Kind, Topic};
use crate::statement::Role;
use couple::{Couple, Page};
pub(super) use excerpt::opinion;
pub(super) use finding::findings;
pub(super) use sense::Senses;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wording::Claim;
pub(super) use wording::Wording;

/// A page of more statements is no short one.
pub(super) const MOST: usize = 40;

/// Whether both texts are short pages in the language that the tables know.
pub(super) fn is_brief(rules: &Rules, old: &Document, new: &Document) -> bool {
    is_learned(rules)
        && [old, new].iter().all(|text| text.placed.len() <= MOST && text.language == document::LEARNED)
}

/// The rules hold tables and trees of short pages.
pub(super) fn is_learned(rules: &Rules) -> bool {
    rules.brief.is_known() && rules.wording.is_known()
}

/// The fitted trees, as `data/promises/brief.toml` holds them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Trees {
    /// From these probabilities on it is a finding: reversal, expansion, strengthening.
    pub thresholds: [f32; 3],
    pub reversal: Forest,
    pub expansion: Forest,
    pub strengthening: Forest,
    /// By state: how far encryption had been promised, and how far it is now.
    pub from: BTreeMap<String, Forest>,
    pub to: BTreeMap<String, Forest>,
}

/// Log-odds: `start` and a leaf of each tree.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Forest {
    pub start: f32,
    pub trees: Vec<String>,
}

impl Trees {
    pub fn parse(file: &str, text: &str) -> Result<Trees, RuleError> {
        toml::from_str(text)
            .map_err(|error| RuleError::Syntax { file: file.to_owned(), error: Box::new(error) })
    }
}

/// The trees made ready to be asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Brief {
    thresholds: [f32; 3],
    kinds: Vec<Grown>,
    from: Vec<(Step, Grown)>,
    to: Vec<(Step, Grown)>,
}

#[derive(Debug, Clone, Default)]
struct Grown {
    start: f32,
    trees: Vec<Tree>,
}

impl Grown {
    fn new(file: &str, forest: &Forest, names: &BTreeMap<String, u32>) -> Result<Grown, RuleError> {
        let tree = |line: &String| {
            let mut unknown = false;
            let tree = Tree::read(line, &mut |name| {
                names.get(name).copied().unwrap_or_else(|| {
                    unknown = true;
                    0
                })
            });
            tree.filter(|_| !unknown).ok_or_else(|| RuleError::Fault {
                file: file.to_owned(),
                field: "trees".into(),
                fault: format!("`{line}` is no tree of known traits"),
                remedy: "fit it anew: docs/method.md tells how".into(),
            })
        };
        Ok(Grown { start: forest.start, trees: forest.trees.iter().map(tree).collect::<Result<_, _>>()? })
    }

    fn chance(&self, traits: &[f32]) -> f32 {
        let odds: f32 =
            self.start + self.trees.iter().map(|tree| tree.weigh(|n| traits[n as usize])).sum::<f32>();
        1.0 / (1.0 + (-odds).exp())
    }
}

impl Brief {
    pub fn new(file: &str, trees: &Trees) -> Result<Brief, RuleError> {
        let names =
            |count: usize, name: fn(usize) -> String| (0..count).map(|n| (name(n), n as u32)).collect();
        let kinds: BTreeMap<String, u32> = names(couple::COUNT, couple::trait_name);
        let states: BTreeMap<String, u32> = names(couple::STATE_COUNT, couple::state_trait_name);
        let side = |forests: &BTreeMap<String, Forest>| -> Result<Vec<(Step, Grown)>, RuleError> {
            forests
                .iter()
                .filter_map(|(key, forest)| Some((step(key)?, forest)))
                .map(|(step, forest)| Ok((step, Grown::new(file, forest, &states)?)))
                .collect()
        };
        Ok(Brief {
            thresholds: trees.thresholds,
            kinds: [&trees.reversal, &trees.expansion, &trees.strengthening]
                .into_iter()
                .map(|forest| Grown::new(file, forest, &kinds))
                .collect::<Result<_, _>>()?,
            from: side(&trees.from)?,
            to: side(&trees.to)?,
        })
    }

    pub fn is_known(&self) -> bool {
        self.kinds.iter().any(|grown| !grown.trees.is_empty())
    }
}

/// The step of that key; of an end its date is not asked here.
fn step(key: &str) -> Option<Step> {
    Some(match key {
        "default" => Step::Default,
        "opt_in" => Step::OptIn,
        "limited" => Step::Limited,
        "announced" => Step::Announced,
        "ended" => Step::Ended(None),
        "none" => Step::None,
        _ => return None,
    })
}

/// A finding on a short page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    pub kind: Kind,
    pub topic: Topic,
    pub before: Option<usize>,
    pub after: Option<usize>,
    /// Probability, 0 to 1, and the one that it had to reach.
    pub chance: f32,
    pub asked: f32,
    /// How far encryption was promised, and how far it is.
    pub states: Option<(Step, Step)>,
    /// Of which parts of the service, as bits of the ladder's scopes.
    pub scopes: u16,
    /// By kind: what the words alone say, in log-odds.
    pub turn: wording::Turn,
    /// What the old and the new sentence claim, where that is anything.
    pub claims: [Option<Claim>; 2],
}

/// What the trees find on two short pages, likeliest first.
fn told(rules: &Rules, pair: &Pair<'_>) -> Vec<Told> {
    let (old, new) = (Page::new(rules, pair.old), Page::new(rules, pair.new));
    let (moves, views) = couple::ladder(rules, pair);
    let mut found: Vec<Told> = Vec::new();
    for couple in couple::couples(rules, pair, &old, &new, &moves) {
        let chances: Vec<f32> = rules.brief.kinds.iter().map(|grown| grown.chance(&couple.traits)).collect();
        let surest = [Kind::Reversal, Kind::Expansion, Kind::Strengthening]
            .into_iter()
            .filter(|kind| chances[*kind as usize] >= rules.brief.thresholds[*kind as usize])
            .max_by(|a, b| chances[*a as usize].total_cmp(&chances[*b as usize]).then(b.cmp(a)));
        let Some(kind) = surest else { continue };
        let Couple { before, after, related, .. } = couple;
        let before_or_related =
            before.or(related.filter(|(_, alike)| *alike >= RELATED).map(|(place, _)| place));
        let units: Vec<_> =
            before.map(|n| old.unit(n)).into_iter().chain(after.map(|n| new.unit(n))).collect();
        // A whole menu taken for one sentence.
        if units.iter().any(|unit| unit.own_words().len() > LONGEST) {
            continue;
        }
        let broken = |before: usize, after: usize| {
            let (old, new) = (old.unit(before), new.unit(after));
            plain::broken(rules, old, new, &edit::edits(old, new))
        };
        // "… with advertisers or brokers": more is denied than was.
        if kind == Kind::Reversal
            && let (Some(before), Some(after)) = (before, after)
            && is_firmer(rules, old.unit(before), new.unit(after))
        {
            continue;
        }
        if let (Some(before), Some(after)) = (before, after)
            && is_editorial(old.unit(before), new.unit(after))
            && broken(before, after).is_none()
        {
            continue;
        }
        let is_nobodys = match kind {
            Kind::Reversal => after.is_none() && before.is_some_and(|n| is_nobodys(old.unit(n))),
            Kind::Strengthening => {
                before.is_none() && after.is_some_and(|n| is_nobodys(new.unit(n)) || orders(new.unit(n)))
            }
            Kind::Expansion => false,
        };
        if is_nobodys
            || (kind == Kind::Strengthening
                && after.is_none()
                && !before.is_some_and(|n| is_burden(rules, &old, n)))
        {
            continue;
        }
        let told = match (kind, before, after) {
            (Kind::Reversal, Some(before), Some(after)) => broken(before, after)
                .and_then(|way| plain::topic(rules, old.unit(before), new.unit(after), way)),
            _ => None,
        };
        let topic = told.unwrap_or_else(|| topic(rules, &units));
        // What is said of encryption holds, or was a mention, by the ladder's reading.
        let is_kept = |n: usize| views.is_kept(n) || views.is_mention(pair, n);
        if kind == Kind::Reversal
            && topic == Topic::Encryption
            && chances[0] < OVERRULES
            && before_or_related.is_some_and(is_kept)
        {
            continue;
        }
        let shown = before_or_related.or_else(|| {
            (kind == Kind::Reversal && topic == Topic::Encryption).then(|| promise(&old)).flatten()
        });
        let states = (topic == Topic::Encryption && kind != Kind::Expansion)
            .then(|| states(rules, pair, [&old, &new], [before_or_related, after], kind, &views));
        let claim = |page: &Page<'_>, place: Option<usize>| {
            let claims = page.claims[place?];
            let best = (0..claims.len()).max_by(|a, b| claims[*a].total_cmp(&claims[*b]))?;
            Some(Claim::ALL[best].0).filter(|claim| *claim != Claim::Nothing)
        };
        found.push(Told {
            kind,
            topic,
            before: shown,
            after,
            chance: chances[kind as usize],
            asked: rules.brief.thresholds[kind as usize],
            states,
            scopes: states.map_or(0, |_| views.scopes_of(before_or_related, after)),
            turn: std::array::from_fn(|n| couple.traits[couple::TURN + n]),
            claims: [claim(&old, before_or_related), claim(&new, after)],
        });
    }
    found.sort_by(|a, b| b.chance.total_cmp(&a.chance).then((a.before, a.after).cmp(&(b.before, b.after))));
    found
}

/// Read backwards, the edit breaks the promise; or it only explains what was said.
fn is_firmer(rules: &Rules, old: &Unit, new: &Unit) -> bool {
    let edit = edit::edits(old, new);
    plain::broken(rules, new, old, &edit::edits(new, old)).is_some()
        || plain::explains(old, new, &edit)
        || plain::is_granted(rules, old, new, &edit)
}

/// The sentence that promises most of encryption.
fn promise(page: &Page<'_>) -> Option<usize> {
    let promises = |n: usize| {
        let claims = [Claim::Default, Claim::OptIn, Claim::Limited, Claim::Announced];
        claims.map(|claim| page.claims[n][claim as usize]).into_iter().fold(0.0, f32::max)
    };
    page.all()
        .filter(|n| page.unit(*n).role != Role::Heading && promises(*n) >= PROMISES)
        .max_by(|a, b| promises(*a).total_cmp(&promises(*b)).then(b.cmp(a)))
}

/// So likely a sentence has to promise something to be shown as what a new one takes back.
const PROMISES: f32 = 0.4;

/// A question, a quotation, a thought or a duty of people: no promise of the service's.
fn is_nobodys(unit: &Unit) -> bool {
    let is_duty = unit.has(Grammar::YouDuty) && !unit.has(Grammar::We) && unit.promise == 0;
    is_duty || unit.text.ends_with('?') || unit.has(Grammar::Hypothesis) || unit.has(Grammar::Quotation)
}

fn names_encryption(unit: &Unit) -> bool {
    unit.encryption(Encryption::EndToEnd)
        || unit.encryption(Encryption::KeyCustody)
        || unit.tokens.form.contains("crypt")
}

/// So much a sentence has to let the service do for its end to be a gain …
const DONE: f32 = 0.5;
/// … or so likely to say that encryption is not there for all.
const UNPROTECTED: f32 = 0.3;

/// People are better off where the sentence is gone: it let the service do something, or fenced encryption in.
fn is_burden(rules: &Rules, page: &Page<'_>, place: usize) -> bool {
    let fenced = [Claim::OptIn, Claim::Limited, Claim::Dropped, Claim::Ended, Claim::None];
    let unit = page.unit(place);
    let is_fenced = names_encryption(unit)
        && fenced.iter().any(|claim| page.claims[place][*claim as usize] >= UNPROTECTED);
    let gist = rules.gists.as_deref().and_then(|network| network.of(unit));
    is_fenced || gist.is_none_or(|gist| gist.stake.permits >= DONE)
}

/// "You will not use our service to …": a house rule, whoever else is named in it.
fn orders(unit: &Unit) -> bool {
    let is_first = |hit: &&Hit| usize::from(hit.from) == unit.lead_words;
    unit.hits.iter().filter(is_first).any(|hit| clause::grammar(hit, Grammar::YouDuty))
}

/// What a sentence's own claim counts beside the trees' chance, where a page's state is read.
const CLAIMED: f32 = 0.3;

/// So sure the trees have to be where the ladder sees nothing lost.
const OVERRULES: f32 = 0.55;

/// The topic by the words learned and by the lists of words: where lists know it, they count as so many log-odds.
pub(super) fn topic(rules: &Rules, units: &[&Unit]) -> Topic {
    likeliest(rules, units, &Topic::ALL)
}

/// The same of sentences that are not about encryption.
fn other_topic(rules: &Rules, units: &[&Unit]) -> Topic {
    let topics: Vec<Topic> = Topic::ALL.into_iter().filter(|topic| *topic != Topic::Encryption).collect();
    likeliest(rules, units, &topics)
}

fn likeliest(rules: &Rules, units: &[&Unit], topics: &[Topic]) -> Topic {
    let listed: Vec<Topic> =
        units.iter().filter_map(|unit| super::judge::unit_topic(rules, unit)).take(1).collect();
    let is_said = units.iter().any(|unit| {
        names_encryption(unit) || super::judge::unit_topic(rules, unit) == Some(Topic::Encryption)
    });
    topics
        .iter()
        .map(|&topic| {
            let listed = if listed.contains(&topic) { LISTED } else { 0.0 };
            let unsaid = if topic == Topic::Encryption && !is_said { UNSAID } else { 0.0 };
            (topic, rules.wording.about(&rules.senses, units, topic) + listed - unsaid)
        })
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        .map_or(Topic::UserControl, |(topic, _)| topic)
}

const LISTED: f32 = 1.5;

/// Most of the pages that the words were learned from are about encryption; where none of its words is said, the topic
/// is asked so much more.
const UNSAID: f32 = 1.5;

/// Words of a sentence.
const LONGEST: usize = 160;

/// So alike an old sentence that still stands is the promise that a new one takes from.
const RELATED: f32 = 0.2;

/// How far encryption was promised before and after, as the page's state.
fn states(
    rules: &Rules,
    pair: &Pair<'_>,
    pages: [&Page<'_>; 2],
    places: [Option<usize>; 2],
    kind: Kind,
    views: &super::ladder::Views,
) -> (Step, Step) {
    let is_gain = kind == Kind::Strengthening;
    let traits = if is_gain {
        let back = super::ladder::Views { old: views.new.clone(), new: views.old.clone() };
        couple::state_traits(rules, [pages[1], pages[0]], [places[1], places[0]], &pair.changed.gone, &back)
    } else {
        couple::state_traits(rules, pages, places, &pair.changed.fresh, views)
    };
    // What the sentence itself claims counts beside what the trees make of all.
    let claimed = |side: usize, step: Step| {
        let side = if is_gain { 1 - side } else { side };
        let claim = match step {
            Step::Default => Claim::Default,
            Step::OptIn => Claim::OptIn,
            Step::Limited => Claim::Limited,
            Step::Announced => Claim::Announced,
            Step::Ended(_) => Claim::Ended,
            Step::None => Claim::None,
        };
        places[side].map_or(0.0, |n| pages[side].claims[n][claim as usize])
    };
    let best = |side: usize, steps: &[(Step, Grown)], least: Step| {
        steps
            .iter()
            .map(|(step, grown)| (*step, grown.chance(&traits) + CLAIMED * claimed(side, *step)))
            .filter(|(step, _)| least == Step::None || step.rank() < least.rank())
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.rank().cmp(&a.0.rank())))
            .map_or(Step::None, |(step, _)| step)
    };
    let from = best(0, &rules.brief.from, Step::None);
    let to = match best(1, &rules.brief.to, from) {
        Step::Ended(_) => {
            let (page, place, fresh) = match is_gain {
                true => (pages[0], places[0], &pair.changed.gone),
                false => (pages[1], places[1], &pair.changed.fresh),
            };
            let here = place.and_then(|n| couple::dates(rules, page, n).first().copied());
            Step::Ended(here.or_else(|| couple::ending(rules, page, fresh).map(|(_, date)| date)))
        }
        step => step,
    };
    if is_gain { (to, from) } else { (from, to) }
}
