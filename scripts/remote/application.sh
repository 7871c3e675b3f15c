#!/usr/bin/env bash
# The application stands still while something is put in its place. After lib.sh; `stopped` is a file that outlives a
# run that is killed: the next one starts what it names too.

# stop_application: every container of the system but the databases, which a backup's settings name, and the proxy.
function stop_application() {
  local id databases
  databases=$(sed -n 's/^container=/\//p' "${HOMEPORT_ROOT}"/etc/homeport/backup/*.conf)
  for id in $(docker ps -q --filter "label=homeport.system=${system}" --filter label=homeport.service); do
    docker inspect --format '{{.Id}} {{.Name}} {{index .Config.Labels "homeport.service"}}' "${id}"
  done | awk -v databases="${databases}" 'BEGIN { split(databases, names, "\n"); for (at in names) is_database[names[at]] }
    !($2 in is_database) && $3 != "proxy" {print $1}' >>"${stopped}"
  sort -u -o "${stopped}" "${stopped}"
  xargs -r docker stop --time 30 <"${stopped}" >/dev/null
}

# are_up: healthy, or running where there is no health check.
function are_up() {
  local states
  states=$(xargs -r docker inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' <"${stopped}") || return 1
  ! grep -qvxE 'healthy|running' <<<"${states}"
}

function start_application() {
  [[ -s "${stopped}" ]] || return 0
  xargs -r docker start <"${stopped}" >/dev/null || die "the application does not start; fix: pulumi up"
  retry 120 are_up || die "the application does not get healthy; fix: docker logs on the server"
  rm -f "${stopped}"
}
