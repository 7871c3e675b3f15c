# The steps that turn a bare distribution into a host: each twice, and the second run changes nothing.
# shellcheck disable=SC2016,SC2030,SC2031 # stubs expand when they run; each test is a process of its own
load support

prepare() {
  stub systemctl '
case "$1" in
is-active) [[ -e "${STATE}/active" ]] ;;
start | restart) touch "${STATE}/active" ;;
esac'
  stub systemd-run
  stub sshd '
if [[ "$1" == -T ]]; then
  file="${HOMEPORT_ROOT}/etc/ssh/sshd_config.d/00-homeport.conf"
  if [[ -e "${file}" && -z "${OVERRIDE:-}" ]]; then tr "[:upper:]" "[:lower:]" <"${file}"; else echo "passwordauthentication yes"; fi
fi'
}

@test "00-host-key: installs the permanent key and its public half, reloads once" {
  ssh-keygen -q -t ed25519 -N '' -C '' -f "${STATE}/key"
  run -0 remote 00-host-key.sh <"${STATE}/key"
  [[ "${lines[0]}" == "changed /etc/ssh/ssh_host_ed25519_key" ]]
  cmp "${STATE}/key" "${HOMEPORT_ROOT}/etc/ssh/ssh_host_ed25519_key"
  [[ "$(mode_of /etc/ssh/ssh_host_ed25519_key)" == 600 ]]
  [[ "$(mode_of /etc/ssh/ssh_host_ed25519_key.pub)" == 644 ]]
  [[ "$(cut -d' ' -f2 "${STATE}/key.pub")" == "$(cut -d' ' -f2 "${HOMEPORT_ROOT}/etc/ssh/ssh_host_ed25519_key.pub")" ]]
  [[ "$(line_of 'sshd -t')" -lt "$(line_of 'systemctl reload ssh')" ]]

  forget_calls
  run -0 remote 00-host-key.sh <"${STATE}/key"
  [[ "${output}" == unchanged ]]
  run ! called 'systemctl reload ssh'
}

@test "00-host-key: what is no key replaces none" {
  ssh-keygen -q -t ed25519 -N '' -f "${STATE}/key"
  remote 00-host-key.sh <"${STATE}/key"
  run ! remote 00-host-key.sh <<<"no key"
  [[ "${output}" == *"host key: must be an OpenSSH private key"* ]]
  cmp "${STATE}/key" "${HOMEPORT_ROOT}/etc/ssh/ssh_host_ed25519_key"
}

@test "01-host-key-only: removes every other host key, and keeps the permanent one" {
  mkdir -p "${HOMEPORT_ROOT}/etc/ssh"
  touch "${HOMEPORT_ROOT}"/etc/ssh/ssh_host_{ecdsa,rsa,ed25519}_key{,.pub}
  run -0 remote 01-host-key-only.sh </dev/null
  [[ "$(ls "${HOMEPORT_ROOT}/etc/ssh")" == $'ssh_host_ed25519_key\nssh_host_ed25519_key.pub' ]]
  called 'systemctl reload ssh'

  forget_calls
  run -0 remote 01-host-key-only.sh </dev/null
  [[ "${output}" == unchanged ]]
  run ! called 'systemctl reload ssh'
}

base() {
  stub cloud-init 'if [[ "$2" == --wait ]]; then exit "${CLOUD_INIT:-0}"; fi; echo "degraded done"'
  stub apt-get 'case "$*" in *-s\ upgrade*) [[ -e "${STATE}/upgraded" ]] || echo "Inst base-files" ;; *confold\ upgrade) touch "${STATE}/upgraded" ;; *install*) touch "${STATE}/installed" ;; esac'
  stub apt-cache 'echo "Package: $2"'
  stub dpkg-query 'if [[ -e "${STATE}/installed" ]]; then echo "install ok installed"; else exit 1; fi'
}

@test "10-base: upgrades, installs what is missing, schedules upgrades" {
  base
  LIBRARY=docker-daemon.sh run -0 --separate-stderr remote 10-base.sh '0 4 * * 0' false </dev/null
  [[ "${lines[0]}" == "changed upgraded" ]]
  [[ "${output}" == *"changed installed ufw fail2ban python3-systemd docker.io cron logrotate curl jq ca-certificates restic rclone zstd docker-cli"* ]]
  [[ "$(cat "${HOMEPORT_ROOT}/etc/cron.d/homeport-upgrade")" == *$'\n0 4 * * 0 root flock -n '* ]]
  [[ "$(mode_of /etc/cron.d/homeport-upgrade)" == 644 ]]
  [[ "$(mode_of /usr/local/sbin/homeport-upgrade)" == 755 ]]
  sh -n "${HOMEPORT_ROOT}/usr/local/sbin/homeport-upgrade"
  [[ -e "${HOMEPORT_ROOT}/var/lib/homeport/upgraded" ]]
  jq -e '."live-restore"' "${HOMEPORT_ROOT}/etc/docker/daemon.json"

  LIBRARY=docker-daemon.sh run -0 --separate-stderr remote 10-base.sh '0 4 * * 0' false </dev/null
  [[ "${output}" == unchanged ]]
}

@test "10-base: what the system wants is installed as well, under the name that the distribution has for it (S3-1)" {
  base
  # known by name, as what other packages mention is, and to be had
  stub apt-cache '[[ "$2" != missing* ]] || exit 100; [[ "$2" == docker-compose-v2 ]] || echo "Package: $2"'
  local words=('0 4 * * 0' false git 'docker-compose-v2|docker-compose' 'missing-a|missing-b')
  LIBRARY=docker-daemon.sh run -0 --separate-stderr remote 10-base.sh "${words[@]}" </dev/null
  [[ "${output}" == *"zstd docker-cli git docker-compose missing-a"* ]]
  called 'systemctl enable --quiet --now cron logrotate.timer'

  # the other one, where somebody has it: nothing is missing, and nothing is installed beside it
  stub dpkg-query 'if [[ "${*: -1}" == missing-b || "${*: -1}" != missing* ]]; then echo "install ok installed"; else exit 1; fi'
  stub apt-get 'case "$*" in *install*) exit 1 ;; esac'
  LIBRARY=docker-daemon.sh run -0 --separate-stderr remote 10-base.sh "${words[@]}" </dev/null
  [[ "${output}" == unchanged ]]
}

@test "homeport-upgrade: remembers an upgrade that ran to its end, and restarts only where that is due and wanted" {
  base
  LIBRARY=docker-daemon.sh remote 10-base.sh '0 4 * * 0' true </dev/null
  grep -q 'homeport-upgrade reboot=true >>' "${HOMEPORT_ROOT}/etc/cron.d/homeport-upgrade"
  local script="${STATE}/upgrade" boot="${HOMEPORT_ROOT}/boot" upgraded="${HOMEPORT_ROOT}/var/lib/homeport/upgraded"
  sed "s#/run/reboot-required#${STATE}/required#; s#/boot#${boot}#g; s#/var/lib/homeport#${HOMEPORT_ROOT}&#" \
    "${HOMEPORT_ROOT}/usr/local/sbin/homeport-upgrade" >"${script}"
  mkdir -p "${boot}"
  stub shutdown
  stub uname 'echo 6.1.0-9'
  touch "${boot}/vmlinuz-6.1.0-9"
  rm "${upgraded}"
  sh "${script}" reboot=true
  [[ -s "${upgraded}" ]]
  run ! called 'shutdown -r +1'
  run -1 sh "${script}" is-restart-due

  touch "${boot}/vmlinuz-6.1.0-10"
  run -0 sh "${script}" is-restart-due
  run -0 sh "${script}" reboot=false
  [[ "${output}" == *'a restart is due' ]]
  run ! called 'shutdown -r +1'
  sh "${script}" reboot=true
  called 'shutdown -r +1'

  rm "${upgraded}" "${boot}/vmlinuz-6.1.0-10"
  stub apt-get 'exit 100'
  run ! sh "${script}" reboot=true
  [[ ! -e "${upgraded}" ]]
}

@test "10-base: ends when cloud-init failed, goes on when it is merely degraded" {
  base
  export CLOUD_INIT=1
  LIBRARY=docker-daemon.sh run -1 remote 10-base.sh '0 4 * * 0' false </dev/null
  [[ "${output}" == *"cloud-init ended with status 1"* ]]
  run ! called "apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold update"
  export CLOUD_INIT=2
  LIBRARY=docker-daemon.sh run -0 remote 10-base.sh '0 4 * * 0' false </dev/null
}

firewall() {
  stub ufw '
case "$*" in
"--force enable") touch "${STATE}/enabled" ;;
"--force reset") rm -f "${STATE}/enabled" "${STATE}/rules" ;;
allow*) echo "$2" >>"${STATE}/rules" ;;
"status verbose")
  [[ -e "${STATE}/enabled" ]] || { echo "Status: inactive"; exit; }
  printf "Status: active\nDefault: deny (incoming), allow (outgoing), disabled (routed)\n"
  for rule in $(cat "${STATE}/rules") ${EXTRA:-}; do printf "%-27s ALLOW IN    Anywhere\n%-27s ALLOW IN    Anywhere (v6)\n" "${rule}" "${rule} (v6)"; done ;;
esac'
  stub iptables 'if [[ -e "${STATE}/enabled" ]]; then grep -- "^-A" "${HOMEPORT_ROOT}/etc/ufw/homeport-docker.rules"; fi'
  stub ip6tables 'if [[ -e "${STATE}/enabled" ]]; then grep -- "^-A" "${HOMEPORT_ROOT}/etc/ufw/homeport-docker6.rules"; fi'
}

@test "20-firewall: 22, 80 and 443 and nothing else, under a guard that is armed first" {
  firewall
  run -0 --separate-stderr remote 20-firewall.sh </dev/null
  [[ "${output}" == *"changed ufw" ]]
  [[ "$(xargs <"${STATE}/rules")" == "22/tcp 80/tcp 443/tcp" ]]
  called 'ufw default deny incoming'
  [[ "$(line_of systemd-run)" -lt "$(line_of 'ufw --force reset')" ]]
  [[ "$(mode_of /etc/ufw/after.init)" == 750 ]]
  sh -n "${HOMEPORT_ROOT}/etc/ufw/after.init"

  forget_calls
  run -0 --separate-stderr remote 20-firewall.sh </dev/null
  [[ "${output}" == unchanged ]]
  run ! called 'ufw --force reset'
  run ! grep -q '^systemd-run' "${CALLS}"
}

@test "20-firewall: takes back a rule that somebody added" {
  firewall
  remote 20-firewall.sh </dev/null
  echo 5432/tcp >>"${STATE}/rules"
  run -0 --separate-stderr remote 20-firewall.sh </dev/null
  [[ "$(xargs <"${STATE}/rules")" == "22/tcp 80/tcp 443/tcp" ]]
}

@test "20-firewall: fails, with the guard armed, when ufw shows more than was asked for" {
  firewall
  export EXTRA=5432/tcp
  run -1 --separate-stderr remote 20-firewall.sh </dev/null
  [[ "${stderr}" == *"ufw: must be active with 22, 80, 443/tcp only"* ]]
  grep -q '^systemd-run --quiet --unit=homeport-guard-firewall' "${CALLS}"
}

@test "20-firewall: Docker's chain drops what is not asked for on 80 or 443, and the way to the metadata (H5)" {
  firewall
  remote 20-firewall.sh </dev/null
  for file in homeport-docker homeport-docker6; do
    rules="${HOMEPORT_ROOT}/etc/ufw/${file}.rules"
    [[ "$(grep -- '^-A' "${rules}" | tail -n 1)" == "-A DOCKER-USER -j DROP" ]]
    [[ "$(grep -o 'ctorigdstport [0-9]*' "${rules}" | xargs)" == "ctorigdstport 80 ctorigdstport 443" ]]
  done
  metadata=$(grep -n '169.254.169.254/32 -j DROP' "${HOMEPORT_ROOT}/etc/ufw/homeport-docker.rules" | cut -d: -f1)
  container=$(grep -n -- '-i docker0 -j RETURN' "${HOMEPORT_ROOT}/etc/ufw/homeport-docker.rules" | cut -d: -f1)
  [[ "${metadata}" -lt "${container}" ]]
}

ssh_host() {
  mkdir -p "${STATE}/home/.ssh"
  echo key >"${STATE}/home/.ssh/authorized_keys"
  stub sudo 'exit "${SUDO:-0}"'
  stub getent 'echo "ops:x:1000:1000::${STATE}/home:/bin/bash"'
}

@test "30-ssh: keys only and no root, as sshd itself says, under a guard that is armed first (S1-10, H3)" {
  ssh_host
  run -0 remote 30-ssh.sh ops </dev/null
  [[ "${output}" == "changed /etc/ssh/sshd_config.d/00-homeport.conf" ]]
  grep -qx 'PasswordAuthentication no' "${HOMEPORT_ROOT}/etc/ssh/sshd_config.d/00-homeport.conf"
  [[ "$(line_of systemd-run)" -lt "$(line_of 'sshd -t')" ]]
  [[ "$(line_of 'sshd -t')" -lt "$(line_of 'systemctl reload ssh')" ]]

  forget_calls
  run -0 remote 30-ssh.sh ops </dev/null
  [[ "${output}" == unchanged ]]
  run ! called 'systemctl reload ssh'
  run ! grep -q '^systemd-run' "${CALLS}"
}

@test "30-ssh: fails without a reload, guard armed, when another file has the first word" {
  ssh_host
  export OVERRIDE=1
  run -1 remote 30-ssh.sh ops </dev/null
  [[ "${output}" == *"sshd: another file overrides"* ]]
  run ! called 'systemctl reload ssh'
  grep -q '^systemd-run --quiet --unit=homeport-guard-ssh' "${CALLS}"
}

@test "30-ssh: sets aside a drop-in that sshd reads first, and leaves the later ones (H3)" {
  ssh_host
  dir="${HOMEPORT_ROOT}/etc/ssh/sshd_config.d"
  mkdir -p "${dir}"
  for name in 00-a 50-cloud-init; do echo 'PasswordAuthentication yes' >"${dir}/${name}.conf"; done
  run -0 remote 30-ssh.sh ops </dev/null
  [[ "${lines[1]}" == "changed set aside /etc/ssh/sshd_config.d/00-a.conf" ]]
  [[ "$(ls "${dir}")" == $'00-a.conf.set-aside\n00-homeport.conf\n50-cloud-init.conf' ]]
  run -0 remote 30-ssh.sh ops </dev/null
  [[ "${output}" == unchanged ]]
}

@test "30-ssh: touches nothing while the operator could not come back" {
  ssh_host
  : >"${STATE}/home/.ssh/authorized_keys"
  run -1 remote 30-ssh.sh ops </dev/null
  [[ "${output}" == *"ops: has no authorized key"* ]]
  echo key >"${STATE}/home/.ssh/authorized_keys"
  export SUDO=1
  run -1 remote 30-ssh.sh ops </dev/null
  [[ "${output}" == *"ops: must be able to use sudo"* ]]
  [[ ! -e "${HOMEPORT_ROOT}/etc/ssh" ]]
}

@test "40-fail2ban: the journal is its source, and its jail answers (S1-9, H4)" {
  stub fail2ban-client
  run -0 remote 40-fail2ban.sh </dev/null
  [[ "${output}" == "changed /etc/fail2ban/jail.local" ]]
  called 'systemctl restart fail2ban'
  called 'fail2ban-client status sshd'
  grep -qx 'backend = systemd' "${HOMEPORT_ROOT}/etc/fail2ban/jail.local"

  forget_calls
  run -0 remote 40-fail2ban.sh </dev/null
  [[ "${output}" == unchanged ]]
  run ! called 'systemctl restart fail2ban'
}

@test "40-fail2ban: starts one that has died" {
  stub fail2ban-client
  remote 40-fail2ban.sh </dev/null
  rm "${STATE}/active"
  forget_calls
  run -0 remote 40-fail2ban.sh </dev/null
  called 'systemctl restart fail2ban'
}

engine() {
  stub docker 'if [[ "$*" == *LiveRestore* ]]; then echo "${LIVE:-true}"; fi'
  stub id 'if [[ -e "${STATE}/member" ]]; then echo "ops docker"; else echo "ops"; fi'
  stub usermod 'touch "${STATE}/member"'
}

@test "50-docker: the engine as told, the operator in its group" {
  engine
  LIBRARY=docker-daemon.sh run -0 remote 50-docker.sh ops </dev/null
  [[ "${output}" == *"changed ops in group docker"* ]]
  called 'usermod -aG docker ops'
  jq -e '."live-restore" and ."no-new-privileges"' "${HOMEPORT_ROOT}/etc/docker/daemon.json"

  forget_calls
  LIBRARY=docker-daemon.sh run -0 remote 50-docker.sh ops </dev/null
  [[ "${output}" == unchanged ]]
  run ! called 'systemctl restart docker'
}

@test "50-docker: fails when the engine does not live up to its file" {
  engine
  export LIVE=false
  LIBRARY=docker-daemon.sh run -1 remote 50-docker.sh ops </dev/null
  [[ "${output}" == *"docker: live-restore must be on"* ]]
}

@test "every step but the first can be asked what differs, and then changes nothing" {
  firewall
  ssh_host
  engine
  base
  stub fail2ban-client
  export HOMEPORT_CHECK=1
  for step in 01-host-key-only.sh '10-base.sh @daily true' 20-firewall.sh '30-ssh.sh ops' 40-fail2ban.sh '50-docker.sh ops'; do
    forget_calls
    # shellcheck disable=SC2086 # a script and its argument
    LIBRARY=docker-daemon.sh run -0 --separate-stderr remote ${step} </dev/null
    grep -q '^# check mode' "${REMOTE}/${step%% *}"
    [[ "${step}" == 01-* || "${lines[0]}" == drift\ * ]]
    run ! grep -E '^(apt-get|usermod|systemd-run|ufw (--force|allow|default)|systemctl (enable|restart|reload|start))' "${CALLS}"
  done
  [[ -z "$(ls -A "${HOMEPORT_ROOT}")" ]]
}
