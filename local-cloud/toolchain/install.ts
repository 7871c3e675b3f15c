import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir } from "../settings";
import { buildEngine, buildPlugins, fetchPluginModules } from "./build";
import { bundle, isFresh } from "./bundle";
import { execute, goFault, installedGo, requiredGo } from "./go";
import { layout, pluginFile, type Layout } from "./layout";
import { withLock } from "./lock";
import { step, type Report } from "./progress";
import { ROOT } from "./versions";

/** An installed toolchain. */
export interface PulumiHome {
  /** `PULUMI_HOME`. */
  readonly home: string;
  readonly pulumiVersion: string;
  /** `official`: downloaded from Pulumi's servers. `built`: from Go modules, with stand-in plugins beside. */
  readonly source: "official" | "built";
}

interface Stamp {
  readonly source: "official" | "built";
  readonly keys: Partial<Layout["keys"]>;
}

const INSTALLER = "https://get.pulumi.com/install.sh"; // what npm's `pulumi` fetches first
const ANSWER_MS = 2_000;
const WORKSHOP = "toolchain-build-";

/**
 * Makes `PULUMI_HOME` hold the CLI, the language host and every plugin that the program asks for. Instant when
 * they are there. Otherwise downloads the official ones, or builds them where Pulumi's servers do not answer.
 */
export async function ensureToolchain(report: Report): Promise<PulumiHome> {
  const wanted = layout();
  const source = installed(wanted);
  if (source) return result(wanted, source);
  const waiting = (): void => report("waiting for another run that installs the toolchain");
  return withLock(
    join(cacheDir(), "toolchain.lock"),
    async () => {
      const meanwhile = installed(wanted);
      if (meanwhile) return result(wanted, meanwhile);
      if (await installOfficial(wanted, report)) return result(wanted, "official");
      await installBuilt(wanted, report);
      return result(wanted, "built");
    },
    waiting,
  );
}

const result = ({ home, pulumiVersion }: Layout, source: Stamp["source"]): PulumiHome => ({
  home,
  pulumiVersion,
  source,
});

const stampFile = (home: string): string => join(home, "homeport-toolchain.json");

function readStamp(home: string): Stamp | undefined {
  try {
    return JSON.parse(readFileSync(stampFile(home), "utf8")) as Stamp;
  } catch {
    return undefined; // none yet, or one cut short: whatever it said is made again
  }
}

function writeStamp(home: string, stamp: Stamp): void {
  writeFileSync(`${stampFile(home)}.draft`, JSON.stringify(stamp, null, 2) + "\n");
  renameSync(`${stampFile(home)}.draft`, stampFile(home));
}

/** Where the complete toolchain in `home` came from; undefined when something is missing or out of date. */
export function installed(wanted: Layout): Stamp["source"] | undefined {
  const stamp = readStamp(wanted.home);
  const files = [
    join(wanted.bin, "pulumi"),
    ...wanted.plugins.map((plugin) => pluginFile(wanted.home, plugin)),
  ];
  if (!stamp || !files.every((file) => existsSync(file))) return undefined;
  if (stamp.source === "official") return "official";
  const current =
    stalePart(wanted, stamp).length === 0 &&
    wanted.scriptPlugins.every((plugin) => isFresh(plugin.entry, pluginFile(wanted.home, plugin)));
  return current ? "built" : undefined;
}

/** The parts to build: those whose sources or versions changed, or whose files are gone. */
export function stalePart(wanted: Layout, stamp: Stamp | undefined): (keyof Layout["keys"])[] {
  const files = {
    engine: [join(wanted.bin, "pulumi")],
    host: [join(wanted.bin, "pulumi-language-nodejs")],
    plugins: wanted.goPlugins.map((plugin) => pluginFile(wanted.home, plugin)),
  };
  const known = stamp?.source === "built" ? stamp.keys : {};
  return (["engine", "host", "plugins"] as const).filter(
    (part) => known[part] !== wanted.keys[part] || !files[part].every((file) => existsSync(file)),
  );
}

/** Whether Pulumi's servers answer as npm's `pulumi` needs them. */
export async function serversAnswer(): Promise<boolean> {
  try {
    return (await fetch(INSTALLER, { method: "HEAD", signal: AbortSignal.timeout(ANSWER_MS) })).ok;
  } catch {
    return false;
  }
}

async function installOfficial(wanted: Layout, report: Report): Promise<boolean> {
  const stamp = readStamp(wanted.home);
  const builtAlready = stamp?.source === "built" && !stalePart(wanted, stamp).includes("engine");
  if (builtAlready || !(await serversAnswer())) return false;
  const cli = join(ROOT, "node_modules", "pulumi", "run.js");
  const env = { PULUMI_HOME: wanted.home, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const pulumi = (...args: string[]): Promise<void> =>
    execute(process.execPath, [cli, ...args], { cwd: ROOT, env });
  try {
    await step(report, `downloading pulumi ${wanted.pulumiVersion}`, () => pulumi("version"));
    for (const { name, version } of wanted.plugins) {
      const install = ["plugin", "install", "resource", name, version];
      await step(report, `downloading the plugin ${name} ${version}`, () => pulumi(...install));
    }
  } catch (error) {
    report(`the download failed, so the toolchain is built instead: ${(error as Error).message}`);
    return false;
  }
  writeStamp(wanted.home, { source: "official", keys: {} });
  return true;
}

async function installBuilt(wanted: Layout, report: Report): Promise<void> {
  const cache = cacheDir();
  // A folder per run: the compiler of a run that was killed may still be writing to its own.
  for (const left of readdirSync(cache).filter((name) => name.startsWith(WORKSHOP))) {
    rmSync(join(cache, left), { recursive: true, force: true });
  }
  const workshop = mkdtempSync(join(cache, WORKSHOP));
  try {
    await buildParts(wanted, stalePart(wanted, readStamp(wanted.home)), workshop, report);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
  await bundlePlugins(wanted, report);
}

async function bundlePlugins({ home, scriptPlugins }: Layout, report: Report): Promise<void> {
  const missing = scriptPlugins.filter(({ entry }) => !existsSync(entry)).map(({ entry }) => entry);
  if (missing.length > 0) throw new Error(`stand-in plugins: must exist, got none at ${missing.join(", ")}`);
  const stale = scriptPlugins.filter((plugin) => !isFresh(plugin.entry, pluginFile(home, plugin)));
  if (stale.length === 0) return;
  const names = stale.map(({ name, version }) => `${name} ${version}`).join(", ");
  await step(report, `bundling the stand-in plugins ${names}`, async () => {
    await Promise.all(stale.map((plugin) => bundle(plugin.entry, pluginFile(home, plugin))));
  });
}

function requireGo({ sources }: Layout): void {
  const fault = goFault(installedGo(sources.plugins), requiredGo([sources.engine, sources.plugins]));
  if (fault) throw new Error(fault);
}

async function buildParts(wanted: Layout, stale: string[], workshop: string, report: Report): Promise<void> {
  const { sources, home, bin } = wanted;
  if (stale.some((part) => part !== "host")) requireGo(wanted);
  const stamp = readStamp(home);
  let keys = stamp?.source === "built" ? stamp.keys : {};
  const done = (part: keyof Layout["keys"]): void => {
    keys = { ...keys, [part]: wanted.keys[part] };
    writeStamp(home, { source: "built", keys });
  };
  if (stale.includes("engine")) {
    const draft = join(workshop, "pulumi");
    const ahead = stale.includes("plugins") ? fetchPluginModules(sources.plugins) : Promise.resolve();
    await Promise.all([
      buildEngine(sources.engine, wanted.pulumiVersion, draft, report),
      ahead.catch(() => undefined), // the plugins' own build says what was wrong
    ]);
    place(draft, join(bin, "pulumi"));
    done("engine");
  }
  if (stale.includes("host")) {
    copyFileSync(sources.host, join(workshop, "host"));
    place(join(workshop, "host"), join(bin, "pulumi-language-nodejs"));
    done("host");
  }
  if (stale.includes("plugins")) {
    await buildPlugins(
      sources.plugins,
      wanted.goPlugins,
      workshop,
      `${bin}:${process.env.PATH ?? ""}`,
      report,
    );
    for (const plugin of wanted.goPlugins) {
      place(join(workshop, `pulumi-resource-${plugin.name}`), pluginFile(home, plugin));
    }
    done("plugins");
  }
}

/** Moves a finished file to where it is used: a rename, so that nobody ever sees half of it. */
function place(draft: string, file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  chmodSync(draft, 0o755);
  renameSync(draft, file);
}
