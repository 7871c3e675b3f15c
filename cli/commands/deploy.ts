import { Command } from "commander";
import { isPinned, parseImageRef } from "../../components/lib/image-ref";
import { EXIT, failed, usage } from "../cli-error";
import { leftoverStep } from "../deploy/leftover-step";
import { buildImage, pushImage } from "../deploy/image";
import {
  afterFailedUpdate,
  applicationService,
  contextOf,
  currentImage,
  hasUnitsOnly,
  pushTargetOf,
} from "../deploy/plan";
import { formatLintFault, lintApplication } from "../lint/application";
import { isInteractive, runSteps, type Step } from "../output";
import { PulumiStack, type StackConfig } from "../pulumi";
import { writeStackSshFiles } from "../stack-config";
import { verifyAndReport } from "./verify";
import { projectSystem } from "../system";

interface UpdateOptions {
  readonly skipVerify?: boolean;
  readonly json?: boolean;
}

interface DeployOptions extends UpdateOptions {
  readonly stack?: string;
  readonly context?: string;
  readonly service?: string;
  readonly image?: string;
  readonly skipLint?: boolean;
}

const EXAMPLES = `
Lints the application (homeport lint app), builds its image, pushes it, writes its digest to the stack's config,
removes what an interrupted run left at Hetzner, updates, and proves the result. The running version stays until the
new one is healthy. A system of units alone has no image: its code goes with the update. A failed update leaves the new digest in config: run it again, or homeport rollback.

The folder: --context, else local-cloud/apps/<system> for a local cloud, else ./app beside Pulumi.yaml.
HOMEPORT_REGISTRY_PUSH=HOST:PORT stands for the registry when pushing from here (npm run -s local:env sets it).

Examples:
  homeport deploy --stack prod --context ~/src/app
  homeport deploy --image ghcr.io/me/app@sha256:…   # no build: an image that is there
  homeport deploy --json --skip-verify

Exit codes: 0 deployed and proven, 1 failed, 2 a wrong option or a fault in the stack's config,
            3 refused: a server or address is there that state does not know and that may hold something`;

export function deployCommand(): Command {
  return new Command("deploy")
    .option("--stack <name>", "stack to update (default: the selected one)")
    .option("--context <dir>", "the application's folder, with its Dockerfile")
    .option("--service <name>", "service that runs the image (default: the one without an image of its own)")
    .option("--image <ref>", "use this image, pinned, instead of building one")
    .option("--skip-lint", "build the application whatever homeport lint app says")
    .option("--skip-verify", "end after the update")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(runDeploy);
}

async function runDeploy(options: DeployOptions): Promise<void> {
  const system = projectSystem();
  if (hasUnitsOnly(system) && options.service === undefined) {
    const stack = await PulumiStack.select(options.stack);
    return update(stack, await stack.config(), undefined, [], options);
  }
  const service = options.service ?? applicationService(system);
  if (options.image !== undefined) checkImage(options.image);
  const stack = await PulumiStack.select(options.stack);
  const config = await stack.config();
  const { image } = options;
  if (image !== undefined) return deployImage(stack, config, service, image, options);
  return update(stack, config, service, buildSteps(stack, config, service, options), options);
}

/** Puts an image that is there into service: config, update, proof. Sets the exit code. */
export function deployImage(
  stack: PulumiStack,
  config: StackConfig,
  service: string,
  image: string,
  options: UpdateOptions,
): Promise<void> {
  const use = { title: `use ${image}`, run: () => setImage(stack, config, service, image) };
  return update(stack, config, service, [use], options);
}

async function update(
  stack: PulumiStack,
  config: StackConfig,
  service: string | undefined,
  steps: readonly Step[],
  options: UpdateOptions,
): Promise<void> {
  const isJson = options.json === true;
  const imageIn = (each: StackConfig) => (service === undefined ? undefined : currentImage(each, service));
  const previous = imageIn(config);
  await runSteps([...steps, leftoverStep(stack, projectSystem())], isJson);
  writeStackSshFiles(stack.name, config);
  const code = await stack.up(isInteractive(isJson));
  if (code !== 0) throw failed(afterFailedUpdate(stack.name, previous, imageIn(await stack.config())));

  const isProven = options.skipVerify === true || (await verifyAndReport(stack, isJson));
  process.exitCode = isProven ? EXIT.ok : EXIT.failed;
}

async function setImage(
  stack: PulumiStack,
  config: StackConfig,
  service: string,
  image: string,
): Promise<void> {
  if (image === currentImage(config, service)) return;
  await stack.setConfig({ key: `homeport:images.${service}`, isPath: true, isSecret: false, value: image });
}

/** Lint, build, push and config: nothing in config changes before the image is where the server can pull it. */
function buildSteps(
  stack: PulumiStack,
  config: StackConfig,
  service: string,
  options: DeployOptions,
): Step[] {
  const context = contextOf(options.context, config, projectSystem());
  const target = pushTargetOf(stack.name, config, projectSystem(), service, process.env);
  let imageId = "";
  return [
    ...(options.skipLint === true ? [] : [lintStep(context, config)]),
    {
      title: `build ${context}`,
      run: async (note) => {
        imageId = await buildImage(context, target.workFolder);
        note(imageId.slice(0, "sha256:".length + 12));
      },
    },
    {
      title: `push ${target.repository}`,
      run: async (note) => {
        const pushed = await pushImage(imageId, target);
        await setImage(stack, config, service, pushed);
        note(pushed.split("@")[1] ?? pushed);
      },
    },
  ];
}

/** A Rails application that does not know that TLS ends in front of it is refused before it is built (S1-17). */
function lintStep(context: string, config: StackConfig): Step {
  return {
    title: "lint the application",
    run: (note) => {
      const linted = lintApplication(context, config);
      if (linted === undefined) note("no Rails application");
      else if (linted.faults.length === 0) note("assume_ssl, force_ssl and the mailer's host are set");
      else throw failed(...linted.faults.map((fault) => formatLintFault(fault, context)));
      return Promise.resolve();
    },
  };
}

function checkImage(image: string): void {
  const parsed = parseImageRef(image);
  if (parsed !== undefined && isPinned(parsed)) return;
  throw usage(
    "--image: must be pinned by digest or by a tag other than latest; fix: --image NAME@sha256:DIGEST",
  );
}
