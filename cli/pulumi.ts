import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { failed, usage, type CliError } from "./cli-error";
import { HOMEPORT_ROOT, projectRoot } from "./project";
import type { Preview } from "./drift/preview";
import type { ImportFile } from "./recovery/import-file";
import { lastLine, run, type RunResult } from "./run";
import type { StackExport } from "./stack-state";
import { withFolder } from "./temporary";

/** A config value as `pulumi config --json` gives it. Objects and lists come parsed. */
export interface ConfigValue {
  readonly value: string;
  readonly object?: unknown;
  readonly isSecret: boolean;
}

export type StackConfig = ReadonlyMap<string, ConfigValue>;

/** Where a value goes: a whole key, or `key` with `path` for one entry of an object. */
export interface ConfigWrite {
  /** `homeport:domain`, or with a path `homeport:secrets.NAME`. */
  readonly key: string;
  readonly isPath?: boolean;
  readonly isSecret: boolean;
  readonly value: string;
}

/** As many updates as a rollback looks back. */
const HISTORY = "100";

/** Output for whoever reads it line by line. */
const PLAIN = ["--non-interactive", "--color", "never", "--suppress-progress"] as const;

const PASSPHRASE_FIX =
  "fix: export PULUMI_CONFIG_PASSPHRASE_FILE=/path/to/file (or pass --secrets-provider to homeport init)";

/** Pulumi's messages that a user meets first, and the command that helps. */
const KNOWN: readonly (readonly [RegExp, string])[] = [
  [/passphrase must be set/, `the stack's secrets are locked: no passphrase given; ${PASSPHRASE_FIX}`],
  [/incorrect passphrase/, `the stack's secrets are locked: the passphrase is another; ${PASSPHRASE_FIX}`],
  [
    /PULUMI_ACCESS_TOKEN must be set/,
    "pulumi does not know where the state is; fix: pulumi login, or export PULUMI_BACKEND_URL=s3://… or file://…",
  ],
  [
    /the stack is currently locked/i,
    "another update holds the stack's lock; fix: wait for it, or pulumi cancel when it is dead",
  ],
  [/no stack named/, "no such stack; fix: homeport init --stack NAME"],
];

/** One stack of the project, through the `pulumi` program: the CLI needs no more of Pulumi than its commands. */
export class PulumiStack {
  private readonly env: NodeJS.ProcessEnv;

  constructor(
    /** The stack's name. */
    readonly name: string,
    readonly root: string = projectRoot(),
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.env = { PULUMI_SKIP_UPDATE_CHECK: "true", ...env, PATH: searchPath(env) };
  }

  /** The stack named by `--stack`, by PULUMI_STACK, or the one that `pulumi stack select` chose. */
  static async select(typed: string | undefined): Promise<PulumiStack> {
    const name = typed ?? process.env.PULUMI_STACK;
    if (name !== undefined) return new PulumiStack(name);
    const result = await new PulumiStack("").pulumi(["stack", "--show-name"]);
    if (result.code === 0) return new PulumiStack(result.stdout.trim());
    throw (
      knownError(result.stderr) ??
      usage("no stack is selected; fix: add --stack NAME, or pulumi stack select NAME")
    );
  }

  /** Makes the stack when it is missing and selects it. An `encryptionsalt` in its file is kept. */
  async selectOrCreate(secretsProvider?: string): Promise<void> {
    const provider = secretsProvider === undefined ? [] : ["--secrets-provider", secretsProvider];
    await this.must(["stack", "select", "--create", ...provider, this.name]);
  }

  /** Gives the passphrase that the user typed to every later call of this stack. */
  usePassphrase(passphrase: string): void {
    this.env.PULUMI_CONFIG_PASSPHRASE = passphrase;
  }

  /** Every value, secrets in plain text: keep them in memory. */
  async config(): Promise<StackConfig> {
    const result = await this.must(["config", "--json", "--show-secrets", ...this.stackFlag()]);
    const parsed = JSON.parse(result.stdout) as Record<string, RawConfigValue>;
    // an empty value is the project file's default for a key that nobody has set
    const given = Object.entries(parsed).filter(([, raw]) => raw.value !== undefined && raw.value !== "");
    return new Map(
      given.map(([key, raw]) => [
        key,
        { value: raw.value ?? "", object: raw.objectValue, isSecret: raw.secret === true },
      ]),
    );
  }

  /** Sets one value; it travels on stdin, secret or not, so no argv ever holds one. */
  async setConfig(write: ConfigWrite): Promise<void> {
    const kind = write.isSecret ? "--secret" : "--plaintext";
    const path = write.isPath === true ? ["--path"] : [];
    const args = ["config", "set", kind, ...path, ...this.stackFlag(), write.key];
    await this.must(args, write.value);
  }

  /** The state: resources, outputs, pending operations. Encrypted unless `showSecrets`. */
  async export(showSecrets = false): Promise<StackExport> {
    const flag = showSecrets ? ["--show-secrets"] : [];
    const result = await this.must(["stack", "export", ...flag, ...this.stackFlag()]);
    return JSON.parse(result.stdout) as StackExport;
  }

  /** Updates of the stack, the latest first, with the config that each of them had. Needs no passphrase. */
  async history(): Promise<readonly StackUpdate[]> {
    const flags = ["--json", "--page-size", HISTORY, ...this.stackFlag()];
    const result = await this.must(["stack", "history", ...flags]);
    return JSON.parse(result.stdout) as readonly StackUpdate[];
  }

  async import(state: StackExport): Promise<void> {
    await this.must(["stack", "import", ...this.stackFlag()], JSON.stringify(state));
  }

  /** What an `up` would do after a refresh. Changes nothing. @throws CliError with what the engine says. */
  async previewRefreshed(): Promise<Preview> {
    return this.preview(["--refresh", "--diff"]);
  }

  private async preview(flags: readonly string[]): Promise<Preview> {
    const result = await this.pulumi(["preview", "--json", ...flags, ...this.stackFlag()]);
    const preview = parsePreview(result.stdout);
    const said = preview?.diagnostics?.find(({ severity }) => severity === "error")?.message;
    if (result.code === 0 && preview !== undefined) return preview;
    throw (
      knownError(result.stderr) ??
      failed(`pulumi preview: ${(said ?? lastLine(result.stderr)).trim().split("\n")[0]}`)
    );
  }

  /** What an `up` would make: the preview, and the file for `pulumi import` that goes with it. */
  async previewImports(): Promise<{ readonly preview: Preview; readonly file: ImportFile }> {
    return withFolder(async (folder) => {
      const path = join(folder, "import.json");
      const preview = await this.preview(["--import-file", path]);
      return { preview, file: JSON.parse(readFileSync(path, "utf8")) as ImportFile };
    });
  }

  /** Takes what exists into the state: what is in the file, with its id. Writes no program. */
  async importResources(file: ImportFile): Promise<void> {
    const flags = ["--yes", "--skip-preview", "--generate-code=false", "--protect=false"];
    await withFolder(async (folder) => {
      const path = join(folder, "import.json");
      writeFileSync(path, JSON.stringify(file));
      await this.must(["import", ...flags, "--file", path, ...this.stackFlag()]);
    });
  }

  /** `pulumi up` without a question, its own progress on our stderr. Gives the exit code. */
  async up(isInteractive: boolean, more: readonly string[] = []): Promise<number> {
    const args = ["up", "--yes", "--skip-preview", ...more, ...this.stackFlag()];
    if (!isInteractive) args.push("--non-interactive", "--color", "never", "--suppress-progress");
    const result = await run("pulumi", args, { cwd: this.root, env: this.env, output: "show" });
    return result.code;
  }

  /** `pulumi up` as {@link up}, its output also for us: a failure can be told from another one. */
  async upAndRead(): Promise<RunResult> {
    const args = ["up", "--yes", "--skip-preview", ...this.stackFlag(), ...PLAIN];
    return run("pulumi", args, { cwd: this.root, env: this.env, output: "both" });
  }

  /** Destroys a resource and everything that stands on it, its progress on our stderr. Gives the exit code. */
  async destroyWithDependents(urn: string): Promise<number> {
    const target = ["--target", urn, "--target-dependents"];
    const args = ["destroy", "--yes", "--skip-preview", ...target, ...this.stackFlag(), ...PLAIN];
    return (await run("pulumi", args, { cwd: this.root, env: this.env, output: "show" })).code;
  }

  /** Lets the state forget that a resource must not be deleted; the program's next run protects it again. */
  async unprotect(urn: string): Promise<void> {
    await this.must(["state", "unprotect", "--yes", ...this.stackFlag(), urn]);
  }

  private stackFlag(): readonly string[] {
    return ["--stack", this.name];
  }

  private async must(args: readonly string[], stdin?: string): Promise<RunResult> {
    const result = await this.pulumi(args, stdin);
    if (result.code === 0) return result;
    if (result.code === 127) throw failed("pulumi is not on PATH; fix: npm ci");
    const flags = args.findIndex((arg) => arg.startsWith("--"));
    const what = args.slice(0, flags < 0 ? 2 : Math.min(flags, 2));
    throw (
      knownError(result.stderr) ??
      failed(`pulumi ${what.join(" ")}: ${lastLine(result.stderr).replace(/^error: /, "")}`)
    );
  }

  private pulumi(args: readonly string[], stdin?: string): Promise<RunResult> {
    return run("pulumi", ["--non-interactive", ...args], { cwd: this.root, env: this.env, stdin });
  }
}

/** One line of `pulumi stack history --json`; only what is read here. */
export interface StackUpdate {
  /** `update`, `refresh`, `destroy`, … */
  readonly kind: string;
  /** `succeeded`, `failed`, `in-progress`. */
  readonly result: string;
  /** RFC 3339. */
  readonly endTime?: string;
  readonly config?: Readonly<Record<string, { readonly value?: string; readonly objectValue?: unknown }>>;
}

interface RawConfigValue {
  readonly value?: string;
  readonly objectValue?: unknown;
  readonly secret?: boolean;
}

function parsePreview(text: string): Preview | undefined {
  try {
    return JSON.parse(text) as Preview;
  } catch {
    return undefined; // the engine did not come so far
  }
}

/** True for the error that a passphrase, asked for on a terminal, would cure. */
export function isPassphraseMissing(error: unknown): boolean {
  return error instanceof Error && error.message.includes("no passphrase given");
}

function knownError(stderr: string): CliError | undefined {
  const match = KNOWN.find(([pattern]) => pattern.test(stderr));
  return match && usage(match[1]);
}

/** The user's own `pulumi` first, then the pinned one of this repository. */
function searchPath(env: NodeJS.ProcessEnv): string {
  const own = join(HOMEPORT_ROOT, "node_modules", ".bin");
  return [env.PATH ?? "", ...(existsSync(own) ? [own] : [])].join(delimiter);
}
