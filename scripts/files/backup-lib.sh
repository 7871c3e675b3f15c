#!/usr/bin/env bash
# /etc/homeport/backup/lib.sh: what backup.sh and drill.sh of one database share. The database's folder, such as
# /opt/backups/postgres, is the one that the calling script lies in; its settings are in NAME.conf.
set -Eeuo pipefail
umask 077
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${HOMEPORT_PATH:+:${HOMEPORT_PATH}}
: "${HOMEPORT_ROOT:=}" # tests put another root in front of every path

# shellcheck disable=SC2154 # container, user, database, system, stack: from NAME.conf
function load_settings() {
  dir="$1"
  name="${dir##*/}"
  etc="${HOMEPORT_ROOT}/etc/homeport/backup"
  # shellcheck disable=SC1090 # written by 90-backup.sh
  source "${etc}/${name}.conf"
  set -a
  # shellcheck disable=SC1091 # repository and credentials; without a repository there are local copies only
  source "${etc}/env"
  set +a
  export RESTIC_CACHE_DIR="${HOMEPORT_ROOT}/var/cache/homeport-restic"
}

# Where the log's disk is full too, whoever waits for the report must hear of it all the same.
function log() { printf '%s %s: %s\n' "$(date -u +%FT%TZ)" "${0##*/}" "$*" || true; }

# lock NAME: one at a time. A run that hangs does not keep the next one waiting for ever.
function lock() {
  mkdir -p "${HOMEPORT_ROOT}/run/lock"
  exec 9>"${HOMEPORT_ROOT}/run/lock/homeport-$1-${name}"
  flock -w "${HOMEPORT_LOCK_SECONDS:-900}" 9 || die "another run holds the lock"
}

reason=''
function die() {
  reason="$*"
  exit 1
}

# tell EVENT: says a failure to the address from config. It may hold a token, so it is on no command line.
function tell() {
  local body
  [[ -n "${HOMEPORT_REPORT_URL:-}" ]] || return 0
  body=$(jq -nc --arg event "$1" --arg error "${reason}" --arg at "$(date -u +%FT%TZ)" --arg system "${system}" \
    --arg stack "${stack}" --arg database "${database}" \
    '{event: $event, ok: false, error: $error, at: $at, system: $system, stack: $stack, database: $database}')
  printf 'url = "%s"\n' "${HOMEPORT_REPORT_URL}" |
    curl -fsS -m 20 --retry 2 -o /dev/null -H 'content-type: application/json' --data-binary "${body}" --config - ||
    log "the failure could not be told to the report address"
}

function has_repository() { [[ -n "${RESTIC_REPOSITORY:-}" ]]; }

# make_repository: unless it is there. One at a time: two made at once would be one that neither of them can read.
function make_repository() {
  mkdir -p "${HOMEPORT_ROOT}/run/lock"
  exec 7>"${HOMEPORT_ROOT}/run/lock/homeport-repository"
  flock -w 300 7 || die "another run keeps making the repository"
  if ! timeout "${ANSWER_SECONDS:-120}" restic -q cat config >/dev/null 2>&1; then
    # refuses where there is a repository, whatever was wrong with the question
    timeout "${ANSWER_SECONDS:-120}" restic -q init || die "the repository does not answer, or not with these credentials"
    log "made the repository"
  fi
  exec 7>&-
}

# is_intact FILE.sql: it is the file that its manifest describes.
function is_intact() {
  local wanted
  wanted=$(jq -er .dump_sha256 "${1%.sql}.manifest.json" 2>/dev/null) || return 1
  [[ "$(sha256sum <"$1" 2>/dev/null)" == "${wanted}  -" ]]
}

# write_file PATH <CONTENT: all of it or nothing, and on the disk.
function write_file() {
  cat >"$1.tmp"
  sync "$1.tmp"
  mv -f "$1.tmp" "$1"
}
