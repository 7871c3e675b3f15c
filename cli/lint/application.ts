import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { failed } from "../cli-error";
import type { StackConfig } from "../pulumi";
import { run } from "../run";
import { lintProduction, type LintFault, type Linted } from "./rails";

/** From the application's folder. */
export const PRODUCTION = "config/environments/production.rb";
const APPLICATION = "config/application.rb";

export interface LintedApplication extends Linted {
  /** What the file says now. */
  readonly text: string;
}

/** Checks the Rails application in `context`. @returns undefined when it is none. */
export function lintApplication(context: string, config: StackConfig): LintedApplication | undefined {
  const file = join(context, PRODUCTION);
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  const domain = config.get("homeport:domain")?.value ?? "";
  if (domain === "")
    throw failed(
      "homeport:domain: must be set, got nothing; fix: pulumi config set homeport:domain example.org",
    );
  return { text, ...lintProduction({ text, domain, hasMailer: loadsMailer(context) }) };
}

/** `file: setting: must …, got …; fix: …`. */
export function formatLintFault({ setting, rule, got }: LintFault, context: string): string {
  const fix = `homeport lint app --context ${context} | patch -d ${context} -p1`;
  return `${PRODUCTION}: ${setting}: must ${rule}, got ${got}; fix: ${fix}`;
}

/** What mends the file, as a unified diff that `git apply` and `patch -p1` take in the application's folder. */
export async function patchOf(context: string, { fixed }: Linted): Promise<string> {
  const labels = ["--label", `a/${PRODUCTION}`, "--label", `b/${PRODUCTION}`];
  const result = await run("diff", ["-u", ...labels, join(context, PRODUCTION), "-"], { stdin: fixed });
  if (result.code > 1) throw failed(`diff: ${result.stderr.trim()}; fix: apt-get install diffutils`);
  return result.stdout;
}

/** Rails loads everything, or the application names what it wants. */
function loadsMailer(context: string): boolean {
  const file = join(context, APPLICATION);
  if (!existsSync(file)) return true;
  return /^\s*require ["'](rails\/all|action_mailer\/railtie)["']/m.test(readFileSync(file, "utf8"));
}
