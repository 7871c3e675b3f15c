import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { eventually, sh } from "./support/cloud";
import { act, DEFECTS } from "./support/defects";

interface Report {
  readonly ok: boolean;
  readonly checks: readonly {
    readonly id: string;
    readonly ok: boolean;
    readonly found?: string;
    readonly fix?: string;
  }[];
}

const folder = mkdtempSync(join(tmpdir(), "homeport-verify-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function verify(...options: string[]): Promise<{ code: number; report: Report }> {
  const { code, stdout, output } = await sh("npx", "homeport", "verify", "--json", ...options);
  if (!stdout.startsWith("{")) throw new Error(output);
  return { code, report: JSON.parse(stdout) as Report };
}

describe("homeport verify", () => {
  it("writes the same result as JUnit XML and as a page", async () => {
    const [xml, page] = [join(folder, "new", "verify.xml"), join(folder, "verify.html")];
    const { code, report } = await verify("--junit", xml, "--html", page);
    expect(code).toBe(0);
    expect(readFileSync(xml, "utf8").match(/<testcase /g)).toHaveLength(report.checks.length);
    expect(readFileSync(xml, "utf8")).not.toContain("<failure");
    expect(readFileSync(page, "utf8").match(/<li class="passed"/g)).toHaveLength(report.checks.length);
  });

  it.each(DEFECTS)("is red with $id when $what", async ({ id, names, plant, undo }) => {
    await act(plant);
    try {
      const { code, report } = await verify();
      expect(code).toBe(1);
      const red = report.checks.filter((check) => check.id === id && !check.ok);
      expect(red.map(({ found }) => found).join("\n"), JSON.stringify(report.checks)).toMatch(names);
      for (const { fix } of red) expect(fix).toBeTruthy();
    } finally {
      await act(undo);
    }
  });

  it("is green again when all of them are put right", async () => {
    const failed = async (): Promise<string[]> =>
      (await verify()).report.checks.filter(({ ok }) => !ok).map((check) => JSON.stringify(check));
    await eventually(30, async () => (await failed()).length === 0);
    expect(await failed()).toEqual([]);
  });
});
