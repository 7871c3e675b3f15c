#!/bin/sh
# check.sh [IMAGE] [POSTGRES IMAGE]: the application with a database on a network of their own, tried as a visitor and
# as Docker would. Prints each fact that holds; ends with 1 at the first that doesn't. Takes it all away again.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
image=${1:-homeport-running-calendar:trixie} postgres=${2:-homeport-postgres:trixie}
id=running-calendar-check-$$
cleanup() {
  docker rm -fv "${id}-db" "${id}-web1" "${id}-web2" >/dev/null 2>&1 || true
  docker network rm "${id}" >/dev/null 2>&1 || true
}
# shellcheck source=local-cloud/apps/check-lib.sh
. "${here}/../check-lib.sh"
web() { # CONTAINER, curl's arguments: as the proxy in front asks. Curl itself keeps no secure cookie from plain http.
  box=$1
  shift
  docker exec -i "${box}" curl -sS -D /tmp/headers -H "Host: ${host:-mxcorre.com}" -H 'X-Forwarded-Proto: https' \
    -H "Cookie: $(cat "${work}/cookie")" "$@"
  docker exec "${box}" sed -n 's/^set-cookie: \([^;]*\).*/\1/ip' /tmp/headers >"${work}/new"
  if [ -s "${work}/new" ]; then mv "${work}/new" "${work}/cookie"; fi
}
code() { web "$@" -o /dev/null -w '%{http_code}'; }
start() { # NAME, more options
  name=$1
  shift
  docker run -d --name "${id}-${name}" --network "${id}" -v "${work}:/run/secrets:ro" -e DB_HOST="${id}-db" \
    -e POSTGRES_PASSWORD_FILE=/run/secrets/password -e SECRET_KEY_BASE_FILE=/run/secrets/base "$@" "${image}" >/dev/null
}
healthy() {
  tries=0
  until [ "$(docker inspect -f '{{.State.Health.Status}}' "$1")" = healthy ]; do
    tries=$((tries + 1))
    [ "${tries}" -lt 300 ] || { docker logs "$1" >&2 && return 1; }
    sleep 0.2
  done
}

chmod 755 "${work}"
: >"${work}/cookie"
openssl rand -hex 32 >"${work}/password"
openssl rand -hex 64 >"${work}/base"
docker network create "${id}" >/dev/null
# all three at once: the application waits for its database, and one of the two migrates it
docker run -d --name "${id}-db" --network "${id}" --user 999:999 -v "${work}:/run/secrets:ro" \
  -e POSTGRES_PASSWORD_FILE=/run/secrets/password -e POSTGRES_DB=running_calendar_production "${postgres}" >/dev/null
start web1
start web2
holds "two that start together both get healthy" healthy "${id}-web1"
holds "the second one, too" healthy "${id}-web2"
migrations=$(for web in web1 web2; do docker logs "${id}-${web}" 2>&1; done | grep -c 'CreateRuns: migrated')
holds "exactly one of them migrated" same "${migrations}" 1
one=${id}-web1
holds "/up answers plain http, by any name" same "$(docker exec "${one}" curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:3000/up)" 200
holds "another host name is refused" same "$(host=evil.test && code "${one}" http://127.0.0.1:3000/)" 403
holds "www is served" same "$(host=www.mxcorre.com && code "${one}" http://127.0.0.1:3000/)" 200
web "${one}" -i http://127.0.0.1:3000/ >"${work}/page"
holds "browsers are told to stay with https" grep -qi '^strict-transport-security: max-age=63072000' "${work}/page"
holds "the session cookie is secure and not for scripts" grep -qi '^set-cookie: _running_calendar_session=.*secure; httponly; samesite=lax' "${work}/page"
holds "it says which container served it" grep -q "Served by $(docker exec "${one}" hostname)" "${work}/page"

form() { # fields as curl takes them; the token is that of the page's form
  token=$(web "${one}" http://127.0.0.1:3000/ | sed -n 's/.*name="authenticity_token" value="\([^"]*\)".*/\1/p' | head -n 1)
  web "${one}" -i -H 'Origin: https://mxcorre.com' --data-urlencode "authenticity_token=${token}" "$@" http://127.0.0.1:3000/runs
}
form -d 'run[name]=' -d 'run[held_on]=2031-05-04' -d 'run[distance_km]=-1' >"${work}/wrong"
holds "a wrong form comes back with 422" grep -q '^HTTP/1.1 422' "${work}/wrong"
holds "and says what is wrong" grep -q 'Name can.*t be blank' "${work}/wrong"
form --data-urlencode 'run[name]=City 10K <b>&amp;' -d 'run[held_on]=2031-05-04' -d 'run[distance_km]=10' >"${work}/right"
holds "a right one redirects" grep -q '^HTTP/1.1 303' "${work}/right"
web "${one}" http://127.0.0.1:3000/ >"${work}/page"
holds "to a page that says so once" grep -q 'is in the calendar.' "${work}/page"
holds "with the run in it, its markup harmless" grep -q '<td>City 10K &lt;b&gt;&amp;amp;</td>' "${work}/page"
holds "the same run twice is refused" grep -q 'already' <<EOF
$(form --data-urlencode 'run[name]=City 10K <b>&amp;' -d 'run[held_on]=2031-05-04' -d 'run[distance_km]=10')
EOF
code "${one}" -d 'run[name]=Forged' -d 'run[held_on]=2031-05-04' -d 'run[distance_km]=1' http://127.0.0.1:3000/runs >/dev/null
web "${one}" http://127.0.0.1:3000/ >"${work}/page"
holds "a form without its token is refused" grep -q 'This form was open for too long' "${work}/page"
holds "and changes nothing" sh -c "! grep -q Forged '${work}/page'"
json='{"run":{"name":"Forest half","held_on":"2032-01-06","distance_km":21.0975}}'
holds "JSON adds one, too" same "$(code "${id}-web2" -H 'Content-Type: application/json' -d "${json}" http://127.0.0.1:3000/runs.json)" 201
holds "and lists both, from the other container" same "$(web "${one}" http://127.0.0.1:3000/runs.json | grep -o '"name"' | wc -l)" 2
holds "health checks leave no line in the log" sh -c "! docker logs ${one} 2>&1 | grep -q '\"/up\"'"
holds "it runs as uid 1000" same "$(docker exec "${one}" id -u)" 1000
docker stop -t 30 "${one}" >/dev/null
holds "SIGTERM ends it with 0" same "$(docker inspect -f '{{.State.ExitCode}}' "${one}")" 0
