#!/usr/bin/env bash
# archive-check.sh NAME: reads every byte of a database server's archive that a recovery would, replays the newest base
# backup and the log to its end in a scratch server, and prints what holds as JSON. Everything damaged is told at once.
# What holds nothing of a copy is left out: marks of time (seen), and parts of segments that are there as a whole.
# After lib.sh, archive.sh and copies.sh.

DAMAGED=() work='' scratch=''

function damaged() {
  log "archive: $1"
  DAMAGED+=("$1")
}

# present REGEX: the archive's objects, oldest first, whose names are so.
function present() { awk -v is="$1" '$4 ~ is { print $4 }' "${work}/present"; }

# newest_base: `BEGAN.ENDED STREAM`
function newest_base() { present '/base/[^/]*[.]json$' | sed -E 's,^(.*)/base/(.*)[.]json$,\2 \1,' | sort -r | head -n 1; }

# whole OBJECT ...: each one is a zstd stream. They are authenticated while they are decrypted.
function whole() {
  printf '%s\n' "$@" >"${work}/list"
  stored cat --no-traverse --files-from "${work}/list" archive: 2>"${work}/said" | zstd -qt 2>>"${work}/said"
}

# check_sizes: among others one that is empty would be no fault.
function check_sizes() {
  local name
  while read -r name; do damaged "${name#*/} is empty"; done < <(awk '$3 < 1 { print $4 }' "${work}/present")
}

# check_each OBJECT ...: all in one go; where something is damaged half by half.
function check_each() {
  if [[ $# -eq 0 ]] || whole "$@"; then return 0; fi
  if [[ $# -eq 1 ]]; then
    damaged "${1#*/} cannot be read"
  else
    check_each "${@:1:$(($# / 2))}"
    check_each "${@:$(($# / 2 + 1))}"
  fi
}

# check_bases: each base backup that counts, with the mark that says so. Its pieces are one zstd stream, in their order.
function check_bases() {
  local mark base piece
  local -a pieces
  for mark in $(present '/base/[^/]*[.]json$'); do
    base="${mark%%.*}"
    stored cat "archive:${mark}" 2>/dev/null | jq -e .taken_at >/dev/null || damaged "${mark#*/} cannot be read"
    mapfile -t pieces < <(present "^${base}/" | sort)
    for piece in ${pieces[@]+"${pieces[@]}"}; do stored cat "archive:${piece}" || break; done 2>/dev/null |
      zstd -qt 2>/dev/null || damaged "base backup ${base##*/} cannot be read"
    grep -qF " ${base/base/names}.zst" "${work}/present" || damaged "names/${base##*/}.zst is gone"
  done
}

# check_names: what was there when the newest base backup counted is there. The oldest may have expired: whole days, in
# no order, and never the last one. No base backup, or names that cannot be read, are told elsewhere.
function check_names() {
  local base stream name
  read -r base stream < <(newest_base) || true
  [[ -n "${base:-}" ]] || return 0
  stored cat "archive:${stream}/names/${base%.*}.zst" 2>/dev/null | zstd -qdc >"${work}/expected" 2>/dev/null || return 0
  while read -r name; do damaged "${name#*/} of ${name%%/*} is gone"; done < <(
    awk -v yesterday="$(date -d yesterday +%F)" '
      { split($4, at, "/"); split(at[3], is, "."); segment = at[1] "/wal/" is[1] ".zst" }
      NR == FNR { present[$4] = 1; if (oldest == "") oldest = $1; next }
      $4 in present { begun = 1; next }
      !begun || (at[2] == "parts" && segment in present) || ($1 <= oldest && oldest < yesterday) { next }
      { print $4 }' "${work}/present" "${work}/expected"
  )
}

# check_replay: from the newest base backup, which counts here, to what the server says it has shipped.
function check_replay() {
  local base stream counted shipped reached
  counted=$(jq -r 'select(.ok) | "\(.stream) \(.stamp)"' "${state}/base.json" 2>/dev/null) || counted=''
  shipped=$(jq -r '.shipped // ""' "${state}/wal.json") || shipped=''
  read -r base stream < <(newest_base) || true
  if [[ -z "${base:-}" ]]; then
    damaged 'there is no base backup to begin from'
    return 0
  fi
  if [[ -n "${counted}" && "${stream} ${base%.*}" != "${counted}" ]]; then
    damaged "base backup ${counted#* } is not there, which base.json counts"
  fi
  if ! replay_archive "${stream}" "${base%.*}" >"${work}/said" 2>&1 </dev/null; then
    damaged "base backup ${base%.*} cannot be replayed: $(tail -n 1 "${work}/said")"
    return 0
  fi
  reached=$(in_replayed <<<"SELECT pg_last_wal_replay_lsn() >= '${shipped:-0/0}';") || reached=''
  [[ "${reached}" == t ]] || damaged "the log ends before ${shipped}, which was sent there"
}

function main() {
  local state start=${SECONDS}
  local -a objects
  load_settings "$1"
  state="${HOMEPORT_ROOT}/opt/backups/$1"
  if [[ ! -e "${state}/wal.json" ]] || ! has_archive; then
    jq -nc --arg archive "$1" '{archive: $archive, on: false, damaged: []}'
    return 0
  fi
  open_archive || die "the archive does not answer; fix: homeport:backupRepository and its keys"
  "${state}/wal.sh" flush >&2 || log 'the last seconds are not in the archive'
  prepare_replay "${state}/.check" || die 'the database does not answer'
  # shellcheck disable=SC2034 # for archive.sh
  scratch="homeport-check-$1" # beside a base backup that is being proven
  trap end_replay EXIT
  kept_names >"${work}/present" || die 'the archive cannot be listed'
  check_sizes
  mapfile -t objects < <(present '/(wal|parts|names)/')
  check_each ${objects[@]+"${objects[@]}"}
  check_bases
  check_names
  # what cannot be read is told already, and a replay would end there
  if [[ ${#DAMAGED[@]} -eq 0 ]]; then check_replay; fi
  jq -nc --arg archive "$1" --argjson bases "$(present '/base/[^/]*[.]json$' | wc -l)" \
    --argjson segments "$(present /wal/ | wc -l)" --argjson seconds $((SECONDS - start)) \
    '{archive: $archive, on: true, bases: $bases, segments: $segments, seconds: $seconds, damaged: $ARGS.positional}' \
    --args -- ${DAMAGED[@]+"${DAMAGED[@]}"}
}
{
  main "$@"
  exit
}
