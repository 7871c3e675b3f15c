import { expect } from "vitest";
import type { CheckLine, Project } from "./project";

/** Something wrong, and how it is put right again. */
export interface Defect {
  /** The requirement whose check must fail, and what it must say. */
  readonly id: string;
  readonly what: string;
  readonly names: RegExp;
  /** A script for root on the server, or calls to an API. */
  readonly plant: Action;
  readonly undo: Action;
}

type Action = string | (() => Promise<unknown>);

/** A name for the test -> defects that stand in nobody's way, so that verify must find all of them in one run. */
export type Batches = Readonly<Record<string, readonly Defect[]>>;

/** Plants all of a batch, asks verify once, and puts everything right again. */
export async function expectFound(project: Project, defects: readonly Defect[]): Promise<void> {
  try {
    await act(
      project,
      defects.map(({ plant }) => plant),
    );
    const red = (await project.verify()).filter(({ ok }) => !ok);
    const missed = defects.filter((defect) => !isFound(defect, red)).map(({ id, what }) => `${id} ${what}`);
    expect(missed, JSON.stringify(red, undefined, 1)).toEqual([]);
  } finally {
    await act(project, defects.map(({ undo }) => undo).reverse());
  }
}

function isFound({ id, names }: Defect, red: readonly CheckLine[]): boolean {
  return red.some((check) => check.id === id && names.test(check.found ?? "") && Boolean(check.fix));
}

/** Calls one after the other, scripts in one go: each ends at its own first error, and the last error is told. */
async function act(project: Project, actions: readonly Action[]): Promise<void> {
  for (const action of actions) if (typeof action !== "string") await action();
  const scripts = actions.filter((action) => typeof action === "string");
  const each = scripts.map((script) => `( set -e\n${script}\n) || code=$?\n`);
  if (scripts.length > 0) await project.onServer(`code=0\n${each.join("")}exit $code\n`);
}

/** Of one file there may be several in a batch. */
let edits = 0;

/** Edits a file of the server and keeps it aside, to be put back with its owner and mode; `then` makes it count. */
export function edited(file: string, edit: string, then = ""): Pick<Defect, "plant" | "undo"> {
  edits += 1;
  const aside = `/root/planted-${edits}`;
  return {
    plant: `cp -a ${file} ${aside}\n${edit}\n${then}`,
    undo: `cp -a ${aside} ${file}; rm ${aside}\n${then}`,
  };
}

/** What can happen to any host. `port` is one that nobody outside may reach, `secret` a file that holds one. */
export function hostDefects(port: number, secret: string): readonly Defect[] {
  const beside = (name: string, options: string): Pick<Defect, "plant" | "undo"> => ({
    plant: `docker run -d --rm --name ${name} ${options} --entrypoint sleep $(docker ps -q | head -n 1 | xargs docker inspect --format '{{.Image}}') 600 >/dev/null`,
    undo: `docker rm -f ${name} >/dev/null`,
  });
  return [
    {
      id: "S1-8",
      what: "ufw lets one more port in",
      names: new RegExp(`lets in .*${port}/tcp`),
      plant: `ufw allow ${port}/tcp >/dev/null`,
      undo: `ufw delete allow ${port}/tcp >/dev/null`,
    },
    {
      id: "S1-9",
      what: "fail2ban is stopped",
      names: /fail2ban/,
      plant: "systemctl stop fail2ban",
      undo: "systemctl start fail2ban; until fail2ban-client status sshd >/dev/null 2>&1; do sleep 0.2; done",
    },
    {
      id: "S1-12",
      what: "all may read a secret",
      names: new RegExp(`open to others: .*44 ${secret}`),
      plant: `chmod go+r ${secret}`,
      undo: `chmod go-r ${secret}`,
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
      what: "a log has no end",
      names: /more than 1 GiB of log.*endless/,
      ...beside("endless", "--log-driver json-file --log-opt max-size=100g"),
    },
    {
      id: "H3",
      what: "sshd takes passwords",
      names: /00-a\.conf comes first/,
      plant: "echo 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/00-a.conf",
      undo: "rm /etc/ssh/sshd_config.d/00-a.conf",
    },
    {
      id: "H5",
      what: "a container publishes a port",
      names: new RegExp(`trap publishes ${port}`),
      ...beside("trap", `-p ${port}:80`),
    },
    {
      id: "H5",
      what: "Docker's chain is empty for IPv6",
      names: /DOCKER-USER v6: nothing is dropped/,
      plant: "ip6tables-save -t filter >/root/planted-ip6tables; ip6tables -F DOCKER-USER",
      undo: "ip6tables-restore </root/planted-ip6tables; rm /root/planted-ip6tables",
    },
  ];
}

/** What can happen to backups: `folders` of /opt/backups. */
export function backupDefects(folders: readonly string[]): readonly Defect[] {
  const [folder = ""] = folders;
  const place = `/opt/backups/${folder}`;
  return [
    {
      id: "S1-25",
      what: "others may read the backups' script",
      names: new RegExp(`${place} is \\d+ root, backup\\.sh is 755 root`),
      plant: `chmod 755 ${place}/backup.sh`,
      undo: `chmod 700 ${place}/backup.sh`,
    },
    {
      id: "S1-27",
      what: "the crontab is gone",
      names: new RegExp(folders.map((each) => `(?=.*0 lines run /opt/backups/${each}/backup\\.sh)`).join("")),
      plant: "crontab -l >/root/planted-crontab; crontab -r",
      undo: "crontab /root/planted-crontab; rm /root/planted-crontab",
    },
    {
      id: "S1-28",
      what: "the drill failed",
      names: new RegExp(`${folder}: the drill of .* failed: planted`),
      ...edited(
        `${place}/drill.json`,
        `jq '.ok = false | .error = "planted"' ${place}/drill.json >/root/drill.json; cat /root/drill.json >${place}/drill.json; rm /root/drill.json`,
      ),
    },
    {
      id: "S1-28",
      what: "the night's backup was killed",
      names: new RegExp(`${folder}: the last run was killed`),
      ...edited(`${place}/LAST_RUN.txt`, `rm ${place}/LAST_RUN.txt`),
    },
    {
      id: "S1-28",
      what: "no backup has succeeded for days",
      names: new RegExp(`${folder}: the last success was 4 days ago`),
      ...oldSuccess(place),
    },
  ];
}

/** The last success in a folder of backups was four days ago. */
export function oldSuccess(place: string): Pick<Defect, "plant" | "undo"> {
  const file = `${place}/LAST_SUCCESS.txt`;
  const longAgo = "$(date -u -d '4 days ago' +%FT%TZ)";
  return edited(file, `sed -i "s/^finished_at=.*/finished_at=${longAgo}/" ${file}`);
}

/** A byte of a database's newest copy is another. */
export function damagedCopy(place: string): Defect {
  const newest = `$(ls ${place}/backup_*.sql | tail -n 1)`;
  return {
    id: "S1-26",
    what: "a copy on the server is damaged",
    names: /damaged: backup_\d{8}_\d{6}\.sql/,
    plant: `cp -a "${newest}" /root/planted-copy; printf X | dd of="${newest}" bs=1 seek=99 conv=notrunc status=none`,
    undo: `cp -a /root/planted-copy "${newest}"; rm /root/planted-copy`,
  };
}

/** What can happen at Hetzner and Cloudflare, and the ways that lead past them. `host` is a name of the zone. */
export function edgeDefects(project: Project, host: string, port: number): readonly Defect[] {
  return [
    {
      id: "S1-18",
      what: "a record goes around the edge",
      names: new RegExp(`${host.replaceAll(".", "\\.")} is not proxied`),
      plant: () => project.setRecord(host, { proxied: false }),
      undo: () => project.setRecord(host, { proxied: true }),
    },
    {
      id: "S1-19",
      what: "the edge believes any certificate",
      names: /the mode is full/,
      plant: () => project.setZone("ssl", "full"),
      undo: () => project.setZone("ssl", "strict"),
    },
    {
      id: "S1-19",
      what: "the edge takes TLS 1.0",
      names: /min_tls_version is 1\.0/,
      plant: () => project.setZone("min_tls_version", "1.0"),
      undo: () => project.setZone("min_tls_version", "1.2"),
    },
    {
      id: "S1-8",
      what: "Hetzner's firewall has one more open port",
      names: new RegExp(`tcp ${port} is let in`),
      plant: () => project.keepRules(() => true, [open(port)]),
      undo: () => project.keepRules((rule) => rule.port !== String(port)),
    },
    {
      id: "S1-15",
      what: "a service is reached from outside",
      names: new RegExp(`port ${port} answers on the public address`),
      plant: `ufw allow ${port}/tcp >/dev/null
        systemd-run -q --collect --unit planted-listener python3 -m http.server ${port} --bind "$(ip -4 route get 1.1.1.1 | sed -n 's/.* src \\([^ ]*\\).*/\\1/p')"
        until ss -Hltn 'sport = :${port}' | grep -vq 127.0.0.1; do sleep 0.2; done`,
      undo: `systemctl stop planted-listener; ufw delete allow ${port}/tcp >/dev/null`,
    },
  ];
}

/** The origin's certificate is signed as it should be, and long over; `reload` makes the proxy show it. */
export function expiredCertificate(reload: string): Defect {
  const tls = "/etc/homeport/proxy/tls";
  const expired = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=Planted Origin CA" -keyout /root/planted.key -out /root/planted.crt 2>/dev/null
openssl req -new -key ${tls}/origin.key -subj /CN=planted |
  openssl x509 -req -CA /root/planted.crt -CAkey /root/planted.key -not_before 20200101000000Z -not_after 20200601000000Z \\
    -extfile <(openssl x509 -in ${tls}/origin.crt -noout -ext subjectAltName | sed -n 's/^ */subjectAltName=/;2p') -out /root/leaf.crt 2>/dev/null
cat /root/leaf.crt >${tls}/origin.crt; rm /root/planted.key /root/planted.crt /root/leaf.crt`;
  return {
    id: "S1-23",
    what: "the certificate is out of date",
    names: /valid from 2020-01-01T\S+ to 2020-06-01/,
    ...edited(`${tls}/origin.crt`, expired, reload),
  };
}

function open(port: number): { direction: string; protocol: string; port: string; source_ips: string[] } {
  return { direction: "in", protocol: "tcp", port: String(port), source_ips: ["0.0.0.0/0"] };
}
