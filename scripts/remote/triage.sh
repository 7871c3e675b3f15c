#!/usr/bin/env bash
# Looks at a system's containers and units, and at the last lines of those that are not well or of the one that is
# named; changes nothing. Prints one JSON array. Runs as root, over stdin.
# Usage: triage.sh BASE64, of {"system", "units": [...], "service", "lines"}

# with_log JSON COMMAND...: what was found, and the log that COMMAND prints where it is wanted.
function with_log() {
  local look=$1
  shift
  : >"${work}/log"
  if jq -e --arg wanted "${service}" '.service == $wanted or (.ok | not)' <<<"${look}" >/dev/null; then
    "$@" 2>&1 | tail -n "${lines}" | tail -c 200000 | iconv -c -t utf-8 >"${work}/log" || true
  fi
  jq -nc --argjson look "${look}" --rawfile log "${work}/log" '$look + {$log}'
}

function containers() {
  local id look
  for id in $(docker ps -aq --filter "label=homeport.system=${system}"); do
    look=$(docker inspect "${id}" | jq -c '.[0] | (.State.Health.Status // "") as $health | {
      service: .Config.Labels["homeport.service"], name: (.Name | ltrimstr("/")), restarts: .RestartCount,
      ok: (.State.Status == "running" and ($health == "" or $health == "healthy")),
      state: (if .State.Status == "running" then "running" + (if $health == "" then "" else ", " + $health end)
        else "\(.State.Status) (\(.State.ExitCode))" end)}')
    with_log "${look}" docker logs --tail "${lines}" "${id}"
  done
}

function units() {
  local unit active sub restarts look
  for unit in $(jq -r '.units[]' <<<"${question}"); do
    active=$(systemctl show -p ActiveState --value "${unit}.service")
    sub=$(systemctl show -p SubState --value "${unit}.service")
    restarts=$(systemctl show -p NRestarts --value "${unit}.service")
    look=$(jq -nc --arg service "${unit}" --arg name "${unit}.service" --arg state "${active} (${sub})" --argjson restarts "${restarts:-0}" \
      '$ARGS.named + {ok: ($state == "active (running)")}')
    with_log "${look}" journalctl --no-pager -o short-iso -u "${unit}.service" -n "${lines}"
  done
}

function main() {
  local question system service lines
  question=$(base64 -d <<<"$1")
  system=$(jq -r .system <<<"${question}")
  service=$(jq -r .service <<<"${question}")
  lines=$(jq -r .lines <<<"${question}")
  work=$(mktemp -d)
  trap 'rm -rf "${work}"' EXIT
  { containers && units; } | jq -sc .
}

{
  main "$@"
  exit
}
