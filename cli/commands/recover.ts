import { Command } from "commander";
import { EXIT, refused } from "../cli-error";
import { leftoverStep } from "../deploy/leftover-step";
import { hetznerApi } from "../hetzner";
import { runSteps, type Step } from "../output";
import { PulumiStack, type StackConfig } from "../pulumi";
import { lastRestore } from "../recovery/copies";
import { backedUpOf } from "../recovery/databases";
import { refuseOldImage } from "../recovery/image";
import { takeLastBackup } from "../recovery/last-backup";
import { momentOf, withOneRestore } from "../recovery/one-restore";
import { placesOf, upWherePossible } from "../recovery/places";
import { reportRecovery } from "../recovery/report";
import { makeStackAnew, stateLostSteps } from "../recovery/state-lost";
import { knowsServer, takeServerAway } from "../recovery/take-away";
import { checkedConfig, writeStackSshFiles } from "../stack-config";
import { serverOf } from "../stack-server";
import { projectSystem } from "../system";
import { timeOf } from "./restore";
import { verifyAndReport } from "./verify";

interface RecoverOptions {
  readonly stack?: string;
  readonly dead?: boolean;
  readonly stateLost?: boolean;
  readonly to?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Takes a last backup, takes the server away, makes a new one on the same address, restores the end of the archive or the
newest copy, whichever is later and what its manifest says, or with --to the databases as they were then, before the
application starts, proves everything, and prints what was lost and how long it took.
Where the type is out of stock, the places of homeport:recoverLadder are tried in turn.
Can be killed and run again. With homeport:protect it lifts the protection of the server, and says so.
With --state-lost a git clone, the passphrase and the repository are enough: the stack is made anew, address, firewall,
key and records that are still there are adopted, and the server, whose keys were in the state, is replaced.

Examples:
  homeport recover                       # the server answers: nothing is lost
  homeport recover --to 2026-11-20T14:03:07Z   # as they were at that second
  homeport recover --stack prod --dead --yes   # it does not: what came after the newest copy is lost
  homeport recover --stack prod --state-lost --yes   # no state and no laptop, in a fresh clone

Exit codes: 0 recovered and proven, 1 failed, 2 a fault in the stack's config,
            3 refused: no repository, no last backup without --dead, protected and no --yes, an image of the past,
            or --state-lost with a state that knows a server, or with two servers`;

export function recoverCommand(): Command {
  return new Command("recover")
    .option("--stack <name>", "stack to recover (default: the selected one)")
    .option("--dead", "the server does not answer: go without a last backup")
    .option("--state-lost", "there is no Pulumi state any more: adopt or replace what both APIs still have")
    .option(
      "--to <time>",
      "the databases as they were then, RFC 3339 (default: the latest moment that is known)",
    )
    .option("--yes", "replace a server that homeport:protect protects")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(runRecover);
}

async function runRecover(options: RecoverOptions): Promise<void> {
  const isJson = options.json === true;
  const to = options.to === undefined ? undefined : timeOf(options.to);
  const stack = await PulumiStack.select(options.stack);
  const isStateLost = options.stateLost === true;
  if (isStateLost) await makeStackAnew(stack);
  const config = await stack.config();
  const checked = checkedConfig(stack.name, config);
  const isSure = options.yes === true;
  refuseLoss(config, checked.protect && !isSure);
  await refuseOldImage(hetznerApi(config), checked, stack.name);
  const began = Date.now();
  writeStackSshFiles(stack.name, config);
  const isDead = options.dead === true;
  const steps = isStateLost
    ? stateLostSteps({ stack, config, checked, system: projectSystem(), isDead, isSure })
    : takingAway(stack, config, isDead);
  await runSteps(steps, isJson);
  // another place may be the stack's by now
  const places = placesOf(checkedConfig(stack.name, await stack.config()));
  const order = { to, before: checked.restore };
  const moment = momentOf(order);
  const again = moment === undefined ? [] : ["--to", moment];
  const goOn = ["homeport recover", isStateLost ? "--state-lost" : "--dead", ...again].join(" ");
  const place = await withOneRestore(stack, order, () => upWherePossible(stack, config, places, goOn));
  const server = serverOf(stack.name, config, await stack.export());
  const restored = await Promise.all(backedUpOf(projectSystem()).map((each) => lastRestore(server, each)));
  const isProven = await verifyAndReport(stack, isJson);
  reportRecovery({ began, place, restored }, isProven, isJson);
  process.exitCode = isProven ? EXIT.ok : EXIT.failed;
}

function refuseLoss(config: StackConfig, isProtected: boolean): void {
  if (!config.has("homeport:backupRepository")) {
    throw refused(
      "no repository: everything would be lost with the server; fix: set homeport:backupRepository",
    );
  }
  if (isProtected) {
    throw refused("homeport:protect is on: the server would be replaced; fix: add --yes when you mean it");
  }
}

function takingAway(stack: PulumiStack, config: StackConfig, isDead: boolean): Step[] {
  const lastBackup: Step = {
    title: "take a last backup",
    run: async (note) => {
      const state = await stack.export();
      if (!knowsServer(state)) return note("there is no server any more");
      const server = serverOf(stack.name, config, state);
      await takeLastBackup(server, projectSystem(), "homeport recover --dead");
    },
  };
  const takeAway: Step = {
    title: "take the server away",
    run: (note) => takeServerAway(stack, config, note),
  };
  return [leftoverStep(stack, projectSystem()), ...(isDead ? [] : [lastBackup]), takeAway];
}
