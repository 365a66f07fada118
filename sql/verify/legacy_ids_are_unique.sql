-- no two rows of a table stand for the same legacy record
select (select count(*) from (select legacy_id from practices where legacy_id is not null
                              group by legacy_id having count(*) > 1) a)
     + (select count(*) from (select legacy_id from profiles where legacy_id is not null
                              group by legacy_id having count(*) > 1) b)
     + (select count(*) from (select legacy_id from patients where legacy_id is not null
                              group by legacy_id having count(*) > 1) c)
     + (select count(*) from (select role, legacy_id from practice_members where legacy_id is not null
                              group by role, legacy_id having count(*) > 1) d)
