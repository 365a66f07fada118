//! Courses: one per `dispatch_course`, what an order is for. Optional: an application without orders has none.

use super::From::Own;
use super::legacy_row::legacy_row;
use super::metadata::Metadata;
use super::{Answer, Column, Decision, Entity, Holds, Kind, Rule, Verdict, Whole, decide, row};
use crate::clean::{name, optional_text};
use crate::record::{Code, Issue, Phase, Text};

legacy_row! {
    /// A course as read.
    Course,
    /// One row is one course. Its `type` is a code of its own, not its id: 3 and 4 are the other way round.
    COURSES = "dispatch_course" (optional) {
        required { name: Name }
        optional { r#type: Code, customization: FreeText }
    }
}

/// The entity.
pub const ENTITY: Entity = Entity {
    name: "courses",
    singular: "course",
    legacy: &COURSES,
    target_table: "courses",
    discriminator: None,
    phase: Phase::Profiles,
    can_stand_in: true,
    references: &[],
    read_with: &[],
    staging_sql: include_str!("../../staging/courses.sql"),
    target_sql: Some(include_str!("../../sql/target/06_courses.sql")),
    rule: Rule { with: None, decide: decide!(Course, resolve) },
    columns: &[
        Column::new("id", Kind::Uuid),
        Column::new("legacy_id", Kind::Integer),
        Column::new("name", Kind::Text).holds(Holds::Name).from(&[Own("name")]).answer(Answer::Name),
        Column::new("type", Kind::Integer).nullable().holds(Holds::Code).from(&[Own("type")]),
        Column::new("customization", Kind::Text).nullable().from(&[Own("customization")]),
        Column::new("metadata", Kind::Metadata),
    ],
    kept: &[],
    mapped: None,
};

/// Resolves a course. A missing name becomes `Course {id}`; the code of its type is carried as it is.
fn resolve(whole: &dyn Whole, course: &Course) -> Decision {
    const PHASE: Phase = ENTITY.phase;
    let id = course.legacy_id;
    let mut decision = Decision::open(id);

    let mut cleaned = name("name", course.name.as_deref());
    cleaned.issues.retain(|issue| issue.code != Code::NameMissing);
    let mut name = decision.take(PHASE, cleaned);
    if name.is_empty() {
        name = format!("Course {id}");
        decision.change("name", "course.unnamed", course.name.as_deref(), Some(&name));
    }
    let customization = decision.take(PHASE, optional_text("customization", course.customization.as_deref()));
    let code = course.r#type.as_deref().map(|raw| (raw, raw.trim().parse::<i64>()));
    let code = match code {
        Some((raw, Ok(code))) => {
            let code = code.to_string();
            if code != raw {
                decision.change("type", "number.canonical", Some(raw), Some(&code));
            }
            Some(Text::from(code))
        }
        Some((raw, Err(_))) => {
            decision.issue(PHASE, Issue::new(Code::NumberInvalid, "type"));
            decision.change("type", "number.invalid", Some(raw), None);
            None
        }
        None => None,
    };

    let mut metadata = Metadata::default();
    for (key, value) in
        [("name", &course.name), ("type", &course.r#type), ("customization", &course.customization)]
    {
        metadata.raw(key, value.as_deref());
    }
    decision.verdict = Verdict::Ready(row!(ENTITY {
        id: whole.target_id(&ENTITY, id).to_text(),
        legacy_id: id.to_text(),
        name: Text::from(name),
        r#type: code,
        customization: customization.map(Text::from),
        metadata: metadata.into_text(),
    }));
    decision
}
