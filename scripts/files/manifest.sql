-- What a database holds, one JSON line a table: rows, and a hash of their contents that knows no order. Run by
-- `psql -XqAt` in the snapshot of a dump, and again where that dump was restored: the lines must be the same.
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET bytea_output = 'hex';
SET extra_float_digits = 3;
SET xmloption = 'content';
SET search_path = pg_catalog;
SELECT pg_catalog.format(
  $$SELECT json_build_object('name', %L, 'rows', count(*), 'hash', md5(count(*) || ':' ||
      coalesce(sum(('x' || left(md5(homeport_row::text), 16))::bit(64)::bigint::numeric), 0) || ':' ||
      coalesce(sum(('x' || right(md5(homeport_row::text), 16))::bit(64)::bigint::numeric), 0)))
    FROM ONLY %I.%I AS homeport_row$$,
  pg_catalog.format('%I.%I', n.nspname, c.relname), n.nspname, c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d -- an extension brings its own
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname
\gexec
