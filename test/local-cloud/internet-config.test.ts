import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  InternetFile,
  internetFolder,
  readInternet,
  updateInternet,
  zoneOf,
} from "../../local-cloud/internet/config";

describe("the internet's configuration file", () => {
  let stateDir: string;
  beforeEach(() => (stateDir = mkdtempSync(join(tmpdir(), "homeport-internet-"))));
  afterEach(() => rmSync(stateDir, { recursive: true }));
  const path = (): string => join(internetFolder(stateDir), "config.json");

  it("is empty before the first change and keeps what a change leaves alone", () => {
    expect(readInternet(stateDir).zones).toEqual([]);
    updateInternet(stateDir, (config) => ({ ...config, edge: "198.19.0.20" }));
    updateInternet(stateDir, (config) => ({ ...config, names: { "ghcr.io": "198.19.0.6" } }));
    expect(readInternet(stateDir)).toMatchObject({ edge: "198.19.0.20", names: { "ghcr.io": "198.19.0.6" } });
  });

  it("is readable by its owner only, for it holds the zones' keys", () => {
    updateInternet(stateDir, (config) => ({ ...config, edge: "198.19.0.20" }));
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  it("is not written when nothing changes", () => {
    updateInternet(stateDir, (config) => ({ ...config, edge: "198.19.0.20" }));
    const before = statSync(path(), { bigint: true });
    updateInternet(stateDir, (config) => ({ ...config, edge: "198.19.0.20" }));
    expect(statSync(path(), { bigint: true }).ino).toBe(before.ino);
  });

  it("stays as it was when a change fails, and takes the next one", () => {
    updateInternet(stateDir, (config) => ({ ...config, edge: "198.19.0.20" }));
    expect(() =>
      updateInternet(stateDir, () => {
        throw new Error("no");
      }),
    ).toThrow("no");
    updateInternet(stateDir, (config) => ({ ...config, upstream: "9.9.9.9" }));
    expect(readInternet(stateDir)).toMatchObject({ edge: "198.19.0.20", upstream: "9.9.9.9" });
  });

  it("takes over the lock of a process that was killed", () => {
    updateInternet(stateDir, (config) => config);
    const lock = join(internetFolder(stateDir), "config.lock");
    writeFileSync(lock, "");
    utimesSync(lock, new Date(0), new Date(0));
    updateInternet(stateDir, (config) => ({ ...config, edge: "198.19.0.20" }));
    expect(readInternet(stateDir).edge).toBe("198.19.0.20");
  });

  it("loses no change of processes that write at the same time", async () => {
    const program = `const { updateInternet } = require("./local-cloud/internet/config.ts");
      for (let i = 0; i < 20; i++) updateInternet(process.argv[1], (c) => ({ ...c, names: { ...c.names, [process.argv[2] + i]: "192.0.2.1" } }));`;
    const write = (who: string): Promise<unknown> =>
      promisify(execFile)("node", ["--import", "tsx", "-e", program, stateDir, who]);
    await Promise.all([write("a"), write("b")]);
    expect(Object.keys(readInternet(stateDir).names)).toHaveLength(40);
  }, 30_000);

  it("is seen by a reader on the next look, and the last good one while it is not whole", () => {
    updateInternet(stateDir, (config) => ({ ...config, edge: "198.19.0.20" }));
    const file = new InternetFile(path());
    expect(file.current().edge).toBe("198.19.0.20");
    updateInternet(stateDir, (config) => ({ ...config, edge: "198.19.0.21" }));
    expect(file.current().edge).toBe("198.19.0.21");
    const whole = readFileSync(path());
    writeFileSync(path(), whole.subarray(0, 20));
    expect(file.current().edge).toBe("198.19.0.21");
  });

  it("finds the zone of a name by its longest suffix, at a label's boundary", () => {
    const zone = (name: string) => ({
      name,
      settings: {},
      records: [],
      certificate: { certPem: "", keyPem: "" },
    });
    const config = { ...readInternet(stateDir), zones: [zone("example.com"), zone("dev.example.com")] };
    expect(zoneOf(config, "a.dev.example.com")?.name).toBe("dev.example.com");
    expect(zoneOf(config, "example.com")?.name).toBe("example.com");
    expect(zoneOf(config, "notexample.com")).toBeUndefined();
  });
});
