//! What each surface says of each figure. A figure is known by where it stands in `status --json`; gates by their number.

use std::collections::BTreeMap;

use serde_json::Value;

/// By figure and surface, what is said.
#[derive(Debug, Clone, Default)]
pub struct Surfaces {
    said: BTreeMap<String, BTreeMap<&'static str, String>>,
    /// The entities, methods and confidences of the associations, in the order of the status.
    associations: Vec<String>,
}

/// The parts of the status that are compared number by number.
const PARTS: [&str; 8] = [
    "accounting",
    "totals",
    "unaccounted",
    "open",
    "phase_2",
    "error_analysis",
    "associations",
    "differences",
];

/// What the numbers of `open` are called wherever people read.
const OPEN: [(&str, &str); 8] = [
    ("records_for_a_person", "records that wait for a person"),
    ("issues_settled_by_a_rule", "issues that a rule settled and that need nobody"),
    ("records_blocking", "records that block the load or a gate"),
    ("issues", "issues in all"),
    ("issues_for_a_person", "of these issues, those that wait for a person"),
    ("issues_decided", "of these issues, those that a person has decided"),
    ("possible_duplicates", "pairs that may be one person, for a person to look at"),
    ("target_obstacles", "obstacles in the target's schema that stop every load"),
];

const FATES: [&str; 7] = ["extracted", "ready", "merged", "rejected", "quarantined", "loaded", "failed"];

impl Surfaces {
    #[expect(clippy::needless_pass_by_value, reason = "numbers, flags and texts are said alike")]
    fn say(&mut self, surface: &'static str, figure: impl Into<String>, value: impl ToString) {
        let before = self.said.entry(figure.into()).or_default().insert(surface, value.to_string());
        assert!(before.is_none_or(|before| before == value.to_string()), "{surface} says two things");
    }

    /// Who speaks of a figure.
    pub fn of(&self, figure: &str) -> Vec<&'static str> {
        self.said.get(figure).map(|said| said.keys().copied().collect()).unwrap_or_default()
    }

    /// What is said of a figure, once all agree.
    pub fn value(&self, figure: &str) -> &str {
        self.said.get(figure).and_then(|said| said.values().next()).map_or("", String::as_str)
    }

    /// Everybody who says anything.
    pub fn surfaces(&self) -> Vec<&'static str> {
        let mut surfaces: Vec<_> = self.said.values().flat_map(|said| said.keys().copied()).collect();
        surfaces.sort_unstable();
        surfaces.dedup();
        surfaces
    }

    /// The figures of which two surfaces say different things.
    pub fn disagreements(&self) -> Vec<String> {
        let differ = |said: &&BTreeMap<&str, String>| {
            let mut values = said.values();
            let first = values.next();
            values.any(|value| Some(value) != first)
        };
        let found = self.said.iter().filter(|(_, said)| differ(said));
        found.map(|(figure, said)| format!("{figure}: {said:?}")).collect()
    }

    /// The same, with one thing changed that a surface says and another one says too.
    pub fn with_another_value(&self, surface: &str) -> Self {
        let mut changed = self.clone();
        let said = changed.said.values_mut().find(|said| said.len() > 1 && said.contains_key(surface));
        let value = said.and_then(|said| said.get_mut(surface)).expect("a figure that others say too");
        value.push('1');
        changed
    }

    /// The status as JSON.
    pub fn json(&mut self, surface: &'static str, status: &Value) {
        for part in PARTS {
            self.numbers(surface, &format!("/{part}"), &status[part]);
        }
        let associations = status["associations"].as_array().expect("a list");
        self.associations = associations
            .iter()
            .map(|one| {
                let word = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
                [word("entity"), word("association_method"), word("confidence_level")].join(" ")
            })
            .collect();
        self.gates(surface, &status["gates"]);
    }

    /// Every number, and every null that stands for one.
    fn numbers(&mut self, surface: &'static str, path: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let is_text = ["estimated_completion", "current_operation"].contains(&name.as_str());
                    if !is_text {
                        self.numbers(surface, &format!("{path}/{name}"), value);
                    }
                }
            }
            Value::Array(elements) => {
                for (position, value) in elements.iter().enumerate() {
                    self.numbers(surface, &format!("{path}/{position}"), value);
                }
            }
            Value::Number(number) => self.say(surface, path, number.as_f64().expect("a number")),
            Value::Null => self.say(surface, path, "null"),
            Value::Bool(_) | Value::String(_) => {}
        }
    }

    /// The accounting alone.
    pub fn accounting(&mut self, surface: &'static str, accounting: &Value) {
        self.numbers(surface, "/accounting", accounting);
    }

    /// Gates as JSON.
    pub fn gates(&mut self, surface: &'static str, gates: &Value) {
        for gate in gates.as_array().expect("a list") {
            for name in ["is_met", "is_approved", "passed", "missing"] {
                let value = gate[name].as_str().map_or_else(|| gate[name].to_string(), str::to_owned);
                self.say(surface, format!("/gates/{}/{name}", gate["gate"]), value);
            }
        }
    }

    /// `status` or `transform` for people.
    pub fn text(&mut self, surface: &'static str, text: &str) {
        for line in text.lines() {
            self.open_line(surface, line);
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                // such as `profiles 9101 = 9100 loaded + 1 merged`
                [entity, extracted, "=", parts @ ..] if extracted.parse::<u64>().is_ok() => {
                    self.say(surface, format!("/accounting/{entity}/extracted"), extracted);
                    for part in parts.chunks(3) {
                        if let [
                            number,
                            fate @ ("loaded" | "failed" | "merged" | "rejected" | "quarantined"),
                            ..,
                        ] = part
                        {
                            self.say(surface, format!("/accounting/{entity}/{fate}"), number);
                        }
                    }
                }
                [entity, method, confidence, records, ..] => {
                    let key = [*entity, method, confidence].join(" ");
                    if let Some(position) = self.associations.iter().position(|known| *known == key) {
                        self.say(surface, format!("/associations/{position}/records"), records);
                    }
                }
                [name, number] if number.parse::<u64>().is_ok() && name.contains('_') => {
                    self.say(surface, format!("/error_analysis/{name}"), number);
                }
                _ => {}
            }
            if let [gate, state @ ("passed" | "open"), ..] = words.as_slice()
                && gate.parse::<u8>().is_ok()
            {
                self.say(surface, format!("/gates/{gate}/passed"), *state == "passed");
            }
            for (title, phase) in [("2A profiles", "phase_2a_profiles"), ("2B patients", "phase_2b_patients")]
            {
                if let Some(measures) = line.strip_prefix(title).and_then(|rest| rest.split_once("%  ")) {
                    for measure in measures.1.split(", ") {
                        let (number, name) = measure.split_once(' ').expect("a number and what it counts");
                        let number = if number == "–" { "null" } else { number };
                        let name = match name {
                            "that the target lacked" => "total_remaining",
                            "in all" => "total_target",
                            "refused by the target" => "failed",
                            other => other,
                        };
                        self.say(surface, format!("/phase_2/{phase}/{}", name.replace(' ', "_")), number);
                    }
                }
            }
        }
    }

    /// A line of what is open.
    fn open_line(&mut self, surface: &'static str, line: &str) {
        for (name, words) in OPEN {
            if let Some(number) = line.trim().strip_prefix(words).map(str::trim)
                && number.parse::<u64>().is_ok()
            {
                self.say(surface, format!("/open/{name}"), number);
            }
        }
    }

    /// The report as Markdown: the rows of its tables.
    pub fn markdown(&mut self, surface: &'static str, page: &str) {
        let mut chapter = "";
        let mut associations = 0;
        for line in page.lines() {
            chapter = line.strip_prefix("## ").unwrap_or(chapter);
            if let Some(number) = line.strip_prefix("Records without exactly one fate: ") {
                self.say(surface, "/unaccounted", number);
            }
            let Some(row) = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")) else { continue };
            let cells: Vec<&str> = row.split(" | ").map(str::trim).collect();
            match (chapter, cells.as_slice()) {
                (_, [head, ..]) if head.starts_with("---") => {}
                ("Records and fates", [entity, numbers @ ..]) if *entity != "entity" => {
                    let path =
                        if *entity == "all" { "/totals".to_owned() } else { format!("/accounting/{entity}") };
                    for (fate, number) in FATES.iter().zip(numbers) {
                        self.say(surface, format!("{path}/{fate}"), number);
                    }
                }
                ("What is open", [words, number]) => {
                    if let Some((name, _)) = OPEN.iter().find(|(_, known)| known == words) {
                        self.say(surface, format!("/open/{name}"), number);
                    }
                }
                ("Phases", [phase, measure, number]) if phase.starts_with("phase_") && !number.is_empty() => {
                    self.say(surface, format!("/phase_2/{phase}/{measure}"), number);
                }
                ("Error analysis of phase 2A", [name, number]) if name.contains('_') => {
                    self.say(surface, format!("/error_analysis/{name}"), number);
                }
                ("Associations", [_, _, _, number]) if number.parse::<u64>().is_ok() => {
                    self.say(surface, format!("/associations/{associations}/records"), number);
                    associations += 1;
                }
                ("Gates", cells) => self.gate_cells(surface, cells),
                _ => {}
            }
        }
    }

    /// A gate's cells in a report: gate, demand, met, approved, passed, missing.
    fn gate_cells(&mut self, surface: &'static str, cells: &[&str]) {
        let [gate, _, met, approved, passed, missing @ ..] = cells else { return };
        if gate.parse::<u8>().is_err() {
            return;
        }
        let flag = |word: &str| match word {
            "yes" => "true",
            "no" | "not yet" => "false",
            _ => "null",
        };
        self.say(surface, format!("/gates/{gate}/is_met"), flag(met));
        self.say(surface, format!("/gates/{gate}/is_approved"), flag(approved));
        self.say(surface, format!("/gates/{gate}/passed"), flag(passed));
        let missing = missing.first().filter(|missing| !missing.is_empty());
        self.say(surface, format!("/gates/{gate}/missing"), missing.unwrap_or(&"null"));
    }

    /// The report as a page: every figure says where it stands in the status; gates are a table.
    pub fn html(&mut self, surface: &'static str, page: &str) {
        for part in page.split("data-figure=\"").skip(1) {
            let (path, rest) = part.split_once('"').expect("a path");
            let value = rest.split_once("data-value=\"").and_then(|(_, rest)| rest.split_once('"'));
            if PARTS.iter().any(|part| path[1..].split('/').next() == Some(part)) {
                self.say(surface, path, value.expect("a value").0);
            }
        }
        let gates = page.split_once("The plan’s gates").and_then(|(_, rest)| rest.split_once("</table>"));
        for row in gates.expect("the gates").0.split("<tr>").skip(1) {
            let cells: Vec<String> =
                row.split("</td>").flat_map(|cell| cell.split("</th>")).map(plain).collect();
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            self.gate_cells(surface, &cells[..6.min(cells.len())]);
        }
    }

    /// `gate` for people.
    pub fn gate_text(&mut self, surface: &'static str, text: &str) {
        let mut gate = String::new();
        let mut met = Vec::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["gate", number, state, ..] => {
                    (gate, met) = ((*number).to_owned(), Vec::new());
                    self.say(surface, format!("/gates/{gate}/passed"), *state == "passed");
                }
                ["met", ..] => met.push("true"),
                ["not", "met", ..] => met.push("false"),
                ["unknown", ..] => met.push("null"),
                ["approved", ..] | ["not", "approved"] => {
                    self.say(surface, format!("/gates/{gate}/is_approved"), words[0] == "approved");
                    let worst = ["false", "null", "true"].into_iter().find(|state| met.contains(state));
                    self.say(surface, format!("/gates/{gate}/is_met"), worst.expect("criteria"));
                }
                _ => {}
            }
        }
    }

    /// The last line of `errors`.
    pub fn errors(&mut self, surface: &'static str, text: &str) {
        let last = text.lines().last().expect("a last line").replace(':', ",");
        let names = ["issues", "issues_settled_by_a_rule", "issues_for_a_person", "issues_decided"];
        for (name, part) in names.iter().zip(last.split(", ")) {
            self.say(surface, format!("/open/{name}"), part.split(' ').next().expect("a number"));
        }
    }

    /// What `review export` says beside the questions.
    pub fn review(&mut self, surface: &'static str, text: &str) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let place = words
            .windows(3)
            .position(|three| three[0].parse::<u64>().is_ok() && three[1..] == ["records", "wait"]);
        self.say(surface, "/open/records_for_a_person", words[place.expect("the records that wait")]);
    }

    /// `analyze` as JSON.
    pub fn analysis(&mut self, surface: &'static str, analysis: &Value) {
        self.numbers(surface, "/error_analysis", &analysis["error_analysis"]);
        self.numbers(surface, "/presence", &analysis["profiles"]);
    }

    /// `analyze` for people.
    pub fn analysis_text(&mut self, surface: &'static str, text: &str) {
        let numbers = |line: &str| -> Vec<String> {
            let words = line.split(|character: char| !character.is_ascii_digit());
            words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let mut names = vec!["extracted", "in_target_at_survey", "missing_at_survey"];
        let now = text.lines().find(|line| line.contains("have been loaded since"));
        let then = text.lines().find(|line| line.starts_with("profiles by id")).expect("the profiles");
        let mut values = numbers(then);
        if let Some(now) = now {
            names.extend(["loaded_since", "in_target", "missing"]);
            values.extend(numbers(now));
        } else {
            names.extend(["in_target", "missing"]);
            values.extend([values[1].clone(), values[2].clone()]);
        }
        assert_eq!(names.len(), values.len(), "{text}");
        for (name, value) in names.into_iter().zip(values) {
            self.say(surface, format!("/presence/{name}"), value);
        }
        for line in text.lines() {
            if let [name, number] = line.split_whitespace().collect::<Vec<_>>().as_slice()
                && name.contains('_')
                && number.parse::<u64>().is_ok()
            {
                self.say(surface, format!("/error_analysis/{name}"), number);
            }
        }
    }

    /// The views of the file, asked by another program.
    pub fn views(&mut self, surface: &'static str, ask: impl Fn(&str) -> String) {
        let columns = |view: &str| ask(&format!("select name from pragma_table_info('{view}')"));
        let fates = FATES.join(", ");
        for line in ask(&format!("select entity, {fates} from v_accounting")).lines() {
            let mut cells = line.split('|');
            let entity = cells.next().expect("an entity").to_owned();
            for (fate, number) in FATES.iter().zip(cells) {
                self.say(surface, format!("/accounting/{entity}/{fate}"), number);
            }
        }
        let sums = FATES.map(|fate| format!("sum({fate})")).join(", ");
        for (fate, number) in FATES.iter().zip(ask(&format!("select {sums} from v_accounting")).split('|')) {
            self.say(surface, format!("/totals/{fate}"), number);
        }
        self.say(surface, "/unaccounted", ask("select count(*) from v_unaccounted"));
        for (view, path) in [("v_open", "/open"), ("v_error_analysis", "/error_analysis")] {
            let numbers = ask(&format!("select * from {view}"));
            for (name, number) in columns(view).lines().zip(numbers.split('|')) {
                self.say(surface, format!("{path}/{name}"), number);
            }
        }
        self.say(
            "v_profile_errors",
            "/error_analysis/total_errors",
            ask("select count(*) from v_profile_errors"),
        );
        for line in
            ask("select entity, association_method, confidence_level, records from v_associations_by_method")
                .lines()
        {
            let (key, records) = line.rsplit_once('|').expect("a number");
            let position = self.associations.iter().position(|known| *known == key.replace('|', " "));
            let position = position.expect("an association that the status has too");
            self.say(surface, format!("/associations/{position}/records"), records);
        }
        let progress =
            "select profiles_remaining, profiles_analyzed, profiles_resolved, patients_total from v_progress";
        let names = [
            "phase_2a_profiles/total_remaining",
            "phase_2a_profiles/analyzed",
            "phase_2a_profiles/resolved",
            "phase_2b_patients/total_target",
        ];
        let progress = ask(progress);
        for (name, number) in names.iter().zip(progress.split('|')) {
            self.say(surface, format!("/phase_2/{name}"), number);
        }
        let [remaining, _, resolved] =
            [0, 1, 2].map(|place| progress.split('|').nth(place).expect("a number").to_owned());
        self.say(surface, "/presence/missing_at_survey", &remaining);
        let missing =
            remaining.parse::<u64>().expect("a number") - resolved.parse::<u64>().expect("a number");
        self.say(surface, "/presence/missing", missing);
    }
}

/// What a reader sees of a piece of HTML.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for character in html.chars() {
        match character {
            '<' => is_tag = true,
            '>' => is_tag = false,
            _ if !is_tag => text.push(character),
            _ => {}
        }
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&").trim_start_matches(['✓', '✗', '○']).trim().to_owned()
}
