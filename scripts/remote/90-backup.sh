#!/usr/bin/env bash
# 90-backup.sh NAME SCHEDULE DRILL_SCHEDULE [MODE] <KIND NAME BASE64 ...: backups of one database, or of files, below
# /opt/backups/NAME, and when they are taken. KIND is `file` (a script or what it reads), `env` (repository, credentials,
# for the scripts' environment), `conf` (what is backed up) or `sftp` (ssh for restic, its key and known_hosts). MODE, 700
# by default, is the folder's.
# check mode

# Lines for bash to source, quoted by it.
function settings_of() {
  local wanted="$1" kind key value
  while read -r kind key value; do
    [[ "${kind}" == "${wanted}" ]] || continue
    value=$(base64 -d <<<"${value}" && printf x) || die "${key}: must be base64"
    printf '%s=%q\n' "${key}" "${value%x}"
  done <<<"${input}"
}

# What the scripts read: manifest.sql of databases, files.sh of files.
function files_but_scripts() { awk '$1 == "file" && $2 != "backup.sh" && $2 != "drill.sh" {print $2}' <<<"${input}"; }

# Without such lines the repository is not over SFTP, or no more: a key that nothing reads does not stay.
function install_sftp() {
  local dir=/etc/homeport/backup/sftp kind key value
  if ! grep -q '^sftp ' <<<"${input}"; then
    if [[ ! -e "${HOMEPORT_ROOT}${dir}" ]]; then return 0; fi
    if is_check; then
      differs "${dir}" 'no folder' 'a folder'
    else
      rm -rf "${HOMEPORT_ROOT}${dir}"
      changed "${dir}"
    fi
    return 0
  fi
  install_dir "${dir}" 700
  while read -r kind key value; do
    if [[ "${kind}" != sftp ]]; then continue; fi
    base64 -d <<<"${value}" | install_file "${dir}/${key}" "$([[ "${key}" == ssh ]] && echo 700 || echo 600)" root:root
  done <<<"${input}"
}

# Exactly one such line in root's crontab, whoever wrote others (S1-27).
function schedule_backup() {
  local line="$1 $2 >> $3 2>&1" before after
  if ! is_check; then # steps of several databases run side by side
    mkdir -p "${HOMEPORT_ROOT}/run/lock"
    exec 8>"${HOMEPORT_ROOT}/run/lock/homeport-crontab"
    flock 8
  fi
  before=$(crontab -u root -l 2>/dev/null || true)
  after=$(
    grep -vF -- " $2 " <<<"${before}" | sed '/^$/d' || true
    printf '%s\n' "${line}"
  )
  if [[ "$(grep -F -- " $2 " <<<"${before}")" == "${line}" ]]; then return 0; fi
  if is_check; then
    differs "root's crontab" "${after}" "${before:-no line}"
  else
    printf '%s\n' "${after}" | crontab -u root -
    changed crontab
  fi
}

function main() {
  local name="$1" input dir="/opt/backups/$1" log="/var/log/$1-backup.log" file
  input=$(cat)
  install_dir /opt/backups 700
  install_dir "${dir}" "${4:-700}"
  install_dir /etc/homeport 711
  install_dir /etc/homeport/backup 700
  install_dir /var/cache/homeport-restic 700
  settings_of env | install_file /etc/homeport/backup/env 600 root:root
  settings_of conf | install_file "/etc/homeport/backup/${name}.conf" 600 root:root
  for file in $(files_but_scripts); do content_of "${file}" <<<"${input}" | install_file "/etc/homeport/backup/${file}" 600 root:root; done
  install_sftp
  for file in backup.sh drill.sh; do content_of "${file}" <<<"${input}" | install_file "${dir}/${file}" 700 root:root; done
  is_check || [[ -e "${HOMEPORT_ROOT}${log}" ]] || install -D -m 600 /dev/null "${HOMEPORT_ROOT}${log}"
  install_file "/etc/logrotate.d/homeport-${name}-backup" 644 root:root <<LOGROTATE
${log} {
  monthly
  rotate 12
  compress
  missingok
  notifempty
}
LOGROTATE
  install_file "/etc/cron.d/homeport-drill-${name}" 644 root:root <<CRON
PATH=/usr/sbin:/usr/bin:/sbin:/bin
$3 root ${dir}/drill.sh >>${log} 2>&1
CRON
  schedule_backup "$2" "${dir}/backup.sh" "${log}"
  summary
}
{
  main "$@"
  exit
}
