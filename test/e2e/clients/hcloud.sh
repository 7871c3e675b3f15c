#!/usr/bin/env bash
# Debian's `hcloud` (package hcloud-cli) against a local cloud: HCLOUD_ENDPOINT and HCLOUD_TOKEN come from
# `npm run -s local:env`. Makes its own resources, named hcloud-test-*, and removes them at the end.
set -euo pipefail

: "${HCLOUD_ENDPOINT:?}" "${HCLOUD_TOKEN:?}"
readonly name=hcloud-test
work=$(mktemp -d)

cleanup() {
  for server in ${name} ${name}-2; do hcloud server delete "${server}" || true; done
  for image in $(hcloud image list -t snapshot -l test="${name}" -o noheader -o columns=id); do
    hcloud image delete "${image}" || true
  done
  hcloud firewall delete "${name}" || true
  hcloud primary-ip delete "${name}" || true
  hcloud ssh-key delete "${name}" || true
  hcloud placement-group delete "${name}" || true
  hcloud network delete "${name}" || true
  hcloud volume delete "${name}" || true
} >/dev/null 2>&1
trap 'cleanup; rm -rf "$work"' EXIT
cleanup

fail() {
  echo "hcloud.sh: $*" >&2
  exit 1
}
# is WANTED COMMAND...: the command prints exactly that
is() {
  local wanted=$1 got
  shift
  got=$("$@") || fail "$* failed"
  [[ ${got} == "${wanted}" ]] || fail "$*: wanted '${wanted}', got '${got}'"
}
# refuses TEXT COMMAND...: the command fails and says TEXT
refuses() {
  local wanted=$1 got
  shift
  if got=$("$@" 2>&1); then fail "$* should have failed"; fi
  [[ ${got} == *"${wanted}"* ]] || fail "$*: wanted '${wanted}', got '${got}'"
}
field() { hcloud "$1" describe "$2" -o "format={{$3}}"; }
on_host() {
  ssh -q -i "${work}/key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=5 \
    "root@${address}" "$@"
}
until_is() {
  local wanted=$1
  shift
  for _ in {1..100}; do
    [[ $("$@" 2>/dev/null) == "${wanted}" ]] && return
    sleep 0.1
  done
  fail "$* never gave '${wanted}'"
}

echo "catalog"
is nbg1 field location 2 .Name
is cx23 field server-type cx23 .Name
is eu-central field location nbg1 .NetworkZone
is debian-13 field image debian-13 .Name
hcloud datacenter list >/dev/null
hcloud load-balancer-type list >/dev/null
hcloud iso list >/dev/null
[[ $(hcloud server-type list -o noheader | wc -l) -gt 20 ]] || fail "server types are missing"

echo "keys, addresses, groups"
ssh-keygen -q -t ed25519 -N '' -f "${work}/key"
hcloud ssh-key create --name "${name}" --public-key-from-file "${work}/key.pub" --label test="${name}" >/dev/null
refuses uniqueness_error hcloud ssh-key create --name "${name}"-2 --public-key-from-file "${work}/key.pub"
refuses "invalid SSH public key" hcloud ssh-key create --name "${name}"-2 --public-key "ssh-rsa nonsense"
is "${name}" hcloud ssh-key list -l test="${name}" -o noheader -o columns=name
is "" hcloud ssh-key list -l "test!=${name},test" -o noheader -o columns=name
hcloud primary-ip create --type ipv4 --name "${name}" --datacenter nbg1-dc3 >/dev/null
address=$(field primary-ip "${name}" .IP)
hcloud primary-ip set-rdns "${name}" --hostname host.example.com --ip "${address}" >/dev/null
hcloud primary-ip enable-protection "${name}" >/dev/null
refuses protected hcloud primary-ip delete "${name}"
hcloud primary-ip disable-protection "${name}" >/dev/null
hcloud placement-group create --name "${name}" --type spread >/dev/null

echo "server"
create() { hcloud server create --name "$1" --type cx23 --image "$2" --location nbg1 --ssh-key "${name}" --primary-ipv4 "${name}" --label test="${name}"; }
refuses unsupported_error create "${name}" ubuntu-24.04
create "${name}" debian-13 >/dev/null
refuses uniqueness_error hcloud server create --name "${name}" --type cx23 --image debian-13 --ssh-key "${name}"
is "${address}" hcloud server ip "${name}"
is running field server "${name}" .Status
is "${name}" on_host hostname
is host.example.com field server "${name}" .PublicNet.IPv4.DNSPtr
hcloud server list -l test="${name}" -o noheader | grep -q running
hcloud server enable-protection "${name}" delete rebuild >/dev/null
refuses protected hcloud server delete "${name}"
hcloud server disable-protection "${name}" delete rebuild >/dev/null

echo "power"
boot_id=$(on_host cat /proc/sys/kernel/random/boot_id)
hcloud server reboot "${name}" >/dev/null
[[ $(on_host cat /proc/sys/kernel/random/boot_id) != "${boot_id}" ]] || fail "the host has not rebooted"
hcloud server shutdown "${name}" >/dev/null
until_is off field server "${name}" .Status
hcloud server change-type --keep-disk "${name}" cx33 >/dev/null
refuses server_not_stopped sh -c "hcloud server poweron ${name} >/dev/null && hcloud server change-type ${name} cx43"
is cx33 field server "${name}" .ServerType.Name
hcloud server reset "${name}" >/dev/null
is "${name}" on_host hostname

echo "firewall"
echo '[{"direction":"in","protocol":"tcp","port":"80","source_ips":["0.0.0.0/0","::/0"]}]' >"${work}/rules.json"
hcloud firewall create --name "${name}" --rules-file "${work}/rules.json" >/dev/null
hcloud firewall apply-to-resource "${name}" --type server --server "${name}" >/dev/null
if on_host true; then fail "the firewall lets ssh through"; fi
refuses "resource_in_use" hcloud firewall delete "${name}"
refuses "firewall_already_applied" hcloud firewall apply-to-resource "${name}" --type server --server "${name}"
hcloud firewall remove-from-resource "${name}" --type server --server "${name}" >/dev/null
is "${name}" on_host hostname

echo "snapshot, rebuild, replace"
on_host touch /root/kept
hcloud server create-image "${name}" --type snapshot --description "${name}" --label test="${name}" >/dev/null
snapshot=$(hcloud image list -t snapshot -l test="${name}" -o noheader -o columns=id)
hcloud server rebuild "${name}" --image debian-13 >/dev/null
if on_host test -e /root/kept; then fail "rebuild kept a file"; fi
hcloud server delete "${name}" >/dev/null
refuses "not found" hcloud server describe "${name}"
create "${name}"-2 "${snapshot}" >/dev/null
is "${name}"-2 on_host hostname
on_host test -e /root/kept || fail "the snapshot lost a file"
refuses "must_be_unassigned" hcloud primary-ip delete "${name}"

echo "networks and volumes, as records"
hcloud network create --name "${name}" --ip-range 10.0.0.0/16 >/dev/null
hcloud network add-subnet "${name}" --type cloud --network-zone eu-central --ip-range 10.0.1.0/24 >/dev/null
refuses unsupported_error hcloud server attach-to-network "${name}"-2 --network "${name}"
hcloud volume create --name "${name}" --size 10 --location nbg1 >/dev/null
hcloud volume resize "${name}" --size 20 >/dev/null
refuses unsupported_error hcloud volume attach "${name}" --server "${name}"-2
echo "hcloud.sh: all is as it should be"
