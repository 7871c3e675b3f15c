import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Command } from "commander";
import { parse } from "yaml";
import { formatFault } from "../../components/lib/faults";
import { systemFaults } from "../../components/lib/system-rules";
import { EXIT, refused, usage } from "../cli-error";
import { importCompose, type Imported } from "../import/compose";
import { readVariables } from "../import/environment";
import type { Remark } from "../import/ledger";
import { printSystem } from "../import/print";
import { systemTs } from "../new/files";
import { printJson, printResult, runSteps, say, table } from "../output";
import { userPath } from "../project";

const EXAMPLES = `
Turns a compose file into a system.ts. What it cannot carry over, carries over in another way, or need not say because
Homeport does it for every system, it lists with its place in the compose file and the reason: nothing is dropped in
silence. A value that looks like a secret, and every
\${NAME} without a default, becomes a secret of the system and is written nowhere: homeport init asks for it.

\${NAME} is taken from .env beside the compose file, or from --env-file. A system.ts as homeport new wrote it is
replaced; any other one only with --force.

Examples:
  homeport new shop && cd shop && homeport import ../compose.yaml
  homeport import ~/src/app/compose.yaml --output /tmp/system.ts --json

Exit codes: 0 written, and the system keeps all rules, 1 written, and the rules that it breaks are named,
            2 a wrong option or no compose file, 3 refused: a file is there already`;

/** What somebody has to do something about comes first. */
const KINDS: readonly Remark["kind"][] = ["left out", "changed", "not needed"];

interface ImportOptions {
  readonly output: string;
  readonly name?: string;
  readonly envFile?: string;
  readonly profile: readonly string[];
  readonly force?: boolean;
  readonly json?: boolean;
}

export function importCommand(): Command {
  return new Command("import")
    .argument("<file>", "the compose file")
    .option("--output <file>", "where to write the system", "system.ts")
    .option("--name <name>", "the system's name (default: the project's, else the compose file's)")
    .option("--env-file <file>", "variables of the compose file (default: .env beside it)")
    .option("--profile <name>", "take services of this profile along (repeatable)", collect, [])
    .option("--force", "replace a system that is there")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(runImport);
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

async function runImport(file: string, options: ImportOptions): Promise<void> {
  const path = existing(userPath(file), "FILE");
  const output = userPath(options.output);
  const folder = dirname(path);
  const environment = join(folder, ".env");
  const variables =
    options.envFile !== undefined
      ? readVariables(existing(userPath(options.envFile), "--env-file"))
      : existsSync(environment)
        ? readVariables(environment)
        : {};
  const name = options.name ?? projectName(dirname(output));
  const isJson = options.json === true;
  let imported: Imported | undefined;
  const readStep = async (note: (text: string) => void): Promise<void> => {
    const text = readFileSync(path, "utf8");
    imported = importCompose({ text, folder, name, variables, profiles: options.profile });
    note(`${Object.keys(imported.spec.services).length} services`);
  };
  const writeStep = async (note: (text: string) => void): Promise<void> => {
    refuseOther(output, name, options.force === true);
    writeFileSync(output, printSystem(imported?.spec ?? {}, basename(path)));
    note(output);
  };
  const steps = [
    { title: `read ${basename(path)}`, run: readStep },
    { title: "write the system", run: writeStep },
  ];
  await runSteps(steps, isJson);
  if (imported !== undefined) report(imported, output, isJson);
}

function existing(path: string, option: string): string {
  if (existsSync(path)) return path;
  throw usage(`${option}: must be a file that is there, got ${path}; fix: homeport import compose.yaml`);
}

/** Of the Pulumi.yaml beside the system. */
function projectName(folder: string): string | undefined {
  const file = join(folder, "Pulumi.yaml");
  return existsSync(file) ? (parse(readFileSync(file, "utf8")) as { name?: string }).name : undefined;
}

function refuseOther(output: string, name: string | undefined, isForced: boolean): void {
  if (isForced || !existsSync(output)) return;
  if (name !== undefined && readFileSync(output, "utf8") === systemTs(name)) return;
  throw refused(
    `${output}: must not be there yet, got a file; fix: homeport import --output other.ts, or --force`,
  );
}

function report({ spec, remarks }: Imported, file: string, isJson: boolean): void {
  const faults = systemFaults(spec).map(formatFault);
  const secrets = Object.entries(spec.secrets ?? {}).flatMap(([name, { kind }]) =>
    kind === "kept" ? [name] : [],
  );
  if (isJson) printJson({ ok: faults.length === 0, file, remarks, secrets, faults });
  else {
    const rows = [...remarks].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
    if (rows.length > 0) printResult(table(rows.map(({ kind, path, reason }) => [kind, path, reason])));
    if (secrets.length > 0) {
      say(`secrets, for homeport init to ask for: ${secrets.join(", ")}`);
      say(`or one by one: npx pulumi config set --secret --path 'homeport:secrets.${secrets[0]}'`);
    }
    faults.forEach((fault) => say(`homeport: ${fault}`));
  }
  if (faults.length > 0) process.exitCode = EXIT.failed;
}
