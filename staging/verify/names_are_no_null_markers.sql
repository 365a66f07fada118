-- no ready name, and no place of a practice, is one of the texts by which exports say that there is nothing
-- Some of them are people's names too (None, Nan, Na): these count where both names of a person are the same one, or where a
-- column has one at least five times and more than once in two hundred rows. A practice is never called so.
with markers as materialized (
    select value as marker
    from json_each('["\\n","null","(null)","[null]","<null>","{null}","#null!","n/a","#n/a","#n/d","<na>","(none)","[none]",
                     "<none>","#name?","#ref!","#value!","#div/0!","#num!","#nom?","#valeur!","#wert!","#bezug!","#zahl!","#nombre?",
                     "#valor!","#nome?"]')
), doubtful as materialized (
    select value as marker from json_each('["none","nan","na","nil","nul"]')
), decided as materialized (
    select entity, legacy_id from decisions where superseded_by is null
), people as not materialized (
    select legacy_id, lower(first_name) as first_name, lower(last_name) as last_name
    from ready_profiles
    where (length(first_name) < 12 or length(last_name) < 12)
      and ('profiles', legacy_id) not in (select entity, legacy_id from decided)
), repeated (field, marker, rows) as materialized (
    select 'first_name', first_name, count(*) from people where first_name in (select marker from doubtful) group by 2
    union all
    select 'last_name', last_name, count(*) from people where last_name in (select marker from doubtful) group by 2
), places (legacy_id, field, text) as not materialized (
    select legacy_id, 'name', name from ready_practices
    union all select legacy_id, 'address', address from ready_practices
    union all select legacy_id, 'city', city from ready_practices
    union all select legacy_id, 'state', state from ready_practices
    union all select legacy_id, 'zip_code', zip_code from ready_practices
    union all select legacy_id, 'country', country from ready_practices
    union all select legacy_id, 'phone', phone from ready_practices
)
select 'profiles', legacy_id, 'first_name'
from people
where first_name in (select marker from markers) or first_name = last_name and first_name in (select marker from doubtful)
union all
select 'profiles', legacy_id, 'last_name' from people where last_name in (select marker from markers)
union all
select 'profiles', null, field || ': ' || rows || ' of ' || (select count(*) from ready_profiles)
from repeated
where rows >= 5 and rows * 200 > (select count(*) from ready_profiles)
union all
select 'practices', legacy_id, field
from places
where (lower(text) in (select marker from markers)
       or field = 'name' and lower(text) in (select marker from doubtful))
  and ('practices', legacy_id) not in (select entity, legacy_id from decided)
