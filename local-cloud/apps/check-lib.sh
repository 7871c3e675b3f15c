#!/bin/sh
# What the applications' check.sh share. Each has a `cleanup` of its own, and a `get` (curl where the application is seen
# from) when it asks what an answer says.
work=$(mktemp -d)
trap 'cleanup; rm -rf "${work}"' EXIT
holds() { # WHAT CONDITION...
  what=$1
  shift
  "$@" || { echo "not: ${what}" >&2 && exit 1; }
  echo "${what}"
}
same() { [ "$1" = "$2" ] || { echo "got: $1" >&2 && return 1; }; }
within() { # SECONDS COMMAND...
  tries=$(($1 * 5))
  shift
  until "$@" 2>/dev/null; do
    tries=$((tries - 1))
    [ "${tries}" -gt 0 ] || return 1
    sleep 0.2
  done
}
says() { # PATTERN, curl's arguments
  pattern=$1
  shift
  get "$@" >"${work}/answer"
  grep -q -- "${pattern}" "${work}/answer" || { cat "${work}/answer" >&2 && return 1; }
}
