import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLOUD, cloudflare, DOMAIN, must, pulumi, up } from "./support/cloud";

const NEIGHBOUR = `blog.${DOMAIN}`;
const KEY = "homeport:strictNeighbours";

interface One<T> {
  readonly result: T;
}

let zone = "";
let recordId = "";

async function sslMode(): Promise<string> {
  return (await cloudflare<One<{ value: string }>>(`${zone}/settings/ssl`)).result.value;
}

async function setSslMode(value: string): Promise<void> {
  await cloudflare(`${zone}/settings/ssl`, { method: "PATCH", body: JSON.stringify({ value }) });
}

describe("a zone with a proxied host of somebody else's, not strict yet", () => {
  beforeAll(async () => {
    zone = `/zones/${(await must("pulumi", "stack", "output", "zoneId")).stdout.trim()}`;
    const record = { name: NEIGHBOUR, type: "A", content: "203.0.113.80", proxied: true, ttl: 1 };
    const body = JSON.stringify(record);
    recordId = (await cloudflare<One<{ id: string }>>(`${zone}/dns_records`, { method: "POST", body })).result
      .id;
    await setSslMode("full");
  });

  /** As it was found, whatever happened in between: what follows builds on it. */
  afterAll(async () => {
    await must("pulumi", "config", "rm", KEY).catch(() => undefined);
    if (recordId !== "") await cloudflare(`${zone}/dns_records/${recordId}`, { method: "DELETE" });
    await up("--refresh");
    expect(await sslMode()).toBe("strict");
    const preview = await pulumi("preview", "--refresh", "--expect-no-changes");
    expect(preview.code, preview.output).toBe(0);
  });

  it.each([
    ["a preview", ["preview", "--refresh"]],
    ["an update", ["up", "--refresh", "--yes", "--skip-preview"]],
  ])("fails %s, which names the host and the command, and strict is not set", async (_, words) => {
    const { code, output } = await pulumi(...words);

    expect(code, output).not.toBe(0);
    expect(output).toContain("error: Full (strict) is not set: the zone has another proxied name");
    expect(output).toContain(`${NEIGHBOUR}: must have an origin with a valid certificate`);
    expect(output).toContain(`pulumi config set --path '${KEY}[0]' ${NEIGHBOUR} --stack ${CLOUD}`);
    expect(output).not.toMatch(/\n\s+at .+:\d+:\d+/);
    expect(await sslMode()).toBe("full");
  });

  it("is set to strict when the operator answers for the host", async () => {
    await must("pulumi", "config", "set", "--path", `${KEY}[0]`, NEIGHBOUR);

    const { output } = await up("--refresh");

    expect(await sslMode()).toBe("strict");
    expect(output).not.toMatch(/warning/i);
  });

  it("has nothing more to say of hosts once it is strict", async () => {
    await must("pulumi", "config", "rm", KEY);

    const preview = await pulumi("preview", "--expect-no-changes");

    expect(preview.code, preview.output).toBe(0);
  });
});
