#!/bin/sh
# check.sh: the three code trees on a bare host, installed as their README says and run as www-data, tried as
# administrators, programs and monitors would. Prints each fact that holds; ends with 1 at the first that doesn't.
# Takes it all away again.
set -eu
id=hms-check-$$
here=$(cd "$(dirname "$0")" && pwd)
cleanup() {
  docker rm -fv "${id}" >/dev/null 2>&1 || true
}
# shellcheck source=local-cloud/apps/check-lib.sh
. "${here}/../check-lib.sh"
on() { docker exec "${id}" "$@"; }
get() { on curl -sS -m 30 -b "/tmp/jar" -c "/tmp/jar" "$@"; }
code() { get -o /dev/null -w '%{http_code}' "$@"; }
goes() { get -o /dev/null -w '%{http_code} %{redirect_url}' "$@"; }
start() { # TREE COMMAND: as www-data, with the environment of /run/TREE.env
  on sh -c "cd /opt/$1 && set -a && . /run/$1.env && exec setpriv --reuid=www-data --regid=www-data --clear-groups \
    sh -c 'echo \$\$ >/run/pids/$1; exec $2' >>/var/log/$1.log 2>&1 </dev/null &"
}
gone() { ! on sh -c "kill -0 \$(cat /run/pids/$1)"; }
stop() {
  on sh -c "kill \$(cat /run/pids/$1)"
  holds "$1 ends" within 40 gone "$1"
}
environment() { # TREE, lines on stdin
  docker exec -i "${id}" sh -c "cat >/run/$1.env"
}
hms='.venv/bin/uvicorn --factory hms.main:application --host 127.0.0.1 --port 5051'
puma='bundle exec puma -C config/puma.rb'

docker run -d --name "${id}" --init -v "${here}:/trees:ro" homeport-hms-host:trixie sleep infinity >/dev/null
on install -d -o www-data -g www-data /run/pids
on cp -a /trees/hosting-api /trees/cigar-management-system /trees/tobacco-management-system /opt/
on sh -ec 'cd /opt/hosting-api && python3 -m venv .venv && .venv/bin/pip install -q --only-binary :all: -r requirements.txt
  install -d -o www-data -g www-data -m 750 data'
holds "the wheels are what requirements.txt names" same "$(on sh -c '/opt/hosting-api/.venv/bin/pip freeze | sort -f')" "$(sort -f "${here}/hosting-api/requirements.txt")"
for app in cigar tobacco; do
  on sh -ec "cd /opt/${app}-management-system && BUNDLE_SILENCE_ROOT_WARNING=1 bundle install --local --quiet && install -d -o www-data -g www-data -m 750 storage tmp"
done

if on sh -c "cd /opt/hosting-api && HMS_JWT_SECRET=check-jwt ${hms}" 2>"${work}/faults"; then exit 1; fi
holds "what is missing is told at once" sh -c "grep -q admin_password ${work}/faults && grep -q api_token ${work}/faults && grep -q jwt_secret ${work}/faults"
holds "without the value" sh -c "! grep -q check-jwt ${work}/faults"
hms_environment() { # PASSWORD TOKEN
  environment hosting-api <<ENV
HMS_ADMIN_USER=admin
HMS_ADMIN_PASSWORD=$1
HMS_JWT_SECRET=check-jwt-0123456789-0123456789-0
HMS_API_TOKEN=$2
HMS_JWT_ACCESS_EXPIRATION_MINUTES=15
HMS_JWT_REFRESH_EXPIRATION_DAYS=7
ENV
}
hms_environment check-admin check-token
start hosting-api "${hms}"
url=http://127.0.0.1:5051
healthy() { says '"status":"ok"' "${url}/health"; }
holds "the hosting manager starts" within 30 healthy
holds "its board, too" says '"status":"ok"' "${url}/api/v1/kanban/health"
holds "a stranger is sent to the login" same "$(goes "${url}/")" "302 ${url}/login"
holds "which is a page" says 'name="password"' "${url}/login"
holds "with a picture and a style sheet" same "$(code "${url}/static/logo.svg") $(code "${url}/static/style.css")" "200 200"
holds "a wrong password is refused" same "$(code "${url}/login" -d 'username=admin&password=other')" 401
holds "the right one is not" same "$(goes "${url}/login" -d 'username=admin&password=check-admin')" "303 ${url}/"
holds "the dashboard knows the applications" says https://cigars.remoteds.us "${url}/"
holds "a card is made" same "$(code "${url}/kanban" -d 'title=Order boxes&notes=soon')" 303
holds "and seen" says 'value="Order boxes"' "${url}/kanban"
holds "and changed" same "$(code "${url}/kanban/1" -d 'title=Order boxes&notes=&state=done')" 303
holds "which the API says, too" says '"state":"done",.*"notes":""' -H 'Authorization: Bearer check-token' "${url}/api/v1/kanban/cards"
holds "not to a stranger" same "$(code "${url}/api/v1/kanban/cards")" 401
many() { on sh -c "seq 200 | xargs -P 20 -I{} curl -s -o /dev/null -w '%{http_code}\n' -H 'Authorization: Bearer check-token' ${url}/api/v1/kanban/cards | sort -u"; }
holds "and to many at once" same "$(many)" 200
login() { get -H 'Content-Type: application/json' "${url}/api/v1/auth/login" -d "{\"username\":\"admin\",\"password\":\"$1\"}"; }
login check-admin >"${work}/answer"
access=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' "${work}/answer") refresh=$(sed 's/.*"refresh_token":"\([^"]*\)".*/\1/' "${work}/answer")
post() { code -H "Authorization: Bearer $1" -H 'Content-Type: application/json' "${url}/api/v1/kanban/cards" -d '{"title":"By API"}'; }
holds "an access token adds a card" same "$(post "${access}")" 201
holds "a refresh token doesn't" same "$(post "${refresh}")" 401
holds "it gives new tokens" says access_token -H 'Content-Type: application/json' "${url}/api/v1/auth/refresh" -d "{\"refresh_token\":\"${refresh}\"}"
stop hosting-api
hms_environment rotated rotated-token
start hosting-api "${hms}"
holds "it comes back with other secrets" within 30 healthy
holds "and refuses the former password and token" sh -c "case '$(login check-admin) $(post check-token)' in *wrong*401) ;; *) exit 1 ;; esac"
holds "takes the new ones" sh -c "case '$(login rotated) $(post rotated-token)' in *access_token*201) ;; *) exit 1 ;; esac"
holds "and has kept the cards" says '"id":1,"title":"Order boxes"' -H 'X-API-Token: rotated-token' "${url}/api/v1/kanban/cards"

key() { echo "$1" | tr '[:lower:]' '[:upper:]'; }
rails_environment() { # APP TOKEN
  environment "$1-management-system" <<ENV
SECRET_KEY_BASE=check-key-base-0123456789abcdef0123456789abcdef0123456789abcdef0123456789
$(key "$1")_ADMIN_PASSWORD=check-admin
$(key "$1")_API_TOKEN=$2
APP_HOSTS=127.0.0.1
BUNDLE_FROZEN=true
BUNDLE_USER_HOME=/tmp/bundle
RUBYOPT=-W:no-deprecated
ENV
}
rails() { # APP PORT THINGS THING FIELD
  tree=$1-management-system url=http://127.0.0.1:$2 list=$3 one=$4 field=$5
  up() { [ "$(code "${url}/up")" = 200 ]; }
  inventory() { get -w ' %{http_code}' "${url}/api/inventory/$1"; }
  token() { get "${url}/$1" | sed -n 's/.*name="authenticity_token" value="\([^"]*\)".*/\1/p' | head -1; }
  save() { # PATH FORM'S PATH, more of curl's arguments
    path=$1 form=$2
    shift 2
    code "${url}/${path}" --data-urlencode "authenticity_token=$(token "${form}")" "$@"
  }
  rails_environment "$1" ""
  start "${tree}" "${puma}"
  holds "$1: it starts" within 60 up
  holds "$1: without its token the inventory says so" same "$(inventory x)" '{"error":"API not configured"} 403'
  stop "${tree}"
  rails_environment "$1" check-token
  start "${tree}" "${puma}"
  holds "$1: it starts with one" within 60 up
  holds "$1: another is invalid" same "$(inventory x)" '{"error":"Invalid API token"} 401'
  holds "$1: without migrations it fails" same "$(code "${url}/api/inventory/check-token")" 500
  on sh -ec "cd /opt/${tree} && set -a && . /run/${tree}.env && setpriv --reuid=www-data --regid=www-data --clear-groups bin/rails db:migrate" >/dev/null
  holds "$1: with them the inventory is JSON" same "$(inventory check-token)" "{\"application\":\"${list}\",\"count\":0,\"items\":[]} 200"
  holds "$1: a stranger is sent to the login" same "$(goes "${url}/${list}")" "302 https://127.0.0.1:$2/login"
  holds "$1: which has a picture and a style sheet" same "$(code "${url}/logo.svg") $(code "${url}/style.css")" "200 200"
  holds "$1: a wrong password is refused" same "$(save login login -d username=admin -d password=other)" 401
  holds "$1: a form without its token, too" same "$(code "${url}/login" -d username=admin -d password=check-admin)" 303
  holds "$1: and signs nobody in" same "$(code "${url}/${list}")" 302
  holds "$1: the right one is not" same "$(save login login -d username=admin -d password=check-admin)" 303
  holds "$1: there is a page" same "$(code "${url}/${list}")" 200
  holds "$1: one is made" same "$(save "${list}" "${list}/new" -d "${one}[name]=First" -d "${one}[${field}]=Here" -d "${one}[quantity]=2")" 303
  holds "$1: and seen" says First "${url}/${list}"
  holds "$1: nothing wrong is kept" same "$(save "${list}" "${list}/new" -d "${one}[name]=" -d "${one}[quantity]=-1")" 422
  holds "$1: it is changed" same "$(save "${list}/1" "${list}/1/edit" -d _method=patch -d "${one}[quantity]=7")" 303
  holds "$1: which the inventory knows" says "\"name\":\"First\",\"${field}\":\"Here\",\"quantity\":7" "${url}/api/inventory/check-token"
  holds "$1: the log has no secret" on sh -c "grep -q 'inventory asked: 200' /var/log/${tree}.log && ! grep check- /var/log/${tree}.log"
  stop "${tree}"
}
rails cigar 3001 cigars cigar origin
rails tobacco 3002 locations location address
holds "nor has the hosting manager's" on sh -c 'grep -q "GET /kanban" /var/log/hosting-api.log && ! grep -E "check-|rotated" /var/log/hosting-api.log'
