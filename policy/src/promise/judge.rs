//! The judgement: what two texts differ in, weighed.

use super::beyond_doubt;
use super::brief;
use super::clause::{Actor, Promise};
use super::date;
use super::difference::Weaker;
use super::document::{self, Cache, Document, Hit, Unit};
use super::encryption::{Step, scope};
use super::features::{self, Candidate, Mode, Pair, Trait};
use super::gate;
use super::ladder::{self, Views};
use super::nearest;
use super::order::{self, PLAIN, Weight};
use super::reason::reason;
use super::rules::{Grammar, Rules, Slot};
use super::severity::{self, severity};
use super::told::{self, Kept};
use super::word;
use crate::finding::{Judgement, Kind, Topic};
use crate::statement::Segment;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;

/// More findings of one kind than this in one change are a rewriting; the weightiest stand for it.
const MOST: usize = 6;

/// Judges the step from one text to the next; `at` is when the newer was first seen.
/// Deterministic; nothing but the arguments counts. Heaviest first.
pub fn judge(rules: &Rules, before: &Document, after: &Document, at: DateTime<Utc>) -> Vec<Judgement> {
    judge_gated(rules, before, after, at, || gate(rules, before, after).is_some())
}

/// [`judge`], where the gate's answer may be known already: `is_artefact` is asked only if something differs.
pub(crate) fn judge_gated(
    rules: &Rules,
    before: &Document,
    after: &Document,
    at: DateTime<Utc>,
    is_artefact: impl FnOnce() -> bool,
) -> Vec<Judgement> {
    let pair = Pair::new(rules, before, after);
    // Most changes touch a date or a link: nothing to weigh, and nothing spent on it.
    if pair.changed.gone.is_empty() && pair.changed.fresh.is_empty() {
        return Vec::new();
    }
    if is_artefact() {
        return Vec::new();
    }
    let dates = Dates::new(rules, before, after, at);
    if brief::is_brief(rules, before, after) {
        let answers: Vec<Kept> =
            told::likely(&rules.reversal, rules.reversal.threshold, 0.0, features::answers(&pair));
        let mut found: Vec<Judgement> = answers
            .iter()
            .map(|kept| judgement(rules, &pair, kept, Kind::Reversal, &dates, &Views::new(rules, &pair)))
            .collect();
        let is_told = |finding: &Judgement| {
            found.iter().any(|told| told.before == finding.before && told.after == finding.after)
        };
        let more: Vec<Judgement> =
            brief::findings(rules, &pair, &dates).into_iter().filter(|finding| !is_told(finding)).collect();
        found.extend(more);
        let lost = beyond_doubt::lost(&pair, &dates, &found);
        let is_lost = |finding: &Judgement| {
            lost.iter().any(|lost| lost.before == finding.before && lost.after == finding.after)
        };
        found.retain(|finding| finding.kind != Kind::Strengthening || !is_lost(finding));
        found.extend(lost);
        found.extend(beyond_doubt::gained(&Pair::new(rules, after, before), &dates, &found));
        let mut found = one_each(found);
        nearest::add(&pair, &mut found);
        return found;
    }
    let mut found = Vec::new();
    let views = Views::new(rules, &pair);
    let asked = (rules.reversal.threshold, rules.expansion.threshold);
    let mut candidates = features::answers(&pair);
    let answered: BTreeSet<Option<usize>> = candidates.iter().map(|candidate| candidate.before).collect();
    candidates.extend(
        features::reversals(&pair).into_iter().filter(|candidate| !answered.contains(&candidate.before)),
    );
    let lost: BTreeSet<usize> = candidates
        .iter()
        .filter(|candidate| candidate.mode != Mode::Tight)
        .filter_map(|candidate| candidate.before)
        .collect();
    let reversals = told::likely(&rules.reversal, asked.0, told::ASKED, candidates);
    let expansions = told::likely(&rules.expansion, asked.1, told::ASKED, features::expansions(&pair));
    let opinion = brief::opinion(&pair, &dates, &lost);
    let mut encryption = ladder::moved(&pair, &views);
    encryption.retain(|step| !opinion.decides(step.before, step.after));
    let settled: Vec<usize> = encryption.iter().flat_map(|step| step.before).collect();
    found.extend(encryption.iter().map(|step| step_judgement(rules, &pair, step, &dates)));
    let tell = |kept: &Kept, kind: Kind| judgement(rules, &pair, kept, kind, &dates, &views);
    let decided: Vec<Judgement> = opinion
        .found
        .iter()
        .map(|(places, finding)| {
            let list = if finding.kind == Kind::Expansion { &expansions } else { &reversals };
            weighed_like(list, *places, finding, |kept| tell(kept, finding.kind))
        })
        .collect();
    let reversals: Vec<Kept> = reversals
        .into_iter()
        .filter(|Kept { candidate, .. }| !candidate.before.is_some_and(|n| settled.contains(&n)))
        .filter(|Kept { candidate, .. }| {
            told::is_plain(candidate) || !opinion.decides(candidate.before, candidate.after)
        })
        // What is said of encryption in other words is the ladder's to judge.
        .filter(|Kept { candidate, .. }| {
            candidate.topic != Topic::Encryption
                || (told::is_plain(candidate) && !told::is_cut(candidate))
                || told::is_bounded(candidate)
                || !candidate.before.is_some_and(|n| views.is_kept(n) || views.is_mention(&pair, n))
        })
        // Where the ladder told a step, sentences that lead up to it are told with it.
        .filter(|Kept { candidate, .. }| {
            encryption.is_empty()
                || !candidate.before.is_some_and(|n| views.speaks(n))
                || !matches!(candidate.topic, Topic::Encryption | Topic::UserControl)
        })
        .collect();
    let holds_one = !encryption.is_empty()
        || told::holds_one(asked.0, &reversals)
        || told::holds_one(asked.1, &expansions);
    found
        .extend(told::reversals(asked.0, holds_one, reversals).iter().map(|kept| tell(kept, Kind::Reversal)));
    let reversed: BTreeSet<String> = found.iter().map(|finding| finding.after.clone()).collect();
    found.extend(
        told::expansions(asked.1, holds_one, expansions)
            .iter()
            .filter(|Kept { candidate, .. }| !opinion.decides(candidate.before, candidate.after))
            .map(|kept| tell(kept, Kind::Expansion))
            .filter(|finding| !reversed.contains(&finding.after)),
    );
    found.extend(beside(&found, decided));
    // A protection gained is a promise lost when the texts are read the other way round.
    let back = Pair::new(rules, after, before);
    let gained =
        told::likely(&rules.reversal, rules.weights.strengthening.threshold, 0.0, features::reversals(&back));
    let back_views = Views { old: views.new, new: views.old };
    let after_step: Vec<usize> = encryption.iter().flat_map(|step| step.after).collect();
    // One sentence is not both a loss and a gain; the loss is what is told.
    let told: BTreeSet<String> =
        found.iter().flat_map(|f| [&f.before, &f.after]).filter(|text| !text.is_empty()).cloned().collect();
    found.extend(
        gained
            .into_iter()
            .filter(|Kept { candidate, .. }| {
                !candidate.before.is_some_and(|n| after_step.contains(&n))
                    && !is_narrowed(candidate)
                    && !opinion.decides(candidate.after, candidate.before)
            })
            .filter(|Kept { candidate, .. }| {
                candidate.topic != Topic::Encryption
                    || !candidate
                        .before
                        .is_some_and(|n| back_views.is_kept(n) || back_views.is_mention(&back, n))
            })
            .map(|kept| gain(&back, &kept, &dates, &back_views))
            .filter(|finding| !told.contains(&finding.before) && !told.contains(&finding.after)),
    );
    // Short pages in a language that nothing was learned of are judged by what needs no weighing, too.
    if rules.stakes.is_known()
        && after.language != document::LEARNED
        && [before, after].iter().all(|text| text.placed.len() <= brief::MOST)
    {
        let more = beyond_doubt::lost(&pair, &dates, &found);
        found.extend(more);
    }
    let mut found = one_each(found);
    nearest::add(&pair, &mut found);
    found
}

/// Read backwards, a denial that got a qualifier ("we do not sell … for money") looks like one that lost words.
/// It is no gain.
fn is_narrowed(candidate: &Candidate) -> bool {
    let value =
        |name: &str| candidate.traits.iter().find(|((family, _), _)| *family == name).map_or(0.0, |t| t.1);
    candidate.after.is_some() && value("edit_share") < 0.6 && value("denial_shortened") > 0.0
}

/// A finding of the judge of short pages in a long text, as grave as the judge of long texts holds it to be; what that
/// one did not think likely weighs little. How far encryption is promised has a gravity of its own.
fn weighed_like(
    likely: &[Kept],
    [before, after]: [Option<usize>; 2],
    finding: &Judgement,
    tell: impl FnOnce(&Kept) -> Judgement,
) -> Judgement {
    if finding.state_before.is_some() || finding.kind == Kind::Strengthening {
        return finding.clone();
    }
    let is_same = |kept: &&Kept| match finding.kind {
        Kind::Expansion => kept.candidate.after == after,
        _ => kept.candidate.before == before,
    };
    match likely.iter().find(is_same) {
        Some(kept) => {
            let candidate = Candidate { topic: finding.topic, after, ..kept.candidate.clone() };
            let told = tell(&Kept { candidate, chance: kept.chance.max(kept.asked), asked: kept.asked });
            let graded = told.steps.iter().skip_while(|step| !step.starts_with("gravity"));
            let steps = finding.steps.iter().chain(graded).cloned().collect();
            Judgement { weight: told.weight, severity: told.severity, steps, ..finding.clone() }
        }
        None => Judgement { severity: 1, weight: finding.weight * UNLIKELY, ..finding.clone() },
    }
}

/// What a finding of the judge of short pages weighs in a long text of which the other judge holds it to be unlikely.
const UNLIKELY: f32 = 0.3;

/// Those of `more` that share no sentence with a finding of `found`.
fn beside(found: &[Judgement], more: Vec<Judgement>) -> Vec<Judgement> {
    let told: BTreeSet<&str> =
        found.iter().flat_map(|f| [&*f.before, &*f.after]).filter(|text| !text.is_empty()).collect();
    let is_new =
        |finding: &Judgement| ![&*finding.before, &*finding.after].iter().any(|text| told.contains(text));
    more.into_iter().filter(is_new).collect()
}

/// One finding a promise and kind, at most [`MOST`] a kind, heaviest first; none where addresses were exchanged and
/// nothing else.
fn one_each(mut found: Vec<Judgement>) -> Vec<Judgement> {
    found.retain(|finding| !word::differ_by_addresses(&finding.before, &finding.after));
    order::sort(&mut found);
    let mut keys = BTreeSet::new();
    let mut texts = BTreeSet::new();
    let mut count = [0usize; 3];
    found.retain(|finding| {
        let new = keys.insert((finding.kind, finding.promise_key.clone()))
            && texts.insert((finding.kind, finding.before.clone(), finding.after.clone()));
        count[finding.kind as usize] += usize::from(new);
        new && count[finding.kind as usize] <= MOST
    });
    order::ease(&mut found);
    order::sort(&mut found);
    found
}

/// The dates that both texts give themselves.
pub(super) struct Dates {
    before: Option<NaiveDate>,
    after: Option<NaiveDate>,
    at: NaiveDate,
}

impl Dates {
    fn new(rules: &Rules, before: &Document, after: &Document, at: DateTime<Utc>) -> Dates {
        Dates {
            before: date::stated(rules.language(&before.language), before),
            after: date::stated(rules.language(&after.language), after),
            at: at.date_naive(),
        }
    }

    /// The text's date did not move, or it gives none.
    pub fn silent(&self) -> bool {
        self.after.is_none() || self.before == self.after
    }

    /// When the change takes effect: said in the sentence itself, or by the text's new date.
    pub fn effective(&self, rules: &Rules, document: &Document, unit: Option<&Unit>) -> Option<NaiveDate> {
        let near = |date: &NaiveDate| (*date - self.at).num_days().abs() <= 550;
        let said = unit
            .filter(|unit| {
                unit.has(Grammar::Ended)
                    || unit.has(Grammar::NoLonger)
                    || unit.has(Grammar::Effective)
                    || unit.has(Grammar::Negation)
                    || unit.has(Grammar::Announced)
                    || unit.has(Grammar::Will)
            })
            .and_then(|unit| {
                date::dates(rules.language(&document.language), &unit.tokens).into_iter().next()
            });
        said.filter(near).or_else(|| self.after.filter(|_| self.before != self.after).filter(near))
    }
}

pub(super) fn text_at(document: &Document, place: Option<usize>) -> String {
    place.map(|n| document.placed[n].unit.text.to_string()).unwrap_or_default()
}

pub(super) fn lead_in_at(document: &Document, place: Option<usize>) -> Option<String> {
    place.and_then(|n| document.placed[n].unit.lead_in.as_deref()).map(str::to_owned)
}

/// The first step where words alone set the two sentences beside each other.
pub(super) const SIMILAR: &str = "something similar stands in the other text";

fn step_judgement(rules: &Rules, pair: &Pair<'_>, step: &ladder::Move, dates: &Dates) -> Judgement {
    let severity = match (step.kind, step.from) {
        // A copy in a cloud or chats with shops are not what people write to each other.
        _ if step.scopes & !(scope::BACKUPS | scope::BUSINESS | scope::OTHER) == 0 => 2,
        (Kind::Reversal, Step::Default | Step::OptIn) if step.to != Step::Limited => 3,
        (Kind::Reversal, Step::Default) => 3,
        _ => 2,
    };
    let after_unit = step.after.map(|n| &*pair.new.placed[n].unit);
    let confidence = 0.8;
    let (from, to) = (step.from.key(), step.to.key());
    let scopes = scope::names(step.scopes);
    let ended = match step.to {
        Step::Ended(date) => date,
        _ => None,
    };
    Judgement {
        kind: step.kind,
        topic: Topic::Encryption,
        before: text_at(pair.old, step.before),
        after: text_at(pair.new, step.after),
        lead_in_before: lead_in_at(pair.old, step.before),
        lead_in_after: lead_in_at(pair.new, step.after),
        nearest: Vec::new(),
        severity,
        confidence,
        weight: Weight { gravity: severity.into(), plainness: severity, confidence, at_stake: PLAIN }
            .of(step.kind),
        rule: "encryption_ladder".into(),
        reason: format!(
            "End-to-end encryption{}: from {} to {}.",
            if scopes.is_empty() { String::new() } else { format!(" of {}", scopes.join(", ")) },
            from.replace('_', " "),
            to.replace('_', " ")
        ),
        steps: vec![
            format!("the old text says: {from}"),
            format!("the new text says: {to}"),
            if step.overruled {
                "the old sentence still stands; a new one takes from it".into()
            } else {
                "the step is taken by a sentence that changed".into()
            },
        ],
        effective: ended.or_else(|| dates.effective(rules, pair.new, after_unit)),
        silent: dates.silent() && ended.is_none(),
        state_before: Some(from),
        state_after: Some(to),
        promise_key: format!("encryption/{}", scopes.join("+")),
        scope: scopes,
    }
}

/// A protection gained, of the two texts exchanged.
pub(super) fn gain(back: &Pair<'_>, kept: &Kept, dates: &Dates, views: &Views) -> Judgement {
    let mut finding = judgement(back.rules, back, kept, Kind::Strengthening, dates, views);
    std::mem::swap(&mut finding.before, &mut finding.after);
    std::mem::swap(&mut finding.lead_in_before, &mut finding.lead_in_after);
    finding
}

pub(super) fn judgement(
    rules: &Rules,
    pair: &Pair<'_>,
    &Kept { ref candidate, chance, asked }: &Kept,
    kind: Kind,
    dates: &Dates,
    views: &Views,
) -> Judgement {
    let ready = if kind == Kind::Expansion { &rules.expansion } else { &rules.reversal };
    // The statement that is judged: what stood, or for an expansion what came.
    let (text, place) = match candidate.kind {
        Kind::Expansion => (pair.new, candidate.after),
        _ => (pair.old, candidate.before),
    };
    let unit = place.map(|n| &*text.placed[n].unit);
    let after_unit = candidate.after.map(|n| &*pair.new.placed[n].unit);
    let has =
        |name: &str| candidate.traits.iter().any(|((family, _), value)| *family == name && *value > 0.0);
    let of = |name: &'static str| {
        let traits = candidate.traits.iter().filter(move |((family, _), _)| *family == name);
        traits.map(|((_, id), _)| Weaker::ALL[*id as usize])
    };
    let plain: Vec<_> = of("plain_weaker").collect();
    let also = of("weaker").filter(|way| !plain.contains(way));
    let weaker: Vec<_> = plain.iter().copied().chain(also).collect();
    let other = match candidate.kind {
        Kind::Expansion => candidate.before.map(|n| &*pair.old.placed[n].unit),
        _ => after_unit,
    };
    let units: Vec<&Unit> = unit.into_iter().chain(other).collect();
    let topic = if plain.is_empty() { told_topic(rules, candidate.topic, &units) } else { candidate.topic };
    let learned = &rules.gravity[usize::from(kind == Kind::Expansion)];
    let least = if kind == Kind::Reversal { severity::least(rules, topic, unit) } else { 0.0 };
    let gravity = learned.gravity(&candidate.traits, chance).max(least);
    let stake = if candidate.kind == Kind::Expansion { "permits_after" } else { "protects_before" };
    let at_stake = candidate.traits.iter().find(|(t, _)| t.0 == stake).map_or(0.0, |(_, value)| *value);
    let plainness = plainness(rules, candidate, topic, unit, &has, &weaker);
    let ways: Vec<(&str, &str)> = weaker
        .iter()
        .map(|(way, key, words)| if kind == Kind::Strengthening { way.undone() } else { (*key, *words) })
        .collect();
    let (rule, reason) = reason(kind, candidate.mode, topic, &ways);
    let most_telling = |part: &dyn Fn(Trait) -> f32| {
        let mut telling: Vec<(f32, String)> = candidate
            .traits
            .iter()
            .map(|(t, value)| (part(*t) * value, features::name(rules, &ready.names, *t)))
            .filter(|(part, _)| part.abs() >= 0.05)
            .collect();
        telling.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()).then(a.1.cmp(&b.1)));
        telling.into_iter().map(|(part, name)| format!("{part:+.2} {name}"))
    };
    let mut steps = vec![match candidate.mode {
        Mode::Tight => "the same sentence stands in both texts, edited".to_owned(),
        Mode::Loose => SIMILAR.to_owned(),
        Mode::Gone => "nothing like it stands in the other text".to_owned(),
    }];
    steps.extend(ways.iter().map(|(_, words)| (*words).to_owned()));
    if !plain.is_empty() {
        steps.push("so edited it can only be read one way".to_owned());
    }
    if kind == Kind::Strengthening {
        steps.push("weighed as a loss, with the texts exchanged:".to_owned());
    }
    steps.extend(most_telling(&|t| ready.part(candidate.mode, t)).take(12));
    steps.push(format!("together {:.0} in 100; {:.0} are asked for", chance * 100.0, asked * 100.0));
    steps.push(format!("gravity {gravity:.1} of 3"));
    steps.extend(most_telling(&|t| learned.part(t)).take(4).map(|part| format!("  {part}")));
    let encryption = candidate.topic == Topic::Encryption;
    // A claim that was bounded may still stand on the same step: that tells nobody anything.
    let states =
        views.step_of(candidate.before, candidate.after).filter(|(from, to)| encryption && from != to);
    let (mut state_before, mut state_after) =
        states.map(|(from, to)| (Some(from.key()), Some(to.key()))).unwrap_or_default();
    if kind == Kind::Strengthening {
        std::mem::swap(&mut state_before, &mut state_after);
    }
    Judgement {
        kind,
        topic,
        before: text_at(pair.old, candidate.before),
        after: text_at(pair.new, candidate.after),
        lead_in_before: lead_in_at(pair.old, candidate.before),
        lead_in_after: lead_in_at(pair.new, candidate.after),
        nearest: Vec::new(),
        severity: severity(gravity),
        confidence: chance,
        weight: Weight { gravity, plainness, confidence: chance, at_stake }.of(kind),
        rule,
        reason,
        steps,
        effective: dates.effective(rules, pair.new, after_unit),
        silent: dates.silent(),
        state_before,
        state_after,
        scope: if encryption {
            scope::names(views.scopes_of(candidate.before, candidate.after))
        } else {
            Vec::new()
        },
        promise_key: promise_key(rules, candidate.topic, unit),
    }
}

pub(super) fn is_grave(topic: Topic) -> bool {
    matches!(
        topic,
        Topic::Encryption
            | Topic::ContentAccess
            | Topic::AiTraining
            | Topic::DataSale
            | Topic::Biometrics
            | Topic::LawEnforcement
            | Topic::Location
            | Topic::Children
    )
}

/// What a finding is about: by the words learned and by lists; how far encryption is promised is the ladder's to say.
fn told_topic(rules: &Rules, listed: Topic, units: &[&Unit]) -> Topic {
    let is_learned = brief::is_learned(rules) && units.iter().all(|unit| unit.is_learned);
    if listed == Topic::Encryption || units.is_empty() || !is_learned {
        return listed;
    }
    Some(brief::topic(rules, units)).filter(|topic| *topic != Topic::Encryption).unwrap_or(listed)
}

/// 1 to 3: how plainly it had been promised, and how plainly it was taken back.
fn plainness(
    rules: &Rules,
    candidate: &Candidate,
    topic: Topic,
    unit: Option<&Unit>,
    has: &dyn Fn(&str) -> bool,
    weaker: &[(Weaker, &str, &str)],
) -> u8 {
    let grave = is_grave(topic) || is_grave(candidate.topic);
    let plain = has("plain_fence");
    let lifted = weaker.iter().any(|(rule, _, _)| *rule == Weaker::NegationLifted) || has("now_done");
    let sole = has("frame_gone") && has("like_promises_none");
    let narrow = has("under_region") || has("under_business") || has("short");
    let sensitive = unit.is_some_and(|unit| {
        rules.data.iter().enumerate().any(|(n, entry)| entry.sensitive && unit.mask(Slot::Data) >> n & 1 == 1)
    });
    let points = i32::from(grave) * 2
        + i32::from(plain) * 2
        + i32::from(lifted) * 2
        + i32::from(sole)
        + i32::from(sensitive)
        - i32::from(narrow) * 2
        - i32::from(candidate.mode == Mode::Tight && !lifted);
    match points {
        i32::MIN..=1 => 1,
        2..=4 => 2,
        _ => 3,
    }
}

/// What a promise is, whatever its words: topic, kinds of promise, practices, data, recipients.
pub(super) fn promise_key(rules: &Rules, topic: Topic, unit: Option<&Unit>) -> String {
    let Some(unit) = unit else { return topic.key().to_owned() };
    let kinds: Vec<&str> = Promise::ALL
        .iter()
        .filter(|(kind, _)| unit.promise & *kind as u32 != 0)
        .map(|(_, key)| *key)
        .take(2)
        .collect();
    let verbs = unit
        .frames
        .iter()
        .filter(|frame| !frame.conditional && frame.actor != Actor::User)
        .fold(0u64, |bits, frame| bits | 1 << frame.verb);
    let names = |bits: u64, list: &[super::rules::Entry]| {
        let names: Vec<&str> = list
            .iter()
            .enumerate()
            .filter(|(n, _)| bits >> n & 1 == 1)
            .map(|(_, entry)| entry.name.as_str())
            .collect();
        names.join("+")
    };
    [
        topic.key().to_owned(),
        kinds.join("+"),
        names(verbs, &rules.verbs),
        names(unit.mask(Slot::Data), &rules.data),
        names(unit.mask(Slot::Recipient), &rules.recipients),
    ]
    .join("/")
}

/// The topic of a statement that binds the service; `None` where it makes no promise.
pub fn topic_of(rules: &Rules, segment: &Segment) -> Option<Topic> {
    let document = Document::read_with(rules, vec![segment.clone()], &mut Cache::default());
    promise_topic(rules, &document.placed.first()?.unit)
}

/// The topic of a statement that was read before: see [`topic_of`].
pub fn promise_topic(rules: &Rules, unit: &Unit) -> Option<Topic> {
    if unit.promise == 0 { None } else { unit_topic(rules, unit) }
}

/// The topic by votes of the statement's verbs, data, recipients and purposes.
pub(super) fn unit_topic(rules: &Rules, unit: &Unit) -> Option<Topic> {
    let mut votes = votes(rules, &unit.hits);
    // "Within 30 days" beside keeping or deleting is about how long.
    if !unit.quantities.is_empty() && votes[Topic::Retention as usize] > 0 {
        votes[Topic::Retention as usize] += 4;
    }
    let encryption = &mut votes[Topic::Encryption as usize];
    if unit.promise & Promise::EndToEnd as u32 != 0 {
        *encryption += 4;
    }
    // Of other languages hardly more is known than the words of encryption, and to decrypt is to read as well.
    if !unit.is_learned && *encryption > 0 {
        *encryption += 3;
    }
    most(&votes)
}

/// The topic by votes of cues alone.
pub(super) fn topic_by_cues(rules: &Rules, hits: &[Hit]) -> Option<Topic> {
    most(&votes(rules, hits))
}

fn votes(rules: &Rules, hits: &[Hit]) -> [i32; Topic::ALL.len()] {
    let mut votes = [0i32; Topic::ALL.len()];
    for hit in hits {
        if hit.cue.slot == Slot::Topic {
            votes[hit.cue.id as usize] += 2;
        } else if let Some(entry) = rules.entry(hit.cue)
            && let Some(topic) = entry.topic
        {
            votes[topic as usize] += entry.votes;
        }
    }
    votes
}

fn most(votes: &[i32; Topic::ALL.len()]) -> Option<Topic> {
    let best = (0..votes.len()).max_by_key(|n| (votes[*n], std::cmp::Reverse(*n)))?;
    (votes[best] > 0).then_some(Topic::ALL[best])
}
