#!/usr/bin/env bash
# What a database holds, in a form that can be compared: for the backup, the drill and the restore alike.

# database_tables CONTAINER USER DATABASE [SNAPSHOT]: a JSON array of every table with its rows and a hash over them,
# sorted by name. SNAPSHOT is an exported one: then it is what a dump in the same snapshot holds. The hash is a sum over
# the rows' hashes, so it needs no order and no memory; the settings fix how a value is written as text.
function database_tables() {
  local container="$1" user="$2" database="$3" snapshot="${4:-}" start=''
  if [[ -n "${snapshot}" ]]; then start="SET TRANSACTION SNAPSHOT :'snapshot';"; fi
  docker exec -i "${container}" psql -X -q -A -t -v ON_ERROR_STOP=1 -v "snapshot=${snapshot}" -U "${user}" \
    -d "${database}" <<SQL | jq -sc 'sort_by(.name)'
SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET bytea_output = 'hex';
SET extra_float_digits = 1; SET xmlbinary = 'base64'; SET search_path = '';
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
${start}
SELECT format(\$\$SELECT json_build_object('name', %L, 'rows', count(*), 'hash', md5(concat_ws(',', count(*),
  sum(('x' || left(h, 16))::bit(64)::bigint::numeric), sum(('x' || right(h, 16))::bit(64)::bigint::numeric))))
  FROM (SELECT md5(t::text) AS h FROM ONLY %I.%I t) AS hashed\$\$, n.nspname || '.' || c.relname, n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
\gexec
COMMIT;
SQL
}
