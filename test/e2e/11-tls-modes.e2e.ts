import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { CLOUD, environment, execute, ROOT, visitor, type Result } from "./support/cloud";
import { askWhile } from "./support/visitors";

const PLACE = "test/e2e/projects/tls-modes";
const FOLDER = join(ROOT, PLACE);
const DOMAIN = "threelocks.company";
const HOSTS = ["@", "dns", "dns2", "http", "http2"].map((host) =>
  host === "@" ? DOMAIN : `${host}.${DOMAIN}`,
);

async function must(command: string, ...args: string[]): Promise<Result> {
  const result = await execute(command, args, await environment(), "", FOLDER);
  expect(result.code, result.output).toBe(0);
  return result;
}

const pulumi = (...args: string[]): Promise<Result> =>
  must("pulumi", ...args, "--stack", CLOUD, "--non-interactive", "--color", "never");

async function onServer(script: string): Promise<string> {
  const address = (await pulumi("stack", "output", "serverIp")).stdout.trim();
  const args = ["-F", `.homeport/${CLOUD}/ssh_config`, `ops@${address}`, "sudo bash -s"];
  const { code, stdout, output } = await execute("ssh", args, await environment(), script, FOLDER);
  expect(code, output).toBe(0);
  return stdout;
}

/** What the origin shows under a name: `issuer serial`. */
async function shown(host: string): Promise<string> {
  const name = host === "@" ? DOMAIN : `${host}.${DOMAIN}`;
  const served = `openssl s_client -connect 127.0.0.1:443 -servername ${name} </dev/null 2>/dev/null`;
  return onServer(`${served} | openssl x509 -noout -issuer -serial | tr '\\n' ' '`);
}

async function up(): Promise<void> {
  await pulumi("up", "--yes", "--skip-preview", "--suppress-progress");
}

/** Answers to visitors by status while `work` runs: before the records there is no name, so no answer (000). */
async function answersWhile(work: () => Promise<void>): Promise<string[]> {
  const urls = HOSTS.map((host) => `https://${host}/`).join(" -o /dev/null ");
  return Object.keys((await askWhile(urls, work)).answers);
}

const PEBBLE = /Pebble Intermediate/;
const ORIGIN_CA = /Origin CA/;

describe("certificates of each mode, side by side (H6, H7, S2-18, S2-19)", () => {
  beforeAll(async () => {
    const local = await execute("npm", ["run", "-s", "local", "--", PLACE, "--cloud-only"], {
      HOMEPORT_CLOUD: CLOUD,
    });
    expect(local.code, local.output).toBe(0);
  });

  it("are there before anybody can ask: no visitor is answered 525 or 526", async () => {
    const codes = await answersWhile(up);
    expect(codes.filter((code) => !["000", "200", "308"].includes(code))).toEqual([]);
    for (const host of HOSTS) {
      const { stdout } = await visitor("curl", "-sSL", "-m", "20", `https://${host}/`);
      expect(stdout).toBe("hello");
    }
    expect(await shown("@")).toMatch(ORIGIN_CA);
    for (const host of ["dns", "dns2", "http", "http2"]) expect(await shown(host)).toMatch(PEBBLE);
  });

  it("have nothing to change a second time", async () => {
    await pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
  });

  it("are renewed by certbot's timer when due, and shown at once", async () => {
    const before = await Promise.all(["dns", "http"].map(shown));
    await onServer("systemctl is-active certbot.timer && systemctl start certbot.service");
    expect(await Promise.all(["dns", "http"].map(shown))).toEqual(before);

    await onServer("sed -i '1i renew_before_expiry = 100 days' /etc/letsencrypt/renewal/*.conf");
    const codes = await answersWhile(async () => {
      await onServer("systemctl start certbot.service");
    });
    expect(codes.sort()).toEqual(["200", "308"]);
    for (const [index, host] of ["dns", "http"].entries()) {
      expect(await shown(host)).toMatch(PEBBLE);
      expect(await shown(host)).not.toBe(before[index]);
    }
    await onServer("sed -i '/^renew_before_expiry/d' /etc/letsencrypt/renewal/*.conf");
  });

  it("give way to the Origin CA's when they are lost, and to no answer of 526", async () => {
    await onServer("mv /etc/letsencrypt/live/dns.* /root/; systemctl start certbot.service || true");
    expect(await shown("dns")).toMatch(ORIGIN_CA);
    expect((await visitor("curl", "-sSf", "-m", "20", `https://dns.${DOMAIN}/`)).stdout).toBe("hello");
    await onServer("mv /root/dns.* /etc/letsencrypt/live/; systemctl start certbot.service");
    expect(await shown("dns")).toMatch(PEBBLE);
  });

  it("are the same on the next server, without a new order (H7)", async () => {
    await onServer("/opt/backups/files/backup.sh");
    const before = await Promise.all(["dns", "http"].map(shown));
    await pulumi("destroy", "--yes", "--skip-preview", "--suppress-progress");
    const codes = await answersWhile(up);
    expect(codes.filter((code) => !["000", "200", "308"].includes(code))).toEqual([]);
    expect(await Promise.all(["dns", "http"].map(shown))).toEqual(before);
    await pulumi("destroy", "--yes", "--skip-preview", "--suppress-progress");
  });
});
