-- The indexes of what `transform` writes. It drops them before it begins and makes them again at its end: one sort is cheaper
-- than finding the place of every row, and ids are in no order.
create index if not exists migration_errors_entity on migration_errors (entity, entity_id);
