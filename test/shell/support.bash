# Loaded by each file: a root of its own in front of every path, and stubs in front of PATH that record their calls.
bats_require_minimum_version 1.5.0
REPOSITORY="$(cd "${BATS_TEST_DIRNAME}/../.." && pwd)"
REMOTE="${REPOSITORY}/scripts/remote"

setup() {
  export HOMEPORT_ROOT="${BATS_TEST_TMPDIR}/root" CALLS="${BATS_TEST_TMPDIR}/calls" STATE="${BATS_TEST_TMPDIR}/state"
  STUBS="${BATS_TEST_TMPDIR}/bin"
  mkdir -p "${HOMEPORT_ROOT}" "${STUBS}" "${STATE}"
  touch "${CALLS}"
  PATH="${STUBS}:${PATH}"
  # only root may give files away; whom they were meant for is in the calls
  stub chown
  if declare -F prepare >/dev/null; then prepare; fi
}

# stub NAME [BODY]: a command that notes `NAME ARGUMENTS` in ${CALLS} and does BODY (shell; default: succeeds).
stub() {
  # shellcheck disable=SC2016 # for the stub to expand
  printf '#!/usr/bin/env bash\nprintf "%%s\\n" "%s $*" >>"${CALLS}"\n%s\n' "$1" "${2:-}" >"${STUBS}/$1"
  chmod 755 "${STUBS}/$1"
}

# remote SCRIPT [ARGUMENT ...] <INPUT: as a remote step does it, lib.sh and the LIBRARY files in front, all on stdin.
remote() {
  local script="$1" libraries
  shift
  read -ra libraries <<<"${LIBRARY:-}"
  {
    (cd "${REMOTE}" && cat lib.sh "${libraries[@]}" "${script}")
    cat
  } | bash -s -- "$@"
}

# functions_of SCRIPT: its functions and lib.sh's, without running it.
functions_of() {
  sed '/^{$/,$d' "${REMOTE}/lib.sh" >"${BATS_TEST_TMPDIR}/functions"
  if [[ "$1" != lib.sh ]]; then sed '/^{$/,$d' "${REMOTE}/$1" >>"${BATS_TEST_TMPDIR}/functions"; fi
  printf '%s' "${BATS_TEST_TMPDIR}/functions"
}

called() { grep -qxF -- "$1" "${CALLS}"; }
forget_calls() { : >"${CALLS}"; }
mode_of() { stat -c %a "${HOMEPORT_ROOT}$1"; }
# line_of TEXT: where a call stands among all, for what must come first.
line_of() { grep -nF -- "$1" "${CALLS}" | head -n 1 | cut -d: -f1; }
# finding LINE: what a line of check mode says, WHAT|WANTED|FOUND.
finding() {
  local -a words
  read -ra words <<<"$1"
  [[ "${words[0]}" == drift ]] || return 1
  printf '%s|%s|%s' "$(base64 -d <<<"${words[1]}")" "$(base64 -d <<<"${words[2]}")" "$(base64 -d <<<"${words[3]}")"
}
