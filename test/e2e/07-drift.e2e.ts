import { afterAll, describe, expect, it } from "vitest";
import { DOMAIN, eventually, must, onServer, pulumi, sh, visitor, type Result } from "./support/cloud";
import { HARMFUL, HARMLESS, make, type Change } from "./support/drift";
import { askWhile } from "./support/visitors";

interface Deviation {
  readonly id: string;
  readonly what: string;
  readonly wanted: string;
  readonly found: string;
  readonly kind: string;
  readonly fix: string;
}

interface Report {
  readonly ok: boolean;
  readonly steps: number;
  readonly resources: number;
  readonly unasked: readonly { readonly id: string }[];
  readonly problem?: string;
  readonly deviations: readonly Deviation[];
  readonly healed?: { readonly ok: boolean; readonly deviations: readonly Deviation[] };
}

const SITE = `https://${DOMAIN}/up`;

async function drift(...options: string[]): Promise<{ code: number; report: Report }> {
  const result = await sh("npx", "homeport", "drift", "--json", ...options);
  return { code: result.code, report: reportOf(result) };
}

function reportOf({ stdout, output }: Result): Report {
  if (!stdout.trimStart().startsWith("{")) throw new Error(output);
  return JSON.parse(stdout) as Report;
}

/** Which of the changes no deviation tells of. */
function untold(changes: readonly Change[], { deviations }: Report): string[] {
  const isTold = ({ id, names }: Change): boolean =>
    deviations.some(
      (each) => each.id === id && `${each.what}\n${each.wanted}\n${each.found}`.includes(names),
    );
  return changes.filter((change) => !isTold(change)).map(({ what }) => what);
}

async function running(service: string): Promise<string> {
  const format = "{{.Id}} {{.State.StartedAt}}";
  const command = `docker inspect --format '${format}' $(docker ps -qf label=homeport.service=${service})`;
  return (await onServer(command)).stdout.trim();
}

async function siteStatus(): Promise<string> {
  return (await visitor("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-m", "20", SITE)).stdout;
}

describe("homeport drift", () => {
  it("finds nothing on a system as it was declared, and asks every step and resource", async () => {
    const { code, report } = await drift();
    expect(report).toMatchObject({ ok: true, deviations: [] });
    // what is done once, to data, has nothing to compare
    expect(report.unasked.filter(({ id }) => !/restore|first/.test(id))).toEqual([]);
    expect(code).toBe(0);
    expect(report.steps).toBeGreaterThan(12);
    expect(report.resources).toBeGreaterThan(35);
  });

  it(`tells of ${HARMLESS.length} changes made by hand, and one --heal repairs them, the site undisturbed`, async () => {
    const before = await Promise.all(["db", "web", "proxy"].map(running));
    for (const change of HARMLESS) await make(change);

    const told = await drift();
    expect(told.code).toBe(1);
    expect(untold(HARMLESS, told.report)).toEqual([]);
    expect(JSON.stringify(told.report)).not.toContain("exchanged-by-hand");

    const { result, answers } = await askWhile(SITE, () => drift("--heal"));
    expect(result.report.healed).toEqual({ ok: true, deviations: [] });
    expect(result.code).toBe(0);
    expect(Object.keys(answers)).toEqual(["200"]);
    expect(await Promise.all(["db", "web", "proxy"].map(running))).toEqual(before);
    expect((await must("npx", "homeport", "verify")).output).toMatch(/(\d+) of \1 checks passed/);
  });

  it("brings back what took the site away, and leaves alone what ran", async () => {
    const before = await running("proxy");
    for (const change of HARMFUL) await make(change);
    expect(await siteStatus()).not.toBe("200");

    const { code, report } = await drift("--heal");
    expect(untold(HARMFUL, report)).toEqual([]);
    expect(report.deviations.map(({ id }) => id)).not.toContain("proxy-route-web");
    expect(report.healed).toEqual({ ok: true, deviations: [] });
    expect(code).toBe(0);
    await eventually(30, async () => (await siteStatus()) === "200");
    expect(await running("proxy")).toBe(before);
  });

  it("brings the Docker daemon back, which nothing could be refreshed without", async () => {
    await onServer("sudo systemctl stop docker.socket docker 2>/dev/null");
    const { code, report } = await drift("--heal");
    expect(report.problem).toMatch(/docker/i);
    expect(report.deviations.map(({ id, what }) => `${id} ${what}`)).toContain("docker-engine unit docker");
    expect(report.healed).toEqual({ ok: true, deviations: [] });
    expect(code).toBe(0);
    expect(await siteStatus()).toBe("200");
  });
});

describe("a change of config that no up has followed", () => {
  const key = "homeport:environment.web.RAILS_LOG_LEVEL";
  afterAll(() => pulumi("config", "rm", "--path", "homeport:environment.web"));

  it("is told as such, and --heal refuses to apply it", async () => {
    await must("pulumi", "config", "set", "--path", key, "debug");
    const { report } = await drift();
    expect(report.deviations).toEqual([expect.objectContaining({ id: "app-web", kind: "declared" })]);

    const refused = await sh("npx", "homeport", "drift", "--heal");
    expect(refused.code).toBe(3);
    expect(refused.output).toMatch(/declared, and not applied yet: app-web; fix: pulumi up/);
  });
});
