//! The picture: every entity's legacy records on the left, their fates on the right, bands as wide as the records are many.
//! Pure; the numbers beside it are the accounting's own.

use std::fmt::Write;

use super::super::lookup::Lookup;
use super::markup::{escaped, figure_in_svg};

const WIDTH: f64 = 470.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 356.0;
const BAR: f64 = 7.0;
/// Height that all records together get.
const BODY: f64 = 290.0;
const GAP: f64 = 20.0;
/// Nothing is too rare to be seen.
const THINNEST: f64 = 2.0;
/// A label needs this much room.
const LABEL: f64 = 38.0;

/// The fates in the order in which they are drawn. `ready` is what is left after a load.
const FATES: [&str; 6] = ["loaded", "ready", "failed", "merged", "rejected", "quarantined"];

/// One band.
struct Band {
    fate: usize,
    records: f64,
}

/// The picture as SVG.
pub fn svg(figures: &Lookup) -> String {
    let entities = figures.keys("/accounting");
    let all = figures.get("/totals/extracted").value();
    if all <= 0.0 {
        return "<p>Nothing has been extracted yet.</p>".to_owned();
    }
    let thickness = |records: f64| (records / all * BODY).max(THINNEST);
    let bands: Vec<Vec<Band>> = entities.iter().map(|entity| bands(figures, entity)).collect();

    let height_of = |thicknesses: f64| thicknesses.max(LABEL);
    let mut fate_heights = [0.0; FATES.len()];
    for band in bands.iter().flatten() {
        fate_heights[band.fate] += thickness(band.records);
    }
    let left_height: f64 = bands
        .iter()
        .map(|bands| height_of(bands.iter().map(|band| thickness(band.records)).sum()) + GAP)
        .sum();
    let right_height: f64 =
        fate_heights.iter().filter(|height| **height > 0.0).map(|height| height_of(*height) + GAP).sum();
    let height = left_height.max(right_height);

    let mut fate_tops = [0.0; FATES.len()];
    let mut top = (height - right_height) / 2.0;
    for (fate, fate_height) in fate_heights.iter().enumerate().filter(|(_, height)| **height > 0.0) {
        fate_tops[fate] = top;
        top += height_of(*fate_height) + GAP;
    }

    let mut paths = String::new();
    let mut labels = String::new();
    let mut filled = [0.0; FATES.len()];
    let mut top = (height - left_height) / 2.0;
    for (entity, bands) in entities.iter().zip(&bands) {
        let mut y = top;
        for band in bands {
            let thick = thickness(band.records);
            let to = fate_tops[band.fate] + filled[band.fate];
            filled[band.fate] += thick;
            draw_band(&mut paths, FATES[band.fate], y, to, thick);
            y += thick;
        }
        let _ = write!(
            paths,
            r#"<rect class="entity" x="{:.1}" y="{top:.1}" width="{BAR}" height="{:.1}" rx="2"/>"#,
            LEFT - BAR,
            y - top
        );
        let extracted = figures.get(format!("/accounting/{entity}/extracted"));
        label(
            &mut labels,
            LEFT - BAR - 8.0,
            top,
            "end",
            &entity.replace('_', " "),
            &figure_in_svg(&extracted),
        );
        top += height_of(y - top) + GAP;
    }
    for (fate, fate_height) in fate_heights.iter().enumerate().filter(|(_, height)| **height > 0.0) {
        let word = FATES[fate];
        let _ = write!(
            paths,
            r#"<rect class="{word}" x="{RIGHT}" y="{:.1}" width="{BAR}" height="{fate_height:.1}" rx="2"/>"#,
            fate_tops[fate]
        );
        // what is ready and not loaded is a difference; the table has it per entity
        let number = if word == "ready" {
            String::new()
        } else {
            figure_in_svg(&figures.get(format!("/totals/{word}")))
        };
        label(&mut labels, RIGHT + BAR + 8.0, fate_tops[fate], "start", word, &number);
    }
    format!(
        "<svg class=\"flow\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-labelledby=\"flow-picture\">\
         <title id=\"flow-picture\">Legacy records of each entity and what became of them; the table below has the same \
         numbers</title>{paths}{labels}</svg>"
    )
}

/// What became of an entity's records, without what there is none of.
fn bands(figures: &Lookup, entity: &str) -> Vec<Band> {
    let number = |word: &str| figures.get(format!("/accounting/{entity}/{word}")).value();
    FATES
        .iter()
        .enumerate()
        .map(|(fate, word)| Band {
            fate,
            records: match *word {
                "ready" => number("ready") - number("loaded") - number("failed"),
                word => number(word),
            },
        })
        .filter(|band| band.records > 0.0)
        .collect()
}

fn draw_band(paths: &mut String, fate: &str, from: f64, to: f64, thick: f64) {
    let middle = f64::midpoint(LEFT, RIGHT);
    let _ = write!(
        paths,
        r#"<path class="band {fate}" d="M{LEFT} {from:.1}C{middle} {from:.1} {middle} {to:.1} {RIGHT} {to:.1}V{:.1}C{middle} {:.1} {middle} {:.1} {LEFT} {:.1}Z"/>"#,
        to + thick,
        to + thick,
        from + thick,
        from + thick
    );
}

fn label(labels: &mut String, x: f64, y: f64, anchor: &str, word: &str, number: &str) {
    let _ = write!(
        labels,
        r#"<text x="{x:.1}" y="{:.1}" text-anchor="{anchor}">{}</text><text class="number" x="{x:.1}" y="{:.1}" text-anchor="{anchor}">{number}</text>"#,
        y + 14.0,
        escaped(word),
        y + 32.0
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_fate_that_occurs_is_drawn_and_no_other() {
        let line = |extracted, ready, loaded, quarantined| {
            json!({"extracted": extracted, "ready": ready, "loaded": loaded, "quarantined": quarantined,
                   "failed": 0, "merged": 0, "rejected": 0})
        };
        let figures = Lookup::new(json!({
            "accounting": {"practices": line(10, 10, 10, 0), "profiles": line(100_000, 99_999, 0, 1)},
            "totals": line(100_010, 100_009, 10, 1),
        }));
        let svg = svg(&figures);
        for (word, occurs) in
            [("loaded", true), ("ready", true), ("quarantined", true), ("merged", false), ("failed", false)]
        {
            assert_eq!(svg.contains(&format!("class=\"band {word}\"")), occurs, "{word}");
        }
        assert!(svg.contains("100,000"));
    }

    #[test]
    fn an_empty_file_has_no_picture() {
        assert!(svg(&Lookup::new(json!({"accounting": {}}))).starts_with("<p>"));
    }
}
