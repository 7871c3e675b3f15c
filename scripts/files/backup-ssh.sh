#!/usr/bin/env bash
# `ssh` as restic finds it for a repository over SFTP: with the key and the one host key that lie beside this file, and
# nothing of what the account's or the system's own configuration says.
set -euo pipefail
dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=":${PATH}:"
PATH="${PATH//":${dir}:"/:}" # not itself again
options=(
  "UserKnownHostsFile=\"${dir}/known_hosts\"" GlobalKnownHostsFile=/dev/null HostKeyAlias=homeport-backup
  StrictHostKeyChecking=yes UpdateHostKeys=no IdentitiesOnly=yes IdentityAgent=none
  PreferredAuthentications=publickey BatchMode=yes ConnectTimeout=20 ServerAliveInterval=60 ServerAliveCountMax=10
)
exec ssh -F /dev/null -i "${dir}/key" "${options[@]/#/-o}" "$@"
