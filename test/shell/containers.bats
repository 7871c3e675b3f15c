# The steps beside the containers: each twice, and the second run changes nothing.
# shellcheck disable=SC2016,SC2030,SC2031 # stubs expand when they run; each test is a process of its own
load support

OWNER="$(id -u):$(id -g)"
SECRETS=/etc/homeport/secrets/web
PROXY=/etc/homeport/proxy

line() { printf '%s=%s\n' "$1" "$(printf '%s' "$2" | base64 -w0)"; }

@test "60-secrets: one file each, 0400, to the last byte" {
  value=$'it\'s "two"\n$(lines)\n'
  {
    line PLAIN word
    line HARD "${value}"
  } >"${STATE}/input"
  run -0 remote 60-secrets.sh web "${OWNER}" <"${STATE}/input"
  [[ "${output}" = $'changed /etc/homeport/secrets/web/PLAIN\nchanged /etc/homeport/secrets/web/HARD' ]]
  printf '%s' "${value}" | cmp - "${HOMEPORT_ROOT}${SECRETS}/HARD"
  [[ "$(mode_of "${SECRETS}/HARD")" == 400 ]]
  [[ "$(mode_of "${SECRETS}")" == 500 ]]
  [[ "$(mode_of /etc/homeport/secrets)" == 711 ]]
  grep -q "^chown ${OWNER} " "${CALLS}"
  run ! grep -q word "${CALLS}"

  run -0 remote 60-secrets.sh web "${OWNER}" <"${STATE}/input"
  [[ "${output}" == unchanged ]]
}

@test "60-secrets: what is no longer declared goes, another service's stays" {
  line OLD a | remote 60-secrets.sh web "${OWNER}"
  line OTHER a | remote 60-secrets.sh db "${OWNER}"
  line NEW b >"${STATE}/input"
  run -0 remote 60-secrets.sh web "${OWNER}" <"${STATE}/input"
  [[ "$(ls "${HOMEPORT_ROOT}${SECRETS}")" == NEW ]]
  [[ -e "${HOMEPORT_ROOT}/etc/homeport/secrets/db/OTHER" ]]
}

@test "60-secrets: a line that is cut short replaces nothing" {
  line A old | remote 60-secrets.sh web "${OWNER}"
  run -1 remote 60-secrets.sh web "${OWNER}" <<<'A=%%%'
  [[ "${output}" == *"secret A: must be base64" ]]
  [[ "$(cat "${HOMEPORT_ROOT}${SECRETS}/A")" == old ]]
}

@test "62-environment-file: root's alone, to the last byte, and only when it differs (S3-2, S3-7)" {
  content=$'A=\'x y\'\nB="it\'s \\$5"\n'
  printf '%s' "${content}" >"${STATE}/input"
  run -0 remote 62-environment-file.sh /etc/shop/shop.env <"${STATE}/input"
  [[ "${output}" == "changed /etc/shop/shop.env" ]]
  cmp "${STATE}/input" "${HOMEPORT_ROOT}/etc/shop/shop.env"
  [[ "$(mode_of /etc/shop/shop.env) $(mode_of /etc/shop)" == '600 755' ]]
  grep -q '^chown 0:0 ' "${CALLS}"
  run ! grep -q 'x y' "${CALLS}"
  run -0 remote 62-environment-file.sh /etc/shop/shop.env <"${STATE}/input"
  [[ "${output}" == unchanged ]]

  chmod 644 "${HOMEPORT_ROOT}/etc/shop/shop.env"
  echo "A='another'" >>"${HOMEPORT_ROOT}/etc/shop/shop.env"
  HOMEPORT_CHECK=1 run -0 remote 62-environment-file.sh /etc/shop/shop.env <"${STATE}/input"
  [[ "$(grep -c '^drift ' <<<"${output}")" == 2 && "${output}" != *"$(base64 -w0 <<<"A='another'")"* ]]
  grep -q another "${HOMEPORT_ROOT}/etc/shop/shop.env"
}

@test "62-environment-file: follows no link in place of the folder, and puts itself in place of a link (S3-7)" {
  mkdir -p "${HOMEPORT_ROOT}/opt/shop" "${HOMEPORT_ROOT}/elsewhere"
  ln -s "${HOMEPORT_ROOT}/elsewhere" "${HOMEPORT_ROOT}/etc-shop"
  ln -s "${HOMEPORT_ROOT}/elsewhere/x" "${HOMEPORT_ROOT}/opt/shop/.env"
  run -1 remote 62-environment-file.sh /etc-shop/a.env <<<"A='1'"
  [[ "${output}" == *'must be a directory, got a symbolic link' ]]
  run -0 remote 62-environment-file.sh /opt/shop/.env <<<"A='1'"
  [[ ! -L "${HOMEPORT_ROOT}/opt/shop/.env" && -z "$(ls "${HOMEPORT_ROOT}/elsewhere")" ]]
}

@test "61-entrypoint: installs the script for everybody to run" {
  run -0 remote 61-entrypoint.sh <"${REPOSITORY}/scripts/files/with-secrets"
  [[ "${output}" == "changed /etc/homeport/bin/with-secrets" ]]
  cmp "${REPOSITORY}/scripts/files/with-secrets" "${HOMEPORT_ROOT}/etc/homeport/bin/with-secrets"
  [[ "$(mode_of /etc/homeport/bin/with-secrets)" == 755 ]]

  run -0 remote 61-entrypoint.sh <"${REPOSITORY}/scripts/files/with-secrets"
  [[ "${output}" == unchanged ]]
}

# pair NAME DAYS: key and certificate for mxcorre.com and its first-level names
pair() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$2" -subj /CN=mxcorre.com \
    -addext 'subjectAltName=DNS:mxcorre.com,DNS:*.mxcorre.com' -keyout "${STATE}/$1.key" -out "${STATE}/$1.crt" 2>/dev/null
  cat "${STATE}/$1.key" "${STATE}/$1.crt" >"${STATE}/$1.pem"
}

@test "70-origin-tls: installs a pair that fits, and the proxy takes it at once" {
  stub docker 'if [[ "$1" == ps ]]; then echo proxy1; fi'
  pair good 30
  LIBRARY=proxy.sh run -0 remote 70-origin-tls.sh caddy mxcorre.com www.mxcorre.com <"${STATE}/good.pem"
  [[ "$(mode_of "${PROXY}/tls/origin.key")" == 600 ]]
  [[ "$(mode_of "${PROXY}/tls")" == 700 ]]
  cmp "${STATE}/good.crt" "${HOMEPORT_ROOT}${PROXY}/tls/origin.crt"
  grep -q '^docker exec proxy1 caddy reload' "${CALLS}"

  forget_calls
  LIBRARY=proxy.sh run -0 remote 70-origin-tls.sh caddy mxcorre.com www.mxcorre.com <"${STATE}/good.pem"
  [[ "${output}" == unchanged ]]
  run ! grep -q '^docker exec' "${CALLS}"
}

@test "70-origin-tls: refuses a stranger's key, a missing name and what ends today, and keeps what is there" {
  stub docker
  pair good 30
  LIBRARY=proxy.sh remote 70-origin-tls.sh caddy mxcorre.com <"${STATE}/good.pem"
  pair other 30
  pair short 1
  sleep 1.1 # from now on it ends within a day
  cat "${STATE}/other.key" "${STATE}/good.crt" >"${STATE}/mixed.pem"
  LIBRARY=proxy.sh run -1 remote 70-origin-tls.sh caddy mxcorre.com <"${STATE}/mixed.pem"
  [[ "${output}" == *"must be a pair"* ]]
  LIBRARY=proxy.sh run -1 remote 70-origin-tls.sh caddy a.b.mxcorre.com <"${STATE}/other.pem"
  [[ "${output}" == *"must name a.b.mxcorre.com"* ]]
  LIBRARY=proxy.sh run -1 remote 70-origin-tls.sh caddy mxcorre.com <"${STATE}/short.pem"
  [[ "${output}" == *"must be valid for a day"* ]]
  cmp "${STATE}/good.crt" "${HOMEPORT_ROOT}${PROXY}/tls/origin.crt"
}

@test "71-proxy-config: takes what caddy accepts, and reloads a running proxy" {
  stub docker 'case "$1" in ps) echo proxy1 ;; run) exit "${ACCEPTED:-0}" ;; esac'
  LIBRARY=proxy.sh run -0 remote 71-proxy-config.sh caddy caddy:2.10.2 <<<'first'
  [[ "${output}" == "changed /etc/homeport/proxy/Caddyfile" ]]
  [[ "$(line_of 'docker run')" -lt "$(line_of 'docker exec proxy1 caddy reload')" ]]

  forget_calls
  LIBRARY=proxy.sh run -0 remote 71-proxy-config.sh caddy caddy:2.10.2 <<<'first'
  [[ "${output}" == unchanged ]]
  run ! grep -q '^docker exec' "${CALLS}"

  export ACCEPTED=1
  LIBRARY=proxy.sh run -1 remote 71-proxy-config.sh caddy caddy:2.10.2 <<<'broken'
  [[ "$(cat "${HOMEPORT_ROOT}${PROXY}/Caddyfile")" == first ]]
  run ! grep -q '^docker exec' "${CALLS}"
}

@test "nginx as the proxy: its own file is checked and taken, and each reload waits for new workers" {
  stub docker 'case "$1" in ps) echo proxy1 ;; inspect) echo "running healthy" ;;
    exec) touch "${STATE}/reloaded" ;;
    top) echo "PID COMMAND"; echo " 10 nginx: master process nginx"; if [[ -e "${STATE}/reloaded" ]]; then echo " 21 nginx: worker process"; else echo " 11 nginx: worker process"; fi ;;
  esac'
  LIBRARY=proxy.sh run -0 remote 71-proxy-config.sh nginx nginx:1.28 <<<'events {}'
  [[ "${output}" == *"changed /etc/homeport/proxy/nginx.conf" ]]
  [[ "$(mode_of /var/lib/homeport/acme)" == 755 ]]
  [[ "$(line_of 'nginx nginx:1.28 -t -c /etc/nginx/homeport/nginx.conf.next')" -lt "$(line_of 'docker exec proxy1 nginx -c')" ]]

  rm "${STATE}/reloaded"
  LIBRARY=proxy.sh run -0 remote 72-route.sh nginx web web-1 3000 </dev/null
  [[ "$(cat "${HOMEPORT_ROOT}${PROXY}/upstreams/web.conf")" == "web web-1:3000;" ]]
  [[ "$(tail -n 1 "${CALLS}")" == "docker top proxy1 -eo pid,args" ]]

  forget_calls
  LIBRARY=proxy.sh run -0 remote 72-route.sh nginx web web-1 3000 </dev/null
  [[ "${output}" == unchanged ]]
  run ! grep -q '^docker exec' "${CALLS}"
}

@test "72-route: switches the proxy to the container, once" {
  stub docker 'case "$1" in ps) echo proxy1 ;; inspect) echo "running healthy" ;; esac'
  LIBRARY=proxy.sh run -0 remote 72-route.sh caddy web web-1 3000 </dev/null
  [[ "$(cat "${HOMEPORT_ROOT}${PROXY}/upstreams/web.caddy")" == "to web-1:3000" ]]
  grep -q '^docker exec proxy1 caddy reload' "${CALLS}"

  forget_calls
  LIBRARY=proxy.sh run -0 remote 72-route.sh caddy web web-1 3000 </dev/null
  [[ "${output}" == unchanged ]]
  run ! grep -q '^docker exec' "${CALLS}"
}

@test "72-route: goes back to the container before when the proxy does not take the new one" {
  stub docker 'case "$1" in ps) echo proxy1 ;; inspect) echo "running healthy" ;; exec) grep -q "web-1:" "${HOMEPORT_ROOT}"/etc/homeport/proxy/upstreams/web.caddy ;; esac'
  LIBRARY=proxy.sh remote 72-route.sh caddy web web-1 3000 </dev/null
  LIBRARY=proxy.sh run -1 remote 72-route.sh caddy web web-2 3000 </dev/null
  [[ "${output}" == *"the one before is back"* ]]
  [[ "$(cat "${HOMEPORT_ROOT}${PROXY}/upstreams/web.caddy")" == "to web-1:3000" ]]
  [[ "$(grep -c '^docker exec proxy1 caddy reload' "${CALLS}")" -eq 3 ]]
}

@test "80-origin-answers: asks each host on the host itself" {
  stub openssl 'if [[ "$1" == x509 ]]; then echo "Hostname $5 does match certificate"; fi'
  stub curl 'printf 200'
  for _ in first second; do
    run -0 remote 80-origin-answers.sh /up mxcorre.com www.mxcorre.com </dev/null
    [[ "${output}" == unchanged ]]
  done
  called 'curl -sk -m 5 -o /dev/null -w %{http_code} --resolve www.mxcorre.com:443:127.0.0.1 https://www.mxcorre.com/up'
}

@test "80-origin-answers: takes 200 and redirects for an answer, a wrong name or any other code for none" {
  stub openssl 'if [[ "$1" == x509 ]]; then echo "Hostname $5 ${MATCH:-does match} certificate"; fi'
  stub curl 'printf "%s" "${CODE}"'
  asked() { CODE="$1" bash -c "source '$(functions_of 80-origin-answers.sh)'; answers /up mxcorre.com"; }
  for code in 200 301 302 307 308; do run -0 asked "${code}"; done
  for code in 000 204 304 400 404 500 502 525; do run ! asked "${code}"; done
  MATCH="does NOT match" run ! asked 200
}

@test "55-registry-login: the token goes in by stdin, the login is root's alone, and a second run changes nothing" {
  stub docker 'mkdir -p "$2"; printf "{\"auths\":{\"$4\":\"%s\"}}" "$(base64 -w0)" >"$2/config.json"; echo Login Succeeded'
  run -0 remote 55-registry-login.sh ghcr.io me <<<t0ken
  [[ "${output}" == *"changed /root/.docker/config.json: me at ghcr.io"* ]]
  [[ "$(mode_of /root/.docker/config.json)" == 600 ]]
  [[ "$(mode_of /root/.docker)" == 700 ]]
  grep -q "login ghcr.io --username me --password-stdin$" "${CALLS}"
  run ! grep -q t0ken "${CALLS}"

  run -0 remote 55-registry-login.sh ghcr.io me <<<t0ken
  [[ "${output}" == unchanged ]]
  run -0 remote 55-registry-login.sh ghcr.io me <<<another
  [[ "${output}" == *"changed /root/.docker/config.json"* ]]
}

@test "55-registry-login: another registry means a logout at the former one" {
  stub docker 'echo "{}" >"$2/config.json"'
  remote 55-registry-login.sh ghcr.io me <<<t0ken
  run -0 remote 55-registry-login.sh registry.example me <<<t0ken
  [[ "${output}" == *"logged out of ghcr.io"* ]]
  called "docker --config ${HOMEPORT_ROOT}/root/.docker logout ghcr.io"
}

@test "55-registry-login: a refused token is one line that says what to do, and the former login stays" {
  stub docker 'echo "{}" >"$2/config.json"'
  remote 55-registry-login.sh ghcr.io me <<<t0ken
  stub docker 'echo "WARNING! unencrypted" >&2; echo "Error response from daemon: Get https://ghcr.io/v2/: denied" >&2; exit 1'
  run -1 --separate-stderr remote 55-registry-login.sh ghcr.io me <<<wr0ng
  # shellcheck disable=SC2154 # bats sets it
  [[ "${stderr}" == "homeport: registry ghcr.io: must accept the token of me, got Get https://ghcr.io/v2/: denied; fix: npx pulumi config set --secret homeport:registryPassword, then npx pulumi up" ]]
  [[ "$(cat "${HOMEPORT_ROOT}/root/.docker/config.json")" == "{}" ]]
}

@test "63-image-size: a larger image is refused with both sizes, and one of exactly that size is not (S4-1)" {
  stub docker 'echo 500000001'
  run -1 remote 63-image-size.sh web ghcr.io/me/web@sha256:1 sha256:2 500000000
  [[ "${output}" == *"services.web.maxImageSize: image ghcr.io/me/web@sha256:1 must be at most 500MB, got 501MB; fix: "* ]]
  called "docker image inspect --format {{.Size}} sha256:2"
  stub docker 'echo 500000000'
  run -0 remote 63-image-size.sh web ghcr.io/me/web@sha256:1 sha256:2 500000000
  [[ "${output}" == unchanged ]]
}
