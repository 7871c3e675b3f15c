import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withLock } from "../../local-cloud/toolchain/lock";
import { ROOT } from "../../local-cloud/toolchain/versions";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "homeport-lock-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("a lock", () => {
  it("lets one at a time in", async () => {
    const events: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      events.push(`${name} in`);
      await new Promise((resolve) => setTimeout(resolve, 30));
      events.push(`${name} out`);
    };
    await Promise.all(["a", "b", "c"].map((name) => withLock(join(folder, "deep", "lock"), work(name))));
    expect(events).toHaveLength(6);
    for (let i = 0; i < 6; i += 2) expect(events[i + 1]).toBe(events[i]?.replace("in", "out"));
  });

  it("is free again after a failure", async () => {
    const file = join(folder, "lock");
    await expect(withLock(file, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(await withLock(file, () => Promise.resolve("next"))).toBe("next");
  });

  it("is free again when its holder is killed, and who waits is told so first", async () => {
    const file = join(folder, "lock");
    const program = join(folder, "holder.ts");
    const module = JSON.stringify(join(ROOT, "local-cloud", "toolchain", "lock"));
    const hold = `() => { console.log("held"); return new Promise(() => setInterval(() => {}, 1000)); }`;
    writeFileSync(
      program,
      `import { withLock } from ${module};\nvoid withLock(${JSON.stringify(file)}, ${hold});\n`,
    );
    const stdio = ["ignore", "pipe", "inherit"] as const;
    const holder = spawn(process.execPath, ["--import", "tsx", program], { cwd: ROOT, stdio: [...stdio] });
    await once(holder.stdout, "data");
    const told = await new Promise<string>((resolve, reject) => {
      const waiting = (): void => void holder.kill("SIGKILL");
      withLock(file, () => Promise.resolve("mine"), waiting).then(resolve, reject);
    });
    expect(told).toBe("mine");
    expect(holder.killed).toBe(true);
  });
});
