#!/usr/bin/env bash
# 78-unit-limits.sh <`script NAME base64` and `limits UNIT base64` lines: what units may use is measured every five minutes, and told
# of when it is more (S2-23). A unit that has no limits any more is measured no more.
# check mode

readonly LIMITS=/etc/homeport/limits

function install_timer() {
  install_file /etc/systemd/system/homeport-limits.service 644 root:root <<'UNIT'
[Unit]
Description=Homeport: what units use

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/homeport-limits report
UNIT
  install_file /etc/systemd/system/homeport-limits.timer 644 root:root <<'UNIT'
[Unit]
Description=Homeport: what units use

[Timer]
OnActiveSec=5min
OnUnitActiveSec=5min

[Install]
WantedBy=timers.target
UNIT
}

function read_input() {
  local kind name text
  while read -r kind name text; do
    case "${kind}" in
    script) base64 -d <<<"${text}" | install_file "/usr/local/sbin/${name}" 755 root:root ;;
    limits)
      base64 -d <<<"${text}" | install_file "${LIMITS}/${name}.json" 644 root:root
      wanted+=("${name}.json")
      ;;
    *) die "input: must be script or limits, got ${kind}" ;;
    esac
  done
}

function drop_others() {
  local file
  for file in "${HOMEPORT_ROOT}${LIMITS}"/*.json; do
    if [[ ! -e "${file}" || " ${wanted[*]} " == *" ${file##*/} "* ]]; then continue; fi
    if is_check; then
      differs "${LIMITS}/${file##*/}" 'no file' 'a file'
    else
      rm -f "${file}"
      changed "${LIMITS}/${file##*/}"
    fi
  done
}

function main() {
  local wanted=()
  install_dir /etc/homeport 711
  install_dir "${LIMITS}" 700
  read_input
  drop_others
  install_timer
  if is_check; then
    check_unit homeport-limits.timer 'enabled, active'
  else
    if [[ ${CHANGED} -ne 0 ]]; then systemctl daemon-reload; fi
    systemctl enable --now --quiet homeport-limits.timer
  fi
  summary
}
{
  main "$@"
  exit
}
