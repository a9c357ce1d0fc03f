//! Products of matrices, row after row in one slice. Each sum is built in the order of its terms, whatever is computed side
//! by side: the same numbers on every machine.

/// Rows and columns computed at once: as many sums as fit into the registers.
const ROWS: usize = 4;
const COLUMNS: usize = 8;

/// Adds `a · b` to `out`: `a` has rows of `inner` numbers, `b` and `out` rows of `columns`, a multiple of eight.
pub fn times(a: &[f32], inner: usize, b: &[f32], columns: usize, out: &mut [f32]) {
    let rows = a.len() / inner;
    let mut at = 0;
    while at + ROWS <= rows {
        let a: [&[f32]; ROWS] = std::array::from_fn(|n| &a[(at + n) * inner..][..inner]);
        for from in (0..columns).step_by(COLUMNS) {
            let mut sums = [[0.0f32; COLUMNS]; ROWS];
            for (n, sums) in sums.iter_mut().enumerate() {
                sums.copy_from_slice(&out[(at + n) * columns + from..][..COLUMNS]);
            }
            for (k, b) in b.chunks_exact(columns).enumerate() {
                let b: &[f32; COLUMNS] = b[from..].first_chunk().expect("a multiple of eight");
                for (sums, a) in sums.iter_mut().zip(a) {
                    let a = a[k];
                    for (sum, b) in sums.iter_mut().zip(b) {
                        *sum += a * b;
                    }
                }
            }
            for (n, sums) in sums.iter().enumerate() {
                out[(at + n) * columns + from..][..COLUMNS].copy_from_slice(sums);
            }
        }
        at += ROWS;
    }
    for at in at..rows {
        let out = &mut out[at * columns..][..columns];
        for (a, b) in a[at * inner..][..inner].iter().zip(b.chunks_exact(columns)) {
            out.iter_mut().zip(b).for_each(|(out, b)| *out += a * b);
        }
    }
}

/// Adds `aᵀ · b` to `out`: `a` has rows of `inner` numbers, a multiple of four, `b` as many rows of `columns`, a multiple of eight.
pub fn times_turned(a: &[f32], inner: usize, b: &[f32], columns: usize, out: &mut [f32]) {
    for at in (0..inner).step_by(ROWS) {
        for from in (0..columns).step_by(COLUMNS) {
            let mut sums = [[0.0f32; COLUMNS]; ROWS];
            for (a, b) in a.chunks_exact(inner).zip(b.chunks_exact(columns)) {
                let a: &[f32; ROWS] = a[at..].first_chunk().expect("a multiple of four");
                let b: &[f32; COLUMNS] = b[from..].first_chunk().expect("a multiple of eight");
                for (sums, a) in sums.iter_mut().zip(a) {
                    for (sum, b) in sums.iter_mut().zip(b) {
                        *sum += a * b;
                    }
                }
            }
            for (n, sums) in sums.iter().enumerate() {
                let out = &mut out[(at + n) * columns + from..][..COLUMNS];
                out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
            }
        }
    }
}

/// A matrix with rows and columns exchanged.
pub struct Turned(Vec<f32>);

impl Turned {
    /// `columns`: of the matrix given.
    pub fn new(matrix: &[f32], columns: usize) -> Turned {
        let column = |n: usize| matrix.iter().skip(n).step_by(columns).copied();
        Turned((0..columns).flat_map(column).collect())
    }

    pub fn numbers(&self) -> &[f32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The product by its definition.
    fn plain(a: &[f32], inner: usize, b: &[f32], columns: usize) -> Vec<f32> {
        let cell = |row: usize, column: usize| -> f32 {
            (0..inner).map(|k| a[row * inner + k] * b[k * columns + column]).sum()
        };
        (0..a.len() / inner).flat_map(|row| (0..columns).map(move |column| cell(row, column))).collect()
    }

    #[test]
    fn products_are_those_of_the_definition() {
        // Small whole numbers: every sum is exact.
        let matrix = |rows: usize, columns: usize| -> Vec<f32> {
            (0..rows * columns).map(|n| ((n * 7 + n / 5) % 11) as f32 - 5.0).collect()
        };
        for rows in [0, 1, 3, 4, 7, 9] {
            let (a, b) = (matrix(rows, 12), matrix(12, 16));
            let mut out = vec![1.0; rows * 16];
            times(&a, 12, &b, 16, &mut out);
            let expected: Vec<f32> = plain(&a, 12, &b, 16).iter().map(|x| x + 1.0).collect();
            assert_eq!(out, expected, "{rows} rows");
            let (tall, wide) = (matrix(rows, 12), matrix(rows, 16));
            let mut out = vec![1.0; 12 * 16];
            times_turned(&tall, 12, &wide, 16, &mut out);
            if rows > 0 {
                let turned = Turned::new(&tall, 12);
                let expected: Vec<f32> =
                    plain(turned.numbers(), rows, &wide, 16).iter().map(|x| x + 1.0).collect();
                assert_eq!(out, expected, "{rows} rows turned");
            }
        }
    }
}
