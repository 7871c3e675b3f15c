import {
  backupDefects,
  damagedCopy,
  edgeDefects,
  edited,
  expiredCertificate,
  hostDefects,
  oldSuccess,
  type Batches,
  type Defect,
} from "./planting";
import type { Project } from "./project";

const UPLOADS = "/opt/cleaning/var/uploads";
const ENV_FILE = "/etc/cleaning/cleaning.env";
const JOBS = "$(docker ps -qf label=homeport.service=jobs)";
const CADDYFILE = "/etc/homeport/proxy/Caddyfile";
const RELOAD =
  "docker exec cleaning-proxy caddy reload --force --config /etc/caddy/Caddyfile --adapter caddyfile 2>/dev/null";

function sql(...statements: readonly string[]): string {
  return `docker exec -i cleaning-db psql -XqAt -v ON_ERROR_STOP=1 -U cleaning -d cleaning <<'SQL'\n${statements.join(";\n")};\nSQL`;
}

/** A line at the top of the API's route, and one before it. */
function inApi(line: string, before = ""): string {
  return `sed -i '/^https:\\/\\/api\\./,/^}/ s/^\\troute {$/\\t${before}\\n\\troute {\\n\\t\\t${line}/' ${CADDYFILE}`;
}

const APPLICATION: readonly Defect[] = [
  {
    id: "S3-17",
    what: "redis hangs",
    names: /redis: redis-cli ping ended with/,
    plant: "docker pause cleaning-redis",
    undo: "docker unpause cleaning-redis",
  },
  {
    id: "S3-19",
    what: "the jobs' heartbeat stopped",
    names: /jobs\.ok is false, not true; jobs\.heartbeat_age_seconds is 6\d\d[\d.]*, more than 60/,
    plant: `docker pause ${JOBS}; ${sql("UPDATE job_heartbeats SET beat_at = now() - interval '10 minutes'")}`,
    undo: `docker unpause ${JOBS}
      until [ "$(${sql("SELECT max(beat_at) > now() - interval '30 seconds' FROM job_heartbeats")}\n)" = t ]; do sleep 0.5; done`,
  },
  {
    id: "S3-20",
    what: "a migration is pending",
    names: /status 503, not 200; migrations\.ok is false, not true/,
    plant: sql("UPDATE alembic_version SET version_num = '0001'"),
    undo: sql("UPDATE alembic_version SET version_num = '0002'"),
  },
  {
    id: "S3-21",
    what: "there is no administrator",
    names: /whoami: status 401, not 200/,
    plant: sql("CREATE TABLE planted AS SELECT * FROM admins", "DELETE FROM admins"),
    undo: sql("INSERT INTO admins SELECT * FROM planted", "DROP TABLE planted"),
  },
  {
    id: "S3-9",
    what: "the proxy lets every site ask the API",
    names: /v1\/orders: status 204, not 400/,
    ...edited(CADDYFILE, inApi("respond @planted 204", "@planted method OPTIONS"), RELOAD),
  },
  {
    id: "S3-22",
    what: "uploads are another account's",
    names: /api: test -w \/app\/var\/uploads ended with 1/,
    plant: `chown 0:0 ${UPLOADS}`,
    undo: `chown 1000:1000 ${UPLOADS}`,
  },
];

const PLACES: readonly Defect[] = [
  {
    id: "S3-7",
    what: "all may read the environment file",
    names: /cleaning\.env is 644 0:0, not 600 0:0/,
    plant: `chmod 644 ${ENV_FILE}`,
    undo: `chmod 600 ${ENV_FILE}`,
  },
  {
    id: "S3-2",
    what: "everybody may write uploads",
    names: /uploads is 777 1000:1000, not 750 1000:1000/,
    plant: `chmod 777 ${UPLOADS}`,
    undo: `chmod 750 ${UPLOADS}`,
  },
  {
    id: "S3-25",
    what: "the access log is a file that is gone",
    names: /access\.log: a visit is not in it/,
    plant: "mv /opt/cleaning/logs/access.log /root/access.log",
    undo: "mv /root/access.log /opt/cleaning/logs/access.log",
  },
  {
    id: "S3-1",
    what: "Docker does not find Compose",
    names: /docker compose version does not answer/,
    plant: "mv /usr/libexec/docker/cli-plugins/docker-compose /root/docker-compose",
    undo: "mv /root/docker-compose /usr/libexec/docker/cli-plugins/docker-compose",
  },
  {
    id: "S1-15",
    what: "the database's container has another name",
    names: /db: it is called planted, not cleaning-db/,
    plant: "docker rename cleaning-db planted",
    undo: "docker rename planted cleaning-db",
  },
  {
    id: "S1-21",
    what: "redis does not start with the host",
    names: /redis: it does not start again by itself: restart policy no/,
    plant: "docker update --restart no cleaning-redis >/dev/null",
    undo: "docker update --restart unless-stopped cleaning-redis >/dev/null",
  },
  {
    id: "S3-18",
    what: "the proxy keeps the token to itself",
    names: /\/metrics: status 401, not 200/,
    ...edited(CADDYFILE, inApi("request_header -Authorization"), RELOAD),
  },
  {
    id: "S1-24",
    what: "the proxy does not know www",
    names: /www\.sparkling\.company/,
    ...edited(
      CADDYFILE,
      `sed -i 's,^\\tredir https://sparkling.company{uri} 308,\\trespond "" 404,' ${CADDYFILE}`,
      RELOAD,
    ),
  },
];

/** What verify has to find in the cleaning platform. */
export function cleaningDefects(project: Project): Batches {
  return {
    "of the platform": APPLICATION,
    "of its host": [...PLACES, ...hostDefects(8000, "/etc/homeport/secrets/api/DATABASE_URL")],
    "of its backups": [
      ...backupDefects(["files", "postgres"]),
      {
        id: "S3-3",
        what: "the API sees a success of long ago",
        names: /backup: status 503, not 200; ok is false, not true; age_hours is 9[56][\d.]*, more than 26/,
        ...oldSuccess("/opt/backups/postgres"),
      },
      damagedCopy("/opt/backups/postgres"),
    ],
    "of its edge": [...edgeDefects(project, "api.sparkling.company", 8000), expiredCertificate(RELOAD)],
  };
}
