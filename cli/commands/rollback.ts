import { Command } from "commander";
import { applicationService, currentImage } from "../deploy/plan";
import { rollbackTarget, versionsOf } from "../operations/versions";
import { printJson, printResult, say, table } from "../output";
import { PulumiStack } from "../pulumi";
import { checkService } from "../operations/service";
import { deployImage } from "./deploy";
import { projectSystem } from "../system";

const EXAMPLES = `
Brings a former version back: the image that the last successful update before this one had, as the stack's history
tells (pulumi stack history). Then the same as homeport deploy --image: update and verify, without a gap. Typed twice,
it is back where it was. What the version that goes did to the database stays done: migrations are not undone.

Examples:
  homeport rollback
  homeport rollback --list
  homeport rollback --to sha256:7c8fd269bb5a

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
    .option("--to <digest>", "this version: its digest, or the first seven or more digits of it")
    .option("--list", "print the versions that have run, latest first, and change nothing")
    .option("--skip-verify", "end after the update")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(runRollback);
}

async function runRollback(options: RollbackOptions): Promise<void> {
  const isJson = options.json === true;
  const system = projectSystem();
  const service = checkService(system, options.service ?? applicationService(system));
  const stack = await PulumiStack.select(options.stack);
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

function mark(image: string, configured: string | undefined): string {
  return image === configured ? "*" : " ";
}
