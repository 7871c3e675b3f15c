#!/usr/bin/env bash
# /usr/local/sbin/homeport-limits [report]: what each unit with limits uses now, a JSON object a line (S2-23). With `report`,
# by homeport-limits.timer: a unit that is over a limit twice in a row is told of where failed backups are.
set -Eeuo pipefail
umask 077
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
: "${HOMEPORT_ROOT:=}" # tests put another root in front of every path
readonly WINDOW=3

# Not MemoryCurrent and CPUUsageNSec: those count the page cache, and the programs that ran before the service.
function pids() { grep -lE "/$1\.service(/|\$)" "${HOMEPORT_ROOT}"/proc/[0-9]*/cgroup 2>/dev/null | sed -E 's|.*/([0-9]+)/cgroup|\1|'; }

# memory_mb UNIT: what two processes share counts once.
function memory_mb() {
  local pid
  for pid in $(pids "$1"); do sed -n 's/^Pss: *\([0-9]*\) kB$/\1/p' "${HOMEPORT_ROOT}/proc/${pid}/smaps_rollup" 2>/dev/null || true; done |
    awk '{ sum += $1 } END { printf "%d", sum / 1024 }'
}

# ticks UNIT: of a core, in all processes and those that they have waited for.
function ticks() {
  local pid
  for pid in $(pids "$1"); do sed 's/.*) //' "${HOMEPORT_ROOT}/proc/${pid}/stat" 2>/dev/null || true; done |
    awk '{ sum += $12 + $13 + $14 + $15 } END { printf "%d", sum }'
}

# response_ms PORT PATH: the middle one of five; a minute for one that does not answer.
function response_ms() {
  local took
  for _ in 1 2 3 4 5; do
    took=$(curl -sf -m 10 -o /dev/null -w '%{time_total}' "http://127.0.0.1:$1$2") || took=60
    printf '%s\n' "${took}"
  done | sort -g | awk 'NR == 3 { printf "%d", $1 * 1000 }'
}

# measure FILE: before and after a window in which nothing is asked.
function measure() {
  local unit folder port path before after used
  read -r unit folder port path < <(jq -r '[.unit, .folder, .port, .path] | join(" ")' "$1")
  before=$(ticks "${unit}")
  sleep "${HOMEPORT_WINDOW:-${WINDOW}}"
  after=$(ticks "${unit}")
  used=$(awk -v a="${before}" -v b="${after}" -v hz="$(getconf CLK_TCK)" -v s="${WINDOW}" 'BEGIN { p = (b - a) * 100 / hz / s; printf "%d", p < 0 ? 0 : p }')
  jq -c --argjson responseMs "$(response_ms "${port}" "${path}")" --argjson memoryMb "$(memory_mb "${unit}")" \
    --argjson cpuPercent "${used}" --argjson freeDiskMb "$(df -BM --output=avail "${HOMEPORT_ROOT}${folder}" | tail -n 1 | tr -dc 0-9)" \
    '{unit, limits, used: $ARGS.named}' "$1"
}

function over() {
  jq -r '.used as $used | [.limits | to_entries[] | . as {$key, $value} | $used[$key] as $is |
    select(if $key == "freeDiskMb" then $is < $value else $is > $value end) | "\($key) is \($is), limit \($value)"] | join(", ")'
}

# shellcheck disable=SC2030,SC2031 # meant
# say UNIT TEXT: in a shell of its own, since the backups' settings have names of their own.
function say() (
  local files
  printf '%s: %s\n' "$1" "$2"
  files=$(find "${HOMEPORT_ROOT}/etc/homeport/backup" -maxdepth 1 -name '*.conf' 2>/dev/null | sort | head -n 1) || true
  [[ -n "${files}" ]] || return 0
  # shellcheck source=scripts/files/backup-lib.sh
  source "${HOMEPORT_ROOT}/etc/homeport/backup/lib.sh"
  load_settings "${HOMEPORT_ROOT}/opt/backups/$(basename "${files}" .conf)"
  # shellcheck disable=SC2034 # for tell
  reason="$1: $2" database="$1" more="journalctl -u homeport-limits"
  tell limit-exceeded
)

# shellcheck disable=SC2031
function report() {
  local line unit text state count
  while IFS= read -r line; do
    unit=$(jq -r .unit <<<"${line}") text=$(over <<<"${line}")
    state="${HOMEPORT_ROOT}/run/homeport-limits-${unit}"
    if [[ -z "${text}" ]]; then
      rm -f "${state}"
      continue
    fi
    count=$(($(cat "${state}" 2>/dev/null || echo 0) + 1))
    printf '%d\n' "${count}" >"${state}"
    if [[ ${count} -eq 2 ]]; then say "${unit}" "${text}"; fi
  done
}

# shellcheck disable=SC2031
function main() {
  local file
  for file in "${HOMEPORT_ROOT}"/etc/homeport/limits/*.json; do
    [[ -e "${file}" ]] || continue
    measure "${file}"
  done
}

if [[ "${1:-}" == report ]]; then main | report; else main; fi
