#!/usr/bin/env bash
# 75-unit-code.sh FOLDER USER RELEASE RUNTIME PACKAGES WRITABLE <@files, `sha256 mode path` lines, @tree, a tar: one
# release of a unit's code beside the others, installed and whole, or not there at all. Nothing that runs changes.
# PACKAGES and WRITABLE are words in one argument.
# check mode

# Units install at once: apt waits for one of its locks, but not for that of the lists.
function install_newest() {
  local lock
  if ! is_check && [[ -n "$(missing_packages "$@")" ]]; then
    exec {lock}>/run/lock/homeport-apt
    flock "${lock}"
    apt update
  fi
  install_packages "$@"
  if [[ -n "${lock:-}" ]]; then exec {lock}>&-; fi
}

function read_list() {
  local line
  while IFS= read -r line; do
    case "${line}" in
    @files | '') ;;
    @tree) return 0 ;;
    *) printf '%s\n' "${line}" ;;
    esac
  done
}

# whole FOLDER LIST: every file is what the list says. What is made on the host beside them is not its business.
function whole() {
  sed 's/^\([0-9a-f]*\) [0-7]* /\1  /' "$2" | (cd "$1" && sha256sum --check --quiet --strict - >/dev/null 2>&1)
}

# as_user USER COMMAND ...: what the code's own tools do is not done as root.
function as_user() {
  local user="$1"
  shift
  runuser -u "${user}" -- env -i PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 HOME="${work}/home" \
    TMPDIR="${work}/home" BUNDLE_USER_HOME="${work}/home/bundle" PIP_DISABLE_PIP_VERSION_CHECK=1 "$@" </dev/null >&2
}

function install_runtime() {
  local runtime="$1" user="$2"
  case "${runtime}" in
  python-venv)
    as_user "${user}" python3 -m venv .venv
    as_user "${user}" .venv/bin/pip install --quiet --no-cache-dir --only-binary :all: -r requirements.txt
    ;;
  bundle) as_user "${user}" bundle install --local --quiet ;;
  none) ;;
  *) die "runtime: must be python-venv, bundle or none, got ${runtime}" ;;
  esac
}

function unpack() {
  local release="$1" user="$2" runtime="$3" writable="$4" mode path name
  mkdir -p "${release}"
  tar -C "${release}" --no-same-owner --no-same-permissions -xf -
  whole "${release}" "${work}/list" || die "code: what arrived is not what was listed: it changed meanwhile; fix: pulumi up"
  while read -r _ mode path; do chmod "${mode}" "${release}/${path}"; done <"${work}/list"
  for name in ${writable}; do ln -sfn "../../shared/${name}" "${release}/${name}"; done
  find "${release}" -type d -exec chmod 750 {} +
  chown -R --no-dereference "${user}:$(id -gn "${user}")" "${release}"
  install -d -m 700 -o "${user}" "${work}/home"
  chmod 711 "${work}"
  (cd "${release}" && install_runtime "${runtime}" "${user}")
}

function main() {
  local folder="$1" user="$2" release="$1/releases/$3" runtime="$4" packages="$5" writable="$6"
  work=$(mktemp -d)
  trap 'rm -rf "${work}"' EXIT
  # shellcheck disable=SC2086 # words
  install_newest ${packages}
  read_list >"${work}/list"
  if [[ -e "${release}/.homeport" ]] && whole "${release}" "${work}/list"; then
    summary
    return
  fi
  if is_check; then
    differs "${release}" 'the code as it was sent' "$(if [[ -d "${release}" ]]; then printf 'other code'; else printf 'no folder'; fi)"
    return
  fi
  (umask 022 && mkdir -p "${folder}/releases")
  # under its own name from the start: a virtual environment knows where it is. The mark says that it is whole.
  rm -rf "${release}"
  unpack "${release}" "${user}" "${runtime}" "${writable}"
  printf '%s\n' "$3" >"${release}/.homeport"
  changed "${release}"
  summary
}
{
  main "$@"
  exit
}
