//! Draws that look like chance and are the same on every machine: SplitMix64 (Steele, Lea and Flood 2014).

/// Where the sequence stands.
#[derive(Debug, Clone)]
pub(super) struct Draw(pub u64);

impl Draw {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From -1 up to 1.
    pub fn even(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_those_of_the_standard_and_keep_within_their_bounds() {
        let mut draw = Draw(0);
        assert_eq!(
            [draw.next(), draw.next(), draw.next()],
            [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]
        );
        for _ in 0..1000 {
            let (share, even) = (draw.share(), draw.even());
            assert!((0.0..1.0).contains(&share) && (-1.0..1.0).contains(&even), "{share} {even}");
        }
    }
}
