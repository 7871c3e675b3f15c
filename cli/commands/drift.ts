import { Command } from "commander";
import { compare, heal } from "../drift";
import { remedy, type Comparison, type Deviation } from "../drift/deviation";
import { EXIT, failed, refused } from "../cli-error";
import { isInteractive, printJson, printResult, say } from "../output";
import { PulumiStack } from "../pulumi";

interface DriftOptions {
  readonly stack?: string;
  readonly heal?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
The host is asked by the steps themselves, in a mode that changes nothing; the APIs and Docker by a refreshing
preview. --heal runs those steps again and refreshes, in one update, and then compares once more.

Examples:
  homeport drift
  homeport drift --stack prod --json | jq '.deviations[] | .id'
  homeport drift --heal

Exit codes: 0 everything is as declared (with --heal: again), 1 there is drift, 2 a wrong option or a fault in the
            stack's config, 3 --heal refused: the program or its config changed and no up has followed`;

export function driftCommand(): Command {
  return new Command("drift")
    .option("--stack <name>", "stack to compare (default: the selected one)")
    .option("--heal", "repair what differs")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(runDrift);
}

async function runDrift(options: DriftOptions): Promise<void> {
  const isJson = options.json === true;
  const stack = await PulumiStack.select(options.stack);
  const first = await lookAt(stack, isJson);
  const isHealing = options.heal === true && !isClean(first);
  if (isHealing) await healStack(stack, first, isJson);
  const last = isHealing ? await lookAt(stack, isJson) : first;
  if (isJson) printJson(asJson(stack.name, first, isHealing ? last : undefined));
  process.exitCode = isClean(last) ? EXIT.ok : EXIT.failed;
}

async function lookAt(stack: PulumiStack, isJson: boolean): Promise<Comparison> {
  if (!isJson) say("comparing…");
  const start = performance.now();
  const found = await compare(stack);
  if (!isJson) printResult(renderComparison(found, (performance.now() - start) / 1000));
  return found;
}

async function healStack(stack: PulumiStack, found: Comparison, isJson: boolean): Promise<void> {
  const declared = [
    ...new Set(found.deviations.filter(({ kind }) => kind === "declared").map(({ id }) => id)),
  ];
  if (declared.length > 0) {
    throw refused(
      `declared, and not applied yet: ${declared.join(", ")}; ` +
        `fix: pulumi up --stack ${stack.name}, then homeport drift --heal`,
    );
  }
  const code = await heal(stack, found, isInteractive(isJson));
  if (code !== 0)
    throw failed(`the repair ended early; fix: look at what pulumi said, then homeport drift --heal`);
}

function isClean({ deviations, problem }: Comparison): boolean {
  return deviations.length === 0 && problem === undefined;
}

/** A block for each deviation, and a line that counts. */
export function renderComparison(found: Comparison, seconds: number): string {
  const { deviations, problem, steps, resources, unasked } = found;
  const blocks = deviations.map(renderDeviation);
  if (problem !== undefined) blocks.push(`✖ the APIs and Docker could not be compared\n    ${problem}`);
  blocks.push(...unasked.map(({ id, reason }) => `- ${id} was not compared: ${reason}`));
  const what = `${steps} steps on the host, ${resources} resources, ${seconds.toFixed(1)} s`;
  const count = `${deviations.length} ${deviations.length === 1 ? "deviation" : "deviations"}`;
  blocks.push(isClean(found) ? `no drift: ${what}` : `${count}: ${what}; fix: homeport drift --heal`);
  return blocks.join("\n");
}

function renderDeviation(deviation: Deviation): string {
  const lines = (sign: string, text: string): string[] =>
    text.split("\n").map((line) => `    ${sign} ${line}`);
  const head = `✖ ${deviation.id}: ${deviation.what}${deviation.kind === "declared" ? " (not applied yet)" : ""}`;
  const diff = [...lines("-", deviation.found), ...lines("+", deviation.wanted)];
  return [head, ...diff, `    fix: ${remedy(deviation)}`].join("\n");
}

function asJson(stack: string, first: Comparison, healed: Comparison | undefined): unknown {
  const shown = ({ deviations }: Comparison): unknown[] =>
    deviations.map((deviation) => ({ ...deviation, fix: remedy(deviation) }));
  const last = healed ?? first;
  return {
    ok: isClean(last),
    stack,
    steps: first.steps,
    resources: first.resources,
    unasked: first.unasked,
    deviations: shown(first),
    ...(first.problem === undefined ? {} : { problem: first.problem }),
    ...(healed === undefined ? {} : { healed: { ok: isClean(healed), deviations: shown(healed) } }),
  };
}
