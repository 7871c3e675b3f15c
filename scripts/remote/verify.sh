#!/usr/bin/env bash
# Looks at the host and changes nothing: prints one JSON object, a probe's name to its exit code, output and
# errors (base64: no quoting of what a host may say). Runs as root, over stdin. Usage: verify.sh "HOSTNAME ..."
# ["unit NAME FOLDER USER PORT PATH" ...] ["flood HOSTNAME PATH REQUESTS" ...]
set -Eeuo pipefail
umask 077
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin

units=() floods=()
readonly probes=(sshd sshd_files ufw fail2ban fail2ban_log upgrades docker containers images forward docker_user
  docker_user6 certificates tls nginx floods renewal registry
  crontab backups archives units secret_files host_keys disks applications strays limits patching)

function probe_sshd() { sshd -T; }
function probe_sshd_files() {
  # in the order in which sshd reads them: the first match wins
  grep -HiE '^[[:space:]]*passwordauthentication' /etc/ssh/sshd_config.d/*.conf || true
}
function probe_ufw() { ufw status verbose; }
function probe_fail2ban() { fail2ban-client status sshd; }
function probe_fail2ban_log() { fail2ban-client get sshd journalmatch; }
function probe_upgrades() { apt-get -s upgrade; }
function probe_docker() { docker version --format '{{.Server.Version}}'; }
function probe_containers() { docker ps -aq | xargs -r docker inspect; }
function probe_images() { docker image ls -q --no-trunc | sort -u | xargs -r docker image inspect; }
function probe_forward() { iptables -S FORWARD; }
function probe_docker_user() { iptables -S DOCKER-USER; }
function probe_docker_user6() { ip6tables -S DOCKER-USER; }
function probe_registry() {
  # a copy: what is there is asked whether it still logs in, and not written again
  local login="${work}/registry-login"
  stat -c '%a %U' /root/.docker/config.json
  install -d -m 700 "${login}"
  cp /root/.docker/config.json "${login}/config.json"
  timeout 20 docker --config "${login}" login "$(cat /etc/homeport/registry)" </dev/null 2>&1
}
function probe_certificates() {
  # what is served, not what lies in a file
  local hostname
  for hostname in ${hostnames}; do
    printf 'host %s\n' "${hostname}"
    timeout 5 openssl s_client -connect 127.0.0.1:443 -servername "${hostname}" </dev/null 2>/dev/null |
      openssl x509 -noout -subject -issuer -startdate -enddate -ext subjectAltName 2>/dev/null || true
  done
}
function probe_tls() {
  # each version alone; by a client that is not too careful for the old ones itself
  local hostname version
  for hostname in ${hostnames}; do
    for version in TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; do
      printf '%s %s %s\n' "${hostname}" "${version}" "$(tls_answer "${hostname}" "${version}")"
    done
  done
}
function tls_answer() {
  local option="${2/TLSv/-tls}"
  timeout 5 openssl s_client -brief "${option/./_}" -cipher DEFAULT@SECLEVEL=0 -connect 127.0.0.1:443 -servername "$1" \
    </dev/null 2>&1 | grep -m 1 -oE 'Protocol version: .*|SSL alert number [0-9]+|:(no protocols available|unsupported protocol):' || true
}
function probe_nginx() {
  # what it reads, wherever that stands
  local proxy
  if [[ ${#floods[@]} -eq 0 ]]; then return 0; fi
  proxy=$(docker ps -q --filter label=homeport.service=proxy)
  docker exec "${proxy}" nginx -T -c /etc/nginx/homeport/nginx.conf | grep -E '^\s*(limit_req|real_ip|set_real_ip)'
}
function probe_floods() {
  # A byte of the body never comes: a request that is let in waits for it in the proxy, and reaches no service. Each path
  # after the other, since several may share one count.
  local each hostname path requests codes
  for each in ${floods[@]+"${floods[@]}"}; do
    read -r _ hostname path requests <<<"${each}"
    codes=$(curl -sk --http1.1 -m 5 -Z --parallel-immediate --parallel-max 300 --fail --fail-early -X POST \
      -H 'Content-Length: 1' -o /dev/null -w '%{http_code}\n' --resolve "${hostname}:443:127.0.0.1" \
      "https://${hostname}${path}?[1-${requests}]" | sort | uniq -c | xargs) || true
    printf '%s %s %s\n' "${hostname}" "${path}" "${codes}"
  done
}
function probe_renewal() {
  printf '%s %s\n' "$(systemctl is-enabled certbot.timer 2>/dev/null)" "$(systemctl is-active certbot.timer 2>/dev/null)"
}

function probe_crontab() { crontab -u root -l; }
function probe_units() {
  local unit
  # Ubuntu's sshd is started by its socket; it runs now, or nobody could ask
  printf 'ssh %s active\n' "$(systemctl is-enabled ssh.service ssh.socket 2>/dev/null | grep -m 1 -x enabled)"
  for unit in docker cron fail2ban; do
    printf '%s %s %s\n' "${unit}" "$(systemctl is-enabled "${unit}" 2>/dev/null)" "$(systemctl is-active "${unit}" 2>/dev/null)"
  done
  # whether its rules are in force now is not the unit's to say
  printf 'ufw %s active\n' "$(systemctl is-enabled ufw 2>/dev/null)"
}
function probe_secret_files() {
  # whatever holds a secret, and others than its owner may read, change or list
  find /etc/homeport/secrets /etc/homeport/backup /etc/homeport/proxy/tls/origin.key /root/.docker/config.json \
    \( -type f -perm /077 -o -type d -perm /066 \) -printf '%m %p\n' 2>/dev/null || true
}
function probe_host_keys() { find /etc/ssh -name 'ssh_host_*_key' -printf '%f\n'; }
function probe_disks() { df --output=pcent,ipcent,target / /boot /tmp /var /var/log /var/tmp /var/lib/docker /opt/backups 2>/dev/null || true; }
function is_running() {
  # by its lock: a run that ended in any way has it no more
  local lock
  lock="/run/lock/homeport-backup-$(basename "$1")"
  if [[ -e "${lock}" ]] && ! flock -n "${lock}" true; then printf true; else printf false; fi
}
function probe_backups() {
  local dir file whole
  for dir in /opt/backups/*/; do
    for file in "${dir}"backup_*.sql; do
      [[ -e "${file}" ]] || continue
      whole=false
      if [[ "$(jq -r .dump_sha256 "${file%.sql}.manifest.json" 2>/dev/null)  -" == "$(sha256sum <"${file}")" ]]; then whole=true; fi
      jq -nc --arg file "${file##*/}" --argjson bytes "$(stat -c %s "${file}")" --argjson whole "${whole}" '$ARGS.named'
    done | jq -sc --arg dir "${dir%/}" --arg mode "$(stat -c '%a %U' "${dir}")" \
      --arg script "$(stat -c '%a %U' "${dir}backup.sh" 2>/dev/null)" \
      --arg success "$(cat "${dir}LAST_SUCCESS.txt" 2>/dev/null)" \
      --arg last_run "$(cat "${dir}LAST_RUN.txt" 2>/dev/null)" --argjson running "$(is_running "${dir}")" \
      --argjson drill "$(jq -c . "${dir}drill.json" 2>/dev/null || printf null)" \
      '{copies: ., $dir, $mode, $script, $success, $drill, $last_run, $running}'
  done
}

# of each database server: what its archive says of itself
function probe_archives() {
  local dir name
  for dir in /opt/backups/*/; do
    [[ -e "${dir}wal.sh" ]] || continue
    name=$(basename "${dir}")
    jq -nc --arg folder "${name}" --arg unit "$(systemctl is-active "homeport-wal@${name}.service")" \
      --arg now "$(date -u +%FT%TZ)" --argjson wal "$(jq -c . "${dir}wal.json" 2>/dev/null || printf null)" \
      --argjson base "$(jq -c . "${dir}base.json" 2>/dev/null || printf null)" '$ARGS.named'
  done
}

# Of its journal only since the last start: what was mended is no fault any more. How often, never what: a line of an
# application may hold anything.
function unit_errors() {
  journalctl -q -n 100 -o cat "_SYSTEMD_INVOCATION_ID=$(systemctl show -p InvocationID --value "$1")" 2>/dev/null |
    grep -cE '^(ERROR|CRITICAL|FATAL|Traceback )|[A-Za-z]+(Error|Exception)( \(|:)' || true
}

function probe_applications() {
  local each name folder user port path
  for each in ${units[@]+"${units[@]}"}; do
    read -r _ name folder user port path <<<"${each}"
    jq -nc --arg name "${name}" --arg state "$(systemctl show -p ActiveState -p SubState --value "${name}" | xargs)" \
      --arg enabled "$(systemctl is-enabled "${name}" 2>/dev/null)" \
      --arg socket "$(systemctl is-active "homeport-unit-${name}.socket")" \
      --arg code "$(curl -s -m 10 -o /dev/null -w '%{http_code}' "http://127.0.0.1:${port}${path}")" \
      --arg listens "$(ss -Hltn "sport = :${port}" | awk '{print $4}' | xargs)" \
      --arg env "$(stat -c '%a %U:%G' "${folder}/.env" 2>/dev/null)" \
      --arg owner "$(stat -c %U:%G "${folder}" 2>/dev/null)" \
      --arg alien "$(find "${folder}/current/" ! -user "${user}" ! -name .homeport -print -quit 2>&1)" \
      --arg user "$(systemctl show -p User --value "${name}")" \
      --arg exposure "$(systemd-analyze security --no-pager "${name}.service" 2>/dev/null | sed -n 's/.*exposure level for [^:]*: \([0-9.]*\).*/\1/p')" \
      --arg errors "$(unit_errors "${name}")" \
      --arg shown "$({ systemctl show "${name}" && systemctl cat "${name}"; } 2>/dev/null | base64 -w0)" \
      --arg release "$(basename "$(readlink "${folder}/current")")" '$ARGS.named'
  done
}
function probe_limits() { if [[ -x /usr/local/sbin/homeport-limits ]]; then /usr/local/sbin/homeport-limits; fi; }
function probe_patching() {
  sed -n 's/^\(.*\) root flock .*homeport-upgrade .*$/schedule \1/p' /etc/cron.d/homeport-upgrade
  printf 'upgraded %s\n' "$(cat /var/lib/homeport/upgraded)"
  if /usr/local/sbin/homeport-upgrade is-restart-due; then printf 'restart due\n'; fi
}
function probe_strays() {
  if [[ ${#units[@]} -eq 0 ]]; then return 0; fi
  find / -xdev -name .secrets.json 2>/dev/null || true
}

function run_probe() {
  local name=$1 code=0
  "probe_${name}" >"${work}/${name}.out" 2>"${work}/${name}.err" || code=$?
  printf '%d' "${code}" >"${work}/${name}.code"
}

function print_results() {
  local name separator='' code out err
  printf '{'
  for name in "${probes[@]}"; do
    code=$(<"${work}/${name}.code")
    out=$(base64 -w0 "${work}/${name}.out")
    err=$(base64 -w0 "${work}/${name}.err")
    printf '%s"%s":{"code":%d,"out":"%s","err":"%s"}' "${separator}" "${name}" "${code}" "${out}" "${err}"
    separator=','
  done
  printf '}\n'
}

function main() {
  hostnames=${1:?the hostnames to ask the origin for}
  local each
  for each in "${@:2}"; do
    if [[ "${each}" == 'unit '* ]]; then units+=("${each}"); else floods+=("${each}"); fi
  done
  work=$(mktemp -d)
  trap 'rm -rf "${work}"' EXIT
  local name
  for name in "${probes[@]}"; do
    run_probe "${name}" </dev/null &
  done
  wait
  print_results
}

{
  main "$@"
  exit
}
