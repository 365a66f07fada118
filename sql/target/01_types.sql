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
    if to_regtype('case_type') is null then
        create type case_type as enum ('initial_consultation', 'treatment_planning', 'active_treatment', 'refinement',
                                       'retention', 'emergency', 'follow_up');
    end if;
    if to_regtype('case_state') is null then
        create type case_state as enum ('submitted', 'under_review', 'planning', 'approved', 'in_production',
                                        'quality_check', 'shipped', 'delivered', 'completed', 'on_hold', 'cancelled');
    end if;
    if to_regtype('project_type') is null then
        create type project_type as enum ('scan', 'model', 'simulation', 'treatment_plan', 'aligner_design', 'impression',
                                          'xray', 'photo', 'document', 'other');
    end if;
    if to_regtype('project_status') is null then
        create type project_status as enum ('draft', 'in_progress', 'review', 'approved', 'archived', 'deleted');
    end if;
end
$$;
