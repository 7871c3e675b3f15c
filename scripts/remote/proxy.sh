#!/usr/bin/env bash
# What differs between Caddy and nginx as the proxy; the steps that deal with it have it in front of them.

# proxy_config KIND: the configuration's file name in /etc/homeport/proxy.
function proxy_config() {
  case "$1" in
  caddy) printf Caddyfile ;;
  nginx) printf nginx.conf ;;
  *) die "proxy: must be caddy or nginx, got $1" ;;
  esac
}

# proxy_upstream KIND SERVICE CONTAINER PORT: the line that sends a service's requests to a container.
function proxy_upstream() {
  case "$1" in
  caddy) printf 'to %s:%s\n' "$3" "$4" ;;
  *) printf '%s %s:%s;\n' "$2" "$3" "$4" ;;
  esac
}

# proxy_upstream_file KIND SERVICE
function proxy_upstream_file() {
  case "$1" in
  caddy) printf '/etc/homeport/proxy/upstreams/%s.caddy' "$2" ;;
  *) printf '/etc/homeport/proxy/upstreams/%s.conf' "$2" ;;
  esac
}

# proxy_validate KIND IMAGE FILE: whether the image's own program accepts a file of /etc/homeport/proxy.
function proxy_validate() {
  local folder="${HOMEPORT_ROOT}/etc/homeport/proxy"
  case "$1" in
  caddy) docker run --rm --network none --volume "${folder}:/etc/caddy:ro" --entrypoint caddy "$2" \
    validate --config "/etc/caddy/$3" --adapter caddyfile >&2 ;;
  *) docker run --rm --network none --volume "${folder}:/etc/nginx/homeport:ro" --entrypoint nginx "$2" \
    -t -c "/etc/nginx/homeport/$3" >&2 ;;
  esac
}

# proxy_container KIND: the running one, if it is of this kind; nothing while another kind is about to give way to it.
function proxy_container() {
  local suffix=proxy
  if [[ "$1" == nginx ]]; then suffix=nginx; fi
  docker ps -q --filter label=homeport.service=proxy --filter "name=-${suffix}\$"
}

# proxy_reload KIND CONTAINER [--force]: nobody's connection ends. Caddy needs --force for a new certificate alone.
function proxy_reload() {
  local before
  if [[ "$1" == caddy ]]; then
    docker exec "$2" caddy reload ${3:+"$3"} --config /etc/caddy/Caddyfile --adapter caddyfile >&2
    return
  fi
  before=$(nginx_workers "$2")
  docker exec "$2" nginx -c /etc/nginx/homeport/nginx.conf -s reload >&2 || return 1
  retry 10 has_new_worker "$2" "${before}"
}

# nginx takes a signal and returns: what is asked before its new workers are there is answered by the old ones.
function nginx_workers() { docker top "$1" -eo pid,args | sed -n 's/^ *\([0-9]*\) .*nginx: worker process$/\1/p'; }

function has_new_worker() {
  nginx_workers "$1" | grep -qvxF -e "${2:-none}"
}
