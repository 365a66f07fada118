//! The page: how the pairs' weights are distributed, what the fields of a pair add to its weight, and how reliable the
//! probabilities are where the truth is known. One file that needs no other; values are in it only when asked for.

use std::collections::HashMap;
use std::fmt::Write;

use drydock_linkage::{Band, Findings};

use super::truth::Reliability;
use crate::report::POLICY;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222}\
    svg{width:100%;height:auto}table{border-collapse:collapse}td,th{padding:.2rem .6rem;text-align:left;border-bottom:1px solid #ddd}\
    .high{fill:#2a7d4f}.medium{fill:#c98a1b}.low{fill:#9aa3ad}.for{fill:#2a7d4f}.against{fill:#b3402f}.soft{color:#666}";

/// Pairs whose waterfall is shown, when none were named.
const SHOWN: usize = 12;

/// What a page is made of.
pub(super) struct Page<'f> {
    pub(super) findings: &'f Findings,
    pub(super) reliability: Option<&'f Reliability>,
    /// The pairs asked for, by id.
    pub(super) asked: &'f [(String, String)],
    /// The values of the records that are shown, by id, in the order of the columns; empty unless asked for.
    pub(super) values: &'f HashMap<String, Vec<(String, String)>>,
}

/// The pairs that are shown, by position: those asked for, or some of the looks that bring most, high ones and doubtful ones.
pub(super) fn shown(findings: &Findings, asked: &[(String, String)]) -> Vec<usize> {
    if !asked.is_empty() {
        let is_asked = |a: &str, b: &str| {
            asked.iter().any(|(one, other)| (one == a && other == b) || (one == b && other == a))
        };
        let pairs = findings.pairs.iter().enumerate();
        let wanted = pairs.filter(|(_, pair)| is_asked(findings.id(pair.a), findings.id(pair.b)));
        return wanted.map(|(at, _)| at).collect();
    }
    let of_band = |band: Band| {
        (0..findings.pairs.len()).filter(move |&at| findings.pairs[at].band == band).take(SHOWN / 4)
    };
    let looks = findings.review.iter().map(|look| look.pair).take(SHOWN / 2);
    let mut shown: Vec<usize> = of_band(Band::High).chain(looks).chain(of_band(Band::Low)).collect();
    shown.sort_unstable();
    shown.dedup();
    shown
}

impl Page<'_> {
    pub(super) fn html(&self) -> String {
        let mut page = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">{POLICY}<title>Duplicates</title><style>{STYLE}</style>\
             <h1>Who is there twice</h1><p>{} records, {} pairs of records weighed and told. A bit doubles the odds that two \
             records are one person's.</p>",
            self.findings.len(),
            self.findings.pairs.len()
        );
        page.push_str(&self.weights());
        if let Some(reliability) = self.reliability {
            page.push_str(&diagram(reliability));
        }
        page.push_str("<h2>Pairs</h2>");
        for at in shown(self.findings, self.asked) {
            page.push_str(&self.waterfall(at));
        }
        page.push_str("</html>\n");
        page
    }

    /// A histogram of the weights, by band.
    fn weights(&self) -> String {
        const BARS: usize = 60;
        let weights = || self.findings.pairs.iter().map(|pair| pair.weight);
        let (low, high) =
            weights().fold((f32::MAX, f32::MIN), |(low, high), weight| (low.min(weight), high.max(weight)));
        if low > high {
            return "<p>No pair of records resembles each other.</p>".to_owned();
        }
        let width = ((high - low) / BARS as f32).max(0.1);
        let mut bars = [[0usize; 3]; BARS];
        for pair in &self.findings.pairs {
            let bar = (((pair.weight - low) / width) as usize).min(BARS - 1);
            bars[bar][pair.band as usize] += 1;
        }
        let most = bars.iter().map(|bar| bar.iter().sum::<usize>()).max().unwrap_or(1).max(1);
        let mut svg = String::from(
            "<h2>Weights</h2><svg viewBox=\"0 0 620 180\" role=\"img\" aria-label=\"pairs by weight\">",
        );
        for (at, bar) in bars.iter().enumerate() {
            let mut top = 150.0;
            for (band, &pairs) in Band::ALL.iter().zip(bar) {
                // a root, so that a few pairs are seen beside many
                let height = 140.0 * (pairs as f64 / most as f64).sqrt();
                top -= height;
                let _ = write!(
                    svg,
                    "<rect class=\"{band}\" x=\"{x}\" y=\"{top:.1}\" width=\"9\" height=\"{height:.1}\"><title>{pairs} {band}, \
                     from {from:.1} bits</title></rect>",
                    band = band.as_str(),
                    x = 10 + at * 10,
                    from = low + width * at as f32,
                );
            }
        }
        let _ = write!(
            svg,
            "<text x=\"10\" y=\"170\">{low:.0} bits</text><text x=\"560\" y=\"170\">{high:.0} bits</text></svg>\
             <p class=\"soft\">Heights are roots of counts. Green may be merged without a look, amber is for review.</p>"
        );
        svg
    }

    /// What each field adds to a pair's weight.
    fn waterfall(&self, at: usize) -> String {
        let pair = self.findings.pairs[at];
        let ids = [self.findings.id(pair.a), self.findings.id(pair.b)];
        let said: Vec<_> = self.findings.evidence(at).filter(|said| said.level != "missing").collect();
        let mut html = format!(
            "<h3>{} and {}: {}, {:.1} bits, probability {:.4}</h3>",
            escaped(ids[0]),
            escaped(ids[1]),
            pair.band.as_str(),
            pair.weight,
            pair.probability
        );
        let (mut least, mut most, mut sum) = (0f32, 0f32, 0f32);
        for of in &said {
            sum += of.weight;
            (least, most) = (least.min(sum), most.max(sum));
        }
        let scale = 380.0 / (most - least).max(1.0);
        let height = 20 * said.len() + 10;
        let _ =
            write!(html, "<svg viewBox=\"0 0 620 {height}\" role=\"img\" aria-label=\"evidence by field\">");
        let mut sum = 0f32;
        for (nth, of) in said.iter().enumerate() {
            let (from, to) = (sum.min(sum + of.weight), sum.max(sum + of.weight));
            sum += of.weight;
            let class = if of.weight < 0.0 { "against" } else { "for" };
            let _ = write!(
                html,
                "<text x=\"0\" y=\"{y}\">{field}: {level} {weight:+.1}</text><rect class=\"{class}\" x=\"{x:.1}\" y=\"{top}\" \
                 width=\"{width:.1}\" height=\"14\"/>",
                y = 16 + 20 * nth,
                top = 4 + 20 * nth,
                field = escaped(of.field),
                level = escaped(of.level),
                weight = of.weight,
                x = 225.0 + (from - least) * scale,
                width = ((to - from) * scale).max(1.0),
            );
        }
        html.push_str("</svg>");
        let rows = ids.map(|id| self.values.get(id));
        if let [Some(one), Some(other)] = rows {
            html.push_str("<table><tr><th>column<th>one<th>other");
            for ((column, one), (_, other)) in one.iter().zip(other) {
                let _ = write!(html, "<tr><td>{}<td>{}<td>{}", escaped(column), escaped(one), escaped(other));
            }
            html.push_str("</table>");
        }
        html
    }
}

/// How often pairs of a probability are one person: on the line, the probabilities are right.
fn diagram(reliability: &Reliability) -> String {
    let mut html = String::from(
        "<h2>Reliability</h2><svg viewBox=\"0 0 620 330\" role=\"img\" aria-label=\"share of right pairs by probability\">\
         <path d=\"M20 310L320 10\" stroke=\"#999\" fill=\"none\"/><rect x=\"20\" y=\"10\" width=\"300\" height=\"300\" \
         fill=\"none\" stroke=\"#ccc\"/>",
    );
    let mut table = String::from("<table><tr><th>from<th>pairs<th>mean probability<th>share right");
    for &(from, bin) in reliability.bins.iter().filter(|(_, bin)| bin.pairs > 0) {
        let (mean, right) = (bin.expected / bin.pairs as f64, bin.right as f64 / bin.pairs as f64);
        let _ = write!(
            html,
            "<circle class=\"for\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{:.1}\"/>",
            20.0 + 300.0 * mean,
            310.0 - 300.0 * right,
            2.0 + (bin.pairs as f64).log10() * 1.5
        );
        let _ = write!(table, "<tr><td>{from:.2}<td>{}<td>{mean:.3}<td>{right:.3}", bin.pairs);
    }
    let _ = write!(html, "</svg>{table}</table><p>Mean distance {:.3}.</p>", reliability.gap());
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
