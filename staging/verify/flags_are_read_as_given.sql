-- nobody and no practice whose flag says yes, in any of the ways that spreadsheets write it, is inactive or without the role
-- The words are this check's own: what the transform does not read must not count as no. A flag about which a person decided
-- is left out. A column that the source may lack is asked for in a subquery whose outer query offers null under the same name.
with words as materialized (
    select value as yes
    from json_each('["t","true","1","1.0","1,0","-1","yes","y","on","x","ja","j","wahr","vrai","oui","o","vero","si","s",
                     "verdadero","verdadeiro","sim","tak","prawda","active","aktiv","enabled","✓","✔","да","истина","はい","是"]')
    -- what the configuration says of a word comes first
    where value not in (select w.value from source_columns c, json_each(iif(json_valid(c.stated), c.stated, '[]')) w)
), decided as materialized (
    select entity, legacy_id from decisions where superseded_by is null
), users as not materialized (
    select k.legacy_id, k.role, k.ready_is_active,
           (select lower(trim(is_active)) from legacy_auth_user u where u.legacy_id = k.legacy_id) as is_active,
           (select lower(trim(is_superuser)) from legacy_auth_user u where u.legacy_id = k.legacy_id) as is_superuser,
           (select lower(trim(is_staff)) from legacy_auth_user u where u.legacy_id = k.legacy_id) as is_staff
    from (select legacy_id, is_active as ready_is_active, json_extract(metadata, '$.legacy.role') as role,
                 null as is_active, null as is_superuser, null as is_staff
          from ready_profiles) k
), offices as not materialized (
    select k.legacy_id, (select lower(trim(valid)) from legacy_dispatch_office o where o.legacy_id = k.legacy_id) as valid
    from (select legacy_id, null as valid from ready_practices where is_active = 'false') k
)
select 'profiles', legacy_id, 'is_active'
from users
where ready_is_active = 'false' and is_active in (select yes from words)
  and ('profiles', legacy_id) not in (select entity, legacy_id from decided)
union all
select 'practices', legacy_id, 'valid'
from offices
where valid in (select yes from words) and ('practices', legacy_id) not in (select entity, legacy_id from decided)
union all
-- the rule asks these flags of whoever has no patient record and no group that says more
select 'profiles', legacy_id, iif(is_superuser in (select yes from words), 'is_superuser', 'is_staff')
from users
where (role = 'unknown'
       or role = 'patient' and legacy_id not in (select cast(ltrim(user_id, '''="') as integer) from legacy_dispatch_patient
                                                 where user_id is not null))
  and (is_superuser in (select yes from words) or is_staff in (select yes from words))
  and ('profiles', legacy_id) not in (select entity, legacy_id from decided)
