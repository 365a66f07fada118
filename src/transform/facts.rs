//! What the rules must know of the whole set before they can decide about one record: who exists, who points at whom.
//! Read once, in compact form; memory grows by some tens of bytes per record and not with the width of rows.

use std::collections::HashMap;
use std::thread;

use rayon::prelude::*;

use super::duplicates::{Finder, Links};
use super::emails::{self, Claim};
use super::index::{Index, Lists, Reference};
use super::orders::Orders;
use super::{fail_on, isolated};
use crate::clean::{self, Email, EmailPolicy, city_key, state_key};
use crate::entity::patients::{self, PatientLinks};
use crate::entity::practice_members::OfficeDoctor;
use crate::entity::practices::{self, Office};
use crate::entity::profiles::{self, Group, Standing, User, UserGroup};
use crate::entity::{self, Entity, cases, projects};
use crate::error::{Error, Result};
use crate::record::{LegacyId, Text};
use crate::review::{Decided, StandIn};
use crate::staging::{Asked, Reader, Staging};

/// Rows read at once.
pub const CHUNK: usize = 2_500;

/// An office, as the ladder sees it.
#[derive(Debug, Clone, Copy)]
pub struct OfficeFacts {
    /// The city, state and country it lies in, as one number; none when no city is known.
    pub place: Option<u32>,
}

/// A user, as others see it.
#[derive(Debug, Clone, Copy)]
pub struct UserFacts {
    /// What decides the role.
    pub standing: Standing,
}

/// An office that a user works at or owns, and the row that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Post {
    /// The office.
    pub office: LegacyId,
    /// The row of `dispatch_office_doctors`, or of `dispatch_office`; the lowest where several say the same.
    pub row: LegacyId,
}

/// A patient's references, as far as they lead to existing rows.
#[derive(Debug, Clone, Copy)]
pub struct PatientFacts {
    user: Reference,
    doctor: Reference,
    office: Reference,
    /// Whether the user stands for the patient's own one, which a person merged into it.
    pub has_moved: bool,
}

impl PatientFacts {
    /// The patient's own user.
    pub fn user(&self) -> Option<LegacyId> {
        self.user.get()
    }

    /// The treating doctor.
    pub fn doctor(&self) -> Option<LegacyId> {
        self.doctor.get()
    }

    /// The office.
    pub fn office(&self) -> Option<LegacyId> {
        self.office.get()
    }
}

/// The whole set.
#[derive(Debug)]
pub struct Facts {
    /// Every office.
    pub offices: Index<OfficeFacts>,
    /// Every user.
    pub users: Index<UserFacts>,
    /// The groups of a user, by their place in `group_names`.
    pub groups_of_user: Lists<u32>,
    /// The names of the groups, in id order.
    pub group_names: Vec<Text>,
    /// Every patient.
    pub patients: Index<PatientFacts>,
    /// The patients of a user: one in practice, the lowest id stands for the user.
    pub patients_of_user: Lists<LegacyId>,
    /// The offices of a doctor's patients, one entry per patient that has an office.
    pub offices_of_patients: Lists<LegacyId>,
    /// The memberships that speak of a user and an office which exist, until it is known which say the same.
    pub members: Vec<(LegacyId, Post)>,
    /// The offices that a user works at, by `dispatch_office_doctors`, each once.
    pub offices_of_member: Lists<Post>,
    /// The offices that a user owns, each once.
    pub offices_of_owner: Lists<Post>,
    /// Who claims which address.
    pub claims: Vec<Claim>,
    /// The orders with their plans and states.
    pub orders: Orders,
    /// The keys of the other records that something refers to.
    pub others: Keys,
}

impl Facts {
    /// Reads the whole set.
    pub fn read(
        staging: &Staging,
        policy: &EmailPolicy,
        decided: &Decided,
        finder: &mut Finder,
    ) -> Result<Self> {
        let (offices, owners) = read_offices(staging, decided)?;
        // two who read: the users, and beside them the patients and the groups
        let reader = staging.reader()?;
        let (read, beside) = thread::scope(|scope| {
            let reading = scope.spawn(move || Ok::<_, Error>((read_links(&reader)?, Groups::read(&reader)?)));
            (read_users(staging, policy, finder), reading.join())
        });
        let (users, claims) = read?;
        let (links, groups) = beside.map_err(|_| Error::internal("reading the patients failed"))??;
        let mut users = Index::new(users);
        let (group_names, groups_of_user) = groups.join(&mut users);

        let patients = Index::new(
            links
                .par_iter()
                .map(|row| {
                    let follow = |field, to, raw: Reference, exists: &dyn Fn(LegacyId) -> bool| {
                        let found = raw.get().filter(|id| exists(*id));
                        decided.follow("patients", row.legacy_id, field, to, found).into()
                    };
                    let moves = |id| matches!(decided.stand_in("profiles", id), StandIn::Other(_));
                    let facts = PatientFacts {
                        has_moved: row.user.get().is_some_and(moves),
                        user: follow("user_id", "profiles", row.user, &|id| users.contains(id)),
                        doctor: follow("doctor_id", "profiles", row.doctor, &|id| users.contains(id)),
                        office: follow("office_id", "practices", row.practice, &|id| offices.contains(id)),
                    };
                    (row.legacy_id, facts)
                })
                .collect(),
        );
        finder.take_patients(links);
        let patients_of_user =
            Lists::new(patients.iter().filter_map(|(id, patient)| Some((patient.user()?, *id))).collect());
        let offices_of_patients = Lists::new(
            patients.iter().filter_map(|(_, patient)| Some((patient.doctor()?, patient.office()?))).collect(),
        );
        for (_, patient) in patients.iter() {
            if let Some(user) = patient.user().and_then(|user| users.get_mut(user)) {
                user.standing.has_patient = true;
            }
        }

        let mut members = Vec::new();
        staging.for_legacy_rows::<OfficeDoctor>(CHUNK, |rows| {
            members.extend(rows.iter().filter_map(|row| {
                let follow = |field, to, raw: &Option<Text>, exists: &dyn Fn(LegacyId) -> bool| {
                    let found = raw.as_deref().and_then(|raw| raw.parse().ok()).filter(|id| exists(*id));
                    decided.follow("practice_members", row.legacy_id, field, to, found)
                };
                let user = follow("user_id", "profiles", &row.user_id, &|id| users.contains(id))?;
                let office = follow("office_id", "practices", &row.office_id, &|id| offices.contains(id))?;
                let stands = decided.stand_in("practice_members", row.legacy_id) == StandIn::Itself;
                stands.then_some((user, Post { office, row: row.legacy_id }))
            }));
            Ok(())
        })?;
        let owners = owners.into_iter().filter(|(user, _)| users.contains(*user)).collect();

        Ok(Self {
            offices,
            users,
            groups_of_user,
            group_names,
            patients,
            patients_of_user,
            offices_of_patients,
            offices_of_member: Lists::new(once_each(members.clone())),
            members,
            offices_of_owner: Lists::new(once_each(owners)),
            claims,
            orders: Orders::read(staging)?,
            others: Keys::read(staging)?,
        })
    }

    /// Whether the snapshot has the record.
    pub fn has(&self, entity: &Entity, id: LegacyId) -> bool {
        match entity {
            _ if *entity == practices::ENTITY => self.offices.contains(id),
            _ if *entity == profiles::ENTITY => self.users.contains(id),
            _ if *entity == patients::ENTITY => self.patients.contains(id),
            _ if [&cases::ENTITY, &projects::ENTITY].contains(&entity) => self.orders.has_project(id),
            _ => self.others.contains(entity, id),
        }
    }

    /// The patient record that stands for a user.
    pub fn patient_of(&self, user: LegacyId) -> Option<LegacyId> {
        self.patients_of_user.of(user).next().copied()
    }

    /// Whether the patient stands for its user.
    pub fn patient_of_is(&self, patient: LegacyId) -> bool {
        let user = self.patients.get(patient).and_then(PatientFacts::user);
        user.and_then(|user| self.patient_of(user)) == Some(patient)
    }

    /// The names of a user's groups, in group order.
    pub fn groups_of(&self, user: LegacyId) -> Vec<&str> {
        self.groups_of_user.of(user).map(|position| self.group_names[*position as usize].as_str()).collect()
    }
}

/// The keys of the records that something refers to, where no more is to be known of them.
#[derive(Debug)]
pub struct Keys(Vec<(&'static str, Vec<LegacyId>)>);

impl Keys {
    fn read(staging: &Staging) -> Result<Self> {
        let known = [practices::ENTITY, profiles::ENTITY, patients::ENTITY];
        let mut keys: Vec<(&'static str, Vec<LegacyId>)> = Vec::new();
        for to in entity::ALL.iter().flat_map(|entity| entity.references).map(|reference| reference.to) {
            if !known.contains(to) && !keys.iter().any(|(name, _)| *name == to.name) {
                keys.push((to.name, staging.legacy_keys(to.legacy)?));
            }
        }
        Ok(Self(keys))
    }

    fn contains(&self, entity: &Entity, id: LegacyId) -> bool {
        let keys = self.0.iter().find(|(name, _)| *name == entity.name);
        keys.is_some_and(|(_, keys)| keys.binary_search(&id).is_ok())
    }
}

type Posts = Vec<(LegacyId, Post)>;

/// Every office of a user once, by the lowest row that says so.
fn once_each(mut posts: Posts) -> Posts {
    posts.sort_unstable();
    posts.dedup_by_key(|(user, post)| (*user, post.office));
    posts
}

fn read_offices(staging: &Staging, decided: &Decided) -> Result<(Index<OfficeFacts>, Posts)> {
    let mut offices = Vec::new();
    let mut owners = Vec::new();
    let mut places: HashMap<[String; 3], u32> = HashMap::new();
    staging.for_legacy_rows::<Office>(CHUNK, |rows| {
        for office in rows {
            let city = city_key(office.city.as_deref().unwrap_or_default());
            let place = (!city.is_empty()).then(|| {
                let state = state_key(office.state.as_deref().unwrap_or_default());
                let land = clean::country("country", office.country.as_deref()).value.unwrap_or_default();
                let next = u32::try_from(places.len()).unwrap_or(u32::MAX);
                *places.entry([city, state, land]).or_insert(next)
            });
            offices.push((office.legacy_id, OfficeFacts { place }));
            let id = office.legacy_id;
            let owner = office.doctor_id.as_deref().and_then(|raw| raw.parse().ok());
            let owner = decided.follow("practice_owners", id, "doctor_id", "profiles", owner);
            // an ownership that was rejected says nothing; one of a merged office speaks for the other
            let practice = decided.follow("practice_owners", id, "office_id", "practices", Some(id));
            if let (Some(owner), Some(practice), StandIn::Itself) =
                (owner, practice, decided.stand_in("practice_owners", id))
            {
                owners.push((owner, Post { office: practice, row: id }));
            }
        }
        Ok(())
    })?;
    Ok((Index::new(offices), owners))
}

fn read_links(reader: &Reader) -> Result<Vec<Links>> {
    let mut links = Vec::new();
    reader.for_legacy_rows::<PatientLinks>(CHUNK, |rows| {
        links.extend(rows.iter().map(Links::of));
        Ok(())
    })?;
    Ok(links)
}

type Users = Vec<(LegacyId, UserFacts)>;

fn read_users(staging: &Staging, policy: &EmailPolicy, finder: &mut Finder) -> Result<(Users, Vec<Claim>)> {
    let mut users = Vec::new();
    let mut claims = Vec::new();
    staging.for_legacy_rows::<User>(CHUNK, |rows| {
        let read: Vec<_> = rows
            .par_iter()
            .map(|user| {
                let flag = |raw: &Option<Text>| clean::boolean("", raw.as_deref()).value;
                // as the rule has it: nobody is switched off, or given rights, by what cannot be read
                let active = flag(&user.is_active).unwrap_or(true);
                let standing = Standing {
                    superuser: flag(&user.is_superuser) == Some(true),
                    staff: flag(&user.is_staff) == Some(true),
                    ..Standing::default()
                };
                // a rule that fails here fails again when the record is decided, and is told there
                let claim = isolated(|| {
                    fail_on("profiles", user.legacy_id);
                    claim(user, active, policy)
                });
                ((user.legacy_id, UserFacts { standing }), claim.flatten())
            })
            .collect();
        finder.add_users(&rows)?;
        for (user, claim) in read {
            users.push(user);
            claims.extend(claim);
        }
        Ok(())
    })?;
    Ok((users, claims))
}

/// The user's claim to an address, if it has a valid one.
fn claim(user: &User, active: bool, policy: &EmailPolicy) -> Option<Claim> {
    let Email::Valid(address) = clean::email("email", user.email.as_deref(), policy).value else {
        return None;
    };
    let last_login = clean::timestamp("", user.last_login.as_deref()).value;
    Some(Claim {
        address: emails::key(&address),
        user: user.legacy_id,
        active,
        last_login: last_login.map_or(i64::MIN, |moment| moment.timestamp_micros()),
    })
}

/// The groups by their position, and who is in which.
struct Groups {
    names: Vec<Text>,
    members: Vec<(LegacyId, u32)>,
}

impl Groups {
    fn read(reader: &Reader) -> Result<Self> {
        let mut names = Vec::new();
        let mut positions = HashMap::new();
        reader.for_legacy_rows::<Group>(CHUNK, |rows| {
            for group in rows {
                positions.insert(group.legacy_id, u32::try_from(names.len()).unwrap_or(u32::MAX));
                names.push(group.name.unwrap_or_default());
            }
            Ok(())
        })?;
        let mut members = Vec::new();
        reader.for_legacy_rows::<UserGroup>(CHUNK, |rows| {
            members.extend(rows.into_iter().filter_map(|row| {
                let group = row.group_id?.parse().ok()?;
                Some((row.user_id?.parse().ok()?, *positions.get(&group)?))
            }));
            Ok(())
        })?;
        members.sort_unstable();
        members.dedup();
        Ok(Self { names, members })
    }

    /// Lets the users join their groups. Members who are no users are in none.
    fn join(mut self, users: &mut Index<UserFacts>) -> (Vec<Text>, Lists<u32>) {
        let standings: Vec<Standing> = self.names.iter().map(|name| Standing::in_group(name)).collect();
        self.members.retain(|(user, group)| {
            let Some(facts) = users.get_mut(*user) else { return false };
            facts.standing.add(standings[*group as usize]);
            true
        });
        (self.names, Lists::new(self.members))
    }
}
