import { expect } from "vitest";
import { join } from "node:path";
import { cloudflare, CLOUD, environment, eventually, execute, hetzner, ROOT, type Result } from "./cloud";
import { changeRecord, changeRules, setZoneSetting, type Rule } from "./consoles";

/** One check of `homeport verify --json`. */
export interface CheckLine {
  readonly id: string;
  readonly title: string;
  readonly ok: boolean;
  readonly found?: string;
  readonly fix?: string;
}

/** One of the examples, on the tests' cloud. */
export class Project {
  readonly folder: string;

  constructor(
    readonly name: string,
    /** Of its database: container, name, user. @default it has none */
    private readonly database: readonly [string, string, string] = ["", "", ""],
  ) {
    this.folder = join(ROOT, "examples", name);
  }

  /** As a user does. */
  async local(): Promise<Result> {
    return execute("npm", ["run", "-s", "local", "--", this.name], { HOMEPORT_CLOUD: CLOUD });
  }

  /** A command in the project's folder; a failure is a result too. */
  async sh(command: string, ...args: string[]): Promise<Result> {
    return execute(command, args, await environment(), "", this.folder);
  }

  /** As {@link sh}, but a failure is an error that shows the output. */
  async must(command: string, ...args: string[]): Promise<Result> {
    const result = await this.sh(command, ...args);
    if (result.code !== 0)
      throw new Error(`${command} ${args.join(" ")}: exit ${result.code}\n${result.output}`);
    return result;
  }

  async pulumi(...args: string[]): Promise<Result> {
    return this.sh("pulumi", ...args, "--non-interactive", "--suppress-progress", "--color", "never");
  }

  async verify(): Promise<readonly CheckLine[]> {
    const { stdout } = await this.sh("npx", "homeport", "verify", "--json");
    return (JSON.parse(stdout) as { checks: CheckLine[] }).checks;
  }

  /** The checks that are red, as `ID title`. */
  async broken(): Promise<string[]> {
    return (await this.verify()).filter(({ ok }) => !ok).map(({ id, title }) => `${id} ${title}`);
  }

  /** No check is red any more: some look back a minute, or ask once in one. */
  async green(): Promise<void> {
    let red: string[] = [];
    await eventually(120, async () => (red = await this.broken()).length === 0).catch(() => {
      expect(red).toEqual([]);
    });
  }

  /** An output of its stack. */
  async output(name: string): Promise<string> {
    return (await this.must("pulumi", "stack", "output", name)).stdout.trim();
  }

  async address(): Promise<string> {
    return this.output("serverIp");
  }

  /** A script on the server, as root, over the pinned connection. */
  async onServer(script: string): Promise<string> {
    const args = ["-F", `.homeport/${CLOUD}/ssh_config`, `ops@${await this.address()}`, "sudo bash -s"];
    const { code, stdout, output } = await execute("ssh", args, await environment(), script, this.folder);
    expect(code, output).toBe(0);
    return stdout;
  }

  /** Every table with its rows and a hash of them, without those whose names match `but`. */
  async tables(but: string): Promise<string> {
    const [container, name, user] = this.database;
    const psql = `docker exec -i ${container} psql -XqAt -v ON_ERROR_STOP=1 -U ${user} -d ${name}`;
    return this.onServer(`${psql} </etc/homeport/backup/manifest.sql | grep -vE '${but}'`);
  }

  /** Changes a setting of its zone by hand. */
  async setZone(setting: string, value: string): Promise<void> {
    await setZoneSetting(await this.output("zoneId"), setting, value);
  }

  /** Changes the address record of a host by hand. */
  async setRecord(host: string, change: Record<string, unknown>): Promise<void> {
    await changeRecord(await this.output("zoneId"), host, change);
  }

  /** Changes its firewall at Hetzner by hand. */
  async keepRules(keep: (rule: Rule) => boolean, more: readonly Rule[] = []): Promise<void> {
    await changeRules(this.name, keep, more);
  }

  /** `pulumi destroy`, and what it left in either API. */
  async destroy(): Promise<Record<string, number>> {
    const result = await this.pulumi("destroy", "--yes", "--skip-preview");
    expect(result.code, result.output).toBe(0);
    const selector = `label_selector=${encodeURIComponent(`system=${this.name}`)}`;
    const left: Record<string, number> = {};
    for (const kind of ["servers", "primary_ips", "firewalls", "ssh_keys", "volumes", "networks"]) {
      left[kind] = ((await hetzner<Record<string, unknown[]>>(`/${kind}?${selector}`))[kind] ?? []).length;
    }
    for (const kind of ["dns_records", "certificates", "rulesets", "healthchecks"])
      left[kind] = await this.ofZone(kind);
    return left;
  }

  private async ofZone(kind: string): Promise<number> {
    const domain = (await this.must("pulumi", "config", "get", "homeport:domain")).stdout.trim();
    const zones = await cloudflare<{ result: { id: string }[] }>(`/zones?name=${domain}`);
    const id = zones.result[0]?.id ?? "";
    const path = kind === "certificates" ? `/certificates?zone_id=${id}` : `/zones/${id}/${kind}`;
    return (await cloudflare<{ result: unknown[] }>(path)).result.length;
  }
}

/** Nothing of ours. */
export const NOTHING = {
  ...{ servers: 0, primary_ips: 0, firewalls: 0, ssh_keys: 0, volumes: 0, networks: 0 },
  ...{ dns_records: 0, certificates: 0, rulesets: 0, healthchecks: 0 },
};
