import { Command, CommanderError } from "commander";
import { EXIT, CliError } from "./cli-error";
import { printError } from "./output";
import { projectRoot } from "./project";

interface Entry {
  readonly name: string;
  readonly summary: string;
  /** Loaded only when the command is typed, so that `homeport --help` stays quick. */
  readonly load: () => Command;
}

/* eslint-disable @typescript-eslint/no-require-imports -- import() would load a CommonJS module as ESM */
const COMMANDS: readonly Entry[] = [
  {
    name: "new",
    summary: "write a project of your own",
    load: () => (require("./commands/new") as typeof import("./commands/new")).newCommand(),
  },
  {
    name: "import",
    summary: "turn a compose file into a system.ts",
    load: () => (require("./commands/import") as typeof import("./commands/import")).importCommand(),
  },
  {
    name: "init",
    summary: "make the stack and every key and secret it needs",
    load: () => (require("./commands/init") as typeof import("./commands/init")).initCommand(),
  },
  {
    name: "deploy",
    summary: "build, push by digest, update and verify: a new version in one command",
    load: () => (require("./commands/deploy") as typeof import("./commands/deploy")).deployCommand(),
  },
  {
    name: "verify",
    summary: "prove that what runs is what was asked for",
    load: () => (require("./commands/verify") as typeof import("./commands/verify")).verifyCommand(),
  },
  {
    name: "drift",
    summary: "compare what is declared with what is, and repair it",
    load: () => (require("./commands/drift") as typeof import("./commands/drift")).driftCommand(),
  },
  {
    name: "env",
    summary: "tell which variables are set, missing, placeholders or unused; never a value",
    load: () => (require("./commands/env") as typeof import("./commands/env")).envCommand(),
  },
  {
    name: "graph",
    summary: "draw the stack's resource graph",
    load: () => (require("./commands/graph") as typeof import("./commands/graph")).graphCommand(),
  },
  {
    name: "backup",
    summary: "list and check the copies off the server",
    load: () => (require("./commands/backup") as typeof import("./commands/backup")).backupCommand(),
  },
  {
    name: "restore",
    summary: "bring a copy of the database back, into scratch or live",
    load: () => (require("./commands/restore") as typeof import("./commands/restore")).restoreCommand(),
  },
  {
    name: "recover",
    summary: "make a lost server anew, with its data, and prove it",
    load: () => (require("./commands/recover") as typeof import("./commands/recover")).recoverCommand(),
  },
  {
    name: "ssh",
    summary: "open a shell on the server, host key pinned",
    load: () => (require("./commands/ssh") as typeof import("./commands/ssh")).sshCommand(),
  },
  {
    name: "ps",
    summary: "list every container of the system with its state",
    load: () => (require("./commands/ps") as typeof import("./commands/ps")).psCommand(),
  },
  {
    name: "triage",
    summary: "show what is wrong: states, answers, and the logs that tell why",
    load: () => (require("./commands/triage") as typeof import("./commands/triage")).triageCommand(),
  },
  {
    name: "logs",
    summary: "print what a service writes",
    load: () => (require("./commands/logs") as typeof import("./commands/logs")).logsCommandLine(),
  },
  {
    name: "console",
    summary: "open a service's console in its running container",
    load: () => (require("./commands/console") as typeof import("./commands/console")).consoleCommandLine(),
  },
  {
    name: "rollback",
    summary: "bring the former version back",
    load: () => (require("./commands/rollback") as typeof import("./commands/rollback")).rollbackCommand(),
  },
  {
    name: "lint",
    summary: "check the application before it is deployed, and print the patch",
    load: () => (require("./commands/lint") as typeof import("./commands/lint")).lintCommand(),
  },
  {
    name: "kamal",
    summary: "write a deploy.yml and .kamal/secrets for Kamal",
    load: () => (require("./commands/kamal") as typeof import("./commands/kamal")).kamalCommand(),
  },
];
/* eslint-enable @typescript-eslint/no-require-imports */

const HELP = `
Exit codes:
  0  done
  1  something failed, or a check did not pass
  2  a wrong option or a missing config value
  3  refused: going on could lose something; the message says what to do

Each command has its own help: homeport COMMAND --help`;

/** Runs `homeport` with `argv` as in `process.argv` and gives the exit code. Never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    // Pulumi's plugins and the SSH files count their paths from the project's folder
    process.chdir(projectRoot());
    const program = createProgram(argv[2]);
    await program.parseAsync([...argv]);
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    printError(error, argv.includes("--json"));
    return error instanceof CliError ? error.exitCode : EXIT.failed;
  }
}

function createProgram(typed: string | undefined): Command {
  const program = new Command("homeport")
    .description("One server for a small company's software: set up, deploy, prove.")
    .addHelpText("after", HELP)
    .showHelpAfterError("(homeport --help lists the commands)")
    .exitOverride();
  for (const entry of COMMANDS) {
    const command = entry.name === typed ? entry.load() : new Command(entry.name);
    program.addCommand(command.description(entry.summary).exitOverride());
  }
  return program;
}
