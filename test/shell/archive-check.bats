# What archive-check.sh makes of the names in the store: which are missing, and which may be, for they expired.
# shellcheck disable=SC2016,SC2030,SC2031 # stubs expand when they run; each test is a process of its own
load support

DAY=$(date +%F)
STREAM=20261121T100000000Z-7
SEGMENT=0000000100000000000000
MARK=20261121T100100000Z

prepare() {
  stub rclone '
    case "$*" in
    *" lsf -R "*) cat "${STATE}/objects" ;;
    *" cat archive:"*/names/*) cat "${STATE}/names" ;;
    *" cat "*--files-from*)
      while read -r object; do
        if [[ -e "${STATE}/damaged/${object##*/}" ]]; then echo "bad block" >&2; exit 1; fi
      done <"${STATE}/list"
      zstd -qc </dev/null ;;
    esac'
  objects >"${STATE}/objects"
  in_check kept_names | zstd -qc >"${STATE}/names"
}

# in_check COMMANDS: the functions, then these, and what is damaged.
in_check() {
  bash -c 'source "$1"; source "$2"; DAMAGED=() work="${STATE}"; kept_names >"${work}/present"; eval "$3"; for each in ${DAMAGED[@]+"${DAMAGED[@]}"}; do echo "${each}"; done' - \
    "$(functions_of archive-check.sh)" "${REMOTE}/archive.sh" "$1" 2>"${STATE}/said"
}

# objects [DAY]: a stream with a base backup, two segments, of the second one parts as well, and a third that grows.
objects() {
  local day="${1:-${DAY}}"
  printf '%s %s\n' \
    "${day} 10:00:01 200" "${STREAM}/wal/${SEGMENT}01.zst" \
    "${day} 10:01:01 200" "${STREAM}/base/${MARK}/0000" \
    "${day} 10:01:03 200" "${STREAM}/seen/20261121T100103000Z" \
    "${day} 10:01:05 200" "${STREAM}/parts/${SEGMENT}02.20261121T100105000Z.0.zst" \
    "${day} 10:02:00 200" "${STREAM}/base/${MARK}.20261121T100200000Z.json" \
    "${day} 10:02:01 200" "${STREAM}/wal/${SEGMENT}02.zst" \
    "${day} 10:03:00 200" "${STREAM}/parts/${SEGMENT}03.20261121T100300000Z.0.zst" \
    "${day} 10:04:00 200" "${STREAM}/parts/${SEGMENT}03.20261121T100400000Z.80.zst"
}

# without TEXT: the store has lost what has this in its name.
without() { objects "${2:-}" | grep -vF -- "$1" >"${STATE}/objects"; }

@test "archive-check: what holds nothing of a copy is not missed" {
  [[ "$(zstd -qdc "${STATE}/names" | grep -c .)" == 6 ]]
  run ! grep -qE 'seen|02\.2026.*T100105' <(zstd -qdc "${STATE}/names")
  run -0 in_check check_names
  [[ "${output}" == '' ]]
  without 100103000Z
  run -0 in_check check_names
  [[ "${output}" == '' ]]
}

@test "archive-check: a part, a segment, a piece of a base backup that is gone is named, though its stream has ended" {
  local lost
  for lost in "parts/${SEGMENT}03.20261121T100300000Z.0.zst" "parts/${SEGMENT}03.20261121T100400000Z.80.zst" \
    "wal/${SEGMENT}02.zst" "base/${MARK}/0000"; do
    without "${lost}"
    run -0 in_check check_names
    [[ "${output}" == "${lost} of ${STREAM} is gone" ]]
  done
}

@test "archive-check: a part is not missed once its segment is there as a whole" {
  { without 03.20261121T1003 && objects | tail -n 1 && printf '%s\n' "${DAY} 10:05:00 200 ${STREAM}/wal/${SEGMENT}03.zst"; } >"${STATE}/more"
  cat "${STATE}/more" >>"${STATE}/objects"
  run -0 in_check check_names
  [[ "${output}" == '' ]]
}

@test "archive-check: what expired from the front is not missed; a day that is expiring goes in any order" {
  without "wal/${SEGMENT}01.zst"
  run -0 in_check check_names
  [[ "${output}" == '' ]]

  objects 2026-01-02 >"${STATE}/objects"
  in_check kept_names | zstd -qc >"${STATE}/names"
  without "wal/${SEGMENT}02.zst" 2026-01-02
  run -0 in_check check_names
  [[ "${output}" == '' ]]
}

@test "archive-check: of many objects the damaged ones are named, and one that is empty" {
  mkdir "${STATE}/damaged"
  touch "${STATE}/damaged/${SEGMENT}02.zst" "${STATE}/damaged/${SEGMENT}03.20261121T100400000Z.80.zst"
  run -0 in_check 'mapfile -t objects < <(present "/(wal|parts|names)/"); check_each "${objects[@]}"'
  [[ "${output}" == "wal/${SEGMENT}02.zst cannot be read
parts/${SEGMENT}03.20261121T100400000Z.80.zst cannot be read" ]]
  sed -i 's,200 \(.*/wal/.*01.zst\),0 \1,' "${STATE}/objects"
  run -0 in_check check_sizes
  [[ "${output}" == "wal/${SEGMENT}01.zst is empty" ]]
}
