# Applications without containers: code that arrives whole or not at all, a start that goes back, and a way back. The
# files are real, systemd and the application's answers are stubs.
# shellcheck disable=SC2016,SC2030,SC2031 # stubs expand when they run; each test is a process of its own
load support

prepare() {
  ME=$(id -un) FOLDER=/opt/api
  STATE_OF="${HOMEPORT_ROOT}/var/lib/homeport/units/api"
  mkdir -p "${HOMEPORT_ROOT}/opt" "${HOMEPORT_ROOT}/etc/systemd/system" "${STATE}/tree/lib"
  printf 'print(1)\n' >"${STATE}/tree/lib/a b.py"
  printf 'run\n' >"${STATE}/tree/run"
  stub dpkg-query 'echo "install ok installed"'
  stub install 'args=(); while [[ $# -gt 0 ]]; do case "$1" in -o | -g) shift ;; *) args+=("$1") ;; esac; shift; done; exec /usr/bin/install "${args[@]}"'
  stub curl 'cat "${STATE}/answer"'
  stub systemctl '
case "$1 $2" in
"is-active --quiet") grep -q 2.. "${STATE}/answer" ;;
"is-active "*) echo active ;;
"is-enabled "*) echo enabled ;;
"is-failed --quiet") ! grep -q 2.. "${STATE}/answer" ;;
"restart --no-block") [[ "$(readlink "${HOMEPORT_ROOT}/opt/api/current")" == releases/bad ]] && echo 500 >"${STATE}/answer" || echo 200 >"${STATE}/answer" ;;
esac'
  echo 200 >"${STATE}/answer"
}

manifest() {
  printf '%s 640 lib/a b.py\n' "$(sha256sum <"${STATE}/tree/lib/a b.py" | cut -d ' ' -f 1)"
  printf '%s 750 run\n' "$(sha256sum <"${STATE}/tree/run" | cut -d ' ' -f 1)"
}

# code RELEASE [MANIFEST]: as sync-code.sh sends it.
code() {
  local list="${2:-$(manifest)}"
  {
    printf '@files\n%s\n@tree\n' "${list}"
    tar -C "${STATE}/tree" -cf - lib/a\ b.py run
  } | LIBRARY='' remote 75-unit-code.sh "${HOMEPORT_ROOT}${FOLDER}" "${ME}" "$1" none '' data
}

# start RELEASE [ENVIRONMENT]
start() {
  {
    printf 'file /etc/systemd/system/api.service %s\n' "$(base64 -w0 <<<"# unit of $1")"
    printf 'environment .env %s\n' "$(base64 -w0 <<<"${2:-A=1}")"
  } | LIBRARY=unit.sh remote 76-unit.sh api "${FOLDER}" "${ME}" "$1" 8000 /up 1
}

restarts() { grep -c '^systemctl restart' "${CALLS}" || true; }
current() { readlink "${HOMEPORT_ROOT}${FOLDER}/current"; }

@test "a folder is root's and open to all, or it is drift: its user could put links where root writes (S2-8)" {
  mkdir -m 700 "${HOMEPORT_ROOT}${FOLDER}"
  found() { HOMEPORT_CHECK=1 remote 74-unit-environment.sh "${FOLDER}" nobody "$(id -u nobody)" <<<A=1 | head -n 1; }
  [[ "$(finding "$(found)")" == "${FOLDER}|mode 755, 0:0|mode 700, $(id -u):$(id -g)" ]]
}

@test "code arrives with its modes, its links to what is kept, and a mark that it is whole" {
  code one
  [[ "$(mode_of "${FOLDER}/releases/one/run")" == 750 ]]
  [[ "$(mode_of "${FOLDER}/releases/one/lib/a b.py")" == 640 ]]
  [[ "$(readlink "${HOMEPORT_ROOT}${FOLDER}/releases/one/data")" == ../../shared/data ]]
  [[ -e "${HOMEPORT_ROOT}${FOLDER}/releases/one/.homeport" ]]
  [[ "$(code one)" == unchanged ]]
}

@test "code that changed on its way is no release, and a release that was changed is sent again" {
  run -1 code one "$(manifest | sed '1s/^..../0000/')"
  [[ ! -e "${HOMEPORT_ROOT}${FOLDER}/releases/one/.homeport" ]]
  code one
  echo hacked >>"${HOMEPORT_ROOT}${FOLDER}/releases/one/run"
  [[ "$(HOMEPORT_CHECK=1 code one)" == drift* ]]
  grep -q hacked "${HOMEPORT_ROOT}${FOLDER}/releases/one/run"
  [[ "$(code one)" == changed* ]]
  run ! grep -q hacked "${HOMEPORT_ROOT}${FOLDER}/releases/one/run"
}

@test "a unit is started once, and again only when code, unit or environment changed" {
  code one
  start one
  [[ "$(current)" == releases/one && "$(cat "${STATE_OF}/good")" == one && "$(restarts)" == 1 ]]
  [[ "$(mode_of "${FOLDER}/.env")" == 600 ]]
  [[ "$(start one)" == unchanged ]]
  [[ "$(restarts)" == 1 ]]
  start one A=2
  [[ "$(restarts)" == 2 ]]
}

@test "one that does not answer gives way to the former release with its environment, and the step fails" {
  code one
  start one
  code bad
  run -1 --separate-stderr start bad A=2
  [[ "${stderr}" == *'release bad: /up answers 500: its log says why'*'release one, with its environment, runs again'* ]]
  [[ "$(current)" == releases/one && "$(cat "${HOMEPORT_ROOT}${FOLDER}/.env")" == A=1 ]]
  [[ "$(cat "${HOMEPORT_ROOT}/etc/systemd/system/api.service")" == '# unit of one' ]]
  run -1 start bad A=2
}

@test "the very first one that does not answer says so" {
  code bad
  run -1 --separate-stderr start bad
  [[ "${stderr}" == *'release bad: /up answers 500'* && "${stderr}" != *'runs again'* ]]
}

@test "check mode finds another release, and changes nothing" {
  code one
  code two
  start one
  forget_calls
  run -0 env HOMEPORT_CHECK=1 bash -c "$(declare -f start remote); export REMOTE='${REMOTE}' FOLDER='${FOLDER}' ME='${ME}'; start two"
  [[ "${output}" == *drift* && "$(current)" == releases/one && "$(restarts)" == 0 ]]
}

@test "rollback goes to the former release, and typed twice back again" {
  code one && start one
  code two && start two
  back() { LIBRARY=unit.sh remote 77-unit-rollback.sh api "${FOLDER}" 8000 /up 1 "$@" </dev/null; }
  [[ "$(back)" == 'changed release one in place of two' ]]
  [[ "$(current)" == releases/one && "$(cat "${HOMEPORT_ROOT}/etc/systemd/system/api.service")" == '# unit of one' ]]
  [[ "$(back)" == 'changed release two in place of one' ]]
  [[ "$(back --list | wc -l)" == 2 ]]
  run -1 --separate-stderr back nowhere
  [[ "${stderr}" == *'release nowhere is not on the server'* ]]
}
