#!/usr/bin/env bats
# What units use: /proc is a folder of files, the application's answers are stubs.
# shellcheck disable=SC2016 # stubs expand when they run
load support

prepare() {
  export HOMEPORT_WINDOW=0
  SCRIPT="${STATE}/limits.sh"
  with_stubs limits.sh >"${SCRIPT}"
  mkdir -p "${HOMEPORT_ROOT}/etc/homeport/limits" "${HOMEPORT_ROOT}/opt/api" "${HOMEPORT_ROOT}/run" "${HOMEPORT_ROOT}/proc"
  jq -n '{unit: "api", folder: "/opt/api", port: 8000, path: "/up", limits: {responseMs: 500, memoryMb: 100, freeDiskMb: 1}}' \
    >"${HOMEPORT_ROOT}/etc/homeport/limits/api.json"
  process 11 system.slice/api.service 40960
  process 12 system.slice/api.service/worker 20480
  process 13 system.slice/other-api.service 999999
  stub curl 'printf 0.012'
}

with_stubs() { sed "s#^export LC_ALL=C PATH=#export LC_ALL=C PATH=${STUBS}:#" "${REPOSITORY}/scripts/files/$1"; }

# process ID CGROUP KILOBYTES
function process() {
  mkdir -p "${HOMEPORT_ROOT}/proc/$1"
  printf '1:name=systemd:/%s\n0::/%s\n' "$2" "$2" >"${HOMEPORT_ROOT}/proc/$1/cgroup"
  printf 'Rss:   1 kB\nPss:   %d kB\nPss_Anon:  7 kB\n' "$3" >"${HOMEPORT_ROOT}/proc/$1/smaps_rollup"
  printf '%d (a) b) S 1 1 1 0 -1 0 0 0 0 0 5 5 0 0 20 0\n' "$1" >"${HOMEPORT_ROOT}/proc/$1/stat"
}

# told: lines that a report has sent.
function backups() {
  mkdir -p "${HOMEPORT_ROOT}/etc/homeport/backup" "${HOMEPORT_ROOT}/opt/backups/files"
  with_stubs backup-lib.sh >"${HOMEPORT_ROOT}/etc/homeport/backup/lib.sh"
  printf 'system=shop\nstack=prod\ndatabase=files\n' >"${HOMEPORT_ROOT}/etc/homeport/backup/files.conf"
  printf 'HOMEPORT_REPORT_URL=https://alarm.example/x\n' >"${HOMEPORT_ROOT}/etc/homeport/backup/env"
  stub curl 'case "$*" in *--config*) printf "%s\n" "$*" >>"${STATE}/told" ;; *) printf 0.9 ;; esac'
}

@test "limits: memory is that of the unit's own processes, and the answer is the middle one of five" {
  run -0 bash "${SCRIPT}"
  [[ "$(jq -c '[.unit, .used.memoryMb, .used.responseMs, .used.cpuPercent]' <<<"${output}")" == '["api",60,12,0]' ]]
  [[ "$(jq .used.freeDiskMb <<<"${output}")" -gt 1 ]]
}

@test "limits: one that does not answer is slow" {
  stub curl 'exit 7'
  run -0 bash "${SCRIPT}"
  [[ "$(jq .used.responseMs <<<"${output}")" == 60000 ]]
}

@test "limits: over a limit twice in a row is told, once; what is over and comes back is told again" {
  backups
  run -0 bash "${SCRIPT}" report
  [[ -z "${output}" && ! -e "${STATE}/told" ]]
  run -0 bash "${SCRIPT}" report
  [[ "${output}" == 'api: responseMs is 900, limit 500' ]]
  grep -q '"event":"limit-exceeded","ok":false,"error":"api: responseMs is 900, limit 500".*"database":"api"' "${STATE}/told"
  run -0 bash "${SCRIPT}" report
  [[ -z "${output}" && $(wc -l <"${STATE}/told") -eq 1 ]]
  stub curl 'printf 0.1'
  run -0 bash "${SCRIPT}" report
  backups
  bash "${SCRIPT}" report
  bash "${SCRIPT}" report
  [[ $(wc -l <"${STATE}/told") -eq 2 ]]
}

@test "limits: without a backup to tell by, the journal has it" {
  stub curl 'printf 0.9'
  bash "${SCRIPT}" report
  run -0 bash "${SCRIPT}" report
  [[ "${output}" == 'api: responseMs is 900, limit 500' ]]
}

@test "78-unit-limits: what is declared is there, what is not any more is gone, and check mode says so" {
  stub systemctl 'case "$1" in is-enabled) echo enabled ;; is-active) echo active ;; esac'
  touch "${HOMEPORT_ROOT}/etc/homeport/limits/gone.json"
  function input() {
    printf 'script homeport-limits %s\nlimits api %s\n' "$(base64 -w0 <"${SCRIPT}")" "$(base64 -w0 <<<'{}')"
  }
  input >"${STATE}/input"
  run -0 remote 78-unit-limits.sh <"${STATE}/input"
  [[ "$(mode_of /usr/local/sbin/homeport-limits)" == 755 ]]
  [[ ! -e "${HOMEPORT_ROOT}/etc/homeport/limits/gone.json" ]]
  called 'systemctl enable --now --quiet homeport-limits.timer'
  run -0 remote 78-unit-limits.sh <"${STATE}/input"
  [[ "${output}" == unchanged ]]
  touch "${HOMEPORT_ROOT}/etc/homeport/limits/gone.json"
  HOMEPORT_CHECK=1 run -0 remote 78-unit-limits.sh <"${STATE}/input"
  [[ "$(finding "${lines[0]}")" == '/etc/homeport/limits/gone.json|no file|a file' ]]
}
