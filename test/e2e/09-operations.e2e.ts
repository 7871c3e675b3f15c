import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  DOMAIN,
  environment,
  execute,
  must,
  onServer,
  pulumi,
  ROOT,
  sh,
  up,
  urnOf,
  visitor,
} from "./support/cloud";
import type { Result } from "./support/cloud";

const HOMEPORT = join(ROOT, "cli", "homeport.js");
const WORK = mkdtempSync(join(tmpdir(), "homeport-operations-"));
const PRODUCTION = "config/environments/production.rb";

afterAll(() => rmSync(WORK, { recursive: true, force: true }));

async function homeport(...args: string[]): Promise<Result> {
  return sh("node", HOMEPORT, ...args);
}

/** As {@link homeport}, with something piped in. */
async function piped(stdin: string, ...args: string[]): Promise<Result> {
  return execute("node", [HOMEPORT, ...args], await environment(), stdin);
}

async function page(): Promise<string> {
  return (await visitor("curl", "-sS", `https://${DOMAIN}/`)).stdout;
}

describe("homeport ps, logs and console", () => {
  it("list every container, all of them well (S1-30)", async () => {
    const { code, stdout } = await homeport("ps", "--json");
    const { ok, services } = JSON.parse(stdout) as { ok: boolean; services: { service: string }[] };
    expect([code, ok, services.map(({ service }) => service)]).toEqual([0, true, ["db", "web", "proxy"]]);
  });

  it("show a request that a visitor has just made", async () => {
    const mark = `mark-${Date.now()}`;
    await visitor("curl", "-sS", "-o", "/dev/null", `https://${DOMAIN}/?${mark}`);
    const { code, stdout } = await homeport("logs", "--lines", "200");
    expect(code).toBe(0);
    expect(stdout).toContain(`Started GET "/?${mark}"`);
    expect((await homeport("logs", "--since", "2001-01-01")).code).toBe(0);
  });

  it("evaluate Run.count in the running application, with its secrets", async () => {
    const { code, stdout } = await piped('puts "count=#{Run.count + 0}"\n', "console");
    expect([code, /^count=\d+$/m.test(stdout)], stdout).toEqual([0, true]);
    const database = await piped("select 'runs=' || count(*) from runs;\n", "console", "db");
    expect(database.stdout).toMatch(/runs=\d+/);
  });

  it("pass a terminal through, and the command's exit code", async () => {
    const inner = "test -t 0 && test -t 1 && echo is-a-terminal";
    const typed = `node ${HOMEPORT} console web -- sh -c '${inner}'`;
    expect((await must("script", "-qec", typed, "/dev/null")).output).toContain("is-a-terminal");
    expect((await homeport("console", "web", "--", "sh", "-c", "exit 7")).code).toBe(7);
  });
});

describe("homeport lint app, deploy and rollback", () => {
  const context = join(WORK, "app");
  const MARK = "A second version of this page";
  const image = async (): Promise<string> =>
    (await must("pulumi", "config", "get", "--path", "homeport:images.web")).stdout.trim();
  let former = "";

  it("refuse an application that does not know of TLS, and print what mends it (S1-17)", async () => {
    cpSync(join(ROOT, "local-cloud", "apps", "running-calendar"), context, { recursive: true });
    const file = join(context, PRODUCTION);
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace("config.force_ssl = true", "# config.force_ssl = true"),
    );
    former = await image();
    const refused = await homeport("deploy", "--context", context, "--skip-verify");
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("config.force_ssl: must be true, got nothing");
    expect(await image()).toBe(former);

    const lint = await homeport("lint", "app", "--context", context);
    expect(lint.code).toBe(1);
    const patched = await execute("patch", ["-p1", "-d", context], process.env, lint.stdout);
    expect(patched.code, patched.output).toBe(0);
    expect((await homeport("lint", "app", "--context", context)).code).toBe(0);
  });

  it("put another content into service", async () => {
    const layout = join(context, "app/views/layouts/application.html.erb");
    writeFileSync(layout, readFileSync(layout, "utf8").replace("</body>", `<p>${MARK}</p></body>`));
    const deployed = await homeport("deploy", "--context", context, "--skip-verify");
    expect(deployed.code, deployed.output).toBe(0);
    expect(await image()).not.toBe(former);
    expect(await page()).toContain(MARK);
  });

  it("bring the former version back, by its digest, and prove it", async () => {
    const listed = await homeport("rollback", "--list");
    expect(listed.stdout).toContain(former);
    const back = await homeport("rollback");
    expect(back.code, back.output).toBe(0);
    expect(await image()).toBe(former);
    expect(await page()).not.toContain(MARK);
    expect((await homeport("ps")).code).toBe(0);
  });

  it("refuse a version that never ran (3), and change nothing", async () => {
    expect((await homeport("rollback", "--to", `sha256:${"0".repeat(64)}`)).code).toBe(3);
    expect(await image()).toBe(former);
  });
});

describe("homeport kamal", () => {
  const FILES = ["config/deploy.yml", ".kamal/secrets", ".kamal/ssh_config", ".gitignore"];
  const folder = join(WORK, "kamal");
  const read = (): string[] => FILES.map((file) => readFileSync(join(folder, file), "utf8"));

  it("writes the same files twice, and leaves an edited one alone (S1-12, H1)", async () => {
    expect((await homeport("kamal", "--output", folder)).code).toBe(0);
    const first = read();
    expect((await homeport("kamal", "--output", folder)).stdout.match(/^unchanged /gm)).toHaveLength(
      FILES.length,
    );
    expect(read()).toEqual(first);
    expect(statSync(join(folder, ".kamal/secrets")).mode & 0o777).toBe(0o600);
    writeFileSync(join(folder, "config/deploy.yml"), `${first[0] ?? ""}# mine\n`);
    expect((await homeport("kamal", "--output", folder)).code).toBe(3);
    expect(read()[0]).toContain("# mine");
  });

  it("reads the password that the database has, by the very line that Kamal runs", async () => {
    const line = /^POSTGRES_PASSWORD=\$\((.*)\)$/m.exec(read()[1] ?? "")?.[1] ?? "false";
    const { stdout } = await must("sh", "-c", `cd / && ${line}`);
    const kept = await onServer("sudo cat /etc/homeport/secrets/db/POSTGRES_PASSWORD");
    expect(stdout.trim()).toMatch(/^[0-9a-f]{64}$/);
    expect(stdout.trim() === kept.stdout).toBe(true);
  });

  it("gives an ssh_config by which the pinned host key alone is believed, from any folder", async () => {
    const ip = (await must("pulumi", "stack", "output", "serverIp")).stdout.trim();
    const config = join(folder, ".kamal/ssh_config");
    const names = await must(
      "sh",
      "-c",
      `cd / && ssh -F ${config} ops@${ip} docker ps --format '{{.Names}}'`,
    );
    expect(names.stdout.split("\n")).toContain("running_calendar-db");
  });
});

describe("the registry's login on the host (S1-6)", () => {
  const KEY = "homeport:registryPassword";

  it("lets a person pull, and its token is in no argument, environment or log", async () => {
    const token = (await must("pulumi", "config", "get", KEY)).stdout.trim();
    // patterns come by stdin and stay in bash's own memory: a builtin has no argv. The control has to be seen.
    const watch = `read -r token; read -r control; seen=0; bash -c 'exec -a "$0" sleep 60' "$control" & decoy=$!
      for i in $(seq 200); do [ -e /tmp/watched ] && break; sleep 0.05
        for file in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do
          text=$(tr '\\0' ' ' <"$file") || continue
          [[ "$text" != *"$token"* ]] || echo "token in $file"
          [[ "$text" != *"$control"* ]] || seen=1
        done
      done 2>/dev/null; kill $decoy; rm -f /tmp/watched; echo "control seen: $seen"`;
    const watching = onServer(
      `sudo bash -c '${watch.replaceAll("'", "'\\''")}'`,
      `${token}\ncontrol-${Date.now()}\n`,
    );
    const again = await up("--replace", await urnOf("docker-login"));
    await onServer("touch /tmp/watched");
    expect((await watching).stdout.trim()).toBe("control seen: 1");
    expect(again.output).toContain("docker-login");
    expect(again.output.includes(token)).toBe(false);
    expect((await must("pulumi", "stack", "export")).stdout.includes(token)).toBe(false);
    const log = await onServer("sudo journalctl --no-pager; sudo cat /var/log/*.log");
    expect(log.stdout.length).toBeGreaterThan(1000);
    expect(log.stdout.includes(token)).toBe(false);
    const image = (await must("pulumi", "config", "get", "--path", "homeport:images.web")).stdout.trim();
    const pulled = await onServer(`sudo docker pull -q ${image}`);
    expect(pulled.code, pulled.output).toBe(0);
  });

  it("ends up with one clear line when the registry refuses the token, and keeps the one before", async () => {
    const token = (await must("pulumi", "config", "get", KEY)).stdout.trim();
    const before = (await onServer("sudo sha256sum /root/.docker/config.json")).stdout;
    const set = async (value: string): Promise<Result> =>
      execute("pulumi", ["config", "set", "--secret", KEY], await environment(), value);
    try {
      await set("not-the-token-of-anybody");
      const refused = await pulumi("up", "--yes", "--skip-preview");
      expect(refused.code).not.toBe(0);
      expect(refused.output).toMatch(
        /homeport: registry ghcr.io: must accept the token of \w+, got .*; fix: /,
      );
      expect(refused.output).not.toContain("not-the-token-of-anybody");
      expect((await onServer("sudo sha256sum /root/.docker/config.json")).stdout).toBe(before);
    } finally {
      await set(token);
    }
    await up();
    expect((await onServer("sudo docker login ghcr.io </dev/null")).output).toContain("Login Succeeded");
  });
});
