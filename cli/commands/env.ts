import { Command } from "commander";
import { auditVariables } from "../../components/lib/config-rules-variables";
import { isBlocking, type VariableState } from "../../components/lib/system-variables";
import { EXIT, usage } from "../cli-error";
import { printJson, printResult, table } from "../output";
import { PulumiStack } from "../pulumi";
import { configInput } from "../stack-config";
import { projectSystem } from "../system";

interface AuditOptions {
  readonly stack?: string;
  readonly json?: boolean;
  readonly checkUnused?: boolean;
}

type Audited = VariableState & { readonly fix?: string };

const EXAMPLES = `
Compares what the services of the stack are told (the system's environment, homeport:environment, secrets) with the
system's variables. Shows names and how it stands with them, never a value. Asks no API and no host: what the host has
is compared by homeport drift.

  set          there, and as the rule wants it
  missing      not there, or empty
  placeholder  stands for a value still to be given: changeme, xxx, <...>, example
  wrong        there, but not what the rule wants
  unused       there, and in no list of the system

Examples:
  homeport env audit
  homeport env audit --stack prod --check-unused
  homeport env audit --json | jq '.variables[] | select(.status != "set") | .name'

Exit codes: 0 nothing stands in the way of a deployment, 1 a variable that must be set is missing, a placeholder or
            wrong (with --check-unused: or one is unused), 2 a wrong option, or a system without variables`;

export function envCommand(): Command {
  return new Command("env").addCommand(
    new Command("audit")
      .description("tell which variables are set, missing, placeholders or unused; never a value")
      .option("--stack <name>", "stack to look at (default: the selected one)")
      .option("--check-unused", "fail for variables that the system does not know, too")
      .option("--json", "print the result as JSON")
      .addHelpText("after", EXAMPLES)
      .action(runAudit)
      .exitOverride(),
  );
}

async function runAudit(options: AuditOptions): Promise<void> {
  const system = projectSystem();
  if (system.variables === undefined) {
    throw usage(
      `system ${system.name}: must have variables to be audited, got none; fix: add variables to system.ts`,
    );
  }
  const stack = await PulumiStack.select(options.stack);
  const states = auditVariables({ ...configInput(stack.name, await stack.config()), system });
  const isOk = !states.some((state) => isInTheWay(state, options.checkUnused === true));
  if (options.json === true) printJson(asJson(stack.name, states, isOk));
  else printResult(renderAudit(states, options.checkUnused === true));
  process.exitCode = isOk ? EXIT.ok : EXIT.failed;
}

function isInTheWay(state: VariableState, checkUnused: boolean): boolean {
  return isBlocking(state) || (checkUnused && state.status === "unused");
}

/** A row per variable; under one that stands in the way, what to do. */
export function renderAudit(states: readonly Audited[], checkUnused: boolean): string {
  const shown = states.filter(({ status }) => checkUnused || status !== "unused");
  const rows = shown.map((state) => [
    sign(state, checkUnused),
    state.name,
    state.status,
    needOf(state),
    partsOf(state),
  ]);
  const lines = table(rows).split("\n");
  const blocks = shown.map((state, at) =>
    state.fix !== undefined && state.need !== "optional"
      ? `${lines[at]}\n    fix: ${state.fix}`
      : (lines[at] ?? ""),
  );
  const count = (status: VariableState["status"]): number =>
    states.filter((each) => each.status === status).length;
  const words = (["set", "missing", "placeholder", "wrong", "unused"] as const).map(
    (each) => `${count(each)} ${each}`,
  );
  return `${blocks.join("\n")}\n\n${words.join(", ")}`;
}

function sign(state: VariableState, checkUnused: boolean): string {
  if (isInTheWay(state, checkUnused)) return "✖";
  return state.status === "set" || state.need === "optional" ? "✔" : "-";
}

function needOf({ need, when }: VariableState): string {
  if (need === "none") return "in no list";
  return when === undefined ? need : `${need} where ${when}`;
}

function partsOf({ parts, isSecret }: VariableState): string {
  return `${parts.join(", ")}${isSecret ? " (secret)" : ""}`;
}

function asJson(stack: string, states: readonly Audited[], isOk: boolean): unknown {
  const variables = states.map(({ name, status, need, when, parts, isSecret, fix }) => ({
    ...{ name, status, need, ...(when === undefined ? {} : { when }), parts, secret: isSecret },
    ...(fix === undefined ? {} : { fix }),
  }));
  return { ok: isOk, stack, variables };
}
