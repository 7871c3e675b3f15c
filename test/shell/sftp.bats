# A repository over SFTP: 90-backup.sh, the backups and the restores as they are, with restic, ssh and an sshd that is a
# Storage Box in small: another port, a key only, internal-sftp in a chroot. Only Docker and crontab are stubs.
# shellcheck disable=SC2016,SC2030,SC2031 # stubs expand when they run; each test is a process of its own
load support

export LIBRARY="copies.sh application.sh file-copies.sh"

prepare() {
  SSHD=$(PATH="${PATH}:/usr/sbin:/sbin" command -v sshd) || skip "sshd is not installed: apt install openssh-server"
  DIR="${HOMEPORT_ROOT}/opt/backups/files" ETC="${HOMEPORT_ROOT}/etc/homeport/backup" UPLOADS="${HOMEPORT_ROOT}/srv/uploads"
  SFTP="${ETC}/sftp"
  export HOMEPORT_LOCK_SECONDS=0 HOMEPORT_PATH=
  mkdir -p "${UPLOADS}" "${HOMEPORT_ROOT}/var/tmp"
  stub crontab 'if [[ "$*" == *-l ]]; then cat "${STATE}/crontab"; else cat >"${STATE}/crontab.new" && mv "${STATE}/crontab.new" "${STATE}/crontab"; fi'
  stub docker
  start_sshd
  install_backup "$(cut -d' ' -f1,2 "${STATE}/host.pub")" files >/dev/null
  touch "${ETC}/files.enabled"
}

teardown() {
  if [[ -e "${STATE}/pid" ]]; then kill "$(cat "${STATE}/pid")" || true; fi
  [[ -z "${BOX:-}" ]] || rm -rf "${BOX}"
}

# Root alone can shut somebody into a folder, of which nobody else may write to a parent: /tmp is none.
start_sshd() {
  local chroot=none
  ssh-keygen -q -t ed25519 -N '' -f "${STATE}/host"
  ssh-keygen -q -t ed25519 -N '' -f "${STATE}/client"
  if [[ "$(id -u)" == 0 ]]; then
    mkdir -p /run/sshd
    BOX=$(mktemp -d /run/homeport-box.XXXXXX) chroot="${BOX}"
    chmod 755 "${BOX}"
    mkdir "${BOX}/home"
  else
    BOX=$(mktemp -d)
  fi
  for _ in {1..20}; do
    PORT=$((20000 + RANDOM % 20000))
    printf '%s\n' "Port ${PORT}" 'ListenAddress 127.0.0.1' "HostKey ${STATE}/host" "PidFile ${STATE}/pid" \
      "AuthorizedKeysFile ${STATE}/client.pub" 'StrictModes no' 'AuthenticationMethods publickey' \
      'PermitRootLogin prohibit-password' 'Subsystem sftp internal-sftp' 'ForceCommand internal-sftp' \
      "ChrootDirectory ${chroot}" >"${STATE}/sshd_config"
    if "${SSHD}" -f "${STATE}/sshd_config" -E "${STATE}/sshd.log"; then break; fi
  done
  retry_until test -e "${STATE}/pid"
  if [[ "${chroot}" == none ]]; then REPO_PATH="${BOX}/app"; else REPO_PATH=/home/app; fi
}

retry_until() {
  for _ in {1..100}; do
    "$@" && return 0
    sleep 0.1
  done
  return 1
}

# install_backup HOST_KEY NAME [KIND]: 90-backup.sh with what the program sends it; KIND s3: as if it were S3.
install_backup() {
  local trees='[{"kind": "directory", "name": "/srv/uploads", "exclude": [], "sqlite": []}]'
  {
    entry file lib.sh <(sed "s#^export LC_ALL=C PATH=#export LC_ALL=C PATH=${STUBS}:#" "${REPOSITORY}/scripts/files/backup-lib.sh")
    entry file files.sh "${REPOSITORY}/scripts/files/files.sh"
    entry file backup.sh "${REPOSITORY}/scripts/files/files-backup.sh"
    entry file drill.sh "${REPOSITORY}/scripts/files/files-drill.sh"
    entry conf database <(printf files)
    entry conf tag <(printf files=all)
    entry conf system <(printf app)
    entry conf stack <(printf test)
    entry conf trees <(printf %s "${trees}")
    entry env RESTIC_REPOSITORY <(printf 'sftp://%s@127.0.0.1:%s/%s' "$(id -un)" "${PORT}" "${REPO_PATH}")
    entry env RESTIC_PASSWORD <(printf of-this-test)
    if [[ "${3:-}" != s3 ]]; then
      entry sftp ssh "${REPOSITORY}/scripts/files/backup-ssh.sh"
      entry sftp known_hosts <(printf 'homeport-backup %s\n' "$1")
      entry sftp key "${STATE}/client"
    fi
  } >"${STATE}/input"
  remote 90-backup.sh "$2" '0 3 * * *' '30 5 * * 1' <"${STATE}/input"
}

entry() { printf '%s %s %s\n' "$1" "$2" "$(base64 -w0 "$3")"; }

fill() {
  mkdir -p "${UPLOADS}/deep"
  printf 'picture %s' "$1" >"${UPLOADS}/deep/one"
  head -c 100000 /dev/urandom >"${UPLOADS}/random"
}

# call_ssh: as restic does.
call_ssh() { PATH="${SFTP}:${PATH}" ssh 127.0.0.1 -p "${PORT}" -l "$(id -un)" -s sftp </dev/null; }
look() { (cd "${UPLOADS}" && find . -printf '%P %y %m\n' | sort && find . -type f -exec sha256sum {} + | sort); }
evidence() { jq -r "$1" "${DIR}/restore.json"; }

@test "the first start finds no repository, the first backup makes one, and it is listed, checked and restored" {
  rm "${ETC}/files.enabled"
  run -0 remote 86-restore-files.sh auto </dev/null
  [[ "$(evidence .action)" == nothing-to-restore ]]
  fill 1
  run -0 remote 91-first-backup.sh files </dev/null
  [[ "${output}" == *'restored and compared: 2 files'* ]]
  [[ "$(jq -r '"\(.ok) \(.source)"' "${DIR}/drill.json")" == 'true restic' ]]
  [[ -e "${BOX}/home/app/config" || -e "${BOX}/app/config" ]] # over there
  run -0 remote list-copies.sh files </dev/null
  [[ "$(jq length <<<"${output}")" == 1 ]]
  look >"${STATE}/before"
  run -0 remote restore-files.sh scratch '' check </dev/null
  rm -rf "${UPLOADS}" "${ETC}/files.enabled"
  mkdir "${UPLOADS}"
  run -0 remote 86-restore-files.sh auto </dev/null
  look | diff "${STATE}/before" -
  [[ "$(evidence '[.action, .files] | join(" ")')" == 'restored 2' ]]
}

@test "a server that shows another host key gets nothing, neither a backup nor a question, and it is no empty store" {
  fill 1
  run -0 "${DIR}/backup.sh"
  ssh-keygen -q -t ed25519 -N '' -f "${STATE}/other"
  install_backup "$(cut -d' ' -f1,2 "${STATE}/other.pub")" files
  rm "${DIR}/LAST_SUCCESS.txt"
  cp "${STATE}/sshd.log" "${STATE}/sshd.before"
  run -1 "${DIR}/backup.sh"
  [[ "${output}" == *'another host key than homeport:backupHostKey'* ]]
  [[ ! -e "${DIR}/LAST_SUCCESS.txt" ]]
  run -255 call_ssh # restic may end before it has passed on what ssh said
  [[ "${output}" == *'Host key verification failed'* ]]
  # a new server is not taken for the first one
  rm -rf "${UPLOADS}" "${ETC}/files.enabled"
  mkdir "${UPLOADS}"
  run -1 remote 86-restore-files.sh auto </dev/null
  [[ "${output}" == *'must say which copies it holds'* && ! -e "${ETC}/files.enabled" ]]
  [[ "$(grep -c Accepted "${STATE}/sshd.log")" == "$(grep -c Accepted "${STATE}/sshd.before")" ]]
  grep -q Accepted "${STATE}/sshd.before"
}

@test "another key is refused, and neither the account's ssh configuration nor its keys help" {
  ssh-keygen -q -t ed25519 -N '' -f "${STATE}/stranger"
  cp "${STATE}/client" "${STATE}/right"
  cp "${STATE}/stranger" "${STATE}/client"
  install_backup "$(cut -d' ' -f1,2 "${STATE}/host.pub")" files
  mkdir -p "${HOMEPORT_ROOT}/root/.ssh"
  printf 'Host *\n  IdentityFile %s\n  StrictHostKeyChecking no\n' "${STATE}/right" >"${HOMEPORT_ROOT}/root/.ssh/config"
  fill 1
  HOME="${HOMEPORT_ROOT}/root" run -1 "${DIR}/backup.sh"
  [[ "${output}" == *'does not answer, or not with these credentials'* ]]
  HOME="${HOMEPORT_ROOT}/root" run -255 call_ssh
  [[ "${output}" == *'Permission denied (publickey)'* ]]
}

@test "the private key is in one file, for root alone, on no command line, and goes with the repository" {
  local shown
  [[ "$(mode_of /etc/homeport/backup/sftp) $(mode_of /etc/homeport/backup/sftp/key) $(mode_of /etc/homeport/backup/sftp/ssh)" == '700 600 700' ]]
  cmp "${STATE}/client" "${SFTP}/key"
  [[ "$(grep -rlF "$(sed -n 3p "${STATE}/client")" "${HOMEPORT_ROOT}")" == "${SFTP}/key" ]]
  grep -q "^chown root:root ${SFTP}/key" "${CALLS}"
  run ! grep -qF "$(sed -n 3p "${STATE}/client")" "${CALLS}"
  run -0 install_backup "$(cut -d' ' -f1,2 "${STATE}/host.pub")" files
  [[ "${output}" == unchanged ]]
  chmod 640 "${SFTP}/key"
  HOMEPORT_CHECK=1 run -0 install_backup "$(cut -d' ' -f1,2 "${STATE}/host.pub")" files
  shown=$(finding "$(grep -m 1 drift <<<"${output}")")
  [[ "${shown}" == '/etc/homeport/backup/sftp/key|mode 600, '*'|mode 640, '* ]]
  HOMEPORT_CHECK=1 run -0 install_backup '' files s3
  [[ -e "${SFTP}/key" && "$(finding "$(grep -m 1 drift <<<"${output}")")" == '/etc/homeport/backup/sftp|no folder|a folder' ]]
  run -0 install_backup '' files s3
  [[ ! -e "${SFTP}" && "${output}" == *'changed /etc/homeport/backup/sftp'* ]]
}
