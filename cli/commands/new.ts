import { relative } from "node:path";
import { Command } from "commander";
import { domainFault } from "../../components/lib/config-rules-server";
import { show } from "../../components/lib/faults";
import { isPlaceholder } from "../../components/lib/config-reader";
import { usage } from "../cli-error";
import { projectFiles } from "../new/files";
import { packagesFor, writeNewFiles } from "../new/write";
import { printJson, printResult, runSteps } from "../output";
import { HOMEPORT_ROOT, userPath } from "../project";

const EXAMPLES = `
Writes a project of your own into the folder NAME: Pulumi.yaml, Pulumi.prod.yaml, index.ts, system.ts (what runs: a
database, and a page where your application comes), local.yaml for the local cloud, package.json, tsconfig.json. It
type-checks and deploys as it is. A file that is there already is never overwritten.

Examples:
  homeport new shop --domain acme.com
  homeport new shop && cd shop && npm install && npm run check

Exit codes: 0 written, 2 a wrong name or option, 3 refused: a file is there already`;

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const LONGEST_NAME = 40;

interface NewOptions {
  readonly domain?: string;
  readonly json?: boolean;
}

export function newCommand(): Command {
  return new Command("new")
    .argument("<name>", "lowercase words joined by -: the project, its system and its folder")
    .option("--domain <apex>", "apex of its Cloudflare zone (default: homeport init asks)")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(runNew);
}

async function runNew(name: string, { domain, json: isJson = false }: NewOptions): Promise<void> {
  const problems = [...nameFaults(name), ...domainFaults(domain)];
  if (problems.length > 0) throw usage(...problems);
  const folder = userPath(name);
  const files = projectFiles({ name, domain, ...packagesFor(folder) });
  const write = async (note: (text: string) => void): Promise<void> => {
    writeNewFiles(folder, files);
    note(`${Object.keys(files).length} files in ${folder}`);
  };
  await runSteps([{ title: "write the project", run: write }], isJson);
  if (isJson) printJson({ ok: true, name, folder, files: Object.keys(files) });
  else printResult(next(name, relative(HOMEPORT_ROOT, folder)));
}

function nameFaults(name: string): string[] {
  if (NAME.test(name) && name.length <= LONGEST_NAME) return [];
  const rule = `must be lowercase words joined by -, at most ${LONGEST_NAME} characters`;
  return [`NAME: ${rule}, got ${show(name)}; fix: homeport new web-shop`];
}

function domainFaults(domain: string | undefined): string[] {
  if (domain === undefined) return [];
  const rule = isPlaceholder(domain) ? "be a real value, not a placeholder" : domainFault(domain);
  return rule === undefined ? [] : [`--domain: must ${rule}, got ${show(domain)}; fix: --domain acme.com`];
}

function next(name: string, fromHomeport: string): string {
  return `next:
  cd ${name} && npm install
  npm run check                       its types
  npx homeport init --stack prod      keys, secrets and what only you can say
  npx pulumi up --stack prod
and in Homeport's own folder, on the local cloud: npm run local -- ${fromHomeport}`;
}
