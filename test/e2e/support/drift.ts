import { DOMAIN, onServer, pulumi } from "./cloud";
import { changeRecord, changeRules, setZoneSetting, type Rule } from "./consoles";

/** Something that somebody did by hand. */
export interface Change {
  readonly what: string;
  /** A script for root on the server, or calls to an API. */
  readonly make: string | (() => Promise<unknown>);
  /** Which resource tells of it, and what its report must name. */
  readonly id: string;
  readonly names: string;
}

export async function make(change: Change): Promise<void> {
  if (typeof change.make !== "string") {
    await change.make();
    return;
  }
  const script = `set -e\n${change.make}\n`;
  const { code, output } = await onServer("sudo bash -s", script);
  if (code !== 0) throw new Error(`${change.what}: exit ${code}\n${output}`);
}

async function zoneId(): Promise<string> {
  return (await pulumi("stack", "output", "zoneId")).stdout.trim();
}

/** Changes a setting of the zone as its owner could in Cloudflare's console. */
export async function setZone(setting: string, value: string): Promise<void> {
  await setZoneSetting(await zoneId(), setting, value);
}

/** Changes the address record of a name. */
export async function setRecord(name: string, change: Record<string, unknown>): Promise<void> {
  await changeRecord(await zoneId(), name, change);
}

/** Leaves those rules of the firewall that `keep` wants, and adds some. */
export async function keepRules(keep: (rule: Rule) => boolean, more: readonly Rule[] = []): Promise<void> {
  await changeRules("running-calendar", keep, more);
}

const DROP_INS = "/etc/ssh/sshd_config.d";
const SECRETS = "/etc/homeport/secrets";
const PROXY = "/etc/homeport/proxy";

/** None of these keeps a visitor from the apex: what ran goes on, and the repair must not stop it. */
export const HARMLESS: readonly Change[] = [
  { what: "ufw off", make: "ufw --force disable", id: "hardening-firewall", names: "ufw status" },
  {
    what: "Docker's chain empty",
    make: "iptables -F DOCKER-USER",
    id: "hardening-firewall",
    names: "DOCKER-USER v4",
  },
  {
    what: "root may log in",
    make: `sed -i 's/PermitRootLogin no/PermitRootLogin yes/' ${DROP_INS}/00-homeport.conf`,
    id: "hardening-ssh",
    names: "sshd -T for root",
  },
  {
    what: "a drop-in before ours",
    make: `echo 'PasswordAuthentication yes' >${DROP_INS}/00-a.conf`,
    id: "hardening-ssh",
    names: `${DROP_INS}/00-a.conf`,
  },
  {
    what: "sshd's main file has the first word",
    make: "sed -i '1i MaxSessions 3' /etc/ssh/sshd_config; systemctl reload ssh",
    id: "hardening-ssh",
    names: "maxsessions 3",
  },
  {
    what: "another host key",
    make: "ssh-keygen -q -t rsa -b 2048 -N '' -f /etc/ssh/ssh_host_rsa_key",
    id: "hardening-host-key-only",
    names: "/etc/ssh/ssh_host_rsa_key",
  },
  {
    what: "fail2ban stopped and disabled",
    make: "systemctl disable --quiet --now fail2ban 2>/dev/null",
    id: "hardening-fail2ban",
    names: "unit fail2ban",
  },
  {
    what: "the jail edited",
    make: "sed -i 's/maxretry = 6/maxretry = 600/' /etc/fail2ban/jail.local",
    id: "hardening-fail2ban",
    names: "maxretry = 600",
  },
  {
    what: "the upgrade's line doubled",
    make: "sed -i '$p' /etc/cron.d/homeport-upgrade",
    id: "hardening-packages",
    names: "/etc/cron.d/homeport-upgrade",
  },
  {
    what: "cron stopped and disabled",
    make: "systemctl disable --quiet --now cron 2>/dev/null",
    id: "hardening-packages",
    names: "unit cron",
  },
  {
    what: "the upgrade script gone",
    make: "rm /usr/local/sbin/homeport-upgrade",
    id: "hardening-packages",
    names: "/usr/local/sbin/homeport-upgrade",
  },
  {
    what: "a package gone",
    make: "DEBIAN_FRONTEND=noninteractive apt-get -qq -y remove jq >/dev/null 2>&1",
    id: "hardening-packages",
    names: "package jq",
  },
  {
    what: "the daemon's file edited",
    make: "sed -i 's/10m/10g/' /etc/docker/daemon.json",
    id: "docker-engine",
    names: "/etc/docker/daemon.json",
  },
  {
    what: "Docker disabled at boot",
    make: "systemctl disable --quiet docker 2>/dev/null",
    id: "docker-engine",
    names: "unit docker",
  },
  {
    what: "a secret open to all",
    make: `chmod 444 ${SECRETS}/db/POSTGRES_PASSWORD`,
    id: "app-db-secrets",
    names: `${SECRETS}/db/POSTGRES_PASSWORD`,
  },
  {
    what: "a secret exchanged",
    make: `printf exchanged-by-hand >${SECRETS}/web/SECRET_KEY_BASE`,
    id: "app-web-secrets",
    names: `${SECRETS}/web/SECRET_KEY_BASE`,
  },
  {
    what: "a secret that nobody declared",
    make: `printf planted >${SECRETS}/web/PLANTED`,
    id: "app-web-secrets",
    names: `${SECRETS}/web/PLANTED`,
  },
  {
    what: "the entrypoint edited",
    make: "echo '# planted' >>/etc/homeport/bin/with-secrets",
    id: "app-entrypoint",
    names: "/etc/homeport/bin/with-secrets",
  },
  {
    what: "the origin's key open to all",
    make: `chmod 644 ${PROXY}/tls/origin.key`,
    id: "origin-install",
    names: `${PROXY}/tls/origin.key`,
  },
  {
    what: "the Caddyfile edited",
    make: `echo '# planted' >>${PROXY}/Caddyfile`,
    id: "proxy-config",
    names: `${PROXY}/Caddyfile`,
  },
  {
    what: "the proxy told another container",
    make: `echo 'to nowhere:1' >${PROXY}/upstreams/web.caddy`,
    id: "proxy-route-web",
    names: "to nowhere:1",
  },
  {
    what: "rules of Hetzner's firewall gone",
    make: () => keepRules(({ port }) => port !== "80"),
    id: "firewall-rules",
    names: '"port":"80"',
  },
  {
    what: "www not proxied",
    make: () => setRecord(`www.${DOMAIN}`, { proxied: false }),
    id: "dns-www",
    names: "proxied",
  },
  {
    what: "www elsewhere",
    make: () => setRecord(`www.${DOMAIN}`, { content: "203.0.113.9" }),
    id: "dns-www",
    names: "203.0.113.9",
  },
  { what: "SSL mode Full", make: () => setZone("ssl", "full"), id: "edge-ssl", names: "full" },
  {
    what: "plain HTTP is served",
    make: () => setZone("always_use_https", "off"),
    id: "edge-always-use-https",
    names: "off",
  },
  {
    what: "old TLS is let in",
    make: () => setZone("min_tls_version", "1.0"),
    id: "edge-min-tls-version",
    names: "1.0",
  },
];

/** These take the site away by themselves. */
export const HARMFUL: readonly Change[] = [
  {
    what: "the application's container removed",
    make: "docker rm -f $(docker ps -qf label=homeport.service=web) >/dev/null",
    id: "app-web",
    names: "missing",
  },
  {
    what: "the database stopped",
    make: "docker stop $(docker ps -qf label=homeport.service=db) >/dev/null",
    id: "app-db",
    names: "mustRun",
  },
  { what: "SSL mode Flexible", make: () => setZone("ssl", "flexible"), id: "edge-ssl", names: "flexible" },
  {
    what: "the apex not proxied",
    make: () => setRecord(DOMAIN, { proxied: false }),
    id: "dns-apex",
    names: "proxied",
  },
];
