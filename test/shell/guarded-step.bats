# shellcheck disable=SC2016,SC2030,SC2031 # stubs expand when they run; each test is a process of its own
load support

# The host as ssh sees it: the first connection applies; a later one fails ${REFUSALS} times, then runs its command
# with systemctl and sudo of this test.
prepare() {
  export REFUSALS=0
  stub ssh '
if [[ ! -e "${STATE}/applied" ]]; then
  cat >"${STATE}/applied"
  printf "%s" "${!#}" >"${STATE}/command"
  exit "${APPLY:-0}"
fi
printf . >>"${STATE}/tries"
if [[ $(wc -c <"${STATE}/tries") -le ${REFUSALS} ]]; then echo "ssh: connection refused" >&2; exit 255; fi
sh -c "${!#}"'
  stub sudo '[[ -z "${NO_SUDO:-}" ]] || exit 1; shift; if [[ "$1" == test ]]; then [[ ! -e "${STATE}/reverted" ]]; else "$@"; fi'
  stub systemctl '
case "$1" in
stop) [[ -n "${IMMORTAL:-}" ]] || rm -f "${STATE}/timer" ;;
is-active) [[ -e "${STATE}/timer" ]] ;;
esac'
  touch "${STATE}/timer"
}

guarded() { bash "${REPOSITORY}/scripts/guarded-step.sh" config ops@192.0.2.1 ssh "$@"; }

@test "applies over one pinned connection, proves and cancels over a second" {
  printf 'the script\n' >"${STATE}/script"
  guarded <"${STATE}/script"
  cmp "${STATE}/applied" "${STATE}/script"
  [[ "$(grep -c '^ssh -F config -o BatchMode=yes' "${CALLS}")" -eq 2 ]]
  [[ "$(grep -c '^ssh -F config -o BatchMode=yes -o ControlPath=none ops@192.0.2.1 ' "${CALLS}")" -eq 1 ]]
  called "systemctl stop homeport-guard-ssh.timer"
  [[ ! -e "${STATE}/timer" ]]
}

@test "hands arguments on as they are, whatever is in them" {
  nasty="it's \"\$(reboot)\" \`id\` ; two"
  guarded "${nasty}" '' last </dev/null
  stub sudo 'printf "<%s>" "${@:5}" >"${STATE}/words"'
  sh -c "$(cat "${STATE}/command")" || bash -c "$(cat "${STATE}/command")"
  [[ "$(cat "${STATE}/words")" == "<${nasty}><><last>" ]]
}

@test "tries again while the server refuses" {
  export REFUSALS=3
  guarded </dev/null
  [[ "$(wc -c <"${STATE}/tries")" -eq 4 ]]
  [[ ! -e "${STATE}/timer" ]]
}

@test "without a second connection fails at its deadline, and never calls the revert off" {
  export REFUSALS=999 HOMEPORT_SECONDS_TO_PROVE=1
  run -1 guarded </dev/null
  [[ "${output}" == *"ssh: no new connection after the change"* ]]
  [[ -e "${STATE}/timer" ]]
  run ! called "systemctl stop homeport-guard-ssh.timer"
}

@test "a script that fails is not proven, and the guard stays armed" {
  export APPLY=7
  run -7 guarded </dev/null
  [[ ! -e "${STATE}/tries" ]]
  [[ -e "${STATE}/timer" ]]
}

@test "a second connection without sudo proves nothing" {
  export NO_SUDO=1 HOMEPORT_SECONDS_TO_PROVE=1
  run -1 guarded </dev/null
}

@test "a change that the host has already taken back is not proven" {
  touch "${STATE}/reverted"
  export HOMEPORT_SECONDS_TO_PROVE=1
  run -1 guarded </dev/null
}

@test "a guard that does not stop is not proven" {
  export IMMORTAL=1 HOMEPORT_SECONDS_TO_PROVE=1
  run -1 guarded </dev/null
}
