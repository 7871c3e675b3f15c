#!/usr/bin/env bats
# What verify asks of the host for a system.
# shellcheck disable=SC2016 # stubs expand when they run
load support

prepare() {
  export LOG="${STATE}/logs/access.log"
  mkdir -p "${STATE}/logs"
  stub sleep
  stub docker 'if [[ "$*" == "compose version --short" ]]; then echo 2.26.1; fi'
  stub dpkg-query '
case "${*: -1}" in
git) echo "installed git 1:2.47.3" ;;
b) echo "installed b 2-1" ;;
c) echo "config-files c 1" ;;
*) exit 1 ;;
esac'
  # what Caddy does with a visit; $URL is what curl was asked for last
  stub curl 'path="${*: -1}"; path="/${path#https://*/}"
printf "{\"request\":{\"host\":\"x.example\",\"uri\":\"%s\"}}\n" "${KEEP_QUERY:+${path}}${KEEP_QUERY:-${path%%\?*}?REDACTED}" >>"${WRITES:-${LOG}}"'
}

ask() {
  local question
  question=$(jq -nc --arg file "${LOG}" --argjson more "${1:-{\}}" '{system: "s", directories: [], files: [],
    packages: ["git", "a|b", "a|c"], access: {$file, host: "x.example", path: "/up"}, commands: [], logs: []} + $more')
  bash "${REMOTE}/verify-system.sh" "$(base64 -w0 <<<"${question}")"
}

@test "packages: the alternative that is installed, with its version; a removed one is none (S3-1)" {
  run -0 ask
  [[ "$(jq -c .packages <<<"${output}")" == '{"git":"git 1:2.47.3","a|b":"b 2-1","a|c":""}' ]]
  [[ "$(jq -r .compose <<<"${output}")" == 2.26.1 ]]
}

@test "access: a visit that is in the log without its query counts, and what was there before does not (S3-25)" {
  printf '{"request":{"host":"x.example","uri":"/up?REDACTED"}}\n' >"${LOG}"
  head -c 1000 /dev/zero >"${STATE}/logs/access-2026.log.gz"
  run -0 ask
  [[ "$(jq -c '.access | [.lines, .query]' <<<"${output}")" == '[1,0]' ]]
  [[ "$(jq .access.bytes <<<"${output}")" == "$(($(stat -c %s "${LOG}") + 1000))" ]]
}

@test "access: a log that is written elsewhere, or is not there, has no visit; a query in it is told" {
  printf '{"request":{"host":"x.example","uri":"/up?REDACTED"}}\n' >"${LOG}"
  WRITES="${STATE}/elsewhere" run -0 ask
  [[ "$(jq .access.lines <<<"${output}")" == 0 ]]
  rm "${LOG}"
  WRITES="${STATE}/elsewhere" run -0 ask
  [[ "$(jq -c .access <<<"${output}")" == '{"lines":0,"query":0,"bytes":0}' ]]
  KEEP_QUERY='&' run -0 ask
  [[ "$(jq -c '.access | [.lines, .query]' <<<"${output}")" == '[1,1]' ]]
}

@test "access: is null where the system has no access log" {
  run -0 ask '{"access": null, "packages": []}'
  [[ "$(jq -c '[.access, .packages]' <<<"${output}")" == '[null,{}]' ]]
  run ! grep -q curl "${CALLS}"
}
