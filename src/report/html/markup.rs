//! Pieces of HTML: text that is escaped, figures that say where they stand in the status, tables, bars.

use std::fmt::Write;

use super::super::lookup::{Figure, Lookup};

/// One cell of a table.
pub enum Cell {
    /// Text.
    Text(String),
    /// HTML that is safe already.
    Html(String),
    /// A figure.
    Number(Figure),
}

/// Text as HTML shows it.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A figure in running text.
pub fn figure(figure: &Figure) -> String {
    marked("data", figure)
}

/// A figure in a picture's text.
pub fn figure_in_svg(figure: &Figure) -> String {
    marked("tspan", figure)
}

fn marked(element: &str, figure: &Figure) -> String {
    let (path, plain) = (escaped(&figure.path), figure.plain());
    let value = if element == "data" { format!(" value=\"{plain}\"") } else { String::new() };
    format!("<{element}{value} data-figure=\"{path}\" data-value=\"{plain}\">{}</{element}>", figure.shown())
}

/// A word such as a code or a name in the file.
pub fn code(word: &str) -> String {
    format!("<code>{}</code>", escaped(word))
}

/// Where more of it is: commands and queries.
pub fn more(places: &[&str]) -> String {
    let places: Vec<String> = places.iter().map(|place| code(place)).collect();
    format!("<p class=\"more\">{}</p>", places.join(" · "))
}

/// A table whose first column names its rows. It scrolls by itself where the window is narrow.
pub fn table(caption: &str, heads: &[&str], rows: Vec<Vec<Cell>>) -> String {
    let is_number =
        |column: usize| rows.first().is_some_and(|row| matches!(row.get(column), Some(Cell::Number(_))));
    let mut html = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table{1}><caption>{0}</caption><thead><tr>",
        escaped(caption),
        if heads.len() > 3 { " class=\"wide\"" } else { "" }
    );
    for (column, head) in heads.iter().enumerate() {
        let class = if is_number(column) { " class=\"number\"" } else { "" };
        let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escaped(head));
    }
    html.push_str("</tr></thead><tbody>");
    for row in rows {
        html.push_str("<tr>");
        for (column, cell) in row.into_iter().enumerate() {
            let (text, class) = match cell {
                Cell::Text(text) => (escaped(&text), ""),
                Cell::Html(html) => (html, ""),
                Cell::Number(number) => (figure(&number), " class=\"number\""),
            };
            let _ = if column == 0 {
                write!(html, "<th scope=\"row\"{class}>{text}</th>")
            } else {
                write!(html, "<td{class}>{text}</td>")
            };
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div>");
    html
}

/// A bar of parts of a whole; its numbers are in the text beside it.
pub fn bar(parts: &[(&str, f64)], whole: f64) -> String {
    let mut html = "<span class=\"bar\" aria-hidden=\"true\">".to_owned();
    for (class, part) in parts.iter().filter(|(_, part)| *part > 0.0 && whole > 0.0) {
        // a part that exists is seen
        let width = (part / whole * 100.0).max(0.6);
        let class = escaped(class);
        let _ = write!(html, "<span class=\"{class}\" style=\"width:{width:.2}%\"></span>");
    }
    html + "</span>"
}

/// A word for whether something holds, that does not depend on its colour.
pub fn mark(holds: Option<bool>) -> String {
    let (class, sign, word) = match holds {
        Some(true) => ("good", "✓", "yes"),
        Some(false) => ("bad", "✗", "no"),
        None => ("open", "○", "not known yet"),
    };
    format!("<span class=\"mark {class}\"><span aria-hidden=\"true\">{sign}</span> {word}</span>")
}

/// Cells of text and figures by path.
pub fn cells(figures: &Lookup, path: &str, texts: &[&str], numbers: &[&str]) -> Vec<Cell> {
    let text = |name: &&str| Cell::Text(figures.text(&format!("{path}/{name}")).replace('_', " "));
    let number = |name: &&str| Cell::Number(figures.get(format!("{path}/{name}")));
    texts.iter().map(text).chain(numbers.iter().map(number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_it() {
        assert_eq!(escaped("<a href='x'>&\""), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
    }

    #[test]
    fn a_part_that_exists_is_seen() {
        assert!(bar(&[("a", 1.0), ("b", 0.0)], 1_000_000.0).contains("width:0.60%"));
        assert!(!bar(&[("a", 1.0)], 0.0).contains("width"));
    }
}
