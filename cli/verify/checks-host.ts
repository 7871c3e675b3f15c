import { broken, checkOf, proven, replaceStep, type Check, type Verdict } from "./check";
import type { HostFacts, Output } from "./facts";

const REDO_PACKAGES = replaceStep("hardening-packages");
const REDO_FIREWALL = replaceStep("hardening-firewall");
const REDO_FAIL2BAN = replaceStep("hardening-fail2ban");
const REDO_SSH = replaceStep("hardening-ssh");
const REDO_LOGIN = replaceStep("docker-login");
const WANTED_PORTS = ["22/tcp", "443/tcp", "80/tcp"];

/** What must hold on the host itself. */
export const HOST_CHECKS: readonly Check[] = [
  checkOf("S1-6", "root on the host is logged in to the registry", "host", (host, expected) =>
    registryVerdict(host.registry, expected.config.registry.server),
  ),
  checkOf("S1-7", "packages are upgraded", "host", (host) => upgradesVerdict(host.upgrades)),
  checkOf("S1-8", "ufw lets in 22, 80, 443 and nothing else", "host", (host) => ufwVerdict(host.ufw)),
  checkOf("S1-9", "fail2ban watches sshd", "host", (host) => jailVerdict(host.fail2ban)),
  checkOf("S1-10", "sshd takes keys only, and no root", "host", (host) => sshdVerdict(host.sshd)),
  checkOf("H3", "no other file of sshd's comes first", "host", (host) => dropInVerdict(host.sshd_files)),
  checkOf("H4", "fail2ban reads the journal", "host", (host) => journalVerdict(host.fail2ban_log)),
  checkOf("H5", "Docker cannot open a port past the firewall", "host", dockerUserVerdict),
];

/** The login that root has, in a file of its own alone, is one that the registry takes. */
export function registryVerdict(probe: Output, registry: string): Verdict {
  const [file = "", ...answer] = probe.out.trim().split("\n");
  if (!/^\d+ \w+$/.test(file)) return broken("root has no /root/.docker/config.json", REDO_LOGIN);
  if (file !== "600 root") return broken(`/root/.docker/config.json is ${file}, not 600 root`, REDO_LOGIN);
  if (probe.code === 0 && answer.includes("Login Succeeded"))
    return proven(`Login Succeeded at ${registry}; /root/.docker/config.json is 600 root`);
  return broken(
    `${registry} does not take the token: ${squeeze(answer.at(-1) ?? "no answer")}`,
    "npx pulumi config set --secret homeport:registryPassword, then npx pulumi up",
  );
}

/** `apt-get -s upgrade` has nothing left to do. */
export function upgradesVerdict(probe: Output): Verdict {
  const count = /^(\d+) upgraded,/m.exec(probe.out)?.[1];
  const security = probe.out.split("\n").filter((line) => /^Inst .*security/i.test(line)).length;
  if (probe.code !== 0 || count === undefined)
    return broken(said(probe), "homeport ssh -- sudo apt-get -s upgrade");
  if (count === "0") return proven("0 packages to upgrade");
  return broken(`${count} packages to upgrade, ${security} of them security`, REDO_PACKAGES);
}

/** `ufw status verbose`: active, default deny in and allow out, exactly the three ports, v4 and v6. */
export function ufwVerdict(probe: Output): Verdict {
  if (!/^Status: active$/m.test(probe.out)) return broken(said(probe), REDO_FIREWALL);
  const defaults = /^Default: (.*)$/m.exec(probe.out)?.[1] ?? "none";
  if (!defaults.startsWith("deny (incoming), allow (outgoing)"))
    return broken(`default is ${defaults}`, REDO_FIREWALL);
  const rules = probe.out
    .split("\n")
    .filter((line) => /\b(ALLOW|DENY|LIMIT|REJECT)\b.*\b(IN|OUT|FWD)\b/.test(line));
  const strange = rules.filter((line) => !/^\S+( \(v6\))?\s+ALLOW IN\s+Anywhere( \(v6\))?\s*$/.test(line));
  if (strange.length > 0) return broken(`an unexpected rule: ${squeeze(strange[0] ?? "")}`, REDO_FIREWALL);
  const v4 = ports(rules.filter((line) => !line.includes("(v6)")));
  const v6 = ports(rules.filter((line) => line.includes("(v6)")));
  for (const [family, open] of [
    ["v4", v4],
    ["v6", v6],
  ] as const) {
    if (open.join() !== WANTED_PORTS.join())
      return broken(`${family} lets in ${open.join(", ") || "nothing"}`, REDO_FIREWALL);
  }
  return proven("default deny; 22, 80, 443/tcp, v4 and v6");
}

/** `fail2ban-client status sshd` answers and names the jail. */
export function jailVerdict(probe: Output): Verdict {
  if (probe.code !== 0 || !/Status for the jail: sshd/.test(probe.out)) {
    return broken(said(probe), `${REDO_FAIL2BAN}; look: homeport ssh -- sudo journalctl -u fail2ban`);
  }
  const banned = /Currently banned:\s*(\d+)/.exec(probe.out)?.[1] ?? "?";
  return proven(`jail sshd is alive, ${banned} banned now`);
}

/** The jail's source is the journal: a host without rsyslog has no auth.log. */
export function journalVerdict(probe: Output): Verdict {
  if (probe.code === 0 && /_(SYSTEMD_UNIT|COMM)=/.test(probe.out)) return proven("journalmatch is set");
  return broken(`no journal match: ${said(probe)}`, REDO_FAIL2BAN);
}

const SSHD: readonly (readonly [string, string])[] = [
  ["passwordauthentication", "no"],
  ["kbdinteractiveauthentication", "no"],
  ["pubkeyauthentication", "yes"],
  ["permitrootlogin", "no"],
];

/** `sshd -T`: what is in effect, whatever the files say. */
export function sshdVerdict(probe: Output): Verdict {
  if (probe.code !== 0) return broken(said(probe), REDO_SSH);
  const settings = new Map(
    probe.out.split("\n").map((line) => line.trim().split(" ", 2) as [string, string]),
  );
  const wrong = SSHD.filter(([name, value]) => settings.get(name) !== value);
  if (wrong.length === 0) return proven(SSHD.map((setting) => setting.join(" ")).join(", "));
  return broken(wrong.map(([name]) => `${name} ${settings.get(name) ?? "missing"}`).join(", "), REDO_SSH);
}

/** The first drop-in that speaks of passwords, in the order in which sshd reads them, says no. */
export function dropInVerdict(probe: Output): Verdict {
  const lines = probe.out.split("\n").filter((line) => line.includes(":"));
  const [file = "", setting = ""] = splitOnce(lines[0] ?? "", ":");
  const name = file.split("/").at(-1) ?? "";
  if (lines.length === 0) return broken("no drop-in says PasswordAuthentication no", REDO_SSH);
  if (!/^\s*passwordauthentication\s+no\s*$/i.test(setting))
    return broken(`${name} comes first: ${squeeze(setting)}`, REDO_SSH);
  const others = lines.slice(1).map((line) => splitOnce(line, ":")[0]?.split("/").at(-1));
  return proven(others.length > 0 ? `${name} comes before ${others.join(", ")}` : `${name} is the only one`);
}

/** Forwarded packets meet DOCKER-USER first, and it drops what is not an answer, from a container, or 80/443. */
export function dockerUserVerdict(
  host: Pick<HostFacts, "forward" | "docker_user" | "docker_user6">,
): Verdict {
  // a daemon that starts again puts its isolation of networks in front, which lets nothing in
  const jumps = host.forward.out.split("\n").filter((line) => line.startsWith("-A FORWARD"));
  const firstJump = jumps.find((line) => line !== "-A FORWARD -j DOCKER-ISOLATION-STAGE-1");
  if (firstJump !== "-A FORWARD -j DOCKER-USER") {
    return broken(`the first rule of FORWARD is ${firstJump ?? "missing"}`, REDO_FIREWALL);
  }
  for (const [family, probe] of [
    ["v4", host.docker_user],
    ["v6", host.docker_user6],
  ] as const) {
    const fault = chainFault(probe);
    if (fault !== undefined) return broken(`DOCKER-USER ${family}: ${fault}`, REDO_FIREWALL);
  }
  return proven("DOCKER-USER drops all but 80 and 443, v4 and v6");
}

const HARMLESS = [
  /--ctstate RELATED,ESTABLISHED -j RETURN$/,
  /-i (docker0|br-\+) -j RETURN$/,
  /-p tcp .*--ctorigdstport (80|443) .*-j RETURN$/,
  /-j DROP$/,
];

function chainFault(probe: Output): string | undefined {
  const rules = probe.out.split("\n").filter((line) => line.startsWith("-A DOCKER-USER"));
  const end = rules.indexOf("-A DOCKER-USER -j DROP");
  if (probe.code !== 0 || end < 0) return "nothing is dropped";
  const leak = rules.slice(0, end).find((rule) => !HARMLESS.some((pattern) => pattern.test(rule)));
  return leak && `lets more through: ${leak}`;
}

function ports(rules: readonly string[]): string[] {
  return rules.map((line) => line.split(/\s+/)[0] ?? "").sort();
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

function squeeze(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}

/** The first line that a failed command said. */
function said(probe: Output): string {
  const text = `${probe.err}\n${probe.out}`.split("\n").map((line) => line.trim());
  return text.find((line) => line !== "") ?? `exit code ${probe.code} without a word`;
}
