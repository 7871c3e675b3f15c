import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pruneCopies } from "../../cli/backup/prune";
import type { PlainConfig } from "../../components/lib/config-rules";
import { runningCalendar } from "../../systems/running-calendar";
import { hasSshd, startSshd, type Sshd } from "../support/sshd";
import { keygen } from "../support/ssh-keys";
import { messages, parseWith, sftpRaw } from "../support/valid-config";

const TAG = "database=running_calendar_production";
let folder: string;
let server: Sshd;
let config: PlainConfig;

/** restic beside the store, as a backup's third party. */
function restic(...args: string[]): string {
  const { password } = config.secretValues.backup;
  const env = { ...process.env, RESTIC_PASSWORD: password, RESTIC_CACHE_DIR: join(folder, "cache") };
  return execFileSync("restic", ["-r", join(folder, "store"), ...args], { env, encoding: "utf8" });
}

function configOf(hostKey: string): PlainConfig {
  const repository = `sftp://${server.user}@127.0.0.1:${server.port}/${join(folder, "store")}`;
  const raw = {
    ...sftpRaw(),
    "homeport:backupRepository": repository,
    "homeport:backupSshKey": server.privateKey.trim(),
    "homeport:backupHostKey": hostKey,
    "homeport:backupKeep": '{"daily":1,"weekly":0,"monthly":0}',
  };
  const parsed = parseWith({ raw });
  if (!parsed.ok) throw new Error(messages(parsed).join("\n"));
  return parsed.config;
}

/** Nothing of a pruning key: there is none for SFTP. TMPDIR shows what is left behind. */
const env = (): NodeJS.ProcessEnv => ({ ...process.env, RESTIC_CACHE_DIR: join(folder, "cache") });
const copies = (): number => (JSON.parse(restic("snapshots", "--json")) as unknown[]).length;
const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("homeport-sftp-"));

describe.skipIf(!hasSshd)("homeport backup prune over SFTP", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "prune-over-"));
    server = await startSshd(folder);
    config = configOf(server.hostKey);
    restic("init", "-q");
    for (const day of [1, 2, 3]) {
      const manifest = join(folder, "manifest.json");
      writeFileSync(manifest, JSON.stringify({ tables: [{ rows: 50 + day }] }));
      const time = `2026-01-0${day} 03:00:00`;
      restic("backup", "-q", "--host", "running-calendar-prod", "--time", time, "--tag", TAG, manifest);
    }
  }, 120_000);
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  it("refuses a server that shows another host key, and expires nothing", async () => {
    const before = left();
    const other = configOf(keygen("-t", "ed25519").publicKey.trim().split(" ").slice(0, 2).join(" "));
    await expect(pruneCopies(other, runningCalendar, env(), false)).rejects.toThrow(
      /^restic snapshots: .* shows another host key than homeport:backupHostKey$/,
    );
    expect(copies()).toBe(3);
    expect(left()).toEqual(before);
  });

  it("expires by the policy with the stack's own key, which it leaves nowhere", async () => {
    const before = left();
    expect(await pruneCopies(config, runningCalendar, env(), true)).toEqual({ kept: 1, removed: 2 });
    expect(copies()).toBe(3);
    expect(await pruneCopies(config, runningCalendar, env(), false)).toEqual({ kept: 1, removed: 2 });
    expect(copies()).toBe(1);
    expect(left()).toEqual(before);
  });
});
