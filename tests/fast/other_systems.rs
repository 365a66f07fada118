//! Two systems, one target: the same legacy ids are other people's.

use std::fs;

use crate::harness::{Job, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

#[test]
fn another_systems_people_are_not_made_others() {
    let job = Job::of_size(SMALL).at("verify");
    let before = job.digest();
    // the same ids, other people, from a file of its own
    let users = fs::read_to_string(job.path("legacy/auth_user.csv")).unwrap();
    fs::write(job.path("legacy/auth_user.csv"), users.replace("Ann", "Zoltan").replace("Example", "Quux"))
        .unwrap();
    let other =
        |verb: &[&str]| job.drydock(verb.iter().copied().chain(["--staging", "other.drydock", "--quiet"]));
    other(&["extract", "--csv", "legacy"]).run().expect(0);
    let refused = other(&["survey"]).run().expect(3);
    let words = "rows that have legacy ids of this snapshot say that they are somebody else, such as";
    assert!(refused.stderr.contains(words) && !refused.stderr.contains("Zoltan"), "{}", refused.stderr);
    other(&["transform"]).run().expect(3);
    assert_eq!(job.digest(), before);
    // a new file of the same system goes on
    fs::write(job.path("legacy/auth_user.csv"), users).unwrap();
    fs::remove_file(job.path("other.drydock")).unwrap();
    other(&["extract", "--csv", "legacy"]).run().expect(0);
    for verb in ["survey", "transform", "load", "verify"] {
        other(&[verb]).run().expect(0);
    }
}
