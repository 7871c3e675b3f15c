#!/usr/bin/env bash
# 63-image-size.sh SERVICE IMAGE ID BYTES: an image that is larger takes nobody's place (S4-1). Changes nothing.
# check mode

# megabytes BYTES: as Docker shows them.
function megabytes() { echo "$((($1 + 999999) / 1000000))MB"; }

function main() {
  local service=$1 image=$2 id=$3 most=$4 size
  size=$(docker image inspect --format '{{.Size}}' "${id}") || die "image ${image}: must be on the host"
  if ((size > most)); then
    die "services.${service}.maxImageSize: image ${image} must be at most $(megabytes "${most}"), got $(megabytes "${size}"); fix: make it smaller, or raise the limit"
  fi
  summary
}
{
  main "$@"
  exit
}
