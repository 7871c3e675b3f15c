#!/bin/sh
# check.sh: API, jobs and web with a database, redis, a mail server and a siteverify on a network of their own, tried as
# visitors, Stripe and monitors would. Prints each fact that holds; ends with 1 at the first that doesn't. Takes it all
# away again.
set -eu
api=homeport-cleaning-api:trixie
id=cleaning-check-$$
here=$(cd "$(dirname "$0")" && pwd)
cleanup() {
  for part in db redis near api jobs web; do docker rm -fv "${id}-${part}" >/dev/null 2>&1 || true; done
  docker network rm "${id}" >/dev/null 2>&1 || true
}
# shellcheck source=local-cloud/apps/check-lib.sh
. "${here}/../check-lib.sh"
part() { # NAME, then options, image and command
  name=$1
  shift
  docker run -d --name "${id}-${name}" --network "${id}" --network-alias "${name}" --env-file "${work}/env" \
    -v "${work}/backups:/opt/backups/postgres:ro" -v "${work}/uploads:/app/var/uploads" "$@" >/dev/null
}
get() { docker exec "${id}-api" curl -sS "$@"; }
code() { get -o /dev/null -w '%{http_code}' "$@"; }
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "${work}/answer"; }
order() { # CAPTCHA, more of curl's arguments
  captcha=$1
  shift
  get -H 'Content-Type: application/json' "$@" http://127.0.0.1:8000/v1/orders \
    -d "{\"name\":\"Ada\",\"email\":\"ada@example.com\",\"address\":\"1 Lane\",\"scheduled_for\":\"2031-05-04T10:00\",\"captcha_token\":\"${captcha}\"}"
}
signed() { # TIMESTAMP PATH: an event as Stripe signs it
  event='{"id":"evt_1","object":"event","type":"checkout.session.completed","data":{"object":{}}}'
  mac=$(printf '%s.%s' "$1" "${event}" | openssl dgst -sha256 -hmac check-stripe -r | cut -d' ' -f1)
  code -H "Stripe-Signature: t=$1,v1=${mac}" -d "${event}" "http://127.0.0.1:8000$2"
}
sql() { docker exec "${id}-db" psql -U postgres -tAc "$1" cleaning; }

cat >"${work}/env" <<ENV
APP_ENV=prod
DATABASE_URL=postgresql://postgres:check-pass@db:5432/cleaning
AUTH_SECRET_KEY=check-auth
CLIENT_PORTAL_SECRET=check-client
WORKER_PORTAL_SECRET=check-worker
ORDER_PHOTO_SIGNING_SECRET=check-photo
TRUST_PROXY_HEADERS=true
STRICT_CORS=true
CORS_ORIGINS=["https://clean.test", "https://www.clean.test"]
ADMIN_BASIC_PASSWORD=check-admin
METRICS_ENABLED=true
METRICS_TOKEN=check-metrics
DEPOSITS_ENABLED=true
STRIPE_SECRET_KEY=sk_check
STRIPE_WEBHOOK_SECRET=check-stripe
CAPTCHA_MODE=turnstile
TURNSTILE_SECRET_KEY=check-turnstile
TURNSTILE_VERIFY_URL=http://near/siteverify
EMAIL_MODE=smtp
EMAIL_FROM=hello@clean.test
SMTP_HOST=near
SMTP_PORT=25
SMTP_STARTTLS=false
SMTP_USERNAME=
REDIS_URL=redis://redis:6379/0
RATE_LIMIT_PER_MINUTE=6
JOB_INTERVAL_SECONDS=0.5
JOB_HEARTBEAT_MAX_AGE_SECONDS=3
PUBLIC_BASE_URL=http://127.0.0.1:8000
ENV
install -d -m 755 "${work}/backups" && install -d -o 1000 -g 1000 "${work}/uploads"
chmod 755 "${work}"
docker network create "${id}" >/dev/null
docker run -d --name "${id}-db" --network "${id}" --network-alias db --user 999:999 -e POSTGRES_PASSWORD=check-pass \
  -e POSTGRES_DB=cleaning homeport-postgres:trixie >/dev/null
docker run -d --name "${id}-near" --network "${id}" --network-alias near --user 0 --entrypoint python \
  -v "${here}/check-neighbours.py:/near.py:ro" "${api}" /near.py >/dev/null
part api "${api}"
healthy() { [ "$(code http://127.0.0.1:8000/healthz)" = 200 ]; }
holds "it starts together with its database, and waits for it" within 60 healthy
holds "without redis it says so in the log" sh -c "docker logs ${id}-api 2>&1 | grep -q 'redis rate limiter unavailable'"
holds "migrations are at head" says '"migrations":{"ok":true,"current":"0002","head":"0002"}' http://127.0.0.1:8000/readyz
holds "without a heartbeat it is not ready" same "$(code http://127.0.0.1:8000/readyz)" 503
part jobs -e PORT=8001 "${api}" python -m cleaning.jobs
part web homeport-cleaning-web:trixie
ready() { [ "$(code http://127.0.0.1:8000/readyz)" = 200 ]; }
holds "with the jobs it is" within 30 ready
holds "the jobs answer on 8001" same "$(code http://jobs:8001/healthz)" 200
docker exec "${id}-api" alembic downgrade -1
holds "a missing migration makes it unready" same "$(code http://127.0.0.1:8000/readyz)" 503
docker exec "${id}-api" alembic upgrade head
holds "the missing one applied, it is ready" ready

backup=http://127.0.0.1:8000/healthz/backup
holds "no backup is 503" same "$(code "${backup}")" 503
printf 'finished_at=%s\nfile=backup_1.sql\n' "$(date -u +%FT%TZ)" >"${work}/backups/LAST_SUCCESS.txt"
holds "a new one is 200" same "$(code "${backup}")" 200
date -u -d '27 hours ago' +%FT%TZ >"${work}/backups/LAST_SUCCESS.txt"
holds "an old one is 503" same "$(code "${backup}")" 503

holds "metrics want a token" same "$(code http://127.0.0.1:8000/metrics)" 401
holds "the right one" same "$(code -H 'Authorization: Bearer wrong' http://127.0.0.1:8000/metrics)" 403
holds "and count requests by route" says 'http_requests_total{method="GET",route="/readyz",status="503"}' \
  -H 'Authorization: Bearer check-metrics' http://127.0.0.1:8000/metrics
who=http://127.0.0.1:8000/v1/admin/whoami
holds "the seeded administrator is known" says '"username":"admin"' -u admin:check-admin "${who}"
holds "another password is not" same "$(code -u admin:other "${who}")" 401
holds "nor another name" same "$(code -u other:check-admin "${who}")" 401
get -u admin:check-admin -X POST http://127.0.0.1:8000/v1/admin/token >"${work}/answer"
holds "a token does instead of the password" says '"admin"' -H "Authorization: Bearer $(field token)" "${who}"
holds "a made up one does not" same "$(code -H 'Authorization: Bearer x.y.z' "${who}")" 401

for path in /v1/payments/stripe/webhook /stripe/webhook; do
  holds "${path} is reachable" same "$(code "http://127.0.0.1:8000${path}")" 200
  holds "it takes what Stripe signed" same "$(signed "$(date +%s)" "${path}")" 200
  holds "not what somebody else sends" same "$(code -d '{}' "http://127.0.0.1:8000${path}")" 400
  holds "nor what is ten minutes old" same "$(signed "$(date -d '-10 min' +%s)" "${path}")" 400
done
holds "an event that comes twice is kept once" same "$(sql 'SELECT count(*) FROM stripe_events')" 1

docker run -d --name "${id}-redis" --network "${id}" --network-alias redis homeport-redis:trixie >/dev/null
docker restart "${id}-api" >/dev/null
holds "it comes back" within 60 healthy
pinged() { docker exec "${id}-redis" redis-cli ping | grep -q PONG; }
holds "redis answers" within 20 pinged
from() { printf 'X-Forwarded-For: %s' "$1"; }
holds "without a captcha no order" same "$(order '' -o /dev/null -w '%{http_code}' -H "$(from 192.0.2.1)")" 400
holds "nor with a wrong one" same "$(order robot -o /dev/null -w '%{http_code}' -H "$(from 192.0.2.1)")" 400
order human -H "$(from 192.0.2.1)" >"${work}/answer"
order=$(field id) token=$(field portal_token)
holds "with one there is an order and its client" same "$(sql 'SELECT count(*) FROM orders JOIN clients ON clients.id = client_id')" 1
mailed() { docker logs "${id}-near" 2>&1 | grep -q "orders/${order}"; }
holds "the client gets a mail" within 20 mailed
holds "once" same "$(docker logs "${id}-near" 2>&1 | grep -c '^Subject:')" 1
for _ in 1 2 3; do order robot -o /dev/null -H "$(from 192.0.2.1)"; done
holds "the seventh within a minute is refused" same "$(order human -o /dev/null -w '%{http_code}' -H "$(from 192.0.2.1)")" 429
holds "another visitor's is not" same "$(order human -o /dev/null -w '%{http_code}' -H "$(from 192.0.2.2)")" 201
holds "redis counts" sh -c "docker exec ${id}-redis redis-cli keys '*' | grep -q 192.0.2.1"

printf '\211PNG\r\n\032\n photo' >"${work}/uploads/photo.png"
photos="http://127.0.0.1:8000/v1/orders/${order}/photos"
send() { get -F "photo=@/app/var/uploads/$1" "${photos}?token=$2"; }
send photo.png "${token}" >"${work}/answer"
url=$(field url)
holds "a photo comes back by its signed link" same "$(get "${url}" | sha256sum)" "$(sha256sum <"${work}/uploads/photo.png")"
holds "not without the signature" same "$(code "${url%%signature=*}signature=x")" 403
docker rm -fv "${id}-api" >/dev/null
part api "${api}"
holds "another container takes its place" within 60 ready
holds "and still has the photo" same "$(get "${url}" | sha256sum)" "$(sha256sum <"${work}/uploads/photo.png")"
holds "it lies below the order" same "$(ls "${work}/uploads/orders")" "${order}"
holds "a stranger adds none" same "$(send photo.png x -o /dev/null | grep -c 'invalid portal token')" 1
echo '<script>' >"${work}/uploads/page.png"
holds "what is no image is refused" same "$(send page.png "${token}" | grep -c 'must be a JPEG or PNG')" 1
get -u admin:check-admin http://127.0.0.1:8000/v1/admin/orders | grep -o '"id":"'"${order}"'".*' >"${work}/answer"
holds "a worker's link opens the order" same "$(code "http://127.0.0.1:8000/v1/orders/${order}?token=$(sed 's/.*worker_token":"\([^"]*\).*/\1/' "${work}/answer")")" 200

docker stop -t 20 "${id}-jobs" >/dev/null
stale() { says '"jobs":{"ok":false,"heartbeat_age_seconds":' http://127.0.0.1:8000/readyz; }
holds "a heartbeat that stopped makes it unready" within 20 stale
docker start "${id}-jobs" >/dev/null
holds "until it beats again" within 20 ready

cors() { get -o /dev/null -D - -H "Origin: $1" http://127.0.0.1:8000/healthz | grep -ci '^access-control-allow-origin:'; }
holds "the site's origin may ask" same "$(cors https://clean.test)" 1
holds "no other may" same "$(cors https://evil.test || true)" 0
holds "the site shows the booking form, and where the API is" says 'data-api="http://127.0.0.1:8000"' http://web:3000/
holds "and is alive" same "$(code http://web:3000/healthz)" 200
holds "no secret, no signature in the log" sh -c "! docker logs ${id}-api 2>&1 | grep -E 'check-|signature=|token='"
holds "API and web run as uid 1000" same "$(docker exec "${id}-api" id -u) $(docker exec "${id}-web" id -u)" "1000 1000"
if docker run --rm -e APP_ENV=prod -e DATABASE_URL=postgresql://db/x -e CAPTCHA_MODE=turnstile -e STRICT_CORS=true \
  -e "CORS_ORIGINS=*" --entrypoint python "${api}" -c 'from cleaning.settings import settings; settings()' 2>"${work}/faults"; then exit 1; fi
holds "what is missing is told at once" sh -c "grep -q TURNSTILE_SECRET_KEY ${work}/faults && grep -q CORS_ORIGINS ${work}/faults && grep -q AUTH_SECRET_KEY ${work}/faults"
docker stop -t 20 "${id}-api" "${id}-jobs" "${id}-web" >/dev/null
holds "SIGTERM ends API and jobs with 0" same "$(docker inspect -f '{{.State.ExitCode}}' "${id}-api" "${id}-jobs" | xargs)" "0 0"
