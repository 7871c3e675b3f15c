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
  PATH="${etc}/sftp:${PATH}" # the ssh that restic calls, where the repository is over SFTP
  export RESTIC_CACHE_DIR="${HOMEPORT_ROOT}/var/cache/homeport-restic"
}

# Where the log's disk is full too, whoever waits for the report must hear of it all the same.
function log() { printf '%s %s: %s\n' "$(date -u +%FT%TZ)" "${0##*/}" "$*" || true; }

# lock NAME: one at a time. A run that hangs does not keep the next one waiting for ever.
function lock() {
  mkdir -p "${HOMEPORT_ROOT}/run/lock"
  exec 9>"${HOMEPORT_ROOT}/run/lock/homeport-$1-${name}"
  flock -w "${HOMEPORT_LOCK_SECONDS:-900}" 9 || die "another run holds the lock"
  is_mine=true
}
is_mine=false # this run has the lock

reason=''
function die() {
  reason="$*"
  exit 1
}

# watch: however the script ends, its `finish` is called and there is a reason.
function watch() {
  trap 'failed_line=${LINENO}' ERR
  trap finish EXIT
  trap 'die "stopped by a signal"' INT TERM HUP
}

# has_failed STATUS: the log says why.
function has_failed() {
  if [[ $1 -eq 0 ]]; then return 1; fi
  : "${reason:=ended with status $1 at line ${failed_line:-?}}"
  log "FAILED: ${reason}"
}

# finish_backup STATUS: a failure is told, and LAST_RUN.txt says how the last run ended, for `homeport verify`. It is
# taken away when a run begins: one that is killed, or finds the disk full, leaves none.
function finish_backup() {
  if has_failed "$1"; then tell backup-failed; fi
  if [[ "${is_mine}" == false ]]; then return 0; fi
  write_file "${dir}/LAST_RUN.txt" < <(printf '%s=%s\n' ended_at "$(date -u +%FT%TZ)" status "$1" reason "${reason//$'\n'/ }") ||
    log "LAST_RUN.txt could not be written"
}

# finish_drill STATUS: after one that failed the backup counts no more; drill.json, which `evidence` writes, says why.
function finish_drill() {
  if ! has_failed "$1"; then return 0; fi
  if [[ -e "${dir}/LAST_SUCCESS.txt" ]]; then mv -f "${dir}/LAST_SUCCESS.txt" "${dir}/LAST_SUCCESS.stale.txt"; fi
  evidence false || log "drill.json could not be written"
  tell drill-failed
}

# elapsed SINCE: seconds since then, an ${EPOCHREALTIME}.
function elapsed() { awk -v a="$1" -v b="${EPOCHREALTIME}" 'BEGIN { printf "%.1f", b - a }'; }

# tell EVENT: says a failure to the address and by mail to whom config names.
function tell() {
  local body
  body=$(jq -nc --arg event "$1" --arg error "${reason}" --arg at "$(date -u +%FT%TZ)" --arg system "${system}" \
    --arg stack "${stack}" --arg database "${database}" \
    '{event: $event, ok: false, error: $error, at: $at, system: $system, stack: $stack, database: $database}')
  if [[ -n "${HOMEPORT_REPORT_URL:-}" ]]; then
    call "${HOMEPORT_REPORT_URL}" -H 'content-type: application/json' --data-binary "${body}" ||
      log "the failure could not be told to the report address"
  fi
  if [[ -n "${HOMEPORT_REPORT_MAIL:-}" ]]; then
    mail "$1" "${body}" || log "the failure could not be mailed"
  fi
}

# setting NAME VALUE: a line of curl's config, which it reads from stdin: what may be a secret is on no command line.
function setting() {
  local value="${2//\\/\\\\}"
  printf '%s = "%s"\n' "$1" "${value//\"/\\\"}"
}

# call URL [OPTION ...]
function call() {
  local url="$1"
  shift
  setting url "${url}" | curl -fsS -m 20 --retry 2 -o /dev/null "$@" --config -
}

# mail EVENT BODY: through the server that config names, over TLS only. No temporary file: the disk may be full.
function mail() {
  {
    setting url "${HOMEPORT_SMTP_SERVER}"
    setting user "${HOMEPORT_SMTP_USERNAME}:${HOMEPORT_SMTP_PASSWORD}"
  } | curl -fsS -m 60 --ssl-reqd -o /dev/null --mail-from "${HOMEPORT_SMTP_FROM}" --mail-rcpt "${HOMEPORT_REPORT_MAIL}" \
    --upload-file <(message "$@") --config -
}

function message() {
  {
    printf '%s\n' "From: <${HOMEPORT_SMTP_FROM}>" "To: <${HOMEPORT_REPORT_MAIL}>" "Date: $(date -R)" \
      "Message-ID: <$(date +%s).$$.${RANDOM}@${HOMEPORT_SMTP_FROM#*@}>" "Subject: ${system}-${stack}: $1 of ${database}" \
      'MIME-Version: 1.0' 'Content-Type: text/plain; charset=utf-8' 'Content-Transfer-Encoding: 8bit' ''
    jq -r '"\(.error)", "", "\(.event) of \(.database) on \(.system)-\(.stack) at \(.at)"' <<<"$2"
    printf 'More: homeport ssh -- sudo %s\n' "${more:-tail -n 20 /var/log/${name}-backup.log}"
  } | sed 's/$/\r/'
}

# beat: once everything of the system was backed up since the last time, says so to the heartbeat address: whoever
# listens there misses it when a night fails, and also when the server is off.
function beat() {
  local last="${etc}/heartbeat" script success
  [[ -n "${HOMEPORT_HEARTBEAT_URL:-}" ]] || return 0
  for script in "${dir%/*}"/*/backup.sh; do
    success="${script%/*}/LAST_SUCCESS.txt"
    [[ -e "${success}" ]] || return 0
    [[ ! -e "${last}" || "${success}" -nt "${last}" ]] || return 0
  done
  if call "${HOMEPORT_HEARTBEAT_URL}"; then touch "${last}"; else log "the heartbeat address could not be told"; fi
}

function has_repository() { [[ -n "${RESTIC_REPOSITORY:-}" ]]; }

# host_key_too: what else it may be over SFTP; ssh's own words are in the log.
function host_key_too() {
  if [[ "${RESTIC_REPOSITORY}" == sftp:* ]]; then printf ', or by another host key than homeport:backupHostKey'; fi
}

# make_repository: unless it is there. One at a time: two made at once would be one that neither of them can read.
function make_repository() {
  mkdir -p "${HOMEPORT_ROOT}/run/lock"
  exec 7>"${HOMEPORT_ROOT}/run/lock/homeport-repository"
  flock -w 300 7 || die "another run keeps making the repository"
  if ! timeout "${ANSWER_SECONDS:-120}" restic -q cat config >/dev/null 2>&1; then
    # refuses where there is a repository, whatever was wrong with the question
    timeout "${ANSWER_SECONDS:-120}" restic -q init || die "the repository does not answer, or not with these credentials$(host_key_too)"
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

# write_file PATH [MODE] <CONTENT: all of it or nothing, and on the disk.
function write_file() {
  cat >"$1.tmp"
  if [[ -n "${2:-}" ]]; then chmod "$2" "$1.tmp"; fi
  sync "$1.tmp"
  mv -f "$1.tmp" "$1"
}
