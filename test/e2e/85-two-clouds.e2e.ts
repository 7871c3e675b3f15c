import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLOUD, DOMAIN, execute, hetzner, must, sh, visitor } from "./support/cloud";

const SECOND = { HOMEPORT_CLOUD: CLOUD === "local-two" ? "local-three" : "local-two" };

/** A command in the second cloud's environment. */
async function second(command: string, ...args: string[]) {
  const { stdout } = await execute("npm", ["run", "-s", "local:env", "--", "--json"], SECOND);
  return execute(command, args, JSON.parse(stdout) as NodeJS.ProcessEnv);
}

describe("two local clouds side by side", () => {
  beforeAll(async () => {
    const result = await execute("npm", ["run", "-s", "local", "--", "--cloud-only"], SECOND);
    if (result.code !== 0) throw new Error(result.output);
  });
  afterAll(() => execute("npm", ["run", "-s", "local:down"], SECOND));

  it("know nothing of each other", async () => {
    const here = await hetzner<{ servers: { public_net: { ipv4: { ip: string } } }[] }>("/servers");
    const there = await second(
      "sh",
      "-c",
      'curl -sf -H "Authorization: Bearer $HCLOUD_TOKEN" $HCLOUD_ENDPOINT/servers',
    );
    expect(here.servers).toHaveLength(1);
    expect((JSON.parse(there.stdout) as { servers: unknown[] }).servers).toEqual([]);
    const stranger = await sh(
      "sh",
      "-c",
      'curl -s -o /dev/null -w "%{http_code}" -H "Authorization: Bearer wrong" $HCLOUD_ENDPOINT/servers',
    );
    expect(stranger.stdout).toBe("401");
    const edge = (await second("sh", "-c", "echo $HOMEPORT_EDGE")).stdout.trim();
    const across = await visitor("curl", "-sS", "-m", "3", `http://${edge}/`);
    expect(across.code).not.toBe(0);
  });

  it("go one at a time: the first one's site stays up when the second goes down", async () => {
    const { code, output } = await execute("npm", ["run", "-s", "local:down"], SECOND);
    expect(code, output).toBe(0);
    expect((await visitor("curl", "-sSf", "-m", "20", `https://${DOMAIN}/up`)).code).toBe(0);
    const left = await must(
      "docker",
      "ps",
      "-aq",
      "--filter",
      `label=homeport.cloud=${SECOND.HOMEPORT_CLOUD}`,
    );
    expect(left.stdout).toBe("");
    expect(readFileSync("/proc/mounts", "utf8")).not.toContain(SECOND.HOMEPORT_CLOUD);
  });
});
