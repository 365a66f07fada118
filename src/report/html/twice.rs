//! Who may be there twice: how the weights of the pairs are distributed, and what is found by looking.

use std::fmt::Write;

use super::super::lookup::Lookup;
use super::markup::{Cell, figure, more, table};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 150.0;
const BANDS: [&str; 3] = ["low", "medium", "high"];

/// The chapter.
pub fn section(figures: &Lookup) -> String {
    let weights = figures.list("/twice/weights");
    if weights.is_empty() {
        return "<p>No two users resemble each other, or nobody was compared yet.</p>".to_owned();
    }
    let share = |name: &str| {
        let found = figures.get(format!("/twice/{name}"));
        let percent = found.number.map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", share * 100.0));
        format!("<span title=\"{}\">{percent}</span>", found.plain())
    };
    format!(
        "<p class=\"lead\">Every pair of users who share a rare key was weighed; a bit doubles the odds that the two are one person. \
         {} pairs are asked about; {} of them, the best between any two groups, are worth a look first. Of all true pairs that were compared, about {} are among those of the band high, and {} among \
         those of high and medium, which are asked about.</p>{}{}{}",
        figure(&figures.get("/open/possible_duplicates")),
        figure(&figures.get("/twice/looks")),
        share("expected_share_high"),
        share("expected_share_review"),
        histogram(figures, &weights),
        reliability(figures),
        more(&["drydock review page --out review.html", "select * from v_duplicate_looks"]),
    )
}

/// What was expected of the pairs of each band, beside what people answered about them.
fn reliability(figures: &Lookup) -> String {
    let rows = figures
        .list("/twice/bands")
        .iter()
        .map(|path| {
            let number = |name: &str| figures.get(format!("{path}/{name}"));
            let rounded = |name: &str| {
                let found = number(name);
                Cell::Html(format!("<span title=\"{}\">about {:.0}</span>", found.plain(), found.value()))
            };
            vec![
                Cell::Text(figures.text(&format!("{path}/band")).to_owned()),
                Cell::Number(number("pairs")),
                rounded("expected"),
                Cell::Number(number("answered")),
                rounded("answered_expected"),
                Cell::Number(number("answered_one")),
            ]
        })
        .collect();
    let heads =
        ["band", "pairs", "one person, expected", "answered", "of these one, expected", "one, as answered"];
    table("How far the weights can be believed: what they expect, and what people said", &heads, rows)
}

/// Bars of pairs by weight; heights are roots of counts, so that a few are seen beside many.
fn histogram(figures: &Lookup, weights: &[String]) -> String {
    let bits = |path: &String| figures.get(format!("{path}/bits")).value();
    let low = weights.iter().map(bits).fold(f64::MAX, f64::min);
    let high = weights.iter().map(bits).fold(f64::MIN, f64::max) + 1.0;
    let pairs = |path: &String| figures.get(format!("{path}/pairs"));
    let at = |weight: f64| weights.iter().filter(move |path| (bits(path) - weight).abs() < 0.5);
    let whole = |weight: f64| at(weight).map(|path| pairs(path).value()).sum::<f64>();
    let most = weights.iter().map(|path| whole(bits(path))).fold(1.0, f64::max);
    let width = WIDTH / (high - low);
    let mut bars = String::new();
    let mut weight = low;
    while weight < high {
        let (mut top, all) = (HEIGHT, whole(weight));
        let tall = HEIGHT * (all / most).sqrt();
        for band in BANDS {
            let in_band = |path: &&String| figures.text(&format!("{path}/band")) == band;
            for path in at(weight).filter(in_band) {
                let height = tall * pairs(path).value() / all;
                top -= height;
                let _ = write!(
                    bars,
                    "<rect class=\"band-{band}\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
                    (weight - low) * width,
                    (width - 1.0).max(0.5),
                );
            }
        }
        weight += 1.0;
    }
    let total = |band: &str| -> f64 {
        let of_band = |path: &&String| figures.text(&format!("{path}/band")) == band;
        weights.iter().filter(of_band).map(|path| pairs(path).value()).sum()
    };
    format!(
        "<svg class=\"weights\" viewBox=\"0 -4 {WIDTH} {:.0}\" role=\"img\" aria-label=\"pairs by weight: {} low, {} medium, {} \
         high\">{bars}<text x=\"0\" y=\"{:.0}\">{low:+} bits</text><text x=\"{WIDTH}\" y=\"{:.0}\" text-anchor=\"end\">{high:+} \
         bits</text></svg><p class=\"soft legend\"><span class=\"swatch low\"></span>low <span class=\"swatch medium\"></span>medium \
         <span class=\"swatch high\"></span>high; from left to right by weight, taller the more pairs (by the root).</p>",
        HEIGHT + 28.0,
        total("low"),
        total("medium"),
        total("high"),
        HEIGHT + 18.0,
        HEIGHT + 18.0,
    )
}
