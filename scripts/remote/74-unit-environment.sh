#!/usr/bin/env bash
# 74-unit-environment.sh FOLDER USER UID <ENVIRONMENT: a unit's account, its folder, and its secrets, in a file that
# nobody else reads (S2-7, H9). What runs goes on with what it has; 76-unit.sh restarts it (S2-12).
# check mode

function make_user() {
  local user="$1" uid="$2" found
  found=$(id -u "${user}" 2>/dev/null) || found=''
  if [[ "${found}" == "${uid}" ]]; then return 0; fi
  if is_check; then
    differs "account ${user}" "uid ${uid}" "${found:-no account}"
    return 0
  fi
  [[ -z "${found}" ]] || die "account ${user}: must have uid ${uid}, got ${found}; fix: correct uid in the system"
  useradd --system --uid "${uid}" --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "${user}"
  changed "account ${user}"
}

function main() {
  local folder="$1" user="$2" uid="$3"
  make_user "${user}" "${uid}"
  # root's, though its code is the user's (S2-8): whose folder it is can put links where root's steps write
  install_dir "${folder}" 755 0:0
  install_dir "${folder}/shared" 755 0:0
  install_file "${folder}/.env" 600 "${user}:$(id -gn "${user}")"
  summary
}
{
  main "$@"
  exit
}
