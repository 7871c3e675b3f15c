#!/bin/sh
# check.sh: server and front with a database and redis on a network of their own, tried as browsers, monitors and Docker
# would. Prints each fact that holds; ends with 1 at the first that doesn't. Takes it all away again.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
server=homeport-twenty-server:trixie front=homeport-twenty-front:trixie
id=twenty-check-$$
cleanup() {
  for part in db redis server other front; do docker rm -fv "${id}-${part}" >/dev/null 2>&1 || true; done
  docker volume rm "${id}-storage" >/dev/null 2>&1 || true
  docker network rm "${id}" >/dev/null 2>&1 || true
}
# shellcheck source=local-cloud/apps/check-lib.sh
. "${here}/../check-lib.sh"
part() { # NAME, then options and image
  name=$1
  shift
  docker run -d --name "${id}-${name}" --network "${id}" --network-alias "${name}" "$@" >/dev/null
}
get() { docker exec "${id}-front" curl -sS "$@"; }
code() { get -o /dev/null -w '%{http_code}' "$@"; }
ask() { # TOKEN QUERY, its answer on stdout
  get -H 'Content-Type: application/json' ${1:+-H "Authorization: Bearer $1"} http://server:3000/graphql -d "{\"query\":\"$2\"}"
}
answers() { # PATTERN TOKEN QUERY
  ask "$2" "$3" >"${work}/answer"
  grep -q -- "$1" "${work}/answer" || { cat "${work}/answer" >&2 && return 1; }
}
token() { sed -n "s/.*\"$1\":{\"token\":\"\([^\"]*\)\".*/\1/p" "${work}/answer"; }
pair='{ tokens { accessToken { token expiresAt } refreshToken { token } } }'
challenge() { printf 'mutation { challenge(email: \\"%s\\", password: \\"%s\\") { loginToken { token } } }' "$1" "$2"; }
verify() { printf 'mutation { verify(loginToken: \\"%s\\") %s }' "$1" "${pair}"; }
renew() { printf 'mutation { renewToken(refreshToken: \\"%s\\") %s }' "$1" "${pair}"; }

cat >"${work}/env" <<ENV
PG_DATABASE_URL=postgres://postgres:check%20p%40ss@db:5432/twenty_production
REDIS_URL=redis://redis:6379
SERVER_URL=http://server:3000/api
FRONT_BASE_URL=https://crm.test
ACCESS_TOKEN_SECRET=check-access
LOGIN_TOKEN_SECRET=check-login
REFRESH_TOKEN_SECRET=check-refresh
FILE_TOKEN_SECRET=check-file
APP_SECRET=check-app
ADMIN_EMAIL=admin@crm.test
ADMIN_PASSWORD=check-admin
ENV
docker network create "${id}" >/dev/null
part server --env-file "${work}/env" -v "${id}-storage:/app/.local-storage" "${server}"
part front -e REACT_APP_SERVER_BASE_URL=https://crm.test/api "${front}"
part db --user 999:999 -e 'POSTGRES_PASSWORD=check p@ss' -e POSTGRES_DB=twenty_production homeport-postgres:trixie
part redis homeport-redis:trixie
alive() { [ "$(code http://server:3000/healthz)" = 200 ]; }
holds "it waits for its database and redis, and starts" within 60 alive
well() { same "$(get http://server:3000/api/health)" '{"status":"ok"}'; }
holds "/api/health is well" within 20 well
holds "also for a proxy that takes /api off" same "$(get http://server:3000/health)" '{"status":"ok"}'
holds "a password with @ and a space reaches the database" same "$(docker exec "${id}-db" psql -U postgres -tAc 'SELECT max(number) FROM migrations' twenty_production)" 2
part other --env-file "${work}/env" "${server}"
other() { [ "$(code http://other:3000/healthz)" = 200 ]; }
holds "a second server finds the migrations done" within 30 other
docker rm -fv "${id}-other" >/dev/null

holds "without a token no people" answers UNAUTHENTICATED "" '{ people { id } }'
holds "a wrong password is refused" answers UNAUTHENTICATED "" "$(challenge admin@crm.test other)"
holds "so is an unknown address" answers UNAUTHENTICATED "" "$(challenge who@crm.test check-admin)"
holds "sign-up is closed once there is a user" answers FORBIDDEN "" 'mutation { signUp(email: \"new@crm.test\", password: \"long enough\") { loginToken { token } } }'
holds "the seeded administrator signs in" answers loginToken "" "$(challenge admin@crm.test check-admin)"
login=$(token loginToken)
holds "and gets an access token" answers accessToken "" "$(verify "${login}")"
access=$(token accessToken) refresh=$(token refreshToken)
holds "which says who asks" answers '"email":"admin@crm.test"' "${access}" '{ currentUser { email } }'
holds "a login token gives no access" answers UNAUTHENTICATED "${login}" '{ currentUser { email } }'
holds "a refresh token gives new ones" answers accessToken "" "$(renew "${refresh}")"
holds "once" answers UNAUTHENTICATED "" "$(renew "${refresh}")"
holds "redis knows the others" sh -c "docker exec ${id}-redis redis-cli keys 'refresh:*' | grep -q refresh:"

holds "a company is kept" answers '"name":"Acme"' "${access}" 'mutation { createCompany(name: \"Acme\") { id name } }'
company=$(sed 's/.*"id":"\([^"]*\)".*/\1/' "${work}/answer")
holds "a person of it, too" answers '"company":{"name":"Acme"}' "${access}" \
  "mutation { createPerson(name: \\\"Ada\\\", email: \\\"ada@acme.test\\\", companyId: \\\"${company}\\\") { id company { name } } }"
person=$(sed 's/.*"id":"\([^"]*\)".*/\1/' "${work}/answer")
get -H "Authorization: Bearer ${access}" http://server:3000/api/graphql -F map='{"0":["variables.file"]}' -F 0=@/app/server.js \
  -F operations="{\"query\":\"mutation (\$file: File!) { attach(personId: \\\"${person}\\\", file: \$file) { url } }\",\"variables\":{\"file\":null}}" \
  -H 'GraphQL-Require-Preflight: 1' >"${work}/answer"
url=$(sed 's/.*"url":"\([^"]*\)".*/\1/' "${work}/answer")
sum=$(docker exec "${id}-front" sha256sum /app/server.js | cut -d' ' -f1)
kept() { same "$(get "${url}" | sha256sum | cut -d' ' -f1)" "${sum}"; }
holds "an attachment comes back by its signed link" kept
holds "not by another" same "$(code "${url%%token=*}token=${access}")" 403
quiet() { docker logs "${id}-server" >"${work}/log" 2>&1 && grep -q listening "${work}/log" && ! grep -iE 'password|secret|token|check' "${work}/log"; }
holds "the log has no secret, nor the words" quiet
docker rm -f "${id}-server" >/dev/null
part server --env-file "${work}/env" -v "${id}-storage:/app/.local-storage" "${server}"
holds "another container takes the server's place" within 60 alive
holds "and still has it" kept

holds "the front is a page" says '<!doctype html>' http://127.0.0.1:3001/
holds "also below a path of its own" says '<!doctype html>' http://127.0.0.1:3001/people/1
holds "with its script" same "$(code "http://127.0.0.1:3001$(get http://127.0.0.1:3001/ | sed -n 's/.*src="\(\/assets[^"]*\)".*/\1/p')")" 200
holds "and knows where the server is" says '"https://crm.test/api"' http://127.0.0.1:3001/env.js
preflight() { # whether the answer lets this origin's pages ask
  get -o /dev/null -D - -X OPTIONS -H "Origin: $1" -H 'Access-Control-Request-Method: POST' http://server:3000/graphql |
    grep -ci "^access-control-allow-origin: $1"
}
holds "its origin may ask" same "$(preflight https://crm.test)" 1
holds "no other may" same "$(preflight https://evil.test || true)" 0

docker stop "${id}-redis" >/dev/null
sick() { [ "$(code http://server:3000/api/health)" = 503 ]; }
holds "without redis it says so" within 20 sick
holds "and is still alive" alive
docker start "${id}-redis" >/dev/null
holds "with redis it is well again" within 30 well
docker restart "${id}-db" >/dev/null
holds "and after the database's restart" within 30 well
holds "nor has it after all that" quiet
holds "both run as uid 1000" same "$(docker exec "${id}-server" id -u) $(docker exec "${id}-front" id -u)" "1000 1000"
holds "no image has 500 MB" sh -c "docker image inspect -f '{{.Size}}' ${server} ${front} | awk '\$1 >= 500000000 { exit 1 }'"
if docker run --rm -e APP_SECRET=one -e FILE_TOKEN_SECRET=one "${server}" 2>"${work}/faults"; then exit 1; fi
holds "what is missing is told at once" sh -c "grep -q PG_DATABASE_URL ${work}/faults && grep -q ACCESS_TOKEN_SECRET ${work}/faults && grep -q 'must differ' ${work}/faults"
docker stop -t 20 "${id}-server" "${id}-front" >/dev/null
holds "SIGTERM ends both with 0" same "$(docker inspect -f '{{.State.ExitCode}}' "${id}-server" "${id}-front" | xargs)" "0 0"
