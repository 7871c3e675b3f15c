import { Command } from "commander";
import { applicationService, currentImage } from "../deploy/plan";
import { rollbackTarget, versionsOf } from "../operations/versions";
import { printJson, printResult, say, table } from "../output";
import { releasesOf, rollBackUnit, unitNamed } from "../operations/unit";
import type { Unit } from "../../components/lib/system-units";
import { serverOf } from "../stack-server";
import { EXIT } from "../cli-error";
import { verifyAndReport } from "./verify";
import { PulumiStack } from "../pulumi";
import { checkService, partNames } from "../operations/service";
import { deployImage } from "./deploy";
import { projectSystem } from "../system";

const EXAMPLES = `
Brings a former version back: the image that the last successful update before this one had, as the stack's history
tells (pulumi stack history). Then the same as homeport deploy --image: update and verify, without a gap. Typed twice,
it is back where it was. A unit (--service NAME) goes back to the release that its server kept, in seconds and with
the secrets of now (S2-24); the next change of its code replaces it. What the version that goes did to the database stays done: migrations are not undone.

Examples:
  homeport rollback
  homeport rollback --list
  homeport rollback --to sha256:7c8fd269bb5a
  homeport rollback --service api --skip-verify

Exit codes: 0 the former version runs and is proven, 1 failed, 2 a wrong option or a fault in the stack's config,
            3 refused: there is no such version`;

interface RollbackOptions {
  readonly stack?: string;
  readonly service?: string;
  readonly to?: string;
  readonly list?: boolean;
  readonly skipVerify?: boolean;
  readonly json?: boolean;
}

export function rollbackCommand(): Command {
  return new Command("rollback")
    .option("--stack <name>", "stack to update (default: the selected one)")
    .option("--service <name>", "service to take back (default: the one without an image of its own)")
    .option(
      "--to <digest>",
      "this version: its digest, or the first seven or more digits of it; a unit's release",
    )
    .option("--list", "print the versions that have run, latest first, and change nothing")
    .option("--skip-verify", "end after the update")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(runRollback);
}

async function runRollback(options: RollbackOptions): Promise<void> {
  const isJson = options.json === true;
  const system = projectSystem();
  const service = checkService(system, options.service ?? applicationService(system), partNames(system));
  const stack = await PulumiStack.select(options.stack);
  const unit = unitNamed(system, service);
  if (unit !== undefined) return runUnit(stack, unit, options);
  const [config, history] = await Promise.all([stack.config(), stack.history()]);
  const configured = currentImage(config, service);
  const versions = versionsOf(history, service);
  if (options.list === true) {
    if (isJson) printJson({ ok: true, stack: stack.name, service, configured, versions });
    else
      printResult(
        table(versions.map(({ image, deployedAt = "–" }) => [mark(image, configured), deployedAt, image])),
      );
    return;
  }
  const target = rollbackTarget(versions, configured, options.to);
  if (!isJson) say(`back to ${target.image}, deployed ${target.deployedAt ?? "at an unknown time"}`);
  await deployImage(stack, config, service, target.image, options);
}

/** A unit's releases are on the server: the switch needs no update, and state goes on to name the newer one. */
async function runUnit(stack: PulumiStack, unit: Unit, options: RollbackOptions): Promise<void> {
  const isJson = options.json === true;
  const [config, state] = await Promise.all([stack.config(), stack.export()]);
  const server = serverOf(stack.name, config, state);
  if (options.list === true) {
    const releases = await releasesOf(server, unit);
    if (isJson) printJson({ ok: true, stack: stack.name, service: unit.name, releases });
    else
      printResult(
        table(releases.map((each) => [each.isCurrent ? "*" : " ", each.installedAt, each.release])),
      );
    return;
  }
  const done = await rollBackUnit(server, unit, options.to);
  if (!isJson)
    say(`${unit.name}: ${done.replace(/^changed /, "")}; the next version of its code replaces it`);
  const isProven = options.skipVerify === true || (await verifyAndReport(stack, isJson));
  process.exitCode = isProven ? EXIT.ok : EXIT.failed;
}

function mark(image: string, configured: string | undefined): string {
  return image === configured ? "*" : " ";
}
