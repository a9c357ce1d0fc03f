//! The shape of a change: how much of each text stands in one of them only, in how long blocks, and how alike
//! the two sides are. What tells a page that was cut, doubled or exchanged from one that was edited.

use super::align::Changed;
use super::document::{Document, Unit};
use super::rules::Rules;

/// So many statements of either side are compared, evenly drawn: enough for a share.
const DRAWN: usize = 48;

/// Named numbers, most of them shares between 0 and 1, in a fixed order.
pub(super) type Traits = Vec<(&'static str, f32)>;

/// The traits of the difference between two texts.
pub(super) fn traits(rules: &Rules, before: &Document, after: &Document, changed: &Changed) -> Traits {
    let (gone, fresh) = (changed.gone.len() as f32, changed.fresh.len() as f32);
    let (old, new) = (before.placed.len().max(1) as f32, after.placed.len().max(1) as f32);
    let growth = ((after.size as f32 + 100.0) / (before.size as f32 + 100.0)).ln().clamp(-2.0, 2.0);
    let (run_gone, at_gone, runs_gone) = runs(&changed.gone);
    let (run_fresh, at_fresh, runs_fresh) = runs(&changed.fresh);
    let alike_gone = likenesses(before, &changed.gone, after, &changed.fresh);
    let alike_fresh = likenesses(after, &changed.fresh, before, &changed.gone);
    let doubled_new = likenesses(after, &changed.fresh, after, &others(after, &changed.fresh));
    let doubled_old = likenesses(before, &changed.gone, before, &others(before, &changed.gone));
    let share = |list: &[f32], holds: &dyn Fn(f32) -> bool| {
        list.iter().filter(|value| holds(**value)).count() as f32 / list.len().max(1) as f32
    };
    let of = |text: &Document, list: &[usize], holds: &dyn Fn(&Unit) -> bool| {
        list.iter().filter(|n| holds(&text.placed[**n].unit)).count() as f32 / list.len().max(1) as f32
    };
    let flag = |holds: bool| f32::from(u8::from(holds));
    let titles = |text: &Document| -> Vec<u64> { text.in_order.iter().take(3).copied().collect() };
    let (old_titles, new_titles) = (titles(before), titles(after));
    let stated = |text: &Document| super::date::stated(rules.language(&text.language), text);
    let is_older = matches!((stated(before), stated(after)), (Some(old), Some(new)) if new < old);
    vec![
        ("change_gone_share", gone / old),
        ("change_fresh_share", fresh / new),
        ("change_gone", (gone + 1.0).ln() / 5.0),
        ("change_fresh", (fresh + 1.0).ln() / 5.0),
        ("change_loss_over_gain", (gone - fresh) / (gone + fresh + 1.0)),
        ("change_one_sided", (gone - fresh).abs() / (gone + fresh + 1.0)),
        ("change_longest_gone", run_gone as f32 / gone.max(1.0)),
        ("change_longest_fresh", run_fresh as f32 / fresh.max(1.0)),
        ("change_longest_gone_of_text", run_gone as f32 / old),
        ("change_longest_fresh_of_text", run_fresh as f32 / new),
        ("change_gone_at_end", flag(run_gone > 0 && at_gone + 2 >= before.placed.len())),
        ("change_fresh_at_end", flag(run_fresh > 0 && at_fresh + 2 >= after.placed.len())),
        ("change_gone_at_start", flag(changed.gone.first().is_some_and(|n| *n <= 1))),
        ("change_fresh_at_start", flag(changed.fresh.first().is_some_and(|n| *n <= 1))),
        ("change_blocks_gone", (runs_gone as f32 + 1.0).ln() / 4.0),
        ("change_blocks_fresh", (runs_fresh as f32 + 1.0).ln() / 4.0),
        ("change_growth", growth),
        ("change_size_changed", growth.abs()),
        ("change_gone_like_fresh", share(&alike_gone, &|v| v > 0.5)),
        ("change_fresh_like_gone", share(&alike_fresh, &|v| v > 0.5)),
        ("change_gone_nearly_fresh", share(&alike_gone, &|v| v > 0.85)),
        ("change_fresh_nearly_gone", share(&alike_fresh, &|v| v > 0.85)),
        ("change_gone_unlike", share(&alike_gone, &|v| v < 0.2)),
        ("change_fresh_unlike", share(&alike_fresh, &|v| v < 0.2)),
        ("change_fresh_doubled", share(&doubled_new, &|v| v > 0.7)),
        ("change_gone_was_doubled", share(&doubled_old, &|v| v > 0.7)),
        ("change_size", (before.size as f32 + 1.0).ln() / 12.0),
        ("change_gone_promises", of(before, &changed.gone, &|unit| unit.promise != 0)),
        ("change_fresh_promises", of(after, &changed.fresh, &|unit| unit.promise != 0)),
        ("change_gone_short", of(before, &changed.gone, &|unit| unit.own_words().len() < 6)),
        ("change_fresh_short", of(after, &changed.fresh, &|unit| unit.own_words().len() < 6)),
        ("change_title_changed", flag(old_titles.first() != new_titles.first())),
        (
            "change_top_changed",
            old_titles.iter().filter(|key| !new_titles.contains(key)).count() as f32 / 3.0,
        ),
        ("change_older_edition", flag(is_older)),
        ("change_only_one_side", flag(gone.min(fresh) < 1.0)),
        ("change_much_on_one_side", flag(gone.max(fresh) >= 20.0 && gone.min(fresh) <= 2.0)),
    ]
}

/// The longest run of neighbours, its last place, and how many runs there are.
fn runs(places: &[usize]) -> (usize, usize, usize) {
    let (mut run, mut longest, mut at, mut count) = (0, 0, 0, 0);
    for (n, place) in places.iter().enumerate() {
        run = if n > 0 && places[n - 1] + 2 >= *place { run + 1 } else { 1 };
        count += usize::from(run == 1);
        if run > longest {
            (longest, at) = (run, *place);
        }
    }
    (longest, at, count)
}

fn others(text: &Document, places: &[usize]) -> Vec<usize> {
    (0..text.placed.len()).filter(|n| places.binary_search(n).is_err()).collect()
}

/// Nothing asks whether two statements are more alike than this.
const ENOUGH: f32 = 0.85;

/// How alike each drawn statement is to its likest in the other list: shared words over all words, exactly so
/// up to [`ENOUGH`].
fn likenesses(text: &Document, places: &[usize], other: &Document, among: &[usize]) -> Vec<f32> {
    let step = places.len().div_ceil(DRAWN).max(1);
    // Beside each other, as each is looked at once for every drawn statement.
    let among: Vec<(&[u64; 4], u32, &[u32])> = among
        .iter()
        .map(|m| &other.placed[*m].unit)
        .map(|unit| (&unit.print, unit.print_ones, &*unit.bag))
        .collect();
    places
        .iter()
        .step_by(step)
        .map(|n| &text.placed[*n].unit)
        .filter(|unit| unit.bag.len() >= 3)
        .map(|unit| {
            let mut likest = 0.0f32;
            for (print, ones, bag) in &among {
                // Cheap looks first: a short text among a long one cannot be alike, and fingerprints that
                // share little stand for texts that share less.
                let (short, long) = (unit.bag.len().min(bag.len()), unit.bag.len().max(bag.len()));
                if short as f32 <= likest * long as f32 {
                    continue;
                }
                let shared: u32 = unit.print.iter().zip(*print).map(|(a, b)| (a & b).count_ones()).sum();
                if shared * 5 >= unit.print_ones.min(*ones) {
                    likest = likest.max(alike(&unit.bag, bag));
                    if likest > ENOUGH {
                        break;
                    }
                }
            }
            likest
        })
        .collect()
}

fn alike(a: &[u32], b: &[u32]) -> f32 {
    let (mut i, mut j, mut both) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Equal => {
                both += 1;
                i += 1;
                j += 1;
            }
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
        }
    }
    both as f32 / (a.len() + b.len() - both).max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_cuts_change_no_likeness_that_is_asked_for() {
        let rules = Rules::builtin();
        let words = [
            "data", "share", "keep", "sell", "partner", "location", "message", "delete", "account", "advert",
        ];
        // Sentences of three to eleven words, drawn by a fixed rule.
        let text = |seed: usize| -> String {
            let sentence = |n: usize| {
                let length = 3 + (n * 7 + seed) % 9;
                let drawn = (0..length).map(|at| words[(n * n + at * (n + seed) + at) % words.len()]);
                drawn.collect::<Vec<_>>().join(" ")
            };
            (0..60).map(|n| format!("* {}\n", sentence(n + seed))).collect()
        };
        for seed in 1..6 {
            let (before, after) =
                (Document::read(&rules, &text(seed)), Document::read(&rules, &text(seed + 3)));
            let all = |text: &Document| (0..text.placed.len()).collect::<Vec<_>>();
            let found = likenesses(&before, &all(&before), &after, &all(&after));
            let step = before.placed.len().div_ceil(DRAWN).max(1);
            let plain = all(&before).into_iter().step_by(step).filter_map(|n| {
                let unit = &before.placed[n].unit;
                let each = after.placed.iter().map(|near| &near.unit).filter(|near| {
                    let shared: u32 =
                        unit.print.iter().zip(&near.print).map(|(a, b)| (a & b).count_ones()).sum();
                    shared * 5 >= unit.print_ones.min(near.print_ones)
                });
                let likest = each.map(|near| alike(&unit.bag, &near.bag)).fold(0.0, f32::max);
                (unit.bag.len() >= 3).then_some(likest)
            });
            for (found, plain) in found.iter().zip(plain) {
                assert!(found.to_bits() == plain.to_bits() || *found > ENOUGH && plain > ENOUGH);
            }
        }
    }
}
