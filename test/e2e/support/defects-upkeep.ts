import { cloudflare, DOMAIN, hetzner, must } from "./cloud";
import { keepRules, setZone } from "./drift";
import { edited, type Defect } from "./planting";

const BACKUPS = "/opt/backups/postgres";
const WEB = "$(docker ps -aqf label=homeport.service=web)";
const PROXY = "$(docker inspect --format '{{.Image}}' running-calendar-proxy)";
const CADDYFILE = "/etc/homeport/proxy/Caddyfile";
const RELOAD =
  "docker exec running-calendar-proxy caddy reload --force --config /etc/caddy/Caddyfile --adapter caddyfile 2>/dev/null";
const JAIL = "until fail2ban-client status sshd >/dev/null 2>&1; do sleep 0.2; done";

type Labels = Readonly<Record<string, string>>;
interface SshKey {
  readonly id: number;
  readonly labels: Labels;
}

const labels = new Map<number, Labels>();

async function labelKeys(labelsOf: (key: SshKey) => Labels): Promise<void> {
  const { ssh_keys: keys } = await hetzner<{ ssh_keys: SshKey[] }>("/ssh_keys");
  for (const key of keys) {
    const init = { method: "PUT", body: JSON.stringify({ labels: labelsOf(key) }) };
    await hetzner(`/ssh_keys/${key.id}`, init);
  }
}

async function records(): Promise<string> {
  return `/zones/${(await must("pulumi", "stack", "output", "zoneId")).stdout.trim()}/dns_records`;
}

/** Beside the apex's own. */
const SECOND = { type: "A", name: DOMAIN, content: "203.0.113.9", proxied: true, ttl: 1 };
const ANYBODY = { direction: "in", protocol: "tcp", port: "443", source_ips: ["0.0.0.0/1"] };

/** What keeps a system up and its copies true, and what its owner can undo in a console. */
export const UPKEEP_DEFECTS: readonly Defect[] = [
  {
    id: "S1-2",
    what: "the key at Hetzner is not this stack's any more",
    names: /0 keys of this stack/,
    plant: () =>
      labelKeys((key) => {
        labels.set(key.id, key.labels);
        return {};
      }),
    undo: () => labelKeys(({ id }) => labels.get(id) ?? {}),
  },
  {
    id: "S1-6",
    what: "the registry does not take root's token",
    names: /does not take the token/,
    ...edited(
      "/root/.docker/config.json",
      `token=$(printf 'me:revoked' | base64); sed -i -E 's/"auth": *"[^"]*"/"auth": "'"$token"'"/' /root/.docker/config.json`,
    ),
  },
  {
    id: "S1-7",
    what: "a package is older than the archive's",
    names: /[1-9]\d* packages to upgrade/,
    ...edited(
      "/var/lib/dpkg/status",
      String.raw`sed -i -E '/^Package: jq$/,/^$/ s/^Version: .*/Version: 1.0/' /var/lib/dpkg/status`,
    ),
  },
  {
    id: "S1-8",
    what: "Hetzner's firewall lets half of the internet around the edge",
    names: /port 443 is open to \d+ other ranges/,
    plant: () => keepRules(() => true, [ANYBODY]),
    undo: () => keepRules((rule) => !JSON.stringify(rule).includes('"0.0.0.0/1"')),
  },
  {
    id: "S1-10",
    what: "sshd has another host key",
    names: /ssh_host_rsa_key/,
    plant: "ssh-keygen -q -t rsa -b 2048 -N '' -f /etc/ssh/ssh_host_rsa_key",
    undo: "rm /etc/ssh/ssh_host_rsa_key /etc/ssh/ssh_host_rsa_key.pub",
  },
  {
    id: "S1-12",
    what: "a secret's file is open to all",
    names: /open to others: 644 .*POSTGRES_PASSWORD/,
    plant: "chmod 644 /etc/homeport/secrets/db/POSTGRES_PASSWORD",
    undo: "chmod 400 /etc/homeport/secrets/db/POSTGRES_PASSWORD",
  },
  {
    id: "S1-18",
    what: "the apex has a second address",
    names: /mxcorre\.com has 2 address records/,
    plant: async () => cloudflare(await records(), { method: "POST", body: JSON.stringify(SECOND) }),
    undo: async () => {
      const { result } = await cloudflare<{ result: { id: string; content: string }[] }>(await records());
      const second = result.find(({ content }) => content === SECOND.content);
      await cloudflare(`${await records()}/${second?.id}`, { method: "DELETE" });
    },
  },
  {
    id: "S1-19",
    what: "the edge serves plain HTTP",
    names: /always_use_https is off/,
    plant: () => setZone("always_use_https", "off"),
    undo: () => setZone("always_use_https", "on"),
  },
  {
    id: "S1-19",
    what: "the edge takes TLS 1.0",
    names: /min_tls_version is 1\.0/,
    plant: () => setZone("min_tls_version", "1.0"),
    undo: () => setZone("min_tls_version", "1.2"),
  },
  {
    id: "S1-21",
    what: "cron is stopped",
    names: /cron enabled inactive/,
    plant: "systemctl stop cron",
    undo: "systemctl start cron",
  },
  {
    id: "S1-21",
    what: "Docker does not start with the host",
    names: /docker disabled active/,
    plant: "systemctl disable --quiet docker 2>/dev/null",
    undo: "systemctl enable --quiet docker 2>/dev/null",
  },
  {
    id: "S1-21",
    what: "the application hangs",
    names: /web: it is paused/,
    plant: `docker pause ${WEB} >/dev/null`,
    undo: `docker unpause ${WEB} >/dev/null
      until [ "$(docker inspect --format '{{.State.Health.Status}}' ${WEB})" = healthy ]; do sleep 0.2; done`,
  },
  {
    id: "S1-21",
    what: "a container's log may fill the disk",
    names: /more than 1 GiB of log.*trap/,
    plant: `docker run -d --rm --name trap --log-driver json-file --log-opt max-size=100g --entrypoint caddy ${PROXY} respond --listen :80 trap >/dev/null`,
    undo: "docker rm -f trap >/dev/null",
  },
  {
    id: "S1-24",
    what: "the proxy does not know www",
    names: /www\.mxcorre\.com/,
    plant: `cp -a ${CADDYFILE} /root/planted
      sed 's,^\\tredir https://${DOMAIN}{uri} 308,\\trespond "" 404,' /root/planted >${CADDYFILE}; ${RELOAD}`,
    undo: `cat /root/planted >${CADDYFILE}; rm /root/planted; ${RELOAD}`,
  },
  {
    id: "S1-25",
    what: "others may read the backups' script",
    names: /backup\.sh is 755 root/,
    plant: `chmod 755 ${BACKUPS}/backup.sh`,
    undo: `chmod 700 ${BACKUPS}/backup.sh`,
  },
  {
    id: "S1-26",
    what: "a byte of a copy on the server is another",
    names: /damaged: backup_\d{8}_\d{6}\.sql/,
    plant: `f=$(ls ${BACKUPS}/backup_*.sql | tail -n 1); cp -a "$f" /root/planted; printf X | dd of="$f" bs=1 seek=99 conv=notrunc status=none`,
    undo: `cp -a /root/planted "$(ls ${BACKUPS}/backup_*.sql | tail -n 1)"; rm /root/planted`,
  },
  {
    id: "S1-27",
    what: "the backup's line is in the crontab twice",
    names: /2 lines run/,
    plant: "crontab -l >/root/planted; { cat /root/planted; grep backup.sh /root/planted; } | crontab -",
    undo: "crontab /root/planted; rm /root/planted",
  },
  {
    id: "S1-28",
    what: "no backup has succeeded for days",
    names: /the last success was 4 days ago/,
    ...edited(
      `${BACKUPS}/LAST_SUCCESS.txt`,
      `sed -i "s/^finished_at=.*/finished_at=$(date -u -d '4 days ago' +%FT%TZ)/" ${BACKUPS}/LAST_SUCCESS.txt`,
    ),
  },
  {
    id: "S1-28",
    what: "the drill found another row",
    names: /failed: restored tables differ/,
    ...edited(
      `${BACKUPS}/drill.json`,
      `told=$(jq '.ok = false | .error = "restored tables differ from the manifest: public.runs"' ${BACKUPS}/drill.json); echo "$told" >${BACKUPS}/drill.json`,
    ),
  },
  {
    id: "S1-28",
    what: "the night's backup was killed",
    names: /was killed, or could not write its end/,
    ...edited(`${BACKUPS}/LAST_RUN.txt`, `rm ${BACKUPS}/LAST_RUN.txt`),
  },
  {
    id: "S1-28",
    what: "the archive of the write-ahead log stands still",
    names: /homeport-wal@postgres is inactive/,
    plant: "systemctl stop homeport-wal@postgres",
    undo: "systemctl start homeport-wal@postgres",
  },
  {
    id: "H2",
    what: "a disk is full",
    names: /\/var\/tmp is 100 % full/,
    plant: "mount -t tmpfs -o size=64k planted /var/tmp; head -c 64k /dev/zero >/var/tmp/planted",
    undo: "umount /var/tmp",
  },
  {
    id: "H4",
    what: "fail2ban reads a file that nobody writes",
    names: /no journal match/,
    plant: `cp -a /etc/fail2ban/jail.local /root/planted; touch /var/log/planted.log
      printf '%s\\n' 'backend = polling' 'logpath = /var/log/planted.log' >>/etc/fail2ban/jail.local
      systemctl restart fail2ban; ${JAIL}`,
    undo: `cp -a /root/planted /etc/fail2ban/jail.local; rm /root/planted /var/log/planted.log
      systemctl restart fail2ban; ${JAIL}`,
  },
  {
    id: "H5",
    what: "Docker's chain is empty for IPv6",
    names: /DOCKER-USER v6: nothing is dropped/,
    plant: "ip6tables-save -t filter >/root/planted; ip6tables -F DOCKER-USER",
    undo: "ip6tables-restore </root/planted; rm /root/planted",
  },
];
