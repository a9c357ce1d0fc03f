//! In which order findings are told: what each weighs, by itself and beside the others of its change.

use crate::finding::{Judgement, Kind};

/// What is at stake in a plain promise, see [`super::stake::Stake`]: what a step of the encryption ladder is about.
pub(super) const PLAIN: f32 = 1.4;
/// Added to what is at stake, so that a wrong guess of nothing does not sink a finding.
const BASE: f32 = 0.6;
/// What each further finding of one kind weighs of what it would by itself: who read a change's heaviest has read of
/// that change, and the next service comes first.
const FURTHER: f32 = 0.9;

/// What a finding weighs by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weight {
    /// See [`super::severity::Scale`].
    pub gravity: f32,
    /// 1 to 3: how plainly it had been promised, and how plainly it was taken back.
    pub plainness: u8,
    pub confidence: f32,
    pub at_stake: f32,
}

impl Weight {
    /// A broken promise weighs more than a widened practice, and that more than a gain.
    pub fn of(self, kind: Kind) -> f32 {
        let kind = match kind {
            Kind::Reversal => 1.0,
            Kind::Expansion => 0.2,
            Kind::Strengthening => 0.1,
        };
        let at_stake = (BASE + self.at_stake.clamp(0.0, 2.5)) / (BASE + PLAIN);
        let plainness = f32::from(self.plainness).sqrt();
        round(kind * self.gravity * plainness * self.confidence * at_stake)
    }
}

/// Heaviest first.
pub(super) fn sort(found: &mut [Judgement]) {
    found.sort_by(|a, b| {
        b.weight.total_cmp(&a.weight).then_with(|| {
            (a.kind, &a.promise_key, &a.before, &a.after).cmp(&(b.kind, &b.promise_key, &b.before, &b.after))
        })
    });
}

/// Has each further finding of a change weigh less. `found` are those of one change, heaviest first; they stay so among
/// those of a kind, not among all.
pub(super) fn ease(found: &mut [Judgement]) {
    let mut told = [0; 3];
    for finding in found {
        let before = &mut told[finding.kind as usize];
        let share = FURTHER.powi(*before);
        finding.weight = round(finding.weight * share);
        if *before > 0 {
            finding.steps.push(format!(
                "weighs {:.0} in 100 of that: {before} heavier of its kind before it",
                share * 100.0
            ));
        }
        *before += 1;
    }
}

fn round(weight: f32) -> f32 {
    (weight * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use crate::promise::{Document, Rules, judge};
    use chrono::DateTime;

    #[test]
    fn a_further_finding_says_that_it_weighs_less() {
        let rules = Rules::builtin();
        let text = |sentences: &str| {
            let kept = "# Courier\n\nCourier carries messages.\n\nWe wrote this page for you.";
            Document::read(&rules, &format!("{kept}\n\n{sentences}\n\nWrite to us with any question."))
        };
        let before = text(
            "We do not sell your data.\n\nWe delete your messages within 7 days.\n\nStaff cannot read your chats.",
        );
        let after = text(
            "We may sell your data.\n\nWe delete your messages within 90 days.\n\nStaff can read your chats.",
        );
        let found = judge(&rules, &before, &after, DateTime::UNIX_EPOCH);
        let eased: Vec<bool> =
            found.iter().map(|f| f.steps.last().is_some_and(|step| step.starts_with("weighs"))).collect();
        assert!(found.len() >= 2, "{found:?}");
        assert_eq!(eased[..2], [false, true], "{found:?}");
        assert!(found[1].steps.last().is_some_and(|step| step.contains("90 in 100")), "{:?}", found[1].steps);
    }
}
