# Directories and volumes: backed up, proven and brought back, with restic and SQLite themselves, by a repository that
# is a folder. Only Docker is a stub: its volume is a folder too.
# shellcheck disable=SC2016,SC2030,SC2031 # stubs expand when they run; each test is a process of its own
load support

export LIBRARY="copies.sh application.sh file-copies.sh"
STEP=86-restore-files.sh

prepare() {
  DIR="${HOMEPORT_ROOT}/opt/backups/files" ETC="${HOMEPORT_ROOT}/etc/homeport/backup"
  UPLOADS="${HOMEPORT_ROOT}/srv/app/uploads" VOLUME="${STATE}/volumes/app_files/_data"
  export HOMEPORT_LOCK_SECONDS=0 HOMEPORT_PATH=
  mkdir -p "${DIR}" "${ETC}" "${HOMEPORT_ROOT}/var/tmp" "${HOMEPORT_ROOT}/var/cache/homeport-restic"
  sed "s#^export LC_ALL=C PATH=#export LC_ALL=C PATH=${STUBS}:#" "${REPOSITORY}/scripts/files/backup-lib.sh" >"${ETC}/lib.sh"
  cp "${REPOSITORY}/scripts/files/files.sh" "${ETC}/"
  install -m 700 "${REPOSITORY}/scripts/files/files-backup.sh" "${DIR}/backup.sh"
  install -m 700 "${REPOSITORY}/scripts/files/files-drill.sh" "${DIR}/drill.sh"
  declare -gx RESTIC_REAL
  RESTIC_REAL=$(PATH="${PATH#"${STUBS}:"}" command -v restic)
  printf '%s=%q\n' database files tag files=all system app stack test trees '[
    {"kind": "directory", "name": "/srv/app/uploads", "exclude": ["cache"], "sqlite": ["app.sqlite"]},
    {"kind": "volume", "name": "app_files", "exclude": [], "sqlite": []}]' >"${ETC}/files.conf"
  printf '%s\n' "RESTIC_REPOSITORY=${STATE}/repository" RESTIC_PASSWORD=of-this-test >"${ETC}/env"
  new_server
  touch "${ETC}/files.enabled"
  stub docker '
case "$*" in
"volume inspect"*) [[ -d "${STATE}/volumes/${!#}" ]] && echo "${STATE}/volumes/${!#}/_data" ;;
ps*) echo web1 ;;
inspect*Health*) echo healthy ;;
inspect*) echo web1 /app-web web ;;
esac'
  stub restic '
[[ -z "${KILLED_AT:-}" || "$*" != *"${KILLED_AT}"* ]] || { kill -9 "${PPID}"; sleep 1; }
[[ -z "${CHANGES:-}" || "$*" != *files=data* ]] || echo more >>"${CHANGES}"
exec "${RESTIC_REAL}" "$@"'
}

# new_server: places that are there and empty, and nothing else that outlived the one before but the repository.
new_server() {
  rm -rf "${UPLOADS}" "${VOLUME}" "${ETC}/files.enabled" "${DIR}"/{LAST_SUCCESS.txt,drill.json,restore.json,sqlite,manifest.json}
  mkdir -p "${UPLOADS}" "${VOLUME}"
  chmod 750 "${UPLOADS}"
}

fill() {
  mkdir -p "${UPLOADS}/a b/ünï" "${UPLOADS}/cache" "${VOLUME}/deep"
  printf 'picture %s' "${1:-1}" >"${UPLOADS}/a b/ünï/two
lines.jpg"
  : >"${UPLOADS}/empty"
  ln -sfn 'a b' "${UPLOADS}/link"
  printf 'script' >"${UPLOADS}/odd"
  chmod 4711 "${UPLOADS}/odd"
  printf 'thumbnail' >"${UPLOADS}/cache/thumb"
  head -c 100000 /dev/urandom >"${VOLUME}/deep/random"
  sqlite3 "${UPLOADS}/app.sqlite" "PRAGMA journal_mode=wal; CREATE TABLE IF NOT EXISTS t (x); INSERT INTO t VALUES ('row ${1:-1}');" >/dev/null
}

# look: everything that has to come back, as text.
look() {
  local place
  for place in "${UPLOADS}" "${VOLUME}"; do
    (
      cd "${place}" || exit
      find . -path ./cache -prune -o ! -name 'app.sqlite-*' -printf '%P %y %m %l\n' | sort
      find . -path ./cache -prune -o -type f ! -name 'app.sqlite*' -exec sha256sum {} + | sort
    )
  done
  [[ ! -e "${UPLOADS}/app.sqlite" ]] || sqlite3 "${UPLOADS}/app.sqlite" .dump
}

evidence() { jq -r "$1" "${DIR}/restore.json"; }
enabled() { [[ -e "${ETC}/files.enabled" ]]; }
copies() { RESTIC_PASSWORD=of-this-test "${RESTIC_REAL}" -r "${STATE}/repository" snapshots --json --tag files=all | jq length; }
# replace_manifest JQ: a newest copy that says something else of the same data.
replace_manifest() {
  jq -c "$1" "${DIR}/manifest.json" >"${DIR}/manifest.new" && mv "${DIR}/manifest.new" "${DIR}/manifest.json"
  RESTIC_PASSWORD=of-this-test "${RESTIC_REAL}" -q -r "${STATE}/repository" backup --host app-test --tag files=all "${DIR}/manifest.json"
}

@test "a backup, its drill, and a new server: every name, mode, link, byte and row is back, what is excluded is not" {
  fill
  run -0 "${DIR}/backup.sh"
  run -0 "${DIR}/drill.sh"
  [[ "$(jq -r '[.ok, .files, .changing, .source] | join(" ")' "${DIR}/drill.json")" == "true 5 0 restic" ]]
  look >"${STATE}/before"
  new_server
  run -0 remote "${STEP}" auto </dev/null
  look | diff "${STATE}/before" -
  [[ ! -e "${UPLOADS}/cache" && "$(evidence '[.action, .files, .into] | join(" ")')" == "restored 5 live" ]]
  enabled
  [[ -z "$(find "${UPLOADS%/*}" "${VOLUME%/*}" -maxdepth 1 -name '.*homeport*')$(ls "${HOMEPORT_ROOT}/var/tmp")" ]]
}

@test "86-restore-files: run again it keeps what is there, and asks no repository" {
  fill
  "${DIR}/backup.sh"
  new_server
  run -0 remote "${STEP}" auto </dev/null
  echo new >"${UPLOADS}/later"
  look >"${STATE}/before"
  forget_calls
  run -0 remote "${STEP}" auto </dev/null
  look | diff "${STATE}/before" -
  [[ "$(evidence .action)" == kept-what-is-there ]]
  run ! grep -q '^restic' "${CALLS}"
}

@test "86-restore-files: only what is empty is filled" {
  fill
  "${DIR}/backup.sh"
  new_server
  echo mine >"${VOLUME}/mine"
  run -0 remote "${STEP}" auto </dev/null
  [[ "$(ls "${VOLUME}")" == mine && -e "${UPLOADS}/odd" ]]
}

@test "86-restore-files: a copy that is not what its manifest says is told, and the one before is taken" {
  fill 1
  "${DIR}/backup.sh"
  look >"${STATE}/before"
  sleep 1
  replace_manifest '.trees[1].entries |= map(if .sha256 then .sha256 = "0" else . end)'
  new_server
  run -0 remote "${STEP}" auto </dev/null
  look | diff "${STATE}/before" -
  [[ "$(evidence '.skipped | length')" == 1 && "$(evidence '.skipped[0].why')" == 'app_files differs from its manifest, 1 of 3: deep/random' ]]
}

@test "86-restore-files: with copies of which none can be restored it fails, empty and not enabled" {
  fill
  "${DIR}/backup.sh"
  rm "${STATE}"/repository/data/*/*
  new_server
  run -1 remote "${STEP}" auto </dev/null
  [[ "${output}" == *'none of 1 copies in the repository can be restored'* ]]
  run ! enabled
  [[ -z "$(ls -A "${UPLOADS}")$(ls -A "${VOLUME}")" ]]
}

@test "86-restore-files: no copy, no repository and none are a first start; a wrong password is not" {
  rm "${ETC}/files.enabled"
  run -0 remote "${STEP}" auto </dev/null
  [[ "$(evidence .action)" == nothing-to-restore ]]
  fill
  "${DIR}/backup.sh"
  new_server
  run -0 remote "${STEP}" none </dev/null
  [[ "$(evidence .action)" == started-empty && -z "$(ls -A "${UPLOADS}")" ]]
  new_server
  sed -i 's/of-this-test/another/' "${ETC}/env"
  run -1 remote "${STEP}" auto </dev/null
  [[ "${output}" == *'must say which copies it holds'* ]]
  run ! enabled
}

@test "86-restore-files: a time takes the newest copy until then" {
  fill 1
  "${DIR}/backup.sh"
  look >"${STATE}/before"
  sleep 1
  local moment
  moment=$(date -u +%FT%TZ)
  sleep 1
  fill 2
  "${DIR}/backup.sh"
  new_server
  run -0 remote "${STEP}" "${moment}" </dev/null
  look | diff "${STATE}/before" -
}

@test "86-restore-files: killed at any question to the repository, it ends well when it is run again" {
  fill
  "${DIR}/backup.sh"
  look >"${STATE}/before"
  for where in snapshots manifest.json --target 'dump '; do
    new_server
    KILLED_AT="${where}" run ! remote "${STEP}" auto </dev/null
    run ! enabled
    [[ -z "$(ls -A "${UPLOADS}")" ]] # nothing that was not compared
    run -0 remote "${STEP}" auto </dev/null
    look | diff "${STATE}/before" -
  done
}

@test "backup: killed anywhere it counts nothing, loses nothing, and the next one is as if nothing had been" {
  fill 1
  "${DIR}/backup.sh"
  look >"${STATE}/before"
  for where in 'cat config' files=data files=all; do
    rm -f "${DIR}/LAST_SUCCESS.txt"
    KILLED_AT="${where}" run ! "${DIR}/backup.sh"
    [[ ! -e "${DIR}/LAST_SUCCESS.txt" && "$(copies)" == 1 ]]
  done
  new_server
  run -0 remote "${STEP}" auto </dev/null
  look | diff "${STATE}/before" -
  run -0 "${DIR}/backup.sh"
  [[ "$(copies)" == 2 && -e "${DIR}/LAST_SUCCESS.txt" ]]
  [[ -z "$(find "${DIR}" -name '.work*')" ]]
}

@test "backup: what changes while it is read is in it, called so, and not compared; everything else is" {
  fill
  CHANGES="${UPLOADS}/odd" run -0 "${DIR}/backup.sh"
  [[ "$(jq .changing "${DIR}/manifest.json")" == 1 ]]
  run -0 "${DIR}/drill.sh"
}

@test "backup: a database that somebody is writing is whole, by SQLite's own means" {
  fill
  coproc sqlite3 "${UPLOADS}/app.sqlite"
  echo "BEGIN IMMEDIATE; INSERT INTO t VALUES ('uncommitted'); SELECT 'in it';" >&"${COPROC[1]}"
  read -r -u "${COPROC[0]}" _
  run -0 "${DIR}/backup.sh"
  echo .quit >&"${COPROC[1]}"
  new_server
  run -0 remote "${STEP}" auto </dev/null
  [[ "$(sqlite3 "${UPLOADS}/app.sqlite" 'SELECT * FROM t')" == 'row 1' ]]
}

@test "backup: a damaged database, one by a link, a place that is gone and no repository are failures that are told" {
  fill
  printf 'no database, but longer than its header is, so that SQLite has a look at it, and another one, and says what it is' >"${UPLOADS}/app.sqlite"
  rm -f "${UPLOADS}"/app.sqlite-*
  run -1 "${DIR}/backup.sh"
  [[ "${output}" == *"FAILED: /srv/app/uploads/app.sqlite: SQLite's backup failed"* || "${output}" == *'is damaged'* ]]
  ln -sf /etc/passwd "${UPLOADS}/app.sqlite"
  run -1 "${DIR}/backup.sh"
  [[ "${output}" == *'is reached by a symbolic link'* ]]
  rm "${UPLOADS}/app.sqlite"
  rm -rf "${VOLUME%/*}"
  run -1 "${DIR}/backup.sh"
  [[ "${output}" == *'volume app_files is not there'* ]]
  : >"${ETC}/env"
  run -1 "${DIR}/backup.sh"
  [[ "${output}" == *'off the server only'* && ! -e "${DIR}/LAST_SUCCESS.txt" ]]
}

@test "backup: not before the restore on this server has ended, and one at a time" {
  rm "${ETC}/files.enabled"
  run -1 "${DIR}/backup.sh"
  [[ "${output}" == *'not before the restore'* ]]
  touch "${ETC}/files.enabled"
  mkdir -p "${HOMEPORT_ROOT}/run/lock"
  exec 8>"${HOMEPORT_ROOT}/run/lock/homeport-backup-files"
  flock 8
  run -1 "${DIR}/backup.sh"
  [[ "${output}" == *'another run holds the lock'* ]]
}

@test "drill: a copy that lost a file, and one that gained one, take the success back" {
  fill
  for damage in '.trees[0].entries |= map(select(.path != "empty"))' '.trees[0].entries += [{"path": "never", "type": "f"}]'; do
    "${DIR}/backup.sh"
    sleep 1
    replace_manifest "${damage}"
    run -1 "${DIR}/drill.sh"
    [[ "${output}" == *'/srv/app/uploads differs from its manifest'* && ! -e "${DIR}/LAST_SUCCESS.txt" ]]
    [[ "$(jq .ok "${DIR}/drill.json")" == false ]]
    sleep 1
  done
  # the next backup counts once its own drill is green
  run -0 "${DIR}/backup.sh"
  [[ "$(jq .ok "${DIR}/drill.json")" == true && -e "${DIR}/LAST_SUCCESS.txt" ]]
}

@test "restore-files scratch: compares, and nothing is touched" {
  fill
  "${DIR}/backup.sh"
  echo later >"${UPLOADS}/later"
  look >"${STATE}/before"
  run -0 remote restore-files.sh scratch '' check </dev/null
  look | diff "${STATE}/before" -
  [[ "$(evidence '[.action, .into] | join(" ")')" == "compared scratch" ]]
  run ! grep -q 'docker stop' "${CALLS}"
}

@test "restore-files live: the copy takes its place while the application stands still, and what was there is kept" {
  fill
  "${DIR}/backup.sh"
  look >"${STATE}/before"
  rm "${UPLOADS}/odd"
  echo later >"${UPLOADS}/later"
  run -0 remote restore-files.sh live </dev/null
  look | diff "${STATE}/before" -
  [[ "$(cat "${UPLOADS}".before-restore-*/later)" == later ]]
  [[ "$(line_of 'docker stop --time 30 web1')" -lt "$(line_of 'docker start web1')" ]]
  sleep 1
  run -0 remote restore-files.sh live </dev/null
  [[ "$(find "${UPLOADS%/*}" -maxdepth 1 -name '*before-restore*' | wc -l)" == 1 ]]
}

@test "restore-files live: killed between two renames, a run afterwards ends well and starts the application" {
  fill
  "${DIR}/backup.sh"
  look >"${STATE}/before"
  echo later >"${UPLOADS}/later"
  for at in 1 2 3; do
    rm -f "${STATE}/moves"
    stub mv 'count=$(($(cat "${STATE}/moves" 2>/dev/null || echo 0) + 1)); echo "${count}" >"${STATE}/moves"
      if [[ "$*" == *-T* && "${count}" == "'"${at}"'" ]]; then kill -9 "${PPID}"; sleep 1; fi
      exec /bin/mv "$@"'
    run ! remote restore-files.sh live </dev/null
    rm "${STUBS}/mv"
    forget_calls
    run -0 remote restore-files.sh live </dev/null
    look | diff "${STATE}/before" -
    called 'docker start web1'
    sleep 1
  done
}

@test "82-files: makes what is declared, once, and touches nothing in it; check mode changes nothing" {
  stub install 'while [[ $# -gt 1 ]]; do case "$1" in -m) mode="$2"; shift ;; esac; shift; done; /bin/mkdir -p "$1"; /bin/chmod "${mode}" "$1"'
  local own
  own="$(id -u):$(id -g)"
  rm -rf "${HOMEPORT_ROOT}/srv"
  HOMEPORT_CHECK=1 run -0 remote 82-files.sh <<<"${own} 2750 /srv/app/uploads"
  [[ "$(finding "${lines[0]}")" == "/srv/app/uploads|mode 2750, ${own}|no folder" && ! -e "${HOMEPORT_ROOT}/srv" ]]
  run -0 remote 82-files.sh <<<"${own} 2750 /srv/app/uploads"
  [[ "${output}" == *'changed /srv/app/uploads'* && "$(mode_of /srv/app/uploads)" == 2750 && "$(mode_of /srv/app)" == 755 ]]
  echo mine >"${UPLOADS}/mine"
  run -0 remote 82-files.sh <<<"${own} 2750 /srv/app/uploads"
  [[ "${output}" == unchanged && -e "${UPLOADS}/mine" ]]
  rm -rf "${UPLOADS}"
  ln -s /etc "${UPLOADS}"
  run -1 remote 82-files.sh <<<"${own} 2750 /srv/app/uploads"
  [[ "${output}" == *'must be a directory, got a symbolic link'* ]]
}

@test "82-files: SQLite's command is installed where a database is declared, once" {
  stub dpkg-query '[[ ! -e "${STATE}/sqlite3" ]] || echo "install ok installed"'
  stub apt-get 'touch "${STATE}/sqlite3"'
  HOMEPORT_CHECK=1 run -0 remote 82-files.sh sqlite </dev/null
  [[ "$(finding "${lines[0]}")" == 'package sqlite3|installed|missing' && ! -e "${STATE}/sqlite3" ]]
  run -0 remote 82-files.sh sqlite </dev/null
  [[ "${output}" == 'changed installed sqlite3' ]]
  run -0 remote 82-files.sh sqlite </dev/null
  [[ "${output}" == unchanged ]]
}

@test "check mode of the restores and of the first backup says whether they came to their end, and runs nothing" {
  rm -f "${ETC}/files.enabled" "${ETC}/enabled"
  export HOMEPORT_CHECK=1
  run -0 remote 86-restore-files.sh auto </dev/null
  [[ "$(finding "${lines[0]}")" == 'backups of files|enabled|not enabled' ]]
  run -0 remote 85-restore.sh auto postgres </dev/null
  [[ "$(finding "${lines[0]}")" == 'backups|enabled|not enabled' ]]
  run -0 remote 91-first-backup.sh files </dev/null
  [[ "${#lines[@]}" == 2 && "$(finding "${lines[0]}")" == 'files|a backup that counts|none' ]]
  touch "${ETC}/files.enabled" "${ETC}/enabled" "${DIR}/LAST_SUCCESS.txt"
  echo '{"ok": true}' >"${DIR}/drill.json"
  for step in '86-restore-files.sh auto' '85-restore.sh auto postgres' '91-first-backup.sh files'; do
    # shellcheck disable=SC2086 # a step and its words
    run -0 remote ${step} </dev/null
    [[ "${output}" == unchanged ]]
  done
  run ! grep -qE '^(restic|docker)' "${CALLS}"
}
