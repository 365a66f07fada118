//! Decimal numbers, as text throughout: a binary fraction cannot hold 0.1025.

use crate::record::{Change, Code, Issue};

use super::{Cleaned, scalar};

/// The digits after the point that a rate keeps; more are rounded half up.
const FRACTION_DIGITS: usize = 6;

/// A tax rate as a fraction of 1: canonical decimal text without trailing zeros, or `None` when it is
/// missing, or with `NumberInvalid` when it is no decimal number, is negative, or is above 100 percent.
///
/// The legacy column holds percentages (10.2500), but some rows hold fractions: what is above 1 is divided by
/// 100.
///
/// Rules: `tax_rate.percentage`, `tax_rate.round`, `tax_rate.canonical`, or `tax_rate.invalid` and
/// `tax_rate.empty` where the clean value is null.
pub fn tax_rate(field: &'static str, raw: Option<&str>) -> Cleaned<Option<String>> {
    let null = |rule| {
        let cleaned = Cleaned::unchanged(None);
        if raw.is_some() { cleaned.with_change(Change::new(field, rule, raw, None)) } else { cleaned }
    };
    let Some(text) = scalar(raw) else { return null("tax_rate.empty") };
    let Some(written) = Decimal::read(text) else {
        return null("tax_rate.invalid").with_issue(Issue::new(Code::NumberInvalid, field));
    };
    let mut at = raw.map(str::to_owned);
    let mut cleaned = Cleaned::unchanged(None);
    let mut step = |rule, after: String| {
        if at.as_deref() != Some(after.as_str()) {
            cleaned.changes.push(Change::new(field, rule, at.as_deref(), Some(&after)));
            at = Some(after);
        }
    };
    let fraction = if written.is_above_one() {
        let fraction = written.hundredth();
        step("tax_rate.percentage", fraction.to_string());
        fraction
    } else {
        written
    };
    if fraction.is_above_one() {
        return null("tax_rate.invalid")
            .with_issue(Issue::new(Code::NumberInvalid, field).with_context("reason=above_100_percent"));
    }
    let rounded = fraction.rounded(FRACTION_DIGITS);
    let rule = if rounded == fraction { "tax_rate.canonical" } else { "tax_rate.round" };
    step(rule, rounded.to_string());
    cleaned.value = at;
    cleaned
}

/// A decimal number that is not negative, in canonical digits: no leading zeros in `whole`, no trailing ones
/// in `fraction`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Decimal {
    whole: String,
    fraction: String,
}

impl Decimal {
    /// Digits with at most one point and a digit on at least one side of it; a plus sign is allowed, and a
    /// minus before zero.
    fn read(text: &str) -> Option<Self> {
        let is_negative = text.starts_with('-');
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = !(whole.is_empty() && fraction.is_empty())
            && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        let decimal = Self::canonical(whole, fraction);
        let is_zero = decimal.whole.is_empty() && decimal.fraction.is_empty();
        (is_number && (is_zero || !is_negative)).then_some(decimal)
    }

    fn canonical(whole: &str, fraction: &str) -> Self {
        Self {
            whole: whole.trim_start_matches('0').to_owned(),
            fraction: fraction.trim_end_matches('0').to_owned(),
        }
    }

    fn is_above_one(&self) -> bool {
        match self.whole.as_str() {
            "" => false,
            "1" => !self.fraction.is_empty(),
            _ => true,
        }
    }

    fn hundredth(&self) -> Self {
        let whole = format!("{:0>2}", self.whole);
        let (whole, moved) = whole.split_at(whole.len() - 2);
        Self::canonical(whole, &format!("{moved}{}", self.fraction))
    }

    /// Rounded half up to so many digits after the point.
    fn rounded(&self, digits: usize) -> Self {
        let Some(next) = self.fraction.as_bytes().get(digits) else { return self.clone() };
        let kept = &self.fraction[..digits];
        if *next < b'5' {
            return Self::canonical(&self.whole, kept);
        }
        let sum = plus_one(&format!("{}{kept}", self.whole));
        let (whole, fraction) = sum.split_at(sum.len() - digits);
        Self::canonical(whole, fraction)
    }
}

/// The number one greater, in at least as many digits.
fn plus_one(digits: &str) -> String {
    let nines = digits.len() - digits.trim_end_matches('9').len();
    let (kept, _) = digits.split_at(digits.len() - nines);
    let mut sum: Vec<u8> = kept.bytes().collect();
    match sum.last_mut() {
        Some(last) => *last += 1,
        None => sum.push(b'1'),
    }
    let sum = sum.into_iter().map(char::from).collect::<String>();
    sum + &"0".repeat(nines)
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.whole.is_empty() { "0" } else { &self.whole })?;
        if self.fraction.is_empty() { Ok(()) } else { write!(f, ".{}", self.fraction) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::invariants::chain;
    use super::*;

    #[test]
    fn percentages_become_fractions() {
        for (raw, clean, by) in [
            ("10.2500", "0.1025", &["tax_rate.percentage"][..]),
            ("8", "0.08", &["tax_rate.percentage"]),
            ("100", "1", &["tax_rate.percentage"]),
            ("1.01", "0.0101", &["tax_rate.percentage"]),
            ("1", "1", &[]),
            ("1.000", "1", &["tax_rate.canonical"]),
            ("0.0825", "0.0825", &[]),
            ("0.1000", "0.1", &["tax_rate.canonical"]),
            ("0", "0", &[]),
            ("0.0000", "0", &["tax_rate.canonical"]),
            ("-0.00", "0", &["tax_rate.canonical"]),
            (".5", "0.5", &["tax_rate.canonical"]),
            ("+7.", "0.07", &["tax_rate.percentage"]),
            (" 7.25 ", "0.0725", &["tax_rate.percentage"]),
            ("8.12345678", "0.081235", &["tax_rate.percentage", "tax_rate.round"]),
            ("0.0000005", "0.000001", &["tax_rate.round"]),
            ("0.0000004", "0", &["tax_rate.round"]),
            ("0.9999999", "1", &["tax_rate.round"]),
        ] {
            let cleaned = tax_rate("tax_rate", Some(raw));
            assert_eq!(cleaned.value.as_deref(), Some(clean), "{raw}");
            assert_eq!(cleaned.changes.iter().map(|c| c.rule).collect::<Vec<_>>(), by, "{raw}");
            assert!(cleaned.issues.is_empty(), "{raw}");
        }
    }

    #[test]
    fn what_is_no_rate_is_null() {
        for raw in [
            "-1", "-0.01", "ten", "8,25", "8.25%", "1e1", "NaN", "Infinity", ".", "+", "1.2.3", "100.01",
            "٨", "--1",
        ] {
            let cleaned = tax_rate("tax_rate", Some(raw));
            assert_eq!(cleaned.value, None, "{raw}");
            assert_eq!(cleaned.issues[0].code, Code::NumberInvalid, "{raw}");
            assert_eq!(cleaned.changes[0].rule, "tax_rate.invalid", "{raw}");
        }
        assert_eq!(tax_rate("tax_rate", None), Cleaned::unchanged(None));
        assert!(tax_rate("tax_rate", Some("null")).issues.is_empty());
    }

    proptest! {
        #[test]
        fn clean_rates_stay(raw in prop_oneof![any::<String>(), r"[+-]?[0-9]{0,4}\.?[0-9]{0,9}"]) {
            let once = tax_rate("tax_rate", Some(&raw));
            chain(Some(&raw), &once, once.value.as_deref());
            let twice = tax_rate("tax_rate", once.value.as_deref());
            prop_assert_eq!(twice, Cleaned::unchanged(once.value));
        }

        #[test]
        fn arithmetic_is_exact(hundredths in 101_u32..=10_000) {
            let raw = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            let clean = tax_rate("tax_rate", Some(&raw)).value.unwrap();
            let expected = f64::from(hundredths) / 10_000.0;
            prop_assert!((clean.parse::<f64>().unwrap() - expected).abs() < 1e-9, "{raw}: {clean}");
        }
    }
}
