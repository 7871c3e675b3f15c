#!/usr/bin/env bash
# /opt/backups/postgres/shipping.sh: what wal.sh has received, packed and sent into the store. Needs spool, stream, seen
# and problem of wal.sh, and the archive's library.

readonly TOLD_AFTER=300 SEEN_AFTER=60
failing_since='' was_told='' shipped='' shipped_at='' last_stamp='' last_sent=0

# next_stamp: later than every one before, whatever the clock does.
function next_stamp() {
  local now
  now=$(stamp)
  if [[ ! "${now}" > "${last_stamp}" ]]; then now=$(stamp_at "$(time_of "${last_stamp}") + 0.001 seconds"); fi
  last_stamp="${now}"
  write_file "${spool}/last_stamp" <<<"${now}"
}

# pack TARGET: stdin, compressed, under its name only when it is whole.
function pack() {
  zstd -q -3 -c >"${spool}/packing" || return 1
  mv -f "${spool}/packing" "$1"
}

# gather: finished segments, and what was added to the growing one since the last time, into the outgoing folder.
function gather() {
  local file segment last newest='' offset
  install -d -m 700 "${spool}/outgoing"/{wal,parts,seen}
  # first the growing one: what is finished meanwhile is then among the finished ones
  for file in "${spool}"/received/*.partial; do
    segment="${file##*/}" segment="${segment%.partial}"
    cp -f "${file}" "${spool}/now" 2>/dev/null || continue # it was finished at this very moment
    offset=0
    if [[ "$(cat "${spool}/sent.name" 2>/dev/null)" == "${segment}" ]]; then
      if cmp -s "${spool}/sent" "${spool}/now"; then continue; fi
      offset=$(cmp "${spool}/sent" "${spool}/now" | sed -nE 's/.*differ: [a-z]+ ([0-9]+),.*/\1/p')
      offset=$((${offset:-1} - 1))
    fi
    next_stamp
    tail -c "+$((offset + 1))" "${spool}/now" | pack "${spool}/outgoing/parts/${segment}.${last_stamp}.${offset}.zst" || return 1
    rm -f "${spool}/sent.name"
    mv -f "${spool}/now" "${spool}/sent"
    write_file "${spool}/sent.name" <<<"${segment}"
  done
  last=$(cat "${spool}/last" 2>/dev/null) || last=''
  for file in "${spool}"/received/*; do
    segment="${file##*/}"
    [[ "${segment}" =~ ^${SEGMENT_NAME}$ ]] || continue
    if [[ "${segment}" > "${last}" ]]; then
      pack "${spool}/outgoing/wal/${segment}.zst" <"${file}" || return 1
      write_file "${spool}/last" <<<"${segment}"
    fi
    # the newest finished one stays: it tells pg_receivewal where to go on
    if [[ -n "${newest}" ]]; then rm -f "${newest}"; fi
    newest="${file}"
  done
}

# send: everything that waits. The same name always has the same content, so what is there already is not sent again.
function send() {
  local kind
  if [[ -z "$(find "${spool}/outgoing" -type f -print -quit)" ]]; then
    if [[ $((SECONDS - last_sent)) -lt ${SEEN_AFTER} || -z "${stream}" ]]; then return 0; fi
    next_stamp
    : >"${spool}/outgoing/seen/${last_stamp}"
  fi
  if [[ -z "${RCLONE_CONFIG_ARCHIVE_REMOTE:-}" ]]; then open_archive 2>/dev/null || return 1; fi
  # in this order: a part in the store says that what was finished before it is there
  for kind in wal parts seen; do
    [[ -n "$(find "${spool}/outgoing/${kind}" -type f -print -quit)" ]] || continue
    timeout 300 rclone move --no-traverse --size-only --immutable --retries 1 --low-level-retries 1 --contimeout 10s \
      --timeout 20s --transfers 8 "${spool}/outgoing/${kind}" "archive:${stream}/${kind}" 2>"${spool}/error" || return 1
  done
  last_sent=${SECONDS}
}

# ship: what the database has flushed when this begins counts as shipped when it ends.
# shellcheck disable=SC2034 # shipped, shipped_at: for wal.json
function ship() {
  local received
  received=$(jq -r '.received // ""' <<<"${seen:-null}")
  if gather && send; then
    if [[ -n "${received}" ]]; then shipped="${received}"; fi
    shipped_at=$(date -u +%FT%TZ)
    if [[ -n "${was_told}" ]]; then log 'the store takes the log again'; fi
    failing_since='' was_told=''
    return 0
  fi
  problem="${problem:+${problem}; }the store does not take the log: $(tail -n 1 "${spool}/error" 2>/dev/null | cut -c1-200)"
  : "${failing_since:=${SECONDS}}"
  if [[ -z "${was_told}" && $((SECONDS - failing_since)) -ge ${TOLD_AFTER} ]]; then
    was_told=yes reason="${problem}"
    log "${reason}"
    tell archive-stopped
    reason=''
  fi
}
