-- every row that the target held under a legacy id when it was surveyed is that record's own by what both said of themselves
-- An earlier phase may have given a legacy id by an address that two people share, or to the wrong row; a load then makes the
-- one person's row another's. What the row said is compared with the raw record: somebody else has another first name and
-- another last name or birthdate, or another first name and the name of another legacy user. SQLite knows no capitals beyond
-- ASCII, so two such names of one length do not count as two. What a load of this migration wrote is not looked at.
with said as not materialized (
    select entity, legacy_id, said_legacy_id, lower(trim(first_name)) as first_name, lower(trim(last_name)) as last_name,
           substr(date_of_birth, 1, 10) as born, lower(trim(name)) as name, lower(trim(city)) as city
    from target_rows
    where legacy_id is not null
), people as not materialized (
    select 'profiles' as entity, legacy_id, lower(trim(first_name)) as first_name, lower(trim(last_name)) as last_name,
           null as born
    from legacy_auth_user
    union all
    select 'patients', p.legacy_id, lower(trim(u.first_name)), lower(trim(u.last_name)),
           case when p.birthdate glob '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*' then substr(p.birthdate, 1, 10) end
    from legacy_dispatch_patient p
    join legacy_auth_user u on u.legacy_id = cast(ltrim(p.user_id, '''="') as integer)
), offices as not materialized (
    select k.legacy_id, lower(trim(k.name)) as name,
           (select lower(trim(city)) from legacy_dispatch_office o where o.legacy_id = k.legacy_id) as city
    from (select legacy_id, name, null as city from legacy_dispatch_office) k
), others as not materialized (
    select s.entity, s.legacy_id, s.first_name, s.last_name, s.born as said_born, p.born,
           s.last_name not in ('', 'null') and p.last_name not in ('', 'null')
               and instr(s.last_name, p.last_name) = 0 and instr(p.last_name, s.last_name) = 0
               and not (length(s.last_name) = length(p.last_name) and s.last_name glob '*[^ -~]*'
                        and p.last_name glob '*[^ -~]*') as has_another_name
    from said s
    join people p on p.entity = s.entity and p.legacy_id = s.legacy_id
    where s.first_name not in ('', 'null') and p.first_name not in ('', 'null')
      and instr(s.first_name, p.first_name) = 0 and instr(p.first_name, s.first_name) = 0
      and not (length(s.first_name) = length(p.first_name) and s.first_name glob '*[^ -~]*'
               and p.first_name glob '*[^ -~]*')
)
select entity, legacy_id, 'first_name'
from others
where has_another_name or said_born <> born
   or (first_name, last_name) in (select lower(trim(first_name)), lower(trim(last_name)) from legacy_auth_user)
union all
-- all three parts of a date are others: not a day that was lost on the way, nor day and month the other way round
select s.entity, s.legacy_id, 'date_of_birth'
from said s
join people p on p.entity = s.entity and p.legacy_id = s.legacy_id
where substr(s.born, 1, 4) <> substr(p.born, 1, 4) and substr(s.born, 6, 2) <> substr(p.born, 6, 2)
  and substr(s.born, 9, 2) <> substr(p.born, 9, 2)
union all
select s.entity, s.legacy_id, 'name'
from said s
join offices o on o.legacy_id = s.legacy_id
where s.entity = 'practices' and s.name not in ('', 'null') and o.name not in ('', 'null') and s.name <> 'office ' || s.legacy_id
  and s.city not in ('', 'null') and o.city not in ('', 'null')
  and instr(s.name, o.name) = 0 and instr(o.name, s.name) = 0 and instr(s.city, o.city) = 0 and instr(o.city, s.city) = 0
union all
select s.entity, s.legacy_id, 'legacy_id'
from said s
where s.said_legacy_id not glob '*[^0-9]*' and cast(ltrim(s.said_legacy_id, '''="') as integer) <> s.legacy_id
