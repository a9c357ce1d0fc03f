//! Grows small decision trees that correct each other: gradient boosting, the same on every machine.
//!
//! The linear weights cannot say "a denial that is gone matters, unless nothing else of its kind was touched";
//! a tree of a few questions can. Each tree is one line of text: `(trait threshold LEFT RIGHT)`, left where the
//! trait's value is at most the threshold, a leaf a number of log-odds.

use super::draw::Draw;
use super::fit::Row;

/// One tree: node 0 is its root.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tree {
    pub nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Node {
    /// The trait's number, the threshold, where to go at or below it, where above.
    Ask(u32, f32, u32, u32),
    Leaf(f32),
}

impl Tree {
    /// The leaf's log-odds for traits given by number.
    pub fn weigh(&self, value: impl Fn(u32) -> f32) -> f32 {
        let mut at = 0;
        loop {
            match self.nodes.get(at) {
                Some(Node::Ask(name, threshold, low, high)) => {
                    at = if value(*name) <= *threshold { *low } else { *high } as usize;
                }
                Some(Node::Leaf(odds)) => return *odds,
                None => return 0.0,
            }
        }
    }

    /// The largest leaf.
    pub fn most(&self) -> f32 {
        let leaf = |node: &Node| if let Node::Leaf(odds) = node { Some(*odds) } else { None };
        self.nodes.iter().filter_map(leaf).fold(f32::MIN, f32::max).max(-100.0)
    }

    /// As one line, with traits by name.
    pub fn write(&self, name: &dyn Fn(u32) -> String) -> String {
        fn node(tree: &Tree, at: usize, name: &dyn Fn(u32) -> String, out: &mut String) {
            match tree.nodes[at] {
                Node::Leaf(odds) => out.push_str(&format!("{odds:.4}")),
                Node::Ask(trait_, threshold, low, high) => {
                    out.push_str(&format!("({} {threshold:.3} ", name(trait_)));
                    node(tree, low as usize, name, out);
                    out.push(' ');
                    node(tree, high as usize, name, out);
                    out.push(')');
                }
            }
        }
        let mut out = String::new();
        if !self.nodes.is_empty() {
            node(self, 0, name, &mut out);
        }
        out
    }

    /// Reads such a line. `None` where it is not one.
    pub fn read(line: &str, number: &mut dyn FnMut(&str) -> u32) -> Option<Tree> {
        fn node(words: &mut &str, tree: &mut Tree, number: &mut dyn FnMut(&str) -> u32) -> Option<u32> {
            *words = words.trim_start();
            let at = tree.nodes.len();
            // No tree of ours is deep; a hostile one must not use up the stack.
            if at > 200 {
                return None;
            }
            let end = |text: &str| text.find([' ', ')']).unwrap_or(text.len());
            if let Some(rest) = words.strip_prefix('(') {
                tree.nodes.push(Node::Leaf(0.0));
                let name = number(&rest[..end(rest)]);
                let rest = rest[end(rest)..].trim_start();
                let threshold = rest[..end(rest)].parse().ok()?;
                *words = &rest[end(rest)..];
                let low = node(words, tree, number)?;
                let high = node(words, tree, number)?;
                *words = words.trim_start().strip_prefix(')')?;
                tree.nodes[at] = Node::Ask(name, threshold, low, high);
            } else {
                let odds = words[..end(words)].parse().ok()?;
                *words = &words[end(words)..];
                tree.nodes.push(Node::Leaf(odds));
            }
            Some(at as u32)
        }
        let mut tree = Tree::default();
        let mut words = line;
        node(&mut words, &mut tree, number)?;
        words.trim().is_empty().then_some(tree)
    }
}

/// How the trees are grown.
#[derive(Debug, Clone, Copy)]
pub struct Growth {
    pub trees: usize,
    pub leaves: usize,
    /// How much of its correction each tree may make.
    pub rate: f64,
    /// A leaf holds no fewer rows.
    pub least: usize,
    /// Shares of rows and traits that each tree sees, drawn anew for each.
    pub rows: f64,
    pub traits: f64,
    /// Holds leaves small (L2).
    pub penalty: f64,
    pub seed: u64,
}

impl Default for Growth {
    fn default() -> Self {
        Self { trees: 250, leaves: 7, rate: 0.05, least: 15, rows: 0.7, traits: 0.3, penalty: 5.0, seed: 1 }
    }
}

/// Values of one trait are told apart in so many steps at most.
const STEPS: usize = 24;

/// Rows with each value as a step of its trait: what the growing works on.
struct Binned {
    /// By row, by trait: its step.
    rows: Vec<Vec<(u32, u8)>>,
    /// By trait: the steps' upper bounds, ascending.
    bounds: Vec<Vec<f32>>,
    /// By trait: the step of a value of nought, which rows do not list.
    zero: Vec<u8>,
}

impl Binned {
    fn new(rows: &[&Row], traits: usize) -> Binned {
        let mut values: Vec<Vec<f32>> = vec![Vec::new(); traits];
        for row in rows {
            row.traits.iter().for_each(|(n, value)| values[*n as usize].push(*value));
        }
        let bounds: Vec<Vec<f32>> = values
            .into_iter()
            .map(|mut values| {
                values.push(0.0);
                values.sort_by(f32::total_cmp);
                let mut distinct = values.clone();
                distinct.dedup();
                if distinct.len() > STEPS {
                    distinct = (1..=STEPS).map(|n| values[(values.len() * n / STEPS).max(1) - 1]).collect();
                    distinct.push(0.0);
                    distinct.sort_by(f32::total_cmp);
                    distinct.dedup();
                }
                distinct
            })
            .collect();
        let step = |n: usize, value: f32| {
            bounds[n].partition_point(|bound| *bound < value).min(bounds[n].len() - 1) as u8
        };
        let zero = (0..traits).map(|n| step(n, 0.0)).collect();
        let rows = rows
            .iter()
            .map(|row| {
                let mut steps: Vec<(u32, u8)> =
                    row.traits.iter().map(|(n, value)| (*n, step(*n as usize, *value))).collect();
                steps.sort_unstable();
                steps
            })
            .collect();
        Binned { rows, bounds, zero }
    }

    fn step(&self, row: usize, name: u32) -> u8 {
        let row = &self.rows[row];
        row.binary_search_by_key(&name, |(n, _)| *n).map_or(self.zero[name as usize], |at| row[at].1)
    }
}

struct Leaf {
    node: usize,
    rows: Vec<u32>,
    best: Option<Split>,
}

#[derive(Clone, Copy)]
struct Split {
    gain: f64,
    name: u32,
    step: u8,
}

/// Trees that make the rows likely, and the log-odds that they start from.
pub fn grow(rows: &[&Row], traits: usize, growth: Growth) -> (Vec<Tree>, f64) {
    let binned = Binned::new(rows, traits);
    let weight = |n: usize| f64::from(rows[n].weight);
    let all: f64 = (0..rows.len()).map(weight).sum();
    let found: f64 = (0..rows.len()).filter(|n| rows[*n].is_finding).map(weight).sum();
    let start = ((found + 1e-6) / (all - found + 1e-6)).ln();
    let mut odds = vec![start; rows.len()];
    let mut draw = Draw(growth.seed);
    let mut trees = Vec::with_capacity(growth.trees);
    let mut slopes = vec![(0.0, 0.0); rows.len()];
    for _ in 0..growth.trees {
        for (n, slope) in slopes.iter_mut().enumerate() {
            let chance = 1.0 / (1.0 + (-odds[n]).exp());
            let truth = if rows[n].is_finding { 1.0 } else { 0.0 };
            *slope = (weight(n) * (chance - truth), weight(n) * chance * (1.0 - chance));
        }
        let seen: Vec<u32> = (0..rows.len() as u32).filter(|_| draw.share() < growth.rows).collect();
        let asked: Vec<bool> = (0..traits).map(|_| draw.share() < growth.traits).collect();
        let tree = grow_one(&binned, &slopes, seen, &asked, growth);
        for (n, odds) in odds.iter_mut().enumerate() {
            // Thresholds are the steps' bounds, so asking the values goes the way the steps went.
            *odds += f64::from(tree.weigh(|name| {
                let step = binned.step(n, name);
                binned.bounds[name as usize][step as usize]
            }));
        }
        trees.push(tree);
    }
    (trees, start)
}

fn grow_one(binned: &Binned, slopes: &[(f64, f64)], seen: Vec<u32>, asked: &[bool], growth: Growth) -> Tree {
    let mut tree = Tree { nodes: vec![Node::Leaf(0.0)] };
    let mut sums = Sums::new(binned);
    let best = sums.best_split(binned, slopes, &seen, asked, growth);
    let mut leaves = vec![Leaf { node: 0, rows: seen, best }];
    while leaves.len() < growth.leaves {
        let Some((n, split)) = leaves
            .iter()
            .enumerate()
            .filter_map(|(n, leaf)| leaf.best.map(|split| (n, split)))
            .max_by(|a, b| a.1.gain.total_cmp(&b.1.gain).then(b.0.cmp(&a.0)))
        else {
            break;
        };
        let leaf = leaves.swap_remove(n);
        let (low, high): (Vec<u32>, Vec<u32>) =
            leaf.rows.iter().partition(|row| binned.step(**row as usize, split.name) <= split.step);
        let first = tree.nodes.len() as u32;
        let threshold = binned.bounds[split.name as usize][split.step as usize];
        tree.nodes[leaf.node] = Node::Ask(split.name, threshold, first, first + 1);
        for (side, rows) in [low, high].into_iter().enumerate() {
            tree.nodes.push(Node::Leaf(0.0));
            let best = sums.best_split(binned, slopes, &rows, asked, growth);
            leaves.push(Leaf { node: first as usize + side, rows, best });
        }
    }
    for leaf in leaves {
        let (g, h) = total(slopes, &leaf.rows);
        let odds = -g / (h + growth.penalty) * growth.rate;
        tree.nodes[leaf.node] = Node::Leaf((odds * 10_000.0).round() as f32 / 10_000.0);
    }
    tree
}

fn total(slopes: &[(f64, f64)], rows: &[u32]) -> (f64, f64) {
    rows.iter().map(|n| slopes[*n as usize]).fold((0.0, 0.0), |(a, b), (g, h)| (a + g, b + h))
}

/// Sums of slopes by trait and step; kept between leaves so that no memory is asked for again.
struct Sums {
    from: Vec<usize>,
    cells: Vec<(f64, f64, u32)>,
    touched: Vec<u32>,
    is_touched: Vec<bool>,
}

impl Sums {
    fn new(binned: &Binned) -> Sums {
        let mut from = Vec::with_capacity(binned.bounds.len());
        let mut all = 0;
        for bounds in &binned.bounds {
            from.push(all);
            all += bounds.len();
        }
        let is_touched = vec![false; binned.bounds.len()];
        Sums { from, cells: vec![(0.0, 0.0, 0); all], touched: Vec::new(), is_touched }
    }

    fn best_split(
        &mut self,
        binned: &Binned,
        slopes: &[(f64, f64)],
        rows: &[u32],
        asked: &[bool],
        growth: Growth,
    ) -> Option<Split> {
        if rows.len() < 2 * growth.least {
            return None;
        }
        let (all_g, all_h) = total(slopes, rows);
        for row in rows {
            let (g, h) = slopes[*row as usize];
            for (name, step) in &binned.rows[*row as usize] {
                let n = *name as usize;
                if !asked[n] {
                    continue;
                }
                if !self.is_touched[n] {
                    self.is_touched[n] = true;
                    self.touched.push(*name);
                }
                let cell = &mut self.cells[self.from[n] + *step as usize];
                cell.0 += g;
                cell.1 += h;
                cell.2 += 1;
            }
        }
        self.touched.sort_unstable();
        let score = |g: f64, h: f64| g * g / (h + growth.penalty);
        let whole = score(all_g, all_h);
        let mut best: Option<Split> = None;
        for name in self.touched.drain(..) {
            let n = name as usize;
            self.is_touched[n] = false;
            let cells = &mut self.cells[self.from[n]..self.from[n] + binned.bounds[n].len()];
            // What rows do not list is nought.
            let listed = cells.iter().fold((0.0, 0.0, 0), |sum, c| (sum.0 + c.0, sum.1 + c.1, sum.2 + c.2));
            let zero = &mut cells[binned.zero[n] as usize];
            zero.0 += all_g - listed.0;
            zero.1 += all_h - listed.1;
            zero.2 += rows.len() as u32 - listed.2;
            let mut low = (0.0, 0.0, 0);
            for (step, cell) in cells.iter().enumerate() {
                low = (low.0 + cell.0, low.1 + cell.1, low.2 + cell.2);
                let high = rows.len() as u32 - low.2;
                if (low.2 as usize) < growth.least || (high as usize) < growth.least {
                    continue;
                }
                let gain = score(low.0, low.1) + score(all_g - low.0, all_h - low.1) - whole;
                if gain > best.map_or(1e-6, |best| best.gain) {
                    best = Some(Split { gain, name, step: step as u8 });
                }
            }
            cells.fill((0.0, 0.0, 0));
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[f32], is_finding: bool) -> Row {
        let traits = values.iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(n, v)| (n as u32, *v));
        Row { traits: traits.collect(), is_finding, weight: 1.0 }
    }

    /// "One of the two, not both" is what no linear weights can say.
    fn either_or() -> Vec<Row> {
        (0..200)
            .map(|n| {
                let (a, b) = (n % 2 == 0, n / 2 % 2 == 0);
                row(&[f32::from(u8::from(a)), f32::from(u8::from(b)) * 0.7, 0.3], a != b)
            })
            .collect()
    }

    #[test]
    fn trees_learn_what_weights_cannot_say() {
        let rows = either_or();
        let growth = Growth { traits: 1.0, ..Growth::default() };
        let (trees, start) = grow(&rows.iter().collect::<Vec<_>>(), 3, growth);
        let odds = |a: f32, b: f32| {
            start as f32 + trees.iter().map(|tree| tree.weigh(|n| [a, b, 0.3][n as usize])).sum::<f32>()
        };
        assert!(odds(1.0, 0.0) > 1.0 && odds(0.0, 0.7) > 1.0);
        assert!(odds(1.0, 0.7) < -1.0 && odds(0.0, 0.0) < -1.0);
    }

    #[test]
    fn the_same_rows_grow_the_same_trees() {
        let rows = either_or();
        let rows: Vec<&Row> = rows.iter().collect();
        assert_eq!(grow(&rows, 3, Growth::default()).0, grow(&rows, 3, Growth::default()).0);
    }

    #[test]
    fn a_tree_is_read_back_as_it_was_written() {
        let line = "(has.b 0.500 -0.1000 (word.sell 0.000 0.2000 0.3000))";
        let mut names: Vec<String> = Vec::new();
        let tree = Tree::read(line, &mut |name| {
            names.push(name.to_owned());
            names.len() as u32 - 1
        })
        .unwrap();
        assert_eq!(tree.write(&|n| names[n as usize].clone()), line);
        assert_eq!(tree.weigh(|n| [1.0, 0.5][n as usize]), 0.3);
        for broken in ["", "(a", "(a b 1 2)", "(a 0.5 1)", "1 2", "(a 0.5 1 2) 3"] {
            assert_eq!(Tree::read(broken, &mut |_| 0), None, "{broken}");
        }
    }
}
