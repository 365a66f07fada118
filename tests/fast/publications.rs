//! Tables that are published: what a publication asks of updates and deletes is known before the first write.

use crate::harness::{Job, Size};

const SMALL: Size = Size { offices: 2, users: 20 };

#[test]
fn a_filter_or_a_list_beside_the_replica_identity_is_in_the_way_and_said_before_the_first_write() {
    for (published, is_fine) in [
        ("create publication news for table patients where (first_name = 'Ann')", false),
        ("create publication news for table patients (first_name, last_name)", false),
        ("create publication news for table patients where (first_name = 'Ann') with (publish = 'insert, delete')", false),
        ("create publication news for table patients (id, first_name); alter table patients replica identity full", false),
        (
            "alter table patients alter legacy_id set not null; alter table patients replica identity using index patients_legacy_id_key;
             create publication news for table patients (id, first_name)",
            false,
        ),
        ("create publication news for table patients where (first_name = 'Ann') with (publish = 'insert')", true),
        ("create publication news for table patients (id, first_name)", true),
        ("create publication news for table patients where (id is not null)", true),
        (
            "create publication news for table patients where (first_name = 'Ann'); alter table patients replica identity full",
            true,
        ),
    ] {
        let job = Job::resolved(SMALL, "", published);
        let words = "publication news has table patients with a filter of rows";
        let told = job.drydock(["doctor"]).run().expect_any().stdout;
        assert_eq!(told.contains(words), !is_fine, "{published}\n{told}");
        if is_fine {
            job.run(["load", "--quiet"]);
            let run = job.last_run("load");
            job.run(["rollback", "--quiet", "--run", &run]);
            continue;
        }
        assert!(job.run(["survey"]).stdout.contains(words), "{published}");
        job.run(["transform", "--quiet"]);
        let refused = job.drydock(["load", "--quiet"]).run().expect(5);
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
        assert_eq!(job.loaded("select count(*) from practices"), "0");
    }
}
