import { Command } from "commander";
import { EXIT, failed } from "../cli-error";
import { serviceStatus, type ServiceStatus } from "../operations/status";
import { printJson, printResult, table } from "../output";
import { unitsLook, unitStatus } from "../operations/unit";
import { PulumiStack } from "../pulumi";
import { lastLine } from "../run";
import { runScriptAsRoot } from "../ssh";
import { checkedConfig } from "../stack-config";
import { serverOf } from "../stack-server";
import type { Container, Image } from "../verify/checks-containers";
import { projectSystem } from "../system";

const EXAMPLES = `
Lists every container of the system: its service, state and health, image, and since when. A service without one is
in the list, too; so is every unit, with its release.

Examples:
  homeport ps
  homeport ps --json | jq -r '.services[] | select(.ok | not).service'

Exit codes: 0 every service runs the image that config names and is healthy, 1 one does not, or no connection,
            2 a wrong option or a fault in the stack's config`;

const TIMEOUT_SECONDS = 60;
/** Two JSON arrays, each on lines of its own after its name. */
const LOOK = `set -eu
echo @containers; docker ps -aq --filter "label=homeport.system=$1" | xargs -r docker inspect
echo @images; docker image ls -q --no-trunc | sort -u | xargs -r docker image inspect`;

export function psCommand(): Command {
  return new Command("ps")
    .option("--stack <name>", "stack whose server it is (default: the selected one)")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(runPs);
}

async function runPs(options: { readonly stack?: string; readonly json?: boolean }): Promise<void> {
  const system = projectSystem();
  const stack = await PulumiStack.select(options.stack);
  const [config, state] = await Promise.all([stack.config(), stack.export()]);
  const { images } = checkedConfig(stack.name, config);
  const server = serverOf(stack.name, config, state);
  const result = await runScriptAsRoot(
    server,
    `${LOOK}\necho @units\n${unitsLook(system.units)}`,
    [system.name],
    TIMEOUT_SECONDS,
  );
  if (result.code !== 0) throw failed(`docker: ${lastLine(result.stderr)}; fix: homeport ssh, then look`);
  const [, containers = "", found = "", units = ""] = result.stdout.split(/^@(?:containers|images|units)$/m);
  const services = [
    ...serviceStatus(system, images, parseList(containers) as Container[], parseList(found) as Image[]),
    ...unitStatus(system.units, units),
  ];
  const isOk = services.every(({ ok }) => ok);
  if (options.json === true) printJson({ ok: isOk, stack: stack.name, services });
  else printResult(renderServices(services));
  process.exitCode = isOk ? EXIT.ok : EXIT.failed;
}

/** One row per container. */
export function renderServices(services: readonly ServiceStatus[]): string {
  const rows = services.map(({ ok, service, container, state, since, image }) => [
    ok ? "✔" : "✖",
    service,
    state,
    since?.replace(/\.\d+/, "") ?? "–",
    container ?? "–",
    image,
  ]);
  return table([["", "SERVICE", "STATE", "SINCE", "CONTAINER", "IMAGE"], ...rows]);
}

function parseList(text: string): unknown {
  return text.trim() === "" ? [] : JSON.parse(text);
}
