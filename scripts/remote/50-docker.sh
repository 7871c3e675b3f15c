#!/usr/bin/env bash
# 50-docker.sh OPERATOR: the engine, alive and as told, and the operator in its group (which is root in effect).
# check mode

function check() {
  check_unit docker 'enabled, active'
  id -nG "$1" | grep -qw docker || differs "groups of $1" docker "$(id -nG "$1")"
  [[ "$(docker info --format '{{.LiveRestoreEnabled}}' 2>/dev/null)" == true ]] || differs 'docker info: live-restore' true 'not true'
}

function main() {
  install_file /etc/docker/daemon.json 644 root:root < <(docker_daemon)
  if is_check; then
    check "$1"
    summary
    return
  fi
  systemctl enable --quiet docker
  if [[ ${CHANGED} -ne 0 ]] || ! systemctl is-active --quiet docker; then systemctl restart docker; fi
  if ! id -nG "$1" | grep -qw docker; then
    usermod -aG docker "$1"
    changed "$1 in group docker"
  fi
  retry 30 docker info >/dev/null 2>&1 || die "docker: the daemon must answer: $(journalctl -u docker -n 5 --no-pager 2>&1)"
  [[ "$(docker info --format '{{.LiveRestoreEnabled}}')" == true ]] || die "docker: live-restore must be on"
  summary
}
{
  main "$@"
  exit
}
