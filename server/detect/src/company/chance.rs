//! Chance that is the same everywhere: SplitMix64 (Steele, Lea, Flood 2014) and the draws that habits need.
//! Never: the machine's randomness.

/// A stream of chance.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    /// The stream of that seed and these numbers.
    pub(super) fn of(seed: u64, numbers: &[u64]) -> Self {
        let mut chance = Self(seed ^ 0x5851_f42d_4c95_7f2d);
        for number in numbers {
            chance.0 = chance.next() ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        chance
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(super) fn happens(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// One of `from..=to`.
    pub(super) fn between(&mut self, from: i32, to: i32) -> i32 {
        let width = u64::try_from(i64::from(to) - i64::from(from) + 1).unwrap_or(1);
        from + i32::try_from(self.next() % width).unwrap_or(0)
    }

    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }

    /// Around 1 in the median, spread by a factor of e^sigma.
    pub(super) fn factor(&mut self, sigma: f64) -> f64 {
        (sigma * self.normal()).exp()
    }

    /// A count with that mean, overdispersed as work is: Poisson around a mean that itself varies by half.
    pub(super) fn count(&mut self, mean: f64) -> u32 {
        let mean = mean * self.factor(0.5);
        if mean > 60.0 {
            let drawn = mean + mean.sqrt() * self.normal();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
            return drawn.clamp(0.0, 1e6) as u32;
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.share(), 0);
        while product > limit {
            product *= self.share();
            count += 1;
        }
        count
    }
}
