import { DOMAIN, hetzner, must, onServer } from "./cloud";
import { UPKEEP_DEFECTS } from "./defects-upkeep";
import { keepRules, setRecord, setZone } from "./drift";
import type { Defect } from "./planting";

export async function act(action: Defect["plant"]): Promise<void> {
  if (typeof action !== "string") {
    await action();
    return;
  }
  const { code, output } = await onServer("sudo bash -s", `set -e\n${action}\n`);
  if (code !== 0) throw new Error(`exit ${code}: ${output}\n${action}`);
}

const SSHD = "/etc/ssh/sshd_config.d";
const TLS = "/etc/homeport/proxy/tls";
/** A container beside the system's, from an image that is there. */
const TRAP = `docker run -d --rm --name trap --entrypoint caddy`;
const IMAGE =
  "$(docker inspect --format '{{.Image}}' running-calendar-proxy) respond --listen :80 trap >/dev/null";
const NO_TRAP = "docker rm -f trap >/dev/null";
const RELOAD =
  "docker exec running-calendar-proxy caddy reload --force --config /etc/caddy/Caddyfile --adapter caddyfile 2>/dev/null";
const SELF_SIGNED = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=${DOMAIN} \\
  -addext subjectAltName=DNS:${DOMAIN},DNS:www.${DOMAIN} -keyout ${TLS}/origin.key -out ${TLS}/origin.crt 2>/dev/null`;

async function rename(name: (old: string) => string): Promise<void> {
  const { servers } = await hetzner<{ servers: { id: number; name: string }[] }>("/servers");
  const [server] = servers;
  const init = { method: "PUT", body: JSON.stringify({ name: name(server?.name ?? "") }) };
  await hetzner(`/servers/${server?.id}`, init);
}

async function kept(): Promise<string> {
  return (await must("pulumi", "config", "get", "--path", "homeport:secrets.SECRET_KEY_BASE")).stdout.trim();
}

/** Opens a port in Hetzner's firewall. */
const OPEN = { direction: "in", protocol: "tcp", port: "8080", source_ips: ["0.0.0.0/0"] };

export const DEFECTS: readonly Defect[] = [
  {
    id: "S1-3",
    what: "the server has another name",
    names: /name is .*-planted/,
    plant: () => rename((old) => `${old}-planted`),
    undo: () => rename((old) => old.replace("-planted", "")),
  },
  {
    id: "S1-8",
    what: "Hetzner's firewall has one more open port",
    names: /tcp 8080 is let in/,
    plant: () => keepRules(() => true, [OPEN]),
    undo: () => keepRules(({ port }) => port !== OPEN.port),
  },
  {
    id: "S1-8",
    what: "ufw has one more open port",
    names: /8080/,
    plant: "ufw allow 8080/tcp >/dev/null",
    undo: "ufw delete allow 8080/tcp >/dev/null",
  },
  {
    id: "S1-9",
    what: "fail2ban is stopped",
    names: /fail2ban/,
    plant: "systemctl stop fail2ban",
    undo: "systemctl start fail2ban; until fail2ban-client status sshd >/dev/null 2>&1; do sleep 0.2; done",
  },
  {
    id: "S1-10",
    what: "root may log in",
    names: /permitrootlogin yes/,
    plant: `sed -i 's/^PermitRootLogin no/PermitRootLogin yes/' ${SSHD}/00-homeport.conf`,
    undo: `sed -i 's/^PermitRootLogin yes/PermitRootLogin no/' ${SSHD}/00-homeport.conf`,
  },
  {
    id: "H3",
    what: "a drop-in comes first",
    names: /00-a\.conf comes first/,
    plant: `echo 'PasswordAuthentication yes' >${SSHD}/00-a.conf`,
    undo: `rm ${SSHD}/00-a.conf`,
  },
  {
    id: "H5",
    what: "Docker's chain lets everything through",
    names: /lets more through/,
    plant: "iptables -I DOCKER-USER -j ACCEPT",
    undo: "iptables -D DOCKER-USER -j ACCEPT",
  },
  {
    id: "H5",
    what: "a container publishes a port",
    names: /trap publishes 8080/,
    plant: `${TRAP} -p 8080:80 ${IMAGE}`,
    undo: NO_TRAP,
  },
  {
    id: "S1-12",
    what: "a container has a secret in its environment",
    names: /visible in docker inspect/,
    plant: async () => act(`${TRAP} -e LEAK=${await kept()} ${IMAGE}`),
    undo: NO_TRAP,
  },
  {
    id: "S1-15",
    what: "the database is stopped",
    names: /no container of service db/,
    plant: "docker stop running_calendar-db >/dev/null",
    undo: `docker start running_calendar-db >/dev/null
      until [ "$(docker inspect --format '{{.State.Health.Status}}' running_calendar-db)" = healthy ]; do sleep 0.2; done`,
  },
  {
    id: "S1-16",
    what: "a container asks another database",
    names: /trap: another DB_HOST/,
    plant: `${TRAP} -e DB_HOST=elsewhere ${IMAGE}`,
    undo: NO_TRAP,
  },
  {
    id: "S1-18",
    what: "www is not proxied",
    names: /www\.mxcorre\.com is not proxied/,
    plant: () => setRecord(`www.${DOMAIN}`, { proxied: false }),
    undo: () => setRecord(`www.${DOMAIN}`, { proxied: true }),
  },
  {
    id: "S1-19",
    what: "SSL mode is Full",
    names: /the mode is full/,
    plant: () => setZone("ssl", "full"),
    undo: () => setZone("ssl", "strict"),
  },
  {
    id: "S1-20",
    what: "www resolves to a stranger",
    names: /resolves to 203\.0\.113\.9/,
    plant: () => setRecord(`www.${DOMAIN}`, { proxied: false, content: "203.0.113.9" }),
    undo: async () => {
      const content = (await must("pulumi", "stack", "output", "serverIp")).stdout.trim();
      await setRecord(`www.${DOMAIN}`, { proxied: true, content });
    },
  },
  {
    id: "S1-21",
    what: "a service runs twice",
    names: /2 containers of service web/,
    plant: `${TRAP} --label homeport.service=web ${IMAGE}`,
    undo: NO_TRAP,
  },
  {
    id: "S1-22",
    what: "the proxy is stopped",
    names: /\/up: .*52[12]|\/up: status 52/,
    plant: "docker stop running-calendar-proxy >/dev/null",
    undo: "docker start running-calendar-proxy >/dev/null",
  },
  {
    id: "S1-23",
    what: "the origin's certificate is self-signed",
    names: /it is self-signed/,
    plant: `cp -a ${TLS} /root/tls; ${SELF_SIGNED}; ${RELOAD}`,
    undo: `cp -a /root/tls/. ${TLS}/; rm -r /root/tls; ${RELOAD}`,
  },
  ...UPKEEP_DEFECTS,
];
