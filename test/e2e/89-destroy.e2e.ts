import { describe, expect, it } from "vitest";
import {
  CLOUD,
  cloudflare,
  DOMAIN,
  execute,
  forgetEnvironment,
  hetzner,
  must,
  pulumi,
  visitor,
} from "./support/cloud";

describe("pulumi destroy", () => {
  it("leaves nothing of ours in either API, and the zone, which is not ours", async () => {
    const result = await pulumi("destroy", "--yes", "--skip-preview");
    expect(result.code, result.output).toBe(0);
    for (const kind of ["servers", "primary_ips", "firewalls", "ssh_keys", "volumes", "networks"]) {
      const list = await hetzner<Record<string, unknown[]>>(`/${kind}`);
      expect({ [kind]: list[kind] }).toEqual({ [kind]: [] });
    }
    const zones = await cloudflare<{ result: { id: string; name: string }[] }>("/zones");
    const zone = zones.result.find(({ name }) => name === DOMAIN);
    expect(zone).toBeDefined();
    const id = zone?.id ?? "";
    expect((await cloudflare<{ result: unknown[] }>(`/zones/${id}/dns_records`)).result).toEqual([]);
    expect((await cloudflare<{ result: unknown[] }>(`/certificates?zone_id=${id}`)).result).toEqual([]);
    const hosts = await must("docker", "ps", "-aq", "--filter", `name=homeport-${CLOUD}-srv-`);
    expect(hosts.stdout).toBe("");
  });

  it("can be followed by npm run local, which works as the first time", async () => {
    const result = await execute("npm", ["run", "-s", "local"], { HOMEPORT_CLOUD: CLOUD });
    expect(result.code, result.output).toBe(0);
    expect(result.output).toMatch(/(\d+) of \1 checks passed/);
    expect((await visitor("curl", "-sSf", "-m", "20", `https://${DOMAIN}/up`)).code).toBe(0);
  });
});

describe("npm run local:down", () => {
  it("leaves no container, volume, network, packet filter, mount or process, and keeps another stack's state", async () => {
    await must("pulumi", "stack", "init", "mine", "--non-interactive");
    const down = await execute("npm", ["run", "-s", "local:down"], { HOMEPORT_CLOUD: CLOUD });
    expect(down.code, down.output).toBe(0);
    const label = `label=homeport.cloud=${CLOUD}`;
    const script = `docker info >/dev/null 2>&1 || exit 0
      docker ps -aq --filter ${label}; docker volume ls -q --filter ${label}; docker network ls -q --filter name=homeport-${CLOUD}$
      nft list tables 2>/dev/null | grep homeport_${CLOUD.replaceAll("-", "_")}$
      grep -F homeport-${CLOUD}- /proc/mounts; pgrep -fa 'daemon.js ${CLOUD}$'; true`;
    expect((await must("sh", "-c", script)).stdout).toBe("");
    forgetEnvironment();
    expect((await must("pulumi", "stack", "ls", "--json")).stdout).toContain('"mine"');
    await must("pulumi", "stack", "rm", "--yes", "mine");
  });
});
