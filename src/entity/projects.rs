//! Projects: one per `dispatch_project`, the digital asset, each with its case where that will be loaded. A name that is missing
//! becomes `Untitled Project`; what no map names is `other`, and is asked about once.

use compact_str::ToCompactString;

use super::From::Own;
use super::association::{Association, Confidence, Method};
use super::codes::{CodeMap, Coded, label};
use super::legacy_row::legacy_row;
use super::metadata::Metadata;
use super::orders::{Way, moment};
use super::{
    Column, Decision, Entity, Holds, Kind, Reference, Rule, Verdict, Whole, cases, decide, practices,
    profiles, row,
};
use crate::clean::{boolean, optional_text};
use crate::record::{Code, Issue, LegacyId, Phase, Text};

legacy_row! {
    /// A project as read.
    Project,
    /// One row is one project. It names neither patient nor office.
    PROJECTS = "dispatch_project" (optional) {
        required { name: FreeText, r#type: Code, status: Code, created_at: Moment }
        optional { uid: FreeText, size: Number, public: Flag, creator_id: Identifier }
    }
}

/// Who made it.
pub const CREATOR: Reference = Reference::new("creator_id", &profiles::ENTITY, Phase::Projects);
/// The case, which is made of the same row.
const CASE: Reference = Reference::new("case_id", &cases::ENTITY, Phase::Projects);

/// The entity.
pub const ENTITY: Entity = Entity {
    name: "projects",
    singular: "project",
    legacy: &PROJECTS,
    target_table: "projects",
    discriminator: None,
    phase: Phase::Projects,
    can_stand_in: false,
    references: &[CREATOR],
    read_with: &[],
    staging_sql: include_str!("../../staging/projects.sql"),
    target_sql: Some(include_str!("../../sql/target/08_projects.sql")),
    rule: Rule { with: None, decide: decide!(Project, resolve) },
    columns: &[
        Column::new("id", Kind::Uuid),
        Column::new("legacy_id", Kind::Integer),
        Column::new("case_id", Kind::Uuid).nullable().references(&cases::ENTITY),
        Column::new("practice_id", Kind::Uuid).nullable().references(&practices::ENTITY).choice(),
        Column::new("creator_id", Kind::Uuid).nullable().references(&profiles::ENTITY),
        Column::new("name", Kind::Text).from(&[Own("name")]),
        TYPE,
        STATUS,
        Column::new("uid", Kind::Uuid).holds(Holds::FreeText).nullable().from(&[Own("uid")]),
        Column::new("size", Kind::Integer).holds(Holds::Number).nullable().from(&[Own("size")]),
        Column::new("is_public", Kind::Boolean).nullable().from(&[Own("public")]),
        Column::new("metadata", Kind::Metadata),
        Column::new("created_at", Kind::Timestamp).from(&[Own("created_at")]),
    ],
    kept: &["name", "type", "status", "uid", "size", "public", "creator_id"],
    mapped: None,
};

const TYPE: Column =
    Column::new("type", Kind::Enum("project_type")).from(&[Own("type")]).codes(CodeMap::ProjectType);
const STATUS: Column = Column::new("status", Kind::Enum("project_status"))
    .nullable()
    .from(&[Own("status")])
    .codes(CodeMap::ProjectStatus);

/// Resolves a project.
fn resolve(whole: &dyn Whole, project: &Project) -> Decision {
    const PHASE: Phase = ENTITY.phase;
    let id = project.legacy_id;
    let mut decision = Decision::open(id);

    let named = decision.take(PHASE, optional_text("name", project.name.as_deref()));
    let name = named.unwrap_or_else(|| {
        decision.change_further(
            "name",
            "project.untitled",
            project.name.as_deref(),
            Some("Untitled Project"),
        );
        "Untitled Project".to_owned()
    });
    let coded = |raw: &Option<Text>| Coded::of(raw.as_deref(), None);
    let (kind, status) = (&project.r#type, &project.status);
    let (kind, _) = label(whole, &ENTITY, &mut decision, &TYPE, kind.as_deref(), coded(kind));
    let (status, waits) = label(whole, &ENTITY, &mut decision, &STATUS, status.as_deref(), coded(status));
    let uid = uid(&mut decision, project.uid.as_deref());
    let size = size(&mut decision, project.size.as_deref());
    let is_public = decision.take(PHASE, boolean("is_public", project.public.as_deref()));
    let created_at = moment(&mut decision, PHASE, "created_at", project.created_at.as_deref());

    let patient = Way::of(whole, &cases::ENTITY, id).patient;
    let of_patient = patient.and_then(|patient| cases::practice_of(whole, patient));
    let has_case = of_patient.is_some() && whole.takes_part(&cases::ENTITY);
    let case = has_case.then(|| whole.follow(&ENTITY, &mut decision, &CASE, Some(&id.to_text()))).flatten();
    let known = whole.follow(&ENTITY, &mut decision, &CREATOR, project.creator_id.as_deref());
    let creator = known.or_else(|| stand_in(whole, &mut decision));
    let practice = practice(whole, &mut decision, of_patient, known);

    let demands = |column| !whole.allows_null(&ENTITY, column);
    let is_without =
        practice.is_none() && demands("practice_id") || creator.is_none() && demands("creator_id");
    let Some(created_at) = created_at.filter(|_| !waits && !is_without) else { return decision };

    let mut metadata = Metadata::default();
    for (key, value) in [
        ("name", &project.name),
        ("type", &project.r#type),
        ("status", &project.status),
        ("uid", &project.uid),
        ("size", &project.size),
        ("public", &project.public),
        ("creator_id", &project.creator_id),
    ] {
        metadata.raw(key, value.as_deref());
    }
    decision.verdict = Verdict::Ready(row!(ENTITY {
        id: whole.target_id(&ENTITY, id).to_text(),
        legacy_id: id.to_text(),
        case_id: case.map(|case| whole.target_id(&cases::ENTITY, case).to_text()),
        practice_id: practice.map(|practice| whole.target_id(&practices::ENTITY, practice).to_text()),
        creator_id: creator.map(|creator| whole.target_id(&profiles::ENTITY, creator).to_text()),
        name: Text::from(name),
        r#type: kind,
        status: status,
        uid: uid,
        size: size,
        is_public: is_public.map(|flag| flag.to_compact_string()),
        metadata: metadata.into_text(),
        created_at: created_at,
    }));
    decision
}

/// The uid in the form in which PostgreSQL prints it.
fn uid(decision: &mut Decision, raw: Option<&str>) -> Option<Text> {
    let text = raw.map(str::trim).filter(|text| !text.is_empty())?;
    let Ok(read) = uuid::Uuid::parse_str(text) else {
        decision.issue(ENTITY.phase, Issue::new(Code::UidInvalid, "uid"));
        decision.change("uid", "uid.invalid", raw, None);
        return None;
    };
    let canonical = read.hyphenated().to_compact_string();
    if raw != Some(canonical.as_str()) {
        decision.change("uid", "uid.canonical", raw, Some(&canonical));
    }
    Some(canonical)
}

/// The size in bytes: any whole number that a bigint holds.
fn size(decision: &mut Decision, raw: Option<&str>) -> Option<Text> {
    let text = raw.map(str::trim).filter(|text| !text.is_empty())?;
    let Ok(read) = text.parse::<i64>() else {
        decision.issue(ENTITY.phase, Issue::new(Code::NumberInvalid, "size"));
        decision.change("size", "number.invalid", raw, None);
        return None;
    };
    let canonical = read.to_compact_string();
    if raw != Some(canonical.as_str()) {
        decision.change("size", "number.canonical", raw, Some(&canonical));
    }
    Some(canonical)
}

/// The configured profile, where the target demands somebody and nobody is known.
fn stand_in(whole: &dyn Whole, decision: &mut Decision) -> Option<LegacyId> {
    if whole.allows_null(&ENTITY, "creator_id") {
        return None;
    }
    let system = whole.system_profile();
    let code = if system.is_some() { Code::CreatorDefaulted } else { Code::CreatorUnresolved };
    decision.issue(ENTITY.phase, Issue::new(code, "creator_id"));
    system
}

/// The practice: a person's choice, the case's, else that of whoever made it, and of nobody who only stands in; without one it waits
/// where the target demands one.
fn practice(
    whole: &dyn Whole,
    decision: &mut Decision,
    of_patient: Option<LegacyId>,
    creator: Option<LegacyId>,
) -> Option<LegacyId> {
    let chosen = whole.chosen(&ENTITY, decision.legacy_id, "practice_id");
    if of_patient.is_some() && chosen.is_none() {
        return of_patient;
    }
    let of_creator = creator.and_then(|creator| whole.practice_of(&profiles::ENTITY, creator));
    let found = chosen.or(of_creator);
    let Some(practice) = found else {
        if !whole.allows_null(&ENTITY, "practice_id") {
            decision.issue(ENTITY.phase, Issue::new(Code::PracticeUnresolved, "practice_id"));
        }
        return None;
    };
    if let Some(creator) = creator.filter(|_| chosen.is_none()) {
        decision.association = Some(Association {
            user: Some(creator),
            profile_id: Some(whole.target_id(&profiles::ENTITY, creator)),
            practice,
            practice_id: whole.target_id(&practices::ENTITY, practice),
            method: Method::Organizational,
            confidence: Confidence::Medium,
            review: false,
            evidence: format!("dispatch_project.creator_id is user {creator}"),
            others: Vec::new(),
        });
    }
    Some(practice)
}
