//! The three-way proof, as one statement and one picture.

use super::super::lookup::Lookup;
use super::super::verdict;
use super::markup::{Cell, code, figure, mark, more, table};

/// Digits of a digest that a person compares.
const SHOWN: usize = 12;

/// The chapter.
pub fn section(figures: &Lookup) -> String {
    let Some(holds) = figures.flag("/three_way_proof/holds") else {
        return "<p>Nothing is proved before the first verification.</p>".to_owned();
    };
    let flag = |name: &str| figures.flag(&format!("/three_way_proof/{name}"));
    let unexplained = figures.get("/three_way_proof/unexplained");
    let stale = verdict::is_stale(figures);
    let statement = if stale {
        "This is what the last verification found; decisions, a transform or a load have changed the result since."
    } else if holds {
        "What the source handed over is what the file holds; what was resolved from it is what was sent, and what the target \
         shows; and every difference between the two is a recorded change."
    } else {
        "The chain from the source to the target is broken where it is marked below."
    };
    let link = |holds: Option<bool>, word: String| {
        let class = if holds == Some(true) { "good" } else { "bad" };
        format!("<li class=\"link {class}\">{word}{}</li>", mark(holds))
    };
    let chain = [
        side(figures, "source", "source snapshot"),
        link(flag("raw_is_as_taken"), equals(flag("raw_is_as_taken"))),
        side(figures, "raw", "raw rows in the file"),
        link(
            unexplained.number.map(|unexplained| unexplained == 0.0),
            format!(
                "<span class=\"sign\">→</span><span>{} recorded changes,<br>{} unexplained</span>",
                figure(&figures.get("/three_way_proof/changes")),
                figure(&unexplained)
            ),
        ),
        side(figures, "ready", "ready rows in the file"),
        link(flag("ready_is_in_target"), equals(flag("ready_is_in_target"))),
        side(figures, "target", "rows in the target"),
    ]
    .concat();
    format!(
        "<p class=\"statement {}\">{statement}</p><ol class=\"chain\">{chain}</ol>{}",
        match (stale, holds) {
            (true, _) => "open",
            (false, true) => "good",
            (false, false) => "bad",
        },
        digests(figures)
    )
}

fn equals(holds: Option<bool>) -> String {
    format!("<span class=\"sign\">{}</span>", if holds == Some(true) { "=" } else { "≠" })
}

fn side(figures: &Lookup, name: &str, title: &str) -> String {
    let path = format!("/three_way_proof/{name}");
    format!(
        "<li class=\"side\"><span class=\"soft\">{title}</span><span class=\"many\">{}</span>{}</li>",
        figure(&figures.get(format!("{path}/rows"))),
        short(figures.text(&format!("{path}/digest")))
    )
}

fn short(digest: &str) -> String {
    if digest.is_empty() {
        "none kept".to_owned()
    } else {
        code(&digest.chars().take(SHOWN).collect::<String>())
    }
}

fn digests(figures: &Lookup) -> String {
    let rows = figures
        .list("/proofs")
        .iter()
        .map(|path| {
            vec![
                Cell::Text(figures.text(&format!("{path}/name")).to_owned()),
                Cell::Text(figures.text(&format!("{path}/part")).to_owned()),
                Cell::Text(figures.text(&format!("{path}/side")).to_owned()),
                Cell::Number(figures.get(format!("{path}/rows"))),
                Cell::Html(short(figures.text(&format!("{path}/digest")))),
                Cell::Html(mark(figures.flag(&format!("{path}/is_equal")))),
            ]
        })
        .collect();
    format!(
        "<details><summary>Table by table</summary>{}</details>",
        table("Rows and digests of each side", &["of", "part", "side", "rows", "SHA-256", "agrees"], rows)
    ) + &more(&["drydock verify", "select * from proofs", "select * from changes"])
}
