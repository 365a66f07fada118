-- the enum types of an empty target; safe to run twice
do $$
begin
    if to_regtype('user_role') is null then
        create type user_role as enum ('patient', 'doctor', 'technician', 'admin', 'master', 'support', 'unknown');
    end if;
    if to_regtype('practice_role') is null then
        create type practice_role as enum ('owner', 'doctor', 'technician', 'assistant', 'admin');
    end if;
    if to_regtype('gender') is null then
        create type gender as enum ('male', 'female', 'other', 'prefer_not_to_say', 'unknown');
    end if;
end
$$;
