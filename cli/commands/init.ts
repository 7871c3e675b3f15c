import { Command } from "commander";
import { ask, canAsk, readStdin } from "../ask";
import { EXIT, usage } from "../cli-error";
import { givenByEnvironment, givenByLines, mergeGiven } from "../init/given";
import { makeRandom, makeSshKey, publicKeyLine, readOperatorKey } from "../init/keys";
import { fixCommand, planInit, writesFor, type Given, type Need } from "../init/plan";
import { printJson, runSteps, say, type Step } from "../output";
import { userPath } from "../project";
import { isPassphraseMissing, PulumiStack, type ConfigWrite, type StackConfig } from "../pulumi";
import { hasKeys, writeStackSshFiles } from "../stack-config";
import { projectSystem } from "../system";

interface InitOptions {
  readonly stack?: string;
  readonly operatorKey?: string;
  readonly keyComment?: string;
  readonly domain?: string;
  readonly adminCidr?: readonly string[];
  readonly registryUsername?: string;
  readonly secretsProvider?: string;
  readonly fromStdin?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Makes the stack, then every value it lacks: SSH keys and application secrets are made; tokens are taken from
HCLOUD_TOKEN, CLOUDFLARE_API_TOKEN, KAMAL_REGISTRY_PASSWORD, HOMEPORT_BACKUP_ACCESS_KEY_ID,
HOMEPORT_BACKUP_SECRET_ACCESS_KEY and HOMEPORT_ACME_DNS_TOKEN, from stdin, or asked for on a terminal.
A value that is there is never changed: run it as often as you like.

Examples:
  homeport init --stack prod --domain acme.com --admin-cidr 203.0.113.7/32 --registry-username me
  homeport init --stack prod --operator-key ~/.ssh/id_ed25519
  op read op://infra/hetzner/token | sed 's/^/HCLOUD_TOKEN=/' | homeport init --stack prod --from-stdin

Exit codes: 0 nothing is missing, 1 failed, 2 a wrong option, or values that only you have are missing`;

export function initCommand(): Command {
  return new Command("init")
    .option("--stack <name>", "stack to make or complete (default: the selected one)")
    .option("--operator-key <file>", "private ed25519 key to use instead of a new one")
    .option("--key-comment <text>", "comment of a new operator's key (default: operator@STACK)")
    .option("--domain <name>", "apex of the Cloudflare zone")
    .option("--admin-cidr <cidr...>", "addresses that may reach SSH")
    .option("--registry-username <name>", "user of the container registry")
    .option("--secrets-provider <url>", "what encrypts a new stack's secrets (default: a passphrase)")
    .option("--from-stdin", "read KEY=value lines from stdin")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(runInit);
}

async function runInit(options: InitOptions): Promise<void> {
  const isJson = options.json === true;
  const given = await collectGiven(options);
  const stack = await PulumiStack.select(options.stack);
  const before = await openStack(stack, options.secretsProvider);

  const needs = await completeByAsking(
    planInit(before, projectSystem(), mergeGiven(givenByEnvironment(process.env, before), given)),
    options,
  );
  const comment = options.keyComment ?? `operator@${stack.name}`;
  const steps = needs
    .map((need) => ({ need, writes: makeWrites(need, comment) }))
    .filter(({ writes }) => writes.length > 0)
    .map(({ need, writes }) => writeStep(stack, need, writes));
  // one after another: each call rewrites the whole stack file
  if (steps.length > 0) await runSteps(steps, isJson);

  const after = steps.length > 0 ? await stack.config() : before;
  const missing = needs.filter((need) => need.source.kind === "user");
  report(stack, missing, steps.length, isJson);
  if (hasKeys(after)) writeStackSshFiles(stack.name, after);
}

/** Makes and selects the stack; asks for the passphrase where Pulumi needs one and somebody is there. */
async function openStack(stack: PulumiStack, secretsProvider?: string): Promise<StackConfig> {
  try {
    await stack.selectOrCreate(secretsProvider);
    return await stack.config();
  } catch (error) {
    if (!isPassphraseMissing(error) || !canAsk()) throw error;
    stack.usePassphrase(await askPassphrase(stack.name, error));
    await stack.selectOrCreate(secretsProvider);
    return stack.config();
  }
}

/** Typed twice: a stack made with a mistyped passphrase could not be opened again. */
async function askPassphrase(stackName: string, otherwise: unknown): Promise<string> {
  const passphrase = await ask(`passphrase of stack ${stackName} (not shown): `, true);
  if (passphrase === undefined) throw otherwise;
  if ((await ask("the same again: ", true)) === passphrase) return passphrase;
  throw usage("the two passphrases differ; fix: homeport init again");
}

async function collectGiven(options: InitOptions): Promise<Given> {
  const byOption = new Map<string, readonly string[]>();
  if (options.domain !== undefined) byOption.set("homeport:domain", [options.domain]);
  if (options.adminCidr !== undefined) byOption.set("homeport:adminCidrs", options.adminCidr);
  if (options.registryUsername !== undefined) {
    byOption.set("homeport:registryUsername", [options.registryUsername]);
  }
  if (options.operatorKey !== undefined) {
    byOption.set("homeport:operatorPrivateKey", [readOperatorKey(userPath(options.operatorKey))]);
  }
  const lines = options.fromStdin === true ? await readStdin() : "";
  return mergeGiven(givenByLines(lines, projectSystem()), byOption);
}

async function completeByAsking(needs: readonly Need[], options: InitOptions): Promise<Need[]> {
  const isAsking = canAsk() && options.fromStdin !== true && options.json !== true;
  const completed: Need[] = [];
  for (const need of needs) {
    const isAsked = isAsking && need.source.kind === "user";
    const answer = isAsked
      ? await ask(`${need.title}${need.isSecret ? " (not shown)" : ""}: `, need.isSecret)
      : undefined;
    completed.push(answer === undefined ? need : { ...need, source: { kind: "given", values: [answer] } });
  }
  return completed;
}

/** What a need puts into config; nothing for one that only the user can fill. */
function makeWrites(need: Need, comment: string): ConfigWrite[] {
  const { source } = need;
  switch (source.kind) {
    case "operator-key":
      return operatorPair(need, makeSshKey(comment), comment);
    case "operator-public-key":
      return writesFor(need, [publicKeyLine(source.privateKey, comment)]);
    case "host-key":
      return writesFor(need, [makeSshKey("host key")]);
    case "random":
      return writesFor(need, [makeRandom(source.rule)]);
    case "given":
      return need.key === "homeport:operatorPrivateKey"
        ? operatorPair(need, source.values[0] ?? "", comment)
        : writesFor(need, source.values);
    case "user":
      return [];
  }
}

/** The private half first: from it alone, a second run after a kill in between makes the other. */
function operatorPair(need: Need, privateKey: string, comment: string): ConfigWrite[] {
  const publicKey = publicKeyLine(privateKey, comment);
  return [
    ...writesFor(need, [privateKey]),
    { key: "homeport:operatorPublicKey", isSecret: false, value: publicKey },
  ];
}

function writeStep(stack: PulumiStack, need: Need, writes: readonly ConfigWrite[]): Step {
  return {
    title: need.title,
    run: async (note) => {
      for (const write of writes) await stack.setConfig(write);
      note(need.source.kind === "given" ? "set" : "made");
    },
  };
}

function report(stack: PulumiStack, missing: readonly Need[], made: number, isJson: boolean): void {
  const commands = missing.map((need) => fixCommand(need, stack.name));
  if (isJson)
    printJson({
      ok: missing.length === 0,
      stack: stack.name,
      made,
      missing: missing.map(({ key }) => key),
      commands,
    });
  else if (missing.length === 0 && made === 0) say(`stack ${stack.name}: nothing to do`);
  else if (missing.length === 0)
    say(`stack ${stack.name} is complete; next: homeport deploy --stack ${stack.name}`);
  else {
    say(`stack ${stack.name} still needs what only you have:`);
    missing.forEach((need, index) => say(`  ${need.title}\n    ${commands[index]}`));
  }
  if (missing.length > 0) process.exitCode = EXIT.usage;
}
