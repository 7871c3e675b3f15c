#!/usr/bin/env bash
# docker_daemon: what dockerd is told. live-restore: containers outlive an upgrade of the daemon (moby/moby#48179);
# logs are bounded (S3-25); no container process gains privileges by setuid.
function docker_daemon() {
  cat <<'JSON'
{
  "live-restore": true,
  "log-driver": "json-file",
  "log-opts": { "max-size": "10m", "max-file": "5" },
  "no-new-privileges": true
}
JSON
}
