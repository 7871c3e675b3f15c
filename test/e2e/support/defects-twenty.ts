import {
  backupDefects,
  damagedCopy,
  edgeDefects,
  edited,
  expiredCertificate,
  hostDefects,
  type Batches,
  type Defect,
} from "./planting";
import type { Project } from "./project";

const SECRETS = "/etc/homeport/secrets/server";
const NGINX = "/etc/homeport/proxy/nginx.conf";
/** Until workers of the new configuration are there. */
const RELOAD = `docker exec twenty-nginx nginx -c /etc/nginx/homeport/nginx.conf -s reload 2>/dev/null; sleep 1`;

function sql(statement: string): string {
  return `docker exec -i twenty-postgres psql -XqAt -v ON_ERROR_STOP=1 -U postgres -d twenty_production <<'SQL'\n${statement};\nSQL`;
}

const APPLICATION: readonly Defect[] = [
  {
    id: "S4-14",
    what: "the administrator has another password",
    names: /graphql: .*the body does not hold .*loginToken/,
    plant: sql("UPDATE users SET digest = 'planted ' || digest"),
    undo: sql("UPDATE users SET digest = replace(digest, 'planted ', '')"),
  },
  {
    id: "S4-6",
    what: "two secrets are one",
    names: /server: .* does not print \^5\$/,
    ...edited(
      `${SECRETS}/FILE_TOKEN_SECRET`,
      `cat ${SECRETS}/LOGIN_TOKEN_SECRET >${SECRETS}/FILE_TOKEN_SECRET`,
    ),
  },
  {
    id: "S4-10",
    what: "a header is gone",
    names: /X-Frame-Options is missing, not SAMEORIGIN/,
    ...edited(NGINX, `sed -i '/X-Frame-Options/d' ${NGINX}`, RELOAD),
  },
  {
    id: "S4-10",
    what: "browsers are told to come back over HTTP",
    names: /Strict-Transport-Security is max-age=0, not max-age=31536000/,
    ...edited(NGINX, `sed -i 's/max-age=31536000; includeSubDomains/max-age=0/' ${NGINX}`, RELOAD),
  },
  {
    id: "S4-9",
    what: "the origin takes TLS 1.0 and 1.1",
    names: /crm\.company\.com: it takes TLSv1; .*it takes TLSv1\.1$/,
    ...edited(
      NGINX,
      `sed -i 's/ssl_protocols .*/ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;/; s/ssl_ciphers .*/ssl_ciphers ALL:@SECLEVEL=0;/' ${NGINX}`,
      RELOAD,
    ),
  },
  {
    id: "S4-12",
    what: "nobody's rate is limited",
    names: /\/api\/homeport-verify: none of 75 requests.*\/graphql\/homeport-verify: none of 105 requests/,
    ...edited(NGINX, `sed -i '/limit_req zone=/d' ${NGINX}`, RELOAD),
  },
  {
    id: "S4-12",
    what: "all visitors have one rate together",
    names: /nginx -T does not say real_ip_header CF-Connecting-IP/,
    ...edited(NGINX, `sed -i '/real_ip_header/d' ${NGINX}`, RELOAD),
  },
  {
    id: "S4-14",
    what: "the server does not answer where it says that it is well",
    names: /api\/health: status 404, not 200/,
    ...edited(NGINX, `sed -i 's, /[$]1 break;, /planted/$1 break;,' ${NGINX}`, RELOAD),
  },
];

const PLACES: readonly Defect[] = [
  {
    id: "S4-4",
    what: "redis hangs",
    names: /redis: redis-cli ping ended with/,
    plant: "docker pause twenty-redis",
    undo: "docker unpause twenty-redis",
  },
  {
    id: "S4-14",
    what: "the front hangs",
    names: /crm\.company\.com\/: /,
    plant: "docker pause twenty-front",
    undo: "docker unpause twenty-front",
  },
  {
    id: "S1-15",
    what: "the database's container has another name",
    names: /postgres: it is called planted, not twenty-postgres/,
    plant: "docker rename twenty-postgres planted",
    undo: "docker rename planted twenty-postgres",
  },
  {
    id: "S1-21",
    what: "the server does not start with the host",
    names: /server: it does not start again by itself: restart policy no/,
    plant: "docker update --restart no twenty-server >/dev/null",
    undo: "docker update --restart unless-stopped twenty-server >/dev/null",
  },
];

/** Not beside a redis that hangs: it would be asked in its place. */
const SECOND: Defect = {
  id: "S1-21",
  what: "there is a second redis, without the first one's data",
  names: /2 containers of service redis: /,
  plant: `docker run -d --name planted-redis --label homeport.system=twenty --label homeport.service=redis \\
    $(docker inspect --format '{{.Image}}' twenty-redis) >/dev/null`,
  undo: "docker rm -fv planted-redis >/dev/null",
};

const ROUTE: Defect = {
  id: "S4-11",
  what: "/graphql leads to the front",
  names: /graphql: .*data\.__typename is missing, not "Query"|graphql: .*the body is not JSON/,
  ...edited(
    NGINX,
    `sed -i '/location ~ ..graphql/,/^\\t\\t}/ s/homeport_to_server/homeport_to_front/' ${NGINX}`,
    RELOAD,
  ),
};

/** What verify has to find in Twenty. */
export function twentyDefects(project: Project): Batches {
  return {
    "of the application": APPLICATION,
    "of its containers and its host": [...PLACES, ...hostDefects(3000, `${SECRETS}/APP_SECRET`)],
    "of its backups and a route": [
      ROUTE,
      SECOND,
      ...backupDefects(["files", "postgres"]),
      damagedCopy("/opt/backups/postgres"),
    ],
    "of its edge": [...edgeDefects(project, "crm.company.com", 3000), expiredCertificate(RELOAD)],
  };
}
