import { join, resolve } from "node:path";
import { Command } from "commander";
import { renderSshConfig, sshFiles } from "../../components/lib/ssh-files";
import { applicationService } from "../deploy/plan";
import { renderDeployYml, secretNames, type KamalPlan } from "../kamal/deploy-yml";
import { ignore, writeOwnFiles, type Written } from "../kamal/files";
import { renderSecrets, secretValue } from "../kamal/secrets";
import { printJson, printResult } from "../output";
import { HOMEPORT_ROOT, userPath } from "../project";
import { PulumiStack } from "../pulumi";
import { checkedConfig } from "../stack-config";
import { serverOf } from "../stack-server";
import { stackOutputs } from "../stack-state";
import { projectSystem } from "../system";

const EXAMPLES = `
Writes config/deploy.yml, .kamal/secrets and .kamal/ssh_config (both 0600, and in .gitignore) for Kamal 2.8 or newer,
from the stack as it is: server, registry, hosts, environment, the database as an accessory on the same volume.
.kamal/secrets holds commands, not values: each reads one secret where the stack keeps it (--secret NAME). A file that
somebody else wrote or edited is not touched.

Kamal's proxy and Homeport's want the same ports, so one of the two runs the application: docs/moving-from-kamal.md.

Examples:
  homeport kamal --output ~/src/app
  homeport kamal --secret POSTGRES_PASSWORD | wc -c

Exit codes: 0 written or unchanged, 1 failed, 2 a wrong option or a fault in the stack's config,
            3 refused: a file has been edited`;

interface KamalOptions {
  readonly stack?: string;
  readonly output?: string;
  readonly letsencrypt?: boolean;
  readonly force?: boolean;
  readonly secret?: string;
  readonly json?: boolean;
}

export function kamalCommand(): Command {
  return new Command("kamal")
    .option("--stack <name>", "stack to write them from (default: the selected one)")
    .option("--output <dir>", "the application's folder (default: this one)")
    .option(
      "--letsencrypt",
      "proxy.ssl: true, for names that are not proxied; without it the stack's own certificate",
    )
    .option("--force", "replace edited files")
    .option("--secret <name>", "print this one value instead, for .kamal/secrets")
    .option("--json", "print the result as JSON")
    .addHelpText("after", EXAMPLES)
    .action(runKamal);
}

async function runKamal(options: KamalOptions): Promise<void> {
  const stack = await PulumiStack.select(options.stack);
  const [config, state] = await Promise.all([stack.config(), stack.export(options.secret !== undefined)]);
  if (options.secret !== undefined) {
    printResult(secretValue(options.secret, config, stackOutputs(state)));
    return;
  }
  const server = serverOf(stack.name, config, state);
  const system = projectSystem();
  const checked = checkedConfig(stack.name, config);
  const files = sshFiles(stack.name, resolve(".homeport"));
  const plan: KamalPlan = {
    system,
    config: checked,
    application: applicationService(system),
    serverIp: server.address,
    keyFile: files.key,
    isLetsEncrypt: options.letsencrypt === true,
  };
  const homeport = join(HOMEPORT_ROOT, "cli", "homeport.js");
  const secrets = { names: secretNames(plan), stack: stack.name, project: process.cwd(), homeport };
  const folder = userPath(options.output ?? ".");
  const written = writeOwnFiles(
    folder,
    [
      { path: "config/deploy.yml", text: renderDeployYml(plan), mode: 0o644 },
      { path: ".kamal/secrets", text: renderSecrets(secrets), mode: 0o600 },
      {
        path: ".kamal/ssh_config",
        text: renderSshConfig(stack.name, checked.operatorUser, files),
        mode: 0o600,
      },
    ],
    options.force === true,
  );
  const all = new Map<string, Written>([
    ...written,
    [".gitignore", ignore(folder, [".kamal/secrets", ".kamal/ssh_config"])],
  ]);
  if (options.json === true)
    printJson({ ok: true, stack: stack.name, folder, files: Object.fromEntries(all) });
  else for (const [path, what] of all) printResult(`${what} ${join(folder, path)}`);
}
