#!/usr/bin/env bash
# Looks at what a system asks of the host (directories, environment files, packages, the access log), and runs its own
# checks in its containers and logs; changes nothing. Prints one JSON object. Runs as root, over stdin.
# Usage: verify-system.sh BASE64, of {"system", "directories": [...], "files": [...], "packages": [...],
# "access": {"file", "host", "path"} or null, "commands": [{"service", "command"}],
# "logs": [{"service", "isUnit", "without", "minutes"}]}

function directories() {
  local path found
  jq -r '.directories[]' <<<"${question}" | while read -r path; do
    found=''
    if [[ -d "${path}" && ! -L "${path}" ]]; then found=$(stat -c '%a %u:%g' "${path}"); fi
    jq -nc --arg key "${path}" --arg value "${found}" '$ARGS.named'
  done | jq -sc from_entries
}

# files: mode, owner and sum; what is in them stays there.
function files() {
  local path found
  jq -r '.files[]' <<<"${question}" | while read -r path; do
    found=''
    if [[ -f "${path}" && ! -L "${path}" ]]; then
      found="$(stat -c '%a %u:%g' "${path}") $(sha256sum <"${path}" | cut -d ' ' -f 1)"
    fi
    jq -nc --arg key "${path}" --arg value "${found}" '$ARGS.named'
  done | jq -sc from_entries
}

# packages: of each, which of its alternatives is installed, and its version.
function packages() {
  local each name found
  jq -r '.packages[]' <<<"${question}" | while read -r each; do
    found=''
    for name in ${each//|/ }; do
      [[ -z "${found}" ]] || continue
      found=$(dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\n' "${name}" 2>/dev/null | sed -n 's/^installed //p')
    done
    jq -nc --arg key "${each}" --arg value "${found}" '$ARGS.named'
  done | jq -sc from_entries
}

# access: asks a site as the edge does, then looks how often the access log says so, how often it says the query, and how
# many bytes it holds with the files that were turned over. null without one.
function access() {
  local file host path word before lines=0 query=0 try
  file=$(jq -r '.access.file // empty' <<<"${question}")
  if [[ -z "${file}" ]]; then printf null && return; fi
  host=$(jq -r .access.host <<<"${question}")
  path=$(jq -r .access.path <<<"${question}")
  word="${RANDOM}${RANDOM}${RANDOM}"
  before=$(stat -c %s "${file}" 2>/dev/null || printf 0)
  curl -sk -m 10 -o /dev/null --resolve "${host}:443:127.0.0.1" "https://${host}${path}?verify-${word}"
  for try in 1 2 3 4 5; do # written once the answer is out
    tail -c "+$((before + 1))" "${file}" >"${work}/visits" 2>/dev/null
    lines=$(grep -cF "\"host\":\"${host}\",\"uri\":\"${path}?" "${work}/visits") && break
    sleep "0.${try}"
  done
  query=$(grep -cF "verify-${word}" "${work}/visits") || true
  jq -nc --argjson lines "${lines}" --argjson query "${query}" \
    --argjson bytes "$(find "${file%/*}" -name 'access*.log*' -printf '%s\n' 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }')" '$ARGS.named'
}

# run_command JSON: in the running container of its service.
function run_command() {
  local service container code=0
  local -a words
  service=$(jq -r .service <<<"$1")
  mapfile -d '' -t words < <(jq -j '.command[] + "\u0000"' <<<"$1")
  container=$(docker ps -q --filter "label=homeport.system=${system}" --filter "label=homeport.service=${service}" | head -n 1)
  if [[ -z "${container}" ]]; then
    jq -nc --arg err "no running container of service ${service}" '{code: 125, out: "", $err}'
    return
  fi
  timeout 20 docker exec "${container}" "${words[@]}" >"${work}/out" 2>"${work}/err" </dev/null || code=$?
  jq -nc --argjson code "${code}" --rawfile out <(head -c 65536 "${work}/out") --rawfile err <(head -c 4096 "${work}/err") '$ARGS.named'
}

function commands() {
  local each
  jq -c '.commands[]' <<<"${question}" | while read -r each; do run_command "${each}"; done | jq -sc .
}

# look_at_log JSON: how many lines of a container's log or a unit's journal say what they must not, or hold a secret.
function look_at_log() {
  local service without minutes container lines secrets word found=true
  service=$(jq -r .service <<<"$1")
  without=$(jq -r .without <<<"$1")
  minutes=$(jq -r .minutes <<<"$1")
  if [[ "$(jq -r .isUnit <<<"$1")" == true ]]; then
    journalctl --no-pager -o cat -u "${service}.service" ${minutes:+--since "-${minutes}min"} >"${work}/log" 2>/dev/null || found=false
  else
    container=$(docker ps -aq --filter "label=homeport.system=${system}" --filter "label=homeport.service=${service}" | head -n 1)
    docker logs ${minutes:+--since "${minutes}m"} "${container:-none}" >"${work}/log" 2>&1 || found=false
  fi
  lines=$(grep -ciE -- "${without}" "${work}/log") || true
  word=$(grep -oiE -m 1 -- "${without}" "${work}/log" | head -n 1) || true
  secrets=$(grep -cF -f "${work}/secrets" "${work}/log") || true
  jq -nc --argjson found "${found}" --argjson lines "${lines:-0}" --arg word "${word}" --argjson secrets "${secrets:-0}" '$ARGS.named'
}

# logs: values of secrets stay here, and lines too short to be told from words are none.
function logs() {
  local each file
  for file in /etc/homeport/secrets/*/*; do
    if [[ -f "${file}" ]]; then printf '%s\n' "$(<"${file}")"; fi
  done | grep -E '.{8}' | sort -u >"${work}/secrets" || true
  jq -c '.logs[]' <<<"${question}" | while read -r each; do look_at_log "${each}"; done | jq -sc .
}

function main() {
  local question system
  question=$(base64 -d <<<"$1")
  system=$(jq -r .system <<<"${question}")
  work=$(mktemp -d)
  trap 'rm -rf "${work}"' EXIT
  jq -nc --argjson directories "$(directories)" --argjson files "$(files)" --argjson packages "$(packages)" \
    --argjson access "$(access)" --arg compose "$(docker compose version --short 2>/dev/null)" --argjson commands "$(commands)" --argjson logs "$(logs)" '$ARGS.named'
}

{
  main "$@"
  exit
}
