-- every legacy record has exactly one fate, and its rows agree with it
select entity, legacy_id, problem from v_unaccounted
