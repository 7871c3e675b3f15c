import { systemHostnames, type System } from "../../components/lib/system";
import { failed } from "../cli-error";
import { remoteScript } from "../project";
import { lastLine } from "../run";
import { runScriptAsRoot, type Server } from "../ssh";
import { floodsOf } from "./checks-proxy";

/** What one command on the host said. */
export interface Output {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The probes of scripts/remote/verify.sh. */
export const PROBES = [
  "sshd",
  "sshd_files",
  "ufw",
  "fail2ban",
  "fail2ban_log",
  "upgrades",
  "docker",
  "containers",
  "images",
  "forward",
  "docker_user",
  "docker_user6",
  "certificates",
  "tls",
  "nginx",
  "floods",
  "renewal",
  "crontab",
  "backups",
  "archives",
  "registry",
  "units",
  "secret_files",
  "host_keys",
  "disks",
  "applications",
  "strays",
  "limits",
  "patching",
] as const;

/** What each of them said. */
export type HostFacts = Readonly<Record<(typeof PROBES)[number], Output>>;

/** What the resolver says for each hostname; `error` instead of addresses when it says nothing. */
export type NameFacts = Readonly<
  Record<string, { readonly addresses: readonly string[]; readonly error?: string }>
>;

/** What the resolver says of mail, by name: texts with their strings put together, or an alias. */
export type MailFacts = Readonly<
  Record<
    string,
    { readonly texts: readonly string[]; readonly aliases: readonly string[]; readonly error?: string }
  >
>;

/** One answer over HTTP, or why there was none. */
export interface Answer {
  readonly url: string;
  readonly status?: number;
  readonly location?: string;
  readonly error?: string;
}

/** One answer per site, and per host that redirects to one. */
export interface EdgeFacts {
  /** Health pages. */
  readonly up: readonly Answer[];
  /** The same over plain HTTP. */
  readonly plain: readonly Answer[];
  readonly aliases: readonly (Answer & { readonly home: string })[];
}

/** Ports of the public address that answered a connection from here, going around the edge. */
export interface ReachFacts {
  readonly asked: readonly number[];
  readonly open: readonly number[];
}

const HOST_TIMEOUT_SECONDS = 60;

/** Looks at the host over one SSH connection. @throws CliError when it cannot be reached. */
export async function hostFacts(server: Server, system: System, domain: string): Promise<HostFacts> {
  const units = system.units.map(({ name, folder, user, port, healthPath }) =>
    ["unit", name, folder, user, port, healthPath].join(" "),
  );
  const floods = floodsOf(system, domain).map(({ host, path, requests }) =>
    ["flood", host, path, requests].join(" "),
  );
  const args = [systemHostnames(system, domain).join(" "), ...units, ...floods];
  const result = await runScriptAsRoot(server, remoteScript("verify.sh"), args, HOST_TIMEOUT_SECONDS);
  if (result.code !== 0) {
    throw failed(`the host could not be looked at: ${lastLine(result.stderr)}; fix: homeport ssh, then look`);
  }
  return parseHostFacts(result.stdout);
}

export function parseHostFacts(text: string): HostFacts {
  const raw = JSON.parse(text) as Record<string, Output | undefined>;
  return Object.fromEntries(
    PROBES.map((name) => {
      const probe = raw[name] ?? { code: 127, out: "", err: "" };
      return [name, { code: probe.code, out: decode(probe.out), err: decode(probe.err) }];
    }),
  ) as unknown as HostFacts;
}

function decode(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}
