-- no column of the legacy tables that has values is lost on the way: not all of at least three, nor one in twenty of at least twenty
-- Rules judge a value at a time; a form that none of them reads (dates and flags of a spreadsheet, keys with a decimal point)
-- is an issue of every single record, and nobody's. So a column's values are counted before and after, over raw and ready rows.
-- What raw rows themselves explain does not count (a date that cannot be, a reference to nothing or to what waits), unless that is most of the
-- column; nor does a record about which a person decided, nor an address that others have too: one of them keeps it. Of
-- addresses one in four may be none.
-- A column that the source may lack is asked for in a subquery whose outer query offers null under the same name; `limit -1`
-- keeps SQLite from asking again wherever the column is named. `_lost` is 1 where a value did not arrive, 2 where there is none.
with shared as materialized (
    select address from (select lower(trim(email)) as address from legacy_auth_user where email <> ''
                         union all
                         select lower(trim(email)) from target_rows where entity = 'profiles' and legacy_id is null)
    where address <> '' group by address having count(*) > 1
), markers as materialized (
    -- texts that say that there is no value; what is somebody's name as well is one in twenty of no column
    select value as marker
    from json_each('["","null","\\n","(null)","[null]","<null>","n/a","#n/a","<na>","none","nan","nat","na","nil","(none)","0000-00-00"]')
    union
    -- and words that the configuration has for nothing, and for no: obeying them is no mistake
    select w.value from source_columns c, json_each(iif(json_valid(c.stated), c.stated, '[]')) w
), decided as materialized (
    select entity, legacy_id from decisions where superseded_by is null
), words as materialized (
    select value as no from json_each('["f","false","0","0.0","0,0","no","n","off","falsch","nein","faux","non","falso","não","nao","nie","fałsz","nepravda","ne","hamis","nem","yanlış","hayır","ложь","нет","ні","όχι","いいえ","偽","否","無効","เท็จ","fals","nu","väär","ei","epätosi","onwaar","nee","falsk","usant","nej","nei","disabled","inactive","☐","✗","✘",".f.","false()"]')
), users as not materialized (
    select u.first_name, u.last_name, u.email, u.date_joined,
           (select is_active from legacy_auth_user a where a.legacy_id = k.legacy_id) as is_active,
           k.ready_email, k.ready_first_name, k.ready_last_name, k.created_at, k.ready_is_active
    from (select legacy_id, email as ready_email, first_name as ready_first_name, last_name as ready_last_name,
                 created_at, is_active as ready_is_active, null as is_active
          from ready_profiles) k
    join legacy_auth_user u using (legacy_id)
    where ('profiles', k.legacy_id) not in (select entity, legacy_id from decided)
    limit -1
), treated as not materialized (
    select trim(p.birthdate) as birthdate, p.sex,
           (select trim(doctor_id) from legacy_dispatch_patient a where a.legacy_id = k.legacy_id) as doctor_id,
           (select trim(office_id) from legacy_dispatch_patient a where a.legacy_id = k.legacy_id) as office_id,
           (select updated_at from legacy_dispatch_patient a where a.legacy_id = k.legacy_id) as updated_at,
           k.date_of_birth, k.gender, k.assigned_profile_id, k.practice_id, k.ready_updated_at
    from (select legacy_id, date_of_birth, gender, assigned_profile_id, practice_id, updated_at as ready_updated_at,
                 null as doctor_id, null as office_id, null as updated_at
          from ready_patients) k
    join legacy_dispatch_patient p using (legacy_id)
    where ('patients', k.legacy_id) not in (select entity, legacy_id from decided)
    limit -1
), offices as not materialized (
    select o.name,
           (select address from legacy_dispatch_office a where a.legacy_id = k.legacy_id) as address,
           (select city from legacy_dispatch_office a where a.legacy_id = k.legacy_id) as city,
           (select state from legacy_dispatch_office a where a.legacy_id = k.legacy_id) as state,
           (select zip from legacy_dispatch_office a where a.legacy_id = k.legacy_id) as zip,
           (select country from legacy_dispatch_office a where a.legacy_id = k.legacy_id) as country,
           (select phone from legacy_dispatch_office a where a.legacy_id = k.legacy_id) as phone,
           (select tax_rate from legacy_dispatch_office a where a.legacy_id = k.legacy_id) as tax_rate,
           (select valid from legacy_dispatch_office a where a.legacy_id = k.legacy_id) as valid,
           k.legacy_id, k.ready_name, k.ready_address, k.ready_city, k.ready_state, k.ready_zip, k.ready_country, k.ready_phone,
           k.ready_tax_rate, k.ready_valid
    from (select legacy_id, name as ready_name, address as ready_address, city as ready_city, state as ready_state,
                 zip_code as ready_zip, country as ready_country, phone as ready_phone, tax_rate as ready_tax_rate,
                 is_active as ready_valid, null as address, null as city, null as state, null as zip, null as country,
                 null as phone, null as tax_rate, null as valid
          from ready_practices) k
    join legacy_dispatch_office o using (legacy_id)
    where ('practices', k.legacy_id) not in (select entity, legacy_id from decided)
    limit -1
), users_lost as not materialized (
    select *,
           iif(ready_first_name = '',
               iif(lower(trim(first_name)) in (select marker from markers), 2, 1), 0) as first_name_lost,
           iif(ready_last_name = '',
               iif(lower(trim(last_name)) in (select marker from markers), 2, 1), 0) as last_name_lost,
           iif(email <> '' and (ready_email is null or ready_email like '%@migrated.local') and email not like '%@migrated.local',
               iif(lower(trim(email)) in (select marker from markers), 2, 1), 0) as email_lost,
           iif(instr(date_joined, substr(created_at, 3, 2)) = 0
               -- a number of days, or of seconds and their parts, that is the same day
               and not (ltrim(date_joined, '''') not glob '*[^0-9.,]*'
                        and min(abs(2415018.5 + ltrim(date_joined, '''') - julianday(substr(created_at, 1, 10))),
                                abs(2416480.5 + ltrim(date_joined, '''') - julianday(substr(created_at, 1, 10))),
                                abs(2440587.5 + date_joined / 86400.0 - julianday(substr(created_at, 1, 10))),
                                abs(2440587.5 + date_joined / 86400000.0 - julianday(substr(created_at, 1, 10))),
                                abs(2440587.5 + date_joined / 86400000000.0 - julianday(substr(created_at, 1, 10)))) <= 2),
               iif(lower(trim(date_joined)) in (select marker from markers), 2, 1), 0) as date_joined_lost,
           iif(ready_is_active = 'false' and lower(trim(is_active)) not in (select no from words),
               iif(lower(trim(is_active)) in (select marker from markers), 2, 1), 0) as is_active_lost
    from users
    limit -1
), treated_lost as not materialized (
    select *,
           iif(date_of_birth is null,
               iif(lower(trim(birthdate)) in (select marker from markers), 2, 1), 0) as birthdate_lost,
           iif(gender = 'unknown' or gender not in ('male', 'female', 'other')
               and exists (select 1 from facts c where c.name = 'configuration'
                           and instr(c.value, 'unknown = "' || gender || '"') > 0),
               iif(lower(trim(sex)) in (select marker from markers), 2, 1), 0) as sex_lost,
           iif(assigned_profile_id is null,
               iif(lower(trim(doctor_id)) in (select marker from markers), 2, 1), 0) as doctor_id_lost,
           iif(practice_id is not (select o.id from ready_practices o where o.legacy_id = cast(ltrim(office_id, '''="') as integer)),
               iif(lower(trim(office_id)) in (select marker from markers), 2, 1), 0) as office_id_lost,
           iif(instr(updated_at, substr(ready_updated_at, 3, 2)) = 0
               -- a number of days, or of seconds and their parts, that is the same day
               and not (ltrim(updated_at, '''') not glob '*[^0-9.,]*'
                        and min(abs(2415018.5 + ltrim(updated_at, '''') - julianday(substr(ready_updated_at, 1, 10))),
                                abs(2416480.5 + ltrim(updated_at, '''') - julianday(substr(ready_updated_at, 1, 10))),
                                abs(2440587.5 + updated_at / 86400.0 - julianday(substr(ready_updated_at, 1, 10))),
                                abs(2440587.5 + updated_at / 86400000.0 - julianday(substr(ready_updated_at, 1, 10))),
                                abs(2440587.5 + updated_at / 86400000000.0 - julianday(substr(ready_updated_at, 1, 10)))) <= 2),
               iif(lower(trim(updated_at)) in (select marker from markers), 2, 1), 0) as updated_at_lost
    from treated
    limit -1
), offices_lost as not materialized (
    select *,
           iif(ready_name = 'Office ' || legacy_id and trim(name) <> ready_name,
               iif(lower(trim(name)) in (select marker from markers), 2, 1), 0) as name_lost,
           iif(coalesce(ready_address, '') = '',
               iif(lower(trim(address)) in (select marker from markers), 2, 1), 0) as address_lost,
           iif(coalesce(ready_city, '') = '',
               iif(lower(trim(city)) in (select marker from markers), 2, 1), 0) as city_lost,
           iif(coalesce(ready_state, '') = '',
               iif(lower(trim(state)) in (select marker from markers), 2, 1), 0) as state_lost,
           iif(coalesce(ready_zip, '') = '',
               iif(lower(trim(zip)) in (select marker from markers), 2, 1), 0) as zip_lost,
           iif(coalesce(ready_country, '') = '',
               iif(lower(trim(country)) in (select marker from markers), 2, 1), 0) as country_lost,
           iif(coalesce(ready_phone, '') = '',
               iif(lower(trim(phone)) in (select marker from markers), 2, 1), 0) as phone_lost,
           iif(coalesce(ready_tax_rate, '') = '',
               iif(lower(trim(tax_rate)) in (select marker from markers), 2, 1), 0) as tax_rate_lost,
           iif(ready_valid = 'false' and lower(trim(valid)) not in (select no from words),
               iif(lower(trim(valid)) in (select marker from markers), 2, 1), 0) as valid_lost
    from offices
    limit -1
), profiles as materialized (
    select sum(first_name <> '' and first_name_lost < 2) as first_name, sum(first_name <> '' and first_name_lost = 1) as first_name_lost,
           sum(last_name <> '' and last_name_lost < 2) as last_name, sum(last_name <> '' and last_name_lost = 1) as last_name_lost,
           sum(email <> '' and email_lost < 2) as email, sum(email <> '' and email_lost = 1) as email_lost,
           sum(email <> '' and email_lost = 1
               and lower(trim(email)) in (select address from shared)) as email_shared,
           sum(date_joined <> '' and date_joined_lost < 2) as date_joined, sum(date_joined <> '' and date_joined_lost = 1) as date_joined_lost,
           sum(is_active <> '' and is_active_lost < 2) as is_active, sum(is_active <> '' and is_active_lost = 1) as is_active_lost
    from users_lost
), patients as materialized (
    select sum(birthdate <> '' and birthdate_lost < 2) as birthdate, sum(birthdate <> '' and birthdate_lost = 1) as birthdate_lost,
           sum(birthdate <> '' and birthdate_lost = 1
               and birthdate glob '[0-9][0-9][0-9][0-9][-/][0-9][0-9][-/][0-9][0-9]*'
               and (substr(birthdate, 1, 4) < '1900'
                    or replace(birthdate, '/', '-') > (select substr(value, 1, 10) from facts where name = 'extract_completed_at')
                    or date(replace(substr(birthdate, 1, 10), '/', '-'), '+0 days')
                       is not replace(substr(birthdate, 1, 10), '/', '-'))) as birthdate_explained,
           sum(sex <> '' and sex_lost < 2) as sex, sum(sex <> '' and sex_lost = 1) as sex_lost,
           sum(doctor_id <> '' and doctor_id_lost < 2) as doctor_id, sum(doctor_id <> '' and doctor_id_lost = 1) as doctor_id_lost,
           sum(doctor_id <> '' and doctor_id_lost = 1
               and doctor_id not glob '*[^0-9]*'
               and not exists (select 1 from ready_profiles y where y.legacy_id = cast(ltrim(doctor_id, '''="') as integer))) as doctor_id_explained,
           sum(office_id <> '' and office_id_lost < 2) as office_id, sum(office_id <> '' and office_id_lost = 1) as office_id_lost,
           sum(office_id <> '' and office_id_lost = 1
               and office_id not glob '*[^0-9]*'
               and not exists (select 1 from ready_practices y where y.legacy_id = cast(ltrim(office_id, '''="') as integer))) as office_id_explained,
           sum(updated_at <> '' and updated_at_lost < 2) as updated_at, sum(updated_at <> '' and updated_at_lost = 1) as updated_at_lost
    from treated_lost
), practices as materialized (
    select sum(name <> '' and name_lost < 2) as name, sum(name <> '' and name_lost = 1) as name_lost,
           sum(address <> '' and address_lost < 2) as address, sum(address <> '' and address_lost = 1) as address_lost,
           sum(city <> '' and city_lost < 2) as city, sum(city <> '' and city_lost = 1) as city_lost,
           sum(state <> '' and state_lost < 2) as state, sum(state <> '' and state_lost = 1) as state_lost,
           sum(zip <> '' and zip_lost < 2) as zip, sum(zip <> '' and zip_lost = 1) as zip_lost,
           sum(country <> '' and country_lost < 2) as country, sum(country <> '' and country_lost = 1) as country_lost,
           sum(phone <> '' and phone_lost < 2) as phone, sum(phone <> '' and phone_lost = 1) as phone_lost,
           sum(tax_rate <> '' and tax_rate_lost < 2) as tax_rate, sum(tax_rate <> '' and tax_rate_lost = 1) as tax_rate_lost,
           sum(valid <> '' and valid_lost < 2) as valid, sum(valid <> '' and valid_lost = 1) as valid_lost
    from offices_lost
), bound (entity, field, legacy_id, fate, raw, is_dangling) as not materialized (
    -- references without which a record is none
    select k.entity, 'user_id', k.legacy_id, k.fate, trim(t.user_id),
           not exists (select 1 from legacy_auth_user u where u.legacy_id = cast(ltrim(t.user_id, '''="') as integer))
    from records k join legacy_dispatch_patient t using (legacy_id) where k.entity = 'patients'
    union all
    select k.entity, 'user_id', k.legacy_id, k.fate, trim(m.user_id),
           not exists (select 1 from legacy_auth_user u where u.legacy_id = cast(ltrim(m.user_id, '''="') as integer))
    from records k join legacy_dispatch_office_doctors m using (legacy_id) where k.entity = 'practice_members'
    union all
    select k.entity, 'office_id', k.legacy_id, k.fate, trim(m.office_id),
           not exists (select 1 from legacy_dispatch_office o where o.legacy_id = cast(ltrim(m.office_id, '''="') as integer))
    from records k join legacy_dispatch_office_doctors m using (legacy_id) where k.entity = 'practice_members'
    union all
    select k.entity, 'doctor_id', k.legacy_id, k.fate, trim(o.doctor_id),
           not exists (select 1 from legacy_auth_user u where u.legacy_id = cast(ltrim(o.doctor_id, '''="') as integer))
    from records k join legacy_dispatch_office o using (legacy_id) where k.entity = 'practice_owners'
), columns (entity, field, given, lost, explained) as (
    select 'profiles', 'first_name', first_name, first_name_lost, 0 from profiles union all
    select 'profiles', 'last_name', last_name, last_name_lost, 0 from profiles union all
    select 'profiles', 'email', email, email_lost - email_shared, 0 from profiles union all
    select 'profiles', 'date_joined', date_joined, date_joined_lost, 0 from profiles union all
    select 'profiles', 'is_active', is_active, is_active_lost, 0 from profiles union all
    select 'patients', 'birthdate', birthdate, birthdate_lost, birthdate_explained from patients union all
    select 'patients', 'sex', sex, sex_lost, 0 from patients union all
    select 'patients', 'doctor_id', doctor_id, doctor_id_lost, doctor_id_explained from patients union all
    select 'patients', 'office_id', office_id, office_id_lost, office_id_explained from patients union all
    select 'patients', 'updated_at', updated_at, updated_at_lost, 0 from patients union all
    select 'practices', 'name', name, name_lost, 0 from practices union all
    select 'practices', 'address', address, address_lost, 0 from practices union all
    select 'practices', 'city', city, city_lost, 0 from practices union all
    select 'practices', 'state', state, state_lost, 0 from practices union all
    select 'practices', 'zip', zip, zip_lost, 0 from practices union all
    select 'practices', 'country', country, country_lost, 0 from practices union all
    select 'practices', 'phone', phone, phone_lost, 0 from practices union all
    select 'practices', 'tax_rate', tax_rate, tax_rate_lost, 0 from practices union all
    select 'practices', 'valid', valid, valid_lost, 0 from practices union all
    -- a record that waits for another reason has not lost its reference
    select entity, field, count(*),
           sum((fate = 'quarantined' or fate = 'rejected') and (is_dangling or raw glob '*[^0-9]*')),
           sum((fate = 'quarantined' or fate = 'rejected') and is_dangling and raw not glob '*[^0-9]*')
    from bound
    where raw <> '' and raw <> 'null' collate nocase and (entity, legacy_id) not in (select entity, legacy_id from decided)
    group by entity, field
), judged as (
    select entity, field, given, lost - iif(2 * explained > given, 0, explained) as lost from columns
)
select entity, null, field || ': ' || lost || ' of ' || given
from judged
where given >= 3 and lost = given or given >= 20 and lost * iif(field = 'email', 4, 20) > given
