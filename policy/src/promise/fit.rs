//! Fits the weights: logistic regression, small and the same on every machine.

/// One candidate as the fit sees it: traits by number, and whether readers called it a finding.
#[derive(Debug, Clone)]
pub struct Row {
    pub traits: Vec<(u32, f32)>,
    pub is_finding: bool,
    /// Unsure labels count less.
    pub weight: f32,
}

/// Weights and bias that make the rows most likely, held small by `penalty` (L2). No chance is involved.
pub fn fit(rows: &[&Row], traits: usize, penalty: f64) -> (Vec<f64>, f64) {
    // The bias is the last weight and goes unpenalised.
    let mut weights = vec![0.0; traits + 1];
    let loss = |weights: &[f64], gradient: &mut [f64]| -> f64 {
        gradient.iter_mut().for_each(|g| *g = 0.0);
        let mut sum = 0.0;
        for row in rows {
            let mut odds = weights[traits];
            for (n, value) in &row.traits {
                odds += weights[*n as usize] * f64::from(*value);
            }
            let truth = if row.is_finding { 1.0 } else { 0.0 };
            let chance = 1.0 / (1.0 + (-odds).exp());
            let w = f64::from(row.weight);
            sum += w * (odds.max(0.0) - odds * truth + (-odds.abs()).exp().ln_1p());
            let slope = w * (chance - truth);
            gradient[traits] += slope;
            for (n, value) in &row.traits {
                gradient[*n as usize] += slope * f64::from(*value);
            }
        }
        for n in 0..traits {
            sum += 0.5 * penalty * weights[n] * weights[n];
            gradient[n] += penalty * weights[n];
        }
        sum
    };
    // L-BFGS with a memory of eight steps.
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let mut gradient = vec![0.0; traits + 1];
    let mut value = loss(&weights, &mut gradient);
    let mut memory: std::collections::VecDeque<(Vec<f64>, Vec<f64>, f64)> = Default::default();
    for _ in 0..60 {
        let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut alphas = Vec::new();
        for (s, y, rho) in memory.iter().rev() {
            let alpha = rho * dot(s, &direction);
            direction.iter_mut().zip(y).for_each(|(d, y)| *d -= alpha * y);
            alphas.push(alpha);
        }
        let scale = memory
            .back()
            .map_or(1.0 / dot(&gradient, &gradient).sqrt().max(1.0), |(s, y, _)| dot(s, y) / dot(y, y));
        direction.iter_mut().for_each(|d| *d *= scale);
        for ((s, y, rho), alpha) in memory.iter().zip(alphas.iter().rev()) {
            let beta = rho * dot(y, &direction);
            direction.iter_mut().zip(s).for_each(|(d, s)| *d += (alpha - beta) * s);
        }
        let slope = dot(&gradient, &direction);
        let mut step = 1.0;
        let mut next = weights.clone();
        let mut next_gradient = vec![0.0; traits + 1];
        let mut next_value = value;
        let mut moved = false;
        for _ in 0..20 {
            next.iter_mut().zip(&weights).zip(&direction).for_each(|((n, w), d)| *n = w + step * d);
            next_value = loss(&next, &mut next_gradient);
            if next_value <= value + 1e-4 * step * slope {
                moved = true;
                break;
            }
            step *= 0.5;
        }
        if !moved || (value - next_value).abs() < 1e-6 * value.abs() {
            break;
        }
        let s: Vec<f64> = next.iter().zip(&weights).map(|(a, b)| a - b).collect();
        let y: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let curvature = dot(&s, &y);
        if curvature > 1e-10 {
            memory.push_back((s, y, 1.0 / curvature));
            if memory.len() > 8 {
                memory.pop_front();
            }
        }
        (weights, gradient, value) = (next, next_gradient, next_value);
    }
    let bias = weights.pop().unwrap_or(0.0);
    (weights, bias)
}
