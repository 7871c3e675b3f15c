import { backupDefects, edgeDefects, edited, hostDefects, type Batches, type Defect } from "./planting";
import type { Project } from "./project";

const API = "/opt/hosting-api";
const CIGARS = "cigar-management-system";
const TOBACCO = "tobacco-management-system";
const TLS = "/etc/homeport/proxy/tls";
const NGINX = "/etc/homeport/proxy/nginx.conf";
/** Until workers of the new configuration are there. */
const RELOAD = `docker exec hms-nginx nginx -c /etc/nginx/homeport/nginx.conf -s reload 2>/dev/null; sleep 1`;

/** As often as the test needs it, more often than systemd starts a unit by itself. */
function restarted(unit: string, port: number, path = "/up"): string {
  return `systemctl reset-failed ${unit} 2>/dev/null || true; systemctl restart ${unit}; until curl -sf 127.0.0.1:${port}${path} >/dev/null; do sleep 0.3; done`;
}

function variable(folder: string, edit: string, restart: string): Pick<Defect, "plant" | "undo"> {
  return edited(`${folder}/.env`, `sed -i '${edit}' ${folder}/.env`, restart);
}

const API_RESTARTED = restarted("hms-api", 5051, "/health");

/** Before what keeps a unit from starting again. */
const CREDENTIALS: readonly Defect[] = [
  {
    id: "S2-16",
    what: "the administrator's password is another",
    names: /auth\/login: status 401, not 200/,
    ...variable(API, "s/^HMS_ADMIN_PASSWORD=.*/HMS_ADMIN_PASSWORD=planted/", API_RESTARTED),
  },
  {
    id: "S2-26",
    what: "the API takes another token",
    names: /kanban\/cards: status 401, not 200/,
    ...variable(API, "s/^HMS_API_TOKEN=.*/HMS_API_TOKEN=planted/", API_RESTARTED),
  },
  {
    id: "S2-14",
    what: "an application has another token",
    names: /cigars\.\S+: status 401, not 200; application is missing, not "cigars"/,
    ...variable(`/opt/${CIGARS}`, "s/^CIGAR_API_TOKEN=.*/CIGAR_API_TOKEN=another/", restarted(CIGARS, 3001)),
  },
  {
    id: "S2-14",
    what: "an application has no token",
    names: /tobacco\.\S+: status 403, not 200; application is missing, not "locations"/,
    ...variable(`/opt/${TOBACCO}`, "/^TOBACCO_API_TOKEN=/d", restarted(TOBACCO, 3002)),
  },
];

const UNITS: readonly Defect[] = [
  {
    id: "S2-5",
    what: "secrets were copied with the code",
    names: /\/opt\/hosting-api\/\.secrets\.json/,
    plant: `touch ${API}/.secrets.json`,
    undo: `rm ${API}/.secrets.json`,
  },
  {
    id: "S2-7",
    what: "all may read an environment",
    names: /hms-api: \/opt\/hosting-api\/\.env is 644 www-data:www-data/,
    plant: `chmod 644 ${API}/.env`,
    undo: `chmod 600 ${API}/.env`,
  },
  {
    id: "S2-7",
    what: "an environment is another's",
    names: /tobacco\S+: \S+\.env is 600 root:root/,
    plant: `chown root:root /opt/${TOBACCO}/.env`,
    undo: `chown tobacco:tobacco /opt/${TOBACCO}/.env`,
  },
  {
    id: "S2-8",
    what: "a unit has another user",
    names: /hms-api: it runs as nobody, not www-data/,
    ...edited(
      "/etc/systemd/system/hms-api.service",
      "sed -i s/^User=www-data/User=nobody/ /etc/systemd/system/hms-api.service",
      "systemctl daemon-reload",
    ),
  },
  {
    id: "S2-8",
    what: "a unit's user may put links into its folder",
    names: /hms-api: \/opt\/hosting-api belongs to www-data:www-data, not to root/,
    plant: `chown www-data:www-data ${API}`,
    undo: `chown root:root ${API}`,
  },
  {
    id: "S2-8",
    what: "a unit's code is another's",
    names: /tobacco\S+: \S+\/current\/config\.ru is not tobacco's/,
    plant: `chown root /opt/${TOBACCO}/current/config.ru`,
    undo: `chown tobacco /opt/${TOBACCO}/current/config.ru`,
  },
  {
    id: "H9",
    what: "a secret stands in a drop-in that all may read",
    names: /cigar\S+: a secret value is in its unit/,
    plant: `mkdir -p /etc/systemd/system/${CIGARS}.service.d
      printf '[Service]\\nEnvironment=%s\\n' "$(grep ^CIGAR_ADMIN_PASSWORD= /opt/${CIGARS}/.env | tr -d \\"\\')" >/etc/systemd/system/${CIGARS}.service.d/planted.conf
      systemctl daemon-reload`,
    undo: `rm /etc/systemd/system/${CIGARS}.service.d/planted.conf; systemctl daemon-reload`,
  },
  {
    id: "S2-20",
    what: "a boot does not start a unit",
    names: /hms-api: it is disabled, so a boot does not start it/,
    plant: "systemctl disable --quiet hms-api",
    undo: "systemctl enable --quiet hms-api",
  },
  {
    id: "S2-3",
    what: "a unit's port is open on the public address",
    names: /tobacco\S+: it listens on \d+\.\d+\.\d+\.\d+:3002/,
    plant: `systemd-run -q --collect --unit planted-listener python3 -m http.server 3002 --bind "$(ip -4 route get 1.1.1.1 | sed -n 's/.* src \\([^ ]*\\).*/\\1/p')"
      until ss -Hltn 'sport = :3002' | grep -vq 127.0.0.1; do sleep 0.2; done`,
    undo: "systemctl stop planted-listener",
  },
];

const OUT_OF_ORDER: readonly Defect[] = [
  {
    id: "S2-10",
    what: "a table of the board is missing",
    names: /kanban\/health: status 500, not 200/,
    plant: `sqlite3 ${API}/shared/data/hms.sqlite3 'ALTER TABLE cards RENAME TO planted'`,
    undo: `sqlite3 ${API}/shared/data/hms.sqlite3 'ALTER TABLE planted RENAME TO cards'; ${API_RESTARTED}`,
  },
  {
    id: "S2-17",
    what: "the journal has errors",
    names: /hms-api: [1-9]\d* lines of errors/,
    plant: "curl -s -o /dev/null 127.0.0.1:5051/api/v1/kanban/health", // the table is missing
    undo: "true", // the start that follows the table's return
  },
  {
    id: "S2-20",
    what: "a unit is stopped",
    names: /tobacco\S+: it is inactive dead/,
    plant: `systemctl stop ${TOBACCO}`,
    undo: restarted(TOBACCO, 3002),
  },
  {
    id: "S2-20",
    what: "the proxy does not find a unit",
    names: /cigar\S+: its socket for the proxy is inactive/,
    plant: `systemctl stop homeport-unit-${CIGARS}.socket`,
    undo: `systemctl start homeport-unit-${CIGARS}.socket`,
  },
  {
    id: "S1-24",
    what: "the proxy does not know a host",
    names: /asterra\.remoteds\.us/,
    ...edited(
      NGINX,
      `sed -i 's/server_name asterra.remoteds.us/server_name planted.remoteds.us/' ${NGINX}`,
      RELOAD,
    ),
  },
];

const CERTIFICATES: readonly Defect[] = [
  {
    id: "S2-19",
    what: "nothing renews certificates",
    names: /certbot\.timer is disabled inactive/,
    plant: "systemctl disable --quiet --now certbot.timer 2>/dev/null",
    undo: "systemctl enable --quiet --now certbot.timer 2>/dev/null",
  },
  {
    id: "S1-23",
    what: "a host shows what stands in for its certificate",
    names: /cigars\.remoteds\.us: the issuer is .*Origin.*, which stands in/,
    ...edited(
      `${TLS}/cigars.remoteds.us.pem`,
      `cat ${TLS}/origin.crt ${TLS}/origin.key >${TLS}/cigars.remoteds.us.pem`,
      RELOAD,
    ),
  },
];

/** What verify has to find in the hosting manager. */
export function hmsDefects(project: Project): Batches {
  return {
    "of its units": [...CREDENTIALS, ...UNITS],
    "of its host, and of what stands still": [
      ...OUT_OF_ORDER,
      ...hostDefects(8080, "/etc/homeport/backup/env"),
    ],
    "of its backups": backupDefects(["files"]),
    "of its edge and its certificates": [
      ...edgeDefects(project, "cigars.remoteds.us", 5051),
      ...CERTIFICATES,
    ],
  };
}
