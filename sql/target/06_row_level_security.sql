-- nobody but the owner of the tables sees a row until the application's own policies say who may
alter table practices enable row level security;
alter table profiles enable row level security;
alter table patients enable row level security;
alter table practice_members enable row level security;
