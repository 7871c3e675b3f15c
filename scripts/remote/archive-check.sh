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

# readable OBJECT ...: in this order one whole zstd stream. Each object is authenticated while it is decrypted.
function readable() {
  local object
  for object in "$@"; do stored cat "archive:${object}" || return 1; done 2>"${work}/said" | zstd -qt 2>>"${work}/said"
}

# check_each FOLDER NAME ...: streams of their own. All in one go; only where something is damaged one by one.
function check_each() {
  local in="$1" object
  shift
  if [[ $# -eq 0 ]]; then return 0; fi
  printf '%s\n' "$@" >"${work}/list"
  stored cat --no-traverse --files-from "${work}/list" "archive:${in}" 2>"${work}/said" | zstd -qt 2>>"${work}/said" && return 0
  for object in "$@"; do
    readable "${in}/${object}" || damaged "${in#*/}/${object} cannot be read"
  done
}

# check_bases STREAM: each base backup that counts, with the mark that says so.
function check_bases() {
  local mark began pieces
  for mark in $(names_in "$1/base" | grep '\.json$'); do
    began="${mark%%.*}"
    stored cat "archive:$1/base/${mark}" 2>/dev/null | jq -e .taken_at >/dev/null || damaged "base/${mark} cannot be read"
    mapfile -t pieces < <(names_in "$1/base/${began}" | sed "s,^,$1/base/${began}/,")
    if [[ ${#pieces[@]} -eq 0 ]] || ! readable "${pieces[@]}"; then damaged "base backup ${began} cannot be read"; fi
    readable "$1/names/${began}.zst" || damaged "names/${began}.zst cannot be read"
    bases=$((bases + 1))
  done
}

# check_log STREAM: parts are listed first: what is finished meanwhile is then among the whole segments.
function check_log() {
  local growing finished
  local -a parts whole
  if ! { growing=$(names_in "$1/parts") && finished=$(names_in "$1/wal"); }; then
    damaged "the log of $1 cannot be listed"
    return 0
  fi
  mapfile -t whole < <(sed '/^$/d' <<<"${finished}")
  mapfile -t parts < <(sed '/^$/d' <<<"${growing}" | grep -vFf <(sed 's/zst$//; /^$/d' <<<"${finished}"))
  check_each "$1/wal" ${whole[@]+"${whole[@]}"}
  check_each "$1/parts" ${parts[@]+"${parts[@]}"}
  segments=$((segments + ${#whole[@]}))
}

# check_names: what was there when the newest base backup counted is there. The oldest may have expired: whole days, in
# no order, and never the last one. No base backup, or names that cannot be read, are told elsewhere.
function check_names() {
  local base stream name
  read -r base stream < <(list_bases) || true
  [[ -n "${base:-}" ]] || return 0
  stored cat "archive:${stream}/names/${base%.*}.zst" 2>/dev/null | zstd -qdc >"${work}/expected" 2>/dev/null || return 0
  kept_names >"${work}/present" || {
    damaged 'the archive cannot be listed'
    return 0
  }
  while read -r name; do damaged "${name#*/} of ${name%%/*} is gone"; done < <(
    awk -v yesterday="$(date -d yesterday +%F)" '
      { split($3, at, "/"); split(at[3], is, "."); segment = at[1] "/wal/" is[1] ".zst" }
      NR == FNR { present[$3] = 1; if (oldest == "") oldest = $1; next }
      $3 in present { begun = 1; next }
      !begun || (at[2] == "parts" && segment in present) || ($1 <= oldest && oldest < yesterday) { next }
      { print $3 }' "${work}/present" "${work}/expected"
  )
}

# check_replay: from the newest base backup, which counts here, to what the server says it has shipped.
function check_replay() {
  local base stream counted shipped reached
  counted=$(jq -r 'select(.ok) | "\(.stream) \(.stamp)"' "${state}/base.json" 2>/dev/null) || counted=''
  shipped=$(jq -r '.shipped // ""' "${state}/wal.json") || shipped=''
  read -r base stream < <(list_bases) || true
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
  local state stream streams bases=0 segments=0 start=${SECONDS}
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
  streams=$(names_in '') || die 'the archive cannot be listed'
  for stream in ${streams}; do
    check_bases "${stream%/}"
    check_log "${stream%/}"
  done
  check_names
  # what cannot be read is told already, and a replay would end there
  if [[ ${#DAMAGED[@]} -eq 0 ]]; then check_replay; fi
  jq -nc --arg archive "$1" --argjson bases "${bases}" --argjson segments "${segments}" \
    --argjson seconds $((SECONDS - start)) \
    '{archive: $archive, on: true, bases: $bases, segments: $segments, seconds: $seconds, damaged: $ARGS.positional}' \
    --args -- ${DAMAGED[@]+"${DAMAGED[@]}"}
}
{
  main "$@"
  exit
}
