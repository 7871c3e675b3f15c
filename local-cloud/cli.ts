import { Command } from "commander";
import { ROOT_SYSTEM } from "./projects";
import { cloudSettings } from "./settings";

const program = new Command("npm run")
  .enablePositionalOptions()
  .description("The local cloud: Hetzner, Cloudflare and a bit of internet on this machine")
  .addHelpText(
    "after",
    "\nHOMEPORT_CLOUD=local-two gives a second cloud of its own name, addresses and state.",
  );

program
  .command("local")
  .argument("[system]", "the system to bring up, or the folder of a project of your own", ROOT_SYSTEM)
  .option("--cloud-only", "start the cloud, deploy nothing")
  .option("--json", "print the summary as JSON")
  .description("everything: dependencies, toolchain, local cloud, pulumi up, checks")
  .action(async (system: string, flags: { cloudOnly?: boolean; json?: boolean }) =>
    (await import("./commands/local")).local(cloudSettings(), system, flags),
  );
program
  .command("down")
  .description("stop it: no container, network, mount or process is left; other stacks' state is kept")
  .action(async () => (await import("./commands/down")).down(cloudSettings()));
program
  .command("restart")
  .description("stop and start everything as a reboot of the machine would; all state is kept")
  .action(async () => (await import("./commands/restart")).restart(cloudSettings()));
program
  .command("env")
  .description('shell exports: eval "$(npm run -s local:env)"')
  .option("--json", "as JSON")
  .action(async (flags: { json?: boolean }) => (await import("./commands/env")).env(cloudSettings(), flags));
program
  .command("visitor")
  .argument("<command...>", "for example: curl -I https://mxcorre.com")
  .description("run a command from a visitor's address; curl, openssl and nmap are there")
  .passThroughOptions()
  .allowUnknownOption()
  .action(async (words: string[]) => (await import("./commands/visitor")).visitor(cloudSettings(), words));

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
