//! A small network that reads words in their order. Each of three layers reads a word beside those one, two and four
//! places off; what they found is put together by its mean and its greatest, and four numbers are told of it.
//!
//! Fitted and read by code of ours for one reason: the same statements give the same numbers on every machine. Nothing but
//! sums, products, quotients and square roots is computed, in a fixed order.

use super::matrix::{Turned, times, times_turned};
use crate::promise::draw::Draw;

/// Numbers that stand for a word.
pub const WIDTH: usize = 64;
/// How far off, in words, each layer looks.
const REACH: [usize; 3] = [1, 2, 4];
const LAYERS: usize = REACH.len();
/// Numbers that a layer reads of a word and its two neighbours.
const NEAR: usize = 3 * WIDTH;
/// Mean and greatest.
const POOLED: usize = 2 * WIDTH;
/// Numbers between what was read and what is told.
const HIDDEN: usize = 64;
pub const TOLD: usize = 4;
/// A statement's first words are read, no more.
pub const LONG: usize = 64;

/// A part of the numbers: its name in the table, where it begins, and the length of a row.
pub type Part = (&'static str, std::ops::Range<usize>, usize);

/// Where each part begins among the numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Plan {
    words: usize,
}

impl Plan {
    const LAYER: usize = 2 * WIDTH + NEAR * WIDTH + WIDTH;

    /// Also of what evens out the last state, which no layer follows.
    fn gain(self, n: usize) -> usize {
        self.words * WIDTH + n * Plan::LAYER
    }
    fn shift(self, n: usize) -> usize {
        self.gain(n) + WIDTH
    }
    fn kernel(self, n: usize) -> usize {
        self.gain(n) + 2 * WIDTH
    }
    fn bias(self, n: usize) -> usize {
        self.kernel(n) + NEAR * WIDTH
    }
    fn dense(self) -> usize {
        self.gain(LAYERS) + 2 * WIDTH
    }
    fn dense_bias(self) -> usize {
        self.dense() + POOLED * HIDDEN
    }
    fn out(self) -> usize {
        self.dense_bias() + HIDDEN
    }
    fn out_bias(self) -> usize {
        self.out() + HIDDEN * TOLD
    }
    fn size(self) -> usize {
        self.out_bias() + TOLD
    }

    /// All but the words, in their order.
    fn parts(self) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut add = |name, from: usize, count: usize, row: usize| {
            parts.push((name, from..from + count, row));
        };
        for n in 0..=LAYERS {
            add("(gain)", self.gain(n), WIDTH, WIDTH);
            add("(shift)", self.shift(n), WIDTH, WIDTH);
            if n < LAYERS {
                add("(kernel)", self.kernel(n), NEAR * WIDTH, WIDTH);
                add("(bias)", self.bias(n), WIDTH, WIDTH);
            }
        }
        add("(dense)", self.dense(), POOLED * HIDDEN, HIDDEN);
        add("(dense bias)", self.dense_bias(), HIDDEN, HIDDEN);
        add("(out)", self.out(), HIDDEN * TOLD, TOLD);
        add("(out bias)", self.out_bias(), TOLD, TOLD);
        parts
    }
}

/// The row of a word before anything is learned; `None`: drawn by chance.
pub type Start = Option<[f32; WIDTH]>;

/// The fitted numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Net {
    plan: Plan,
    numbers: Vec<f32>,
}

/// What was computed on the way, which the way back needs. A row a word, where nothing else is said.
#[derive(Default)]
struct Trace {
    count: usize,
    state: Vec<f32>,
    /// The state before each layer and after the last, brought to one size.
    evened: [Vec<f32>; LAYERS + 1],
    /// One over the spread of each row of each state.
    spreads: [Vec<f32>; LAYERS + 1],
    scaled: Vec<f32>,
    /// What each layer read.
    near: [Vec<f32>; LAYERS],
    /// What each layer added.
    added: [Vec<f32>; LAYERS],
    /// Mean and greatest: one row.
    pooled: Vec<f32>,
    /// Which word was greatest.
    greatest: Vec<usize>,
    hidden: Vec<f32>,
    /// What of the pooled numbers is heard, by how much: while it learns some are not. Empty: all, as they are.
    heard: Vec<f32>,
}

impl Net {
    /// The numbers drawn from `seed`, but those of the words in `start`.
    fn new(start: &[Start], seed: u64) -> Net {
        let words = start.len();
        let plan = Plan { words };
        let mut draw = Draw(seed);
        let mut numbers = vec![0.0; plan.size()];
        let mut fill = |from: usize, count: usize, wide: f32| {
            numbers[from..from + count].iter_mut().for_each(|x| *x = draw.even() * wide);
        };
        fill(0, words * WIDTH, 0.85);
        for n in 0..LAYERS {
            fill(plan.kernel(n), NEAR * WIDTH, 1.7 / (NEAR as f32).sqrt());
        }
        fill(plan.dense(), POOLED * HIDDEN, 1.7 / (POOLED as f32).sqrt());
        fill(plan.out(), HIDDEN * TOLD, 0.085);
        for n in 0..=LAYERS {
            numbers[plan.gain(n)..plan.gain(n) + WIDTH].fill(1.0);
        }
        for (row, start) in numbers.chunks_exact_mut(WIDTH).zip(start) {
            if let Some(start) = start {
                row.copy_from_slice(start);
            }
        }
        Net { plan, numbers }
    }

    /// Of numbers as [`Net::words`] and [`Net::parts`] give them, in that order. `None` where there are too few or too many.
    pub fn from_numbers(words: usize, numbers: Vec<f32>) -> Option<Net> {
        let plan = Plan { words };
        (numbers.len() == plan.size()).then_some(Net { plan, numbers })
    }

    /// The row of each word.
    pub fn words(&self) -> impl Iterator<Item = &[f32]> {
        self.numbers[..self.plan.words * WIDTH].chunks_exact(WIDTH)
    }

    /// All other rows, with the name of the part that each belongs to.
    pub fn parts(&self) -> Vec<(&'static str, &[f32])> {
        let rows =
            |(name, range, row): Part| self.numbers[range].chunks_exact(row).map(move |row| (name, row));
        self.plan.parts().into_iter().flat_map(rows).collect()
    }

    fn part(&self, from: usize, count: usize) -> &[f32] {
        &self.numbers[from..from + count]
    }

    /// What words tell, named by their rows.
    pub fn told(&self, words: &[u32]) -> [f32; TOLD] {
        self.read(words, &mut Trace::default())
    }

    fn read(&self, words: &[u32], trace: &mut Trace) -> [f32; TOLD] {
        let plan = self.plan;
        let words = &words[..words.len().min(LONG)];
        trace.count = words.len();
        trace.state.clear();
        for word in words {
            trace.state.extend_from_slice(self.part(*word as usize * WIDTH, WIDTH));
        }
        for (n, reach) in REACH.into_iter().enumerate() {
            self.even(n, trace);
            near(&trace.scaled, reach, &mut trace.near[n]);
            let added = &mut trace.added[n];
            added.clear();
            (0..words.len()).for_each(|_| added.extend_from_slice(self.part(plan.bias(n), WIDTH)));
            times(&trace.near[n], NEAR, self.part(plan.kernel(n), NEAR * WIDTH), WIDTH, added);
            for (state, added) in trace.state.iter_mut().zip(added) {
                *added = added.max(0.0);
                *state += *added;
            }
        }
        self.even(LAYERS, trace);
        self.pool(trace);
        trace.hidden.clear();
        trace.hidden.extend_from_slice(self.part(plan.dense_bias(), HIDDEN));
        times(&trace.pooled, POOLED, self.part(plan.dense(), POOLED * HIDDEN), HIDDEN, &mut trace.hidden);
        trace.hidden.iter_mut().for_each(|x| *x = x.max(0.0));
        let mut told = [0.0; TOLD];
        told.copy_from_slice(self.part(plan.out_bias(), TOLD));
        for (x, weights) in trace.hidden.iter().zip(self.part(plan.out(), HIDDEN * TOLD).chunks_exact(TOLD)) {
            add(&mut told, *x, weights);
        }
        told
    }

    /// Brings every row of the state to one size, then to that of the next layer.
    fn even(&self, n: usize, trace: &mut Trace) {
        let (gain, shift) = (self.part(self.plan.gain(n), WIDTH), self.part(self.plan.shift(n), WIDTH));
        let (evened, spreads) = (&mut trace.evened[n], &mut trace.spreads[n]);
        evened.clear();
        spreads.clear();
        trace.scaled.clear();
        for row in trace.state.chunks_exact(WIDTH) {
            let mean = sum(row) / WIDTH as f32;
            let spread = row.iter().fold(0.0, |all, x| all + (x - mean) * (x - mean)) / WIDTH as f32;
            let over = 1.0 / (spread + 1e-6).sqrt();
            spreads.push(over);
            let from = evened.len();
            evened.extend(row.iter().map(|x| (x - mean) * over));
            let rows = evened[from..].iter().zip(gain).zip(shift);
            trace.scaled.extend(rows.map(|((x, gain), shift)| x * gain + shift));
        }
    }

    fn pool(&self, trace: &mut Trace) {
        let share = share(trace.count);
        trace.pooled.clear();
        trace.pooled.resize(POOLED, 0.0);
        trace.greatest.clear();
        trace.greatest.resize(WIDTH, 0);
        let (mean, most) = trace.pooled.split_at_mut(WIDTH);
        for (n, row) in trace.scaled.chunks_exact(WIDTH).enumerate() {
            for k in 0..WIDTH {
                mean[k] += row[k];
                if n == 0 || row[k] > most[k] {
                    most[k] = row[k];
                    trace.greatest[k] = n;
                }
            }
        }
        mean.iter_mut().for_each(|x| *x *= share);
        trace.pooled.iter_mut().zip(&trace.heard).for_each(|(x, heard)| *x *= heard);
    }

    /// Adds to `slopes` how the loss grows with each number, where it grows with what is told by `wrong`.
    fn back(
        &self,
        words: &[u32],
        trace: &Trace,
        turned: &[Turned; LAYERS],
        wrong: [f32; TOLD],
        slopes: &mut [f32],
    ) {
        let plan = self.plan;
        let count = trace.count;
        let mut hidden = vec![0.0; HIDDEN];
        for (n, x) in trace.hidden.iter().enumerate() {
            add(&mut slopes[plan.out() + n * TOLD..][..TOLD], *x, &wrong);
            if *x > 0.0 {
                hidden[n] = dot(self.part(plan.out() + n * TOLD, TOLD), &wrong);
            }
        }
        add(&mut slopes[plan.out_bias()..][..TOLD], 1.0, &wrong);
        add(&mut slopes[plan.dense_bias()..][..HIDDEN], 1.0, &hidden);
        let mut pooled = vec![0.0; POOLED];
        for (n, x) in trace.pooled.iter().enumerate() {
            add(&mut slopes[plan.dense() + n * HIDDEN..][..HIDDEN], *x, &hidden);
            pooled[n] = dot(self.part(plan.dense() + n * HIDDEN, HIDDEN), &hidden);
        }
        pooled.iter_mut().zip(&trace.heard).for_each(|(slope, heard)| *slope *= heard);
        let share = share(count);
        let mut scaled: Vec<f32> =
            (0..count).flat_map(|_| pooled[..WIDTH].iter().map(|slope| slope * share)).collect();
        if count > 0 {
            for (k, at) in trace.greatest.iter().enumerate() {
                scaled[at * WIDTH + k] += pooled[WIDTH + k];
            }
        }
        let mut state = vec![0.0; count * WIDTH];
        self.back_even(LAYERS, trace, &scaled, &mut state, slopes);
        for n in (0..LAYERS).rev() {
            let added = trace.added[n].iter();
            let out: Vec<f32> = state
                .iter()
                .zip(added)
                .map(|(slope, added)| if *added > 0.0 { *slope } else { 0.0 })
                .collect();
            for row in out.chunks_exact(WIDTH) {
                add(&mut slopes[plan.bias(n)..][..WIDTH], 1.0, row);
            }
            times_turned(&trace.near[n], NEAR, &out, WIDTH, &mut slopes[plan.kernel(n)..][..NEAR * WIDTH]);
            let mut read = vec![0.0; count * NEAR];
            times(&out, WIDTH, turned[n].numbers(), NEAR, &mut read);
            far(&read, REACH[n], &mut scaled);
            // What passes by the layer is in `state` already.
            self.back_even(n, trace, &scaled, &mut state, slopes);
        }
        for (n, word) in words[..count].iter().enumerate() {
            add(&mut slopes[*word as usize * WIDTH..][..WIDTH], 1.0, &state[n * WIDTH..][..WIDTH]);
        }
    }

    /// Back through the evening out of a state.
    fn back_even(&self, n: usize, trace: &Trace, scaled: &[f32], state: &mut [f32], slopes: &mut [f32]) {
        let (gain, shift) = (self.plan.gain(n), self.plan.shift(n));
        let mut own = [0.0; WIDTH];
        let rows = scaled.chunks_exact(WIDTH).zip(trace.evened[n].chunks_exact(WIDTH));
        for (((slope, even), over), state) in rows.zip(&trace.spreads[n]).zip(state.chunks_exact_mut(WIDTH)) {
            for k in 0..WIDTH {
                slopes[gain + k] += slope[k] * even[k];
                slopes[shift + k] += slope[k];
                own[k] = slope[k] * self.numbers[gain + k];
            }
            let mean = sum(&own) / WIDTH as f32;
            let along = dot(&own, even) / WIDTH as f32;
            for k in 0..WIDTH {
                state[k] += (own[k] - mean - even[k] * along) * over;
            }
        }
    }
}

/// Of a sum over words: between the mean, which forgets how much was said, and the sum.
fn share(count: usize) -> f32 {
    1.0 / (8.0 * count.max(1) as f32).sqrt()
}

/// Each word's row between those of the words so far before and after it; nothing beyond the ends.
fn near(rows: &[f32], reach: usize, out: &mut Vec<f32>) {
    let count = rows.len() / WIDTH;
    out.clear();
    out.resize(count * NEAR, 0.0);
    for (at, out) in out.chunks_exact_mut(NEAR).enumerate() {
        for (from, out) in neighbours(at, reach, count).into_iter().zip(out.chunks_exact_mut(WIDTH)) {
            if let Some(from) = from {
                out.copy_from_slice(&rows[from * WIDTH..][..WIDTH]);
            }
        }
    }
}

/// The way back of [`near`].
fn far(slopes: &[f32], reach: usize, out: &mut [f32]) {
    let count = out.len() / WIDTH;
    out.fill(0.0);
    for (at, slopes) in slopes.chunks_exact(NEAR).enumerate() {
        for (from, slopes) in neighbours(at, reach, count).into_iter().zip(slopes.chunks_exact(WIDTH)) {
            if let Some(from) = from {
                add(&mut out[from * WIDTH..][..WIDTH], 1.0, slopes);
            }
        }
    }
}

fn neighbours(at: usize, reach: usize, count: usize) -> [Option<usize>; 3] {
    [at.checked_sub(reach), Some(at), Some(at + reach).filter(|n| *n < count)]
}

/// A statement to learn from.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// Rows of its words.
    pub words: Vec<u32>,
    pub goal: [f32; TOLD],
    /// How much each goal counts; 0 where it is not known.
    pub weight: [f32; TOLD],
}

/// How the numbers are fitted.
#[derive(Debug, Clone, Copy)]
pub struct Fitting {
    pub rounds: usize,
    pub seed: u64,
}

/// Lessons that one step learns from.
const BATCH: usize = 128;
/// Lessons whose slopes are summed by themselves: two shorter sums lose less than a long one.
const PART: usize = BATCH / 2;
/// One word in so many is not read, so that no word alone decides.
const UNREAD: u64 = 10;
/// One pooled number in so many is not heard, for the same reason; the others are louder for it.
const UNHEARD: u64 = 5;
const LOUDER: f32 = UNHEARD as f32 / (UNHEARD - 1) as f32;
const PACE: f32 = 4e-3;

/// Least squares by Adam (Kingma and Ba, 2015), the step growing smaller to the end. `start`: a row a word.
pub fn fit(start: &[Start], lessons: &[Lesson], fitting: Fitting) -> Net {
    let mut net = Net::new(start, fitting.seed);
    let size = net.plan.size();
    let (mut first, mut second) = (vec![0.0f32; size], vec![0.0f32; size]);
    let (mut fade_first, mut fade_second) = (1.0f32, 1.0f32);
    let (mut left, mut right) = (Slopes::new(net.plan), Slopes::new(net.plan));
    let mut draw = Draw(fitting.seed ^ 0x5eed);
    let mut order: Vec<u32> = (0..lessons.len() as u32).collect();
    let steps = (fitting.rounds * lessons.len().div_ceil(BATCH)) as f32;
    let mut step = 0.0;
    for _ in 0..fitting.rounds {
        for n in (1..order.len()).rev() {
            order.swap(n, (draw.next() % (n as u64 + 1)) as usize);
        }
        for batch in order.chunks(BATCH) {
            let turned = net.turned();
            let seeds = [Draw(draw.next()), Draw(draw.next())];
            let (one, other) = batch.split_at(batch.len().min(PART));
            let [seed, other_seed] = seeds;
            left.learn(&net, &turned, lessons, one, seed);
            right.learn(&net, &turned, lessons, other, other_seed);
            left.take(&mut right);
            let scale = 1.0 / batch.len() as f32;
            let pace = PACE * (1.0 - step / steps);
            step += 1.0;
            fade_first *= 0.9;
            fade_second *= 0.999;
            left.each(|n, slope| {
                let slope = slope * scale;
                first[n] += 0.1 * (slope - first[n]);
                second[n] += 0.001 * (slope * slope - second[n]);
                let even = (second[n] / (1.0 - fade_second)).sqrt() + 1e-8;
                net.numbers[n] -= pace * first[n] / (1.0 - fade_first) / even;
            });
        }
    }
    net
}

impl Net {
    fn turned(&self) -> [Turned; LAYERS] {
        std::array::from_fn(|n| Turned::new(self.part(self.plan.kernel(n), NEAR * WIDTH), WIDTH))
    }
}

/// The slopes of a part of a batch.
struct Slopes {
    plan: Plan,
    numbers: Vec<f32>,
    /// Rows of words that were read: the others have none.
    rows: Vec<u32>,
    is_read: Vec<bool>,
}

impl Slopes {
    fn new(plan: Plan) -> Slopes {
        Slopes { plan, numbers: vec![0.0; plan.size()], rows: Vec::new(), is_read: vec![false; plan.words] }
    }

    fn learn(
        &mut self,
        net: &Net,
        turned: &[Turned; LAYERS],
        lessons: &[Lesson],
        own: &[u32],
        mut draw: Draw,
    ) {
        let mut trace = Trace::default();
        let mut words = Vec::new();
        for lesson in own.iter().map(|n| &lessons[*n as usize]) {
            words.clear();
            words.extend(lesson.words.iter().copied().filter(|_| !draw.next().is_multiple_of(UNREAD)));
            words.truncate(LONG);
            trace.heard.clear();
            trace
                .heard
                .extend((0..POOLED).map(|_| if draw.next().is_multiple_of(UNHEARD) { 0.0 } else { LOUDER }));
            let told = net.read(&words, &mut trace);
            let wrong = std::array::from_fn(|n| (told[n] - lesson.goal[n]) * lesson.weight[n]);
            net.back(&words, &trace, turned, wrong, &mut self.numbers);
            words.iter().for_each(|row| self.mark(*row));
        }
    }

    fn mark(&mut self, row: u32) {
        if !std::mem::replace(&mut self.is_read[row as usize], true) {
            self.rows.push(row);
        }
    }

    /// Adds another part's slopes, which is empty then.
    fn take(&mut self, other: &mut Slopes) {
        for row in &other.rows {
            self.mark(*row);
        }
        let numbers = &mut self.numbers;
        other.each(|n, slope| numbers[n] += slope);
    }

    /// Every slope that there may be, once; then there are none.
    fn each(&mut self, mut take: impl FnMut(usize, f32)) {
        self.rows.sort_unstable();
        for row in self.rows.drain(..) {
            self.is_read[row as usize] = false;
            let from = row as usize * WIDTH;
            (from..from + WIDTH).for_each(|n| take(n, std::mem::take(&mut self.numbers[n])));
        }
        let rest = self.plan.words * WIDTH..self.numbers.len();
        rest.for_each(|n| take(n, std::mem::take(&mut self.numbers[n])));
    }
}

fn add(to: &mut [f32], by: f32, row: &[f32]) {
    to.iter_mut().zip(row).for_each(|(to, x)| *to += by * x);
}

/// In eight sums side by side, always in the same order.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
    }
    sum(&sums)
}

fn sum(row: &[f32]) -> f32 {
    row.iter().fold(0.0, |all, x| all + x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(net: &Net, words: &[u32], goal: [f32; TOLD]) -> f32 {
        net.told(words).iter().zip(goal).map(|(t, g)| (t - g) * (t - g) / 2.0).sum()
    }

    #[test]
    fn slopes_are_those_of_small_steps() {
        let net = Net::new(&[None; 12], 7);
        let (words, goal) = ([3, 1, 4, 1, 5, 9, 2, 6], [0.5, -0.3, 1.0, 0.2]);
        let mut trace = Trace::default();
        let told = net.read(&words, &mut trace);
        let wrong = std::array::from_fn(|n| told[n] - goal[n]);
        let mut slopes = vec![0.0; net.plan.size()];
        net.back(&words, &trace, &net.turned(), wrong, &mut slopes);
        let mut draw = Draw(3);
        let mut checked = 0;
        for _ in 0..400 {
            let n = (draw.next() % net.plan.size() as u64) as usize;
            let step = 2e-3;
            let at = |by: f32| {
                let mut moved = net.clone();
                moved.numbers[n] += by;
                loss(&moved, &words, goal)
            };
            let slope = (at(step) - at(-step)) / (2.0 * step);
            assert!((slope - slopes[n]).abs() < 2e-2 * (1.0 + slope.abs()), "{n}: {slope} {}", slopes[n]);
            checked += usize::from(slope.abs() > 1e-3);
        }
        assert!(checked > 50, "{checked}");
    }

    #[test]
    fn nothing_is_read_of_nothing() {
        let net = Net::new(&[None; 12], 7);
        assert!(net.told(&[]).iter().all(|x| x.is_finite()));
        assert_eq!(net.told(&[5; LONG]), net.told(&[5; LONG + 9]));
    }

    #[test]
    fn the_order_of_words_is_learned_and_the_same_lessons_give_the_same_net() {
        // 1 before 2 tells one thing, 2 before 1 the other, whatever stands around.
        let mut draw = Draw(1);
        let mut lesson = |turned: bool| {
            let mut words: Vec<u32> = (0..6).map(|_| 3 + (draw.next() % 40) as u32).collect();
            let at = (draw.next() % 5) as usize;
            (words[at], words[at + 1]) = if turned { (2, 1) } else { (1, 2) };
            Lesson { words, goal: [f32::from(u8::from(turned)), 0.0, 0.0, 0.0], weight: [1.0, 1.0, 0.0, 0.0] }
        };
        let lessons: Vec<Lesson> = (0..2000).map(|n| lesson(n % 2 == 0)).collect();
        let fitting = Fitting { rounds: 12, seed: 5 };
        let net = fit(&[None; 64], &lessons, fitting);
        let unseen: Vec<Lesson> = (0..200).map(|n| lesson(n % 2 == 0)).collect();
        let right = unseen.iter().filter(|l| (net.told(&l.words)[0] > 0.5) == (l.goal[0] > 0.5)).count();
        assert!(right >= 195, "{right}");
        assert!(net == fit(&[None; 64], &lessons, fitting));
    }
}
