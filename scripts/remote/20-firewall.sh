#!/usr/bin/env bash
# 20-firewall.sh: ufw with exactly 22, 80 and 443 (S1-8), and Docker's own rules kept from opening more (H5).
# Who may come is the provider's firewall's business: an operator whose address changes is never locked out here.

# Only what a published port is asked for on 80 and 443 comes in to a container. From a container: everything,
# but not to the metadata service, where the user-data can be read.
function docker_user_rules() {
  printf '*filter\n:DOCKER-USER - [0:0]\n'
  printf -- '-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN\n'
  if [[ "$1" == v4 ]]; then printf -- '-A DOCKER-USER -d 169.254.169.254/32 -j DROP\n'; fi
  printf -- '-A DOCKER-USER -i docker0 -j RETURN\n'
  printf -- '-A DOCKER-USER -i br-+ -j RETURN\n'
  printf -- '-A DOCKER-USER -p tcp -m conntrack --ctorigdstport 80 --ctdir ORIGINAL -j RETURN\n'
  printf -- '-A DOCKER-USER -p tcp -m conntrack --ctorigdstport 443 --ctdir ORIGINAL -j RETURN\n'
  printf -- '-A DOCKER-USER -j DROP\nCOMMIT\n'
}

# ufw runs this after its own rules, at every start and reload; -n leaves all other chains alone.
function write_docker_rules() {
  docker_user_rules v4 | install_file /etc/ufw/homeport-docker.rules 640 root:root
  docker_user_rules v6 | install_file /etc/ufw/homeport-docker6.rules 640 root:root
  install_file /etc/ufw/after.init 750 root:root <<'INIT'
#!/bin/sh
# Written by Homeport: DOCKER-USER, which Docker makes room for and leaves alone.
set -e
case "$1" in
start)
  iptables-restore -w -n </etc/ufw/homeport-docker.rules
  ip6tables-restore -w -n </etc/ufw/homeport-docker6.rules
  ;;
stop | status | flush-all) ;;
*) echo "usage: after.init start|stop|status|flush-all" >&2 ;;
esac
INIT
}

function wanted_rules() { printf '%s\n' 22/tcp 80/tcp 443/tcp; }

function ufw_is_right() {
  local status allowed
  status=$(ufw status verbose)
  allowed=$(awk '$2 == "ALLOW" && $3 == "IN" && $1 !~ /v6/ {print $1 " " $4}' <<<"${status}" | sort)
  grep -q '^Status: active' <<<"${status}" &&
    grep -q '^Default: deny (incoming), allow (outgoing)' <<<"${status}" &&
    [[ "${allowed}" == "$(wanted_rules | sed 's/$/ Anywhere/' | sort)" ]] &&
    [[ "$(grep -c 'ALLOW\|DENY\|LIMIT\|REJECT' <<<"${status}")" -le 6 ]]
}

function docker_user_is_right() { iptables -w -S DOCKER-USER 2>/dev/null | grep -q -- '--ctorigdstport 443'; }

function apply() {
  ufw --force reset >&2
  rm -f "${HOMEPORT_ROOT}"/etc/ufw/*.rules.[0-9]* # reset's own copies of the files
  write_docker_rules
  ufw default deny incoming >&2
  ufw default allow outgoing >&2
  wanted_rules | while read -r rule; do ufw allow "${rule}" >&2; done
  ufw --force enable >&2
  systemctl enable --quiet ufw
}

function revert_firewall() {
  ufw --force disable
  iptables -w -F DOCKER-USER
  ip6tables -w -F DOCKER-USER
}

function main() {
  write_docker_rules
  if [[ ${CHANGED} -eq 0 ]] && ufw_is_right && docker_user_is_right; then
    guard_forget firewall
    summary
    return
  fi
  guard_arm firewall 60 /etc/ufw/user.rules /etc/ufw/user6.rules
  apply
  ufw_is_right || die "ufw: must be active with 22, 80, 443/tcp only, got: $(ufw status verbose)"
  docker_user_is_right || die "DOCKER-USER: must hold Homeport's rules"
  changed ufw
}
{
  main "$@"
  exit
}
