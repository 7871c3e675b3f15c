#!/usr/bin/env bash
# The archive of a database server: base backups and the write-ahead log in the object store, and how one becomes a
# database as it was at a moment. Needs `name` (whose archive), container, user, database, system, stack, and the
# repository's settings in the environment. Below the archive's folder:
#   STREAM/base/BEGAN/NNNN         a base backup (tar, zstd), in pieces that are one request each
#   STREAM/base/BEGAN.ENDED.json   says that it is whole, and was replayed
#   STREAM/names/BEGAN.zst    everything that was in the archive when that base backup counted
#   STREAM/wal/SEGMENT.zst    what the server has finished writing
#   STREAM/parts/SEGMENT.STAMP.OFFSET.zst   the growing segment from a byte on, as it was at a moment
#   STREAM/seen/STAMP         nothing new until then
# A stream is the log of one replication slot: it has no gap. A STAMP is UTC, 20261121T030000123Z.

readonly SEGMENT_NAME='[0-9A-F]{24}'

# store_is REPOSITORY: splits s3:https://HOST/BUCKET/PATH; anything else has no archive.
function store_is() {
  [[ "$1" =~ ^s3:(https?://[^/]+)/([^/]+)(/(.*))?$ ]] || return 1
  store_url="${BASH_REMATCH[1]}" store_bucket="${BASH_REMATCH[2]}" store_path="${BASH_REMATCH[4]%/}"
}

function has_archive() { store_is "${RESTIC_REPOSITORY:-}" && command -v rclone >/dev/null; }

# store_region: asked of the store itself, which names its region when it refuses another one's signature.
function store_region() {
  local answer
  answer=$(printf 'user = "%s:%s"\n' "${AWS_ACCESS_KEY_ID}" "${AWS_SECRET_ACCESS_KEY}" |
    curl -sS -m 20 --config - --aws-sigv4 aws:amz:us-east-1:s3 "${store_url}/${store_bucket}?location=") || return 1
  answer=$(sed -nE 's,.*<(LocationConstraint|Region)[^>]*>([A-Za-z0-9-]+)</.*,\2,p' <<<"${answer}" | head -n 1)
  printf '%s\n' "${answer:-us-east-1}"
}

# open_archive: rclone's settings, in the environment alone; `archive:` is the folder of this server's archive. Objects
# are encrypted with the repository's password; their names tell segments and times, no more.
function open_archive() {
  local region password
  store_is "${RESTIC_REPOSITORY:-}" || return 1
  region=$(store_region) || return 1
  password=$(printf '%s' "${RESTIC_PASSWORD}" | rclone obscure -) || return 1
  export RCLONE_CONFIG=/dev/null RCLONE_CONFIG_STORE_TYPE=s3 RCLONE_CONFIG_STORE_PROVIDER=Other \
    RCLONE_CONFIG_STORE_ENDPOINT="${store_url}" RCLONE_CONFIG_STORE_REGION="${region}" \
    RCLONE_CONFIG_STORE_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID}" \
    RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY}" \
    RCLONE_CONFIG_STORE_NO_CHECK_BUCKET=true RCLONE_CONFIG_STORE_NO_HEAD=true RCLONE_CONFIG_STORE_UPLOAD_CUTOFF=1G \
    RCLONE_CONFIG_ARCHIVE_TYPE=crypt RCLONE_CONFIG_ARCHIVE_PASSWORD="${password}" \
    RCLONE_CONFIG_ARCHIVE_REMOTE="store:${store_bucket}/${store_path:+${store_path}/}point-in-time/${system}-${stack}/${archive:-${name}}" \
    RCLONE_CONFIG_ARCHIVE_FILENAME_ENCRYPTION=off RCLONE_CONFIG_ARCHIVE_DIRECTORY_NAME_ENCRYPTION=false
}

function stored() { timeout 1800 rclone --retries 2 --low-level-retries 3 --contimeout 10s "$@"; }

function stamp() { date -u +%Y%m%dT%H%M%S%3NZ; }

# time_of STAMP: RFC 3339.
function time_of() { sed -E 's/^(....)(..)(..)T(..)(..)(..)(...)Z$/\1-\2-\3T\4:\5:\6.\7Z/' <<<"$1"; }

# stamp_at TIME
function stamp_at() { date -u -d "$1" +%Y%m%dT%H%M%S%3NZ; }

# names_in FOLDER: one a line, sorted; nothing where there is no such folder.
function names_in() {
  local names code=0
  names=$(stored lsf "archive:$1" 2>"${errors:-/dev/null}") || code=$?
  if [[ ${code} -ne 0 && ${code} -ne 3 ]]; then return "${code}"; fi
  sort <<<"${names}" | sed '/^$/d'
}

# list_bases [UNTIL_STAMP]: lines of `BEGAN.ENDED STREAM`, newest first: whole base backups that had ended by then.
function list_bases() {
  local stream streams file
  streams=$(names_in '') || return 1
  for stream in ${streams}; do
    names_in "${stream}base" | while read -r file; do
      if [[ "${file}" == *.json ]]; then printf '%s %s\n' "${file%.json}" "${stream%/}"; fi
    done
  done | sort -r | awk -v until="${1:-9}" '{ split($1, at, "."); if (at[2] "" <= until "") print }'
}

# kept_names: lines of `DAY TIME BYTES PATH`, oldest first, of whatever a recovery could need. Marks of time, and parts of
# segments that are there as a whole, hold nothing of a copy.
function kept_names() {
  local all
  all=$(stored lsf -R --files-only --use-server-modtime --format tsp --separator ' ' archive:) || return 1
  sort <<<"${all}" | awk '
    { split($4, at, "/"); split(at[3], is, "."); line[NR] = $0; kind[NR] = at[2]; segment[NR] = at[1] "/" is[1] }
    at[2] == "wal" { whole[segment[NR]] = 1 }
    END {
      for (i = 1; i <= NR; i++)
        if (kind[i] != "seen" && !(kind[i] == "parts" && segment[i] in whole)) print line[i]
    }'
}

# end_of STREAM: until when the archive knows what the server wrote.
function end_of() {
  { names_in "$1/parts" | cut -d. -f2 && names_in "$1/seen"; } | sort | tail -n 1
}

# fetch_base STREAM BEGAN: into ${work}/data, each file as the server's own manifest has it.
function fetch_base() {
  local pieces piece
  rm -rf "${work}/data"
  install -d -m 700 "${work}/data"
  pieces=$(names_in "$1/base/$2") || return 1
  [[ -n "${pieces}" ]] || {
    echo "base backup $2 is not there" >&2
    return 1
  }
  # one `cat` a piece: the store gives them back in any order otherwise
  for piece in ${pieces}; do stored cat "archive:$1/base/$2/${piece}" || return 1; done |
    zstd -qdc | tar -x --no-same-owner -C "${work}/data" || return 1
  chown -R "${account}" "${work}/data"
  in_image --entrypoint pg_verifybackup "${image}" --no-parse-wal --quiet /homeport/data >&2 || {
    echo "base backup $2 is not what its manifest says" >&2
    return 1
  }
}

# in_image OPTION ...: a container of the database's own image without a network.
function in_image() {
  docker run --rm --network none --user "${account}" --cap-drop ALL --security-opt no-new-privileges \
    -e PGDATA=/homeport/data -v "${work}/data:/homeport/data" -v "${work}/wal:/homeport/wal:ro" "$@"
}

# awk takes names that are digits for numbers, too long for it to tell apart, unless "" makes them words.
# fetch_wal STREAM SEGMENT: the log from that segment on, into ${work}/wal; the growing segment is put together from its
# parts, oldest first: each holds everything from its first byte to what was written then.
function fetch_wal() {
  local all segment part offset last=''
  rm -rf "${work}/wal" "${work}/packed"
  install -d -m 755 "${work}/wal" "${work}/packed"
  all=$(names_in "$1/wal") || return 1
  grep -E "^${SEGMENT_NAME}\.zst$" <<<"${all}" | awk -v from="$2" '$1 "" >= from ""' >"${work}/list" || true
  stored copy --no-traverse --transfers 8 --files-from "${work}/list" "archive:$1/wal" "${work}/packed" || return 1
  while read -r segment; do
    zstd -qd "${work}/packed/${segment}" -o "${work}/wal/${segment%.zst}" || return 1
    last="${segment%.zst}"
  done <"${work}/list"
  all=$(names_in "$1/parts") || return 1
  grep -E "^${SEGMENT_NAME}\." <<<"${all}" | awk -F. -v from="$2" -v last="${last}" '$1 "" >= from "" && $1 "" > last ""' >"${work}/list" || true
  stored copy --no-traverse --transfers 8 --files-from "${work}/list" "archive:$1/parts" "${work}/packed" || return 1
  while IFS=. read -r segment part offset _; do
    zstd -qdc "${work}/packed/${segment}.${part}.${offset}.zst" |
      dd of="${work}/wal/${segment}" bs=1M oflag=seek_bytes seek="$((10#${offset}))" conv=notrunc status=none || return 1
  done < <(sort -t. -k2,2 -k1,1 "${work}/list")
  rm -rf "${work}/packed"
  chmod 644 "${work}"/wal/* 2>/dev/null || true
}

# replay [TIME]: starts the fetched base and applies the log until then, or to its end.
function replay() {
  local -a command
  {
    printf "restore_command = 'cp /homeport/wal/%%f %%p'\nrecovery_target_action = 'promote'\n"
    printf "recovery_target_timeline = 'current'\narchive_mode = off\nssl = off\nlisten_addresses = ''\n"
    if [[ -n "${1:-}" ]]; then printf "recovery_target_time = '%s'\n" "$(date -u -d "$1" '+%F %T.%6N+00')"; fi
  } >>"${work}/data/postgresql.auto.conf"
  printf 'local all all trust\n' >"${work}/data/homeport_hba.conf"
  touch "${work}/data/recovery.signal"
  chown -R "${account}" "${work}/data"
  mapfile -t command < <(docker inspect "${container}" | jq -r '.[0].Config.Cmd[]?')
  docker rm -f -v "${scratch}" >/dev/null 2>&1 || true
  docker run -d --name "${scratch}" --network none --user "${account}" --cap-drop ALL \
    --security-opt no-new-privileges -e PGDATA=/homeport/data -v "${work}/data:/homeport/data" \
    -v "${work}/wal:/homeport/wal:ro" "${image}" "${command[@]:-postgres}" -c fsync=off -c full_page_writes=off \
    -c hba_file=/homeport/data/homeport_hba.conf -c logging_collector=off >/dev/null || return 1
  until [[ "$(in_replayed template1 <<<'SELECT pg_is_in_recovery();' 2>/dev/null)" == f ]]; do
    if [[ "$(docker inspect -f '{{.State.Running}}' "${scratch}" 2>/dev/null)" != true ]]; then
      # nothing was written between the end of the log and the moment that was asked for
      if [[ -n "${1:-}" ]] && docker logs "${scratch}" 2>&1 | grep -q 'recovery ended before configured recovery target'; then
        sed -i '/^recovery_target_time/d' "${work}/data/postgresql.auto.conf"
        replay ''
        return
      fi
      docker logs --tail 5 "${scratch}" >&2
      return 1
    fi
    sleep 0.3
  done
}

function in_replayed() { docker exec -i "${scratch}" psql -XqAt -v ON_ERROR_STOP=1 -U "${user}" -d "${1:-template1}"; }

# prepare_replay FOLDER: the database's image and account, and a place for some gigabytes.
function prepare_replay() {
  work="$1" scratch="homeport-replay-${archive:-${name}}"
  image=$(docker inspect -f '{{.Image}}' "${container}") || return 1
  account=$(data_account) || return 1
  install -d -m 711 "${work}"
}

# data_account: UID:GID of the server's files.
function data_account() {
  # shellcheck disable=SC2016 # for the container's shell
  docker exec "${container}" sh -c 'stat -c %u:%g "${PGDATA}"'
}

function end_replay() {
  docker rm -f -v "${scratch}" >/dev/null 2>&1 || true
  rm -rf "${work}"
}

# replay_archive STREAM BEGAN [TIME]: the server as it was, running as ${scratch}.
function replay_archive() {
  local first
  fetch_base "$1" "$2" || return 1
  first=$(sed -nE 's/^START WAL LOCATION: .*\(file ([0-9A-F]+)\)$/\1/p' "${work}/data/backup_label") || return 1
  fetch_wal "$1" "${first}" && replay "${3:-}"
}
