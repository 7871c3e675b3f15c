#!/usr/bin/env bash
# list-copies.sh NAME: the repository's copies of the database, newest first, as a JSON array of {id, time}.

function main() {
  local copies
  load_settings "$1"
  has_repository || die "no repository: there are local copies only, in /opt/backups/$1; fix: homeport:backupRepository"
  copies=$(list_copies) || die "repository: must be there and answer; fix: its homeport:backup… keys, then pulumi up"
  jq -Rnc '[inputs | select(. != "") | split(" ") | {id: .[0], time: .[1]}]' <<<"${copies}"
}
{
  main "$@"
  exit
}
