-- The journal: what was done to the file, in a chain. Each entry holds the hash of the one before, so that none can be changed,
-- removed or moved without every later hash changing too; whoever knows a later head (each command prints it) notices.
-- No entry holds a value of a record or the name of a person: what could be one is there as a commitment, HMAC-SHA256 under
-- facts.journal_key of the row that it speaks of.
--
-- one row is one entry; hash is SHA-256 over these lines, each ended by a line feed, and then the content without one:
-- 'drydock journal 1', sequence, at, kind, run_id or nothing, previous_hash
create table journal (
    sequence      integer primary key check (sequence > 0), -- 1, 2, 3 …
    at            text not null,    -- UTC
    kind          text not null,    -- started, digests, finished, looked, configuration, step, decision, approval, override, load,
                                    -- rollback, checkpoint, sealed
    run_id        integer,
    content       text not null,    -- JSON without spaces, its keys in order
    previous_hash text not null,    -- 64 zeros before the first entry
    hash          text not null
);

create trigger journal_goes_on before insert on journal
when new.sequence is not coalesce((select max(sequence) from journal), 0) + 1
  or new.previous_hash is not coalesce(
      (select hash from journal order by sequence desc limit 1),
      '0000000000000000000000000000000000000000000000000000000000000000')
begin
    select raise(abort, 'the journal is only added to at its end');
end;

create trigger journal_is_not_updated before update on journal
begin
    select raise(abort, 'an entry of the journal is never changed');
end;

create trigger journal_is_not_deleted before delete on journal
begin
    select raise(abort, 'an entry of the journal is never removed');
end;

-- the one row, in a sealed copy only, says that nothing is written to this file any more
create table seal (
    only_row    integer primary key check (only_row = 1),
    sealed_at   text not null,
    is_redacted integer not null check (is_redacted in (0, 1)),
    salt        text not null       -- goes before what the digests of sealed_tables are taken over
);

-- one row is one table of a sealed copy, but for this one
create table sealed_tables (
    table_name text primary key,
    rows       integer not null,
    digest     text not null        -- audit/digest.rs says over what
) without rowid;

-- one row is one command, as the journal has it: one that was killed has no end
create view v_commands as
select s.run_id,
       json_extract(s.content, '$.verb') as verb,
       s.at as started_at,
       f.at as finished_at,
       coalesce(json_extract(f.content, '$.outcome'), 'never finished') as outcome,
       json_extract(f.content, '$.exit_code') as exit_code
from journal s
left join journal f on f.kind = 'finished' and f.run_id = s.run_id
where s.kind = 'started'
order by s.sequence;
