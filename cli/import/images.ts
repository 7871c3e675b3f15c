/** Software that keeps data, by the last part of its image's name. */
const STORES =
  /^(postgres|postgresql|postgis|pgvector|timescaledb|timescaledb-ha|mysql|mariadb|percona|mongo|mongodb|redis|valkey|keydb|memcached|rabbitmq|kafka|elasticsearch|opensearch|clickhouse|clickhouse-server|couchdb|cassandra|influxdb|meilisearch|qdrant|minio)$/;
const POSTGRES = /^(postgres|postgis|pgvector|timescaledb|timescaledb-ha)$/;
const PROXIES =
  /^(caddy|nginx|traefik|haproxy|envoy|nginx-proxy|nginx-proxy-manager|acme-companion|swag|certbot|cloudflared)$/;
/** Images of Docker's library that read `NAME_FILE`: name -> `uid:gid` of its user, in the Debian and the Alpine variant. */
const OWN_USERS: Readonly<Record<string, { readonly debian: string; readonly alpine: string }>> = {
  postgres: { debian: "999:999", alpine: "70:70" },
  postgis: { debian: "999:999", alpine: "70:70" },
  pgvector: { debian: "999:999", alpine: "999:999" },
  mysql: { debian: "999:999", alpine: "999:999" },
  mariadb: { debian: "999:999", alpine: "999:999" },
};

/** `postgres` for `docker.io/library/postgres:16-alpine@sha256:…`. */
export function programOf(image = ""): string {
  return (image.split("@")[0] ?? "").split("/").at(-1)?.split(":")[0] ?? "";
}

export function isStore(image?: string): boolean {
  return STORES.test(programOf(image));
}

export function isPostgres(image?: string): boolean {
  return POSTGRES.test(programOf(image));
}

export function isProxy(image?: string): boolean {
  return PROXIES.test(programOf(image));
}

/** Whom an image runs as that reads its secrets from files by itself; undefined for every other one. */
export function fileReadersUser(image = ""): string | undefined {
  const users = OWN_USERS[programOf(image)];
  return image.includes("alpine") ? users?.alpine : users?.debian;
}
