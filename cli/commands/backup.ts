import { Command } from "commander";
import { backupListCommand } from "./backup-list";
import { backupNowCommand } from "./backup-now";
import { backupPruneCommand } from "./backup-prune";
import { backupVerifyCommand } from "./backup-verify";

const EXAMPLES = `
Examples:
  homeport backup now
  homeport backup list --json
  homeport backup prune --stack prod`;

export function backupCommand(): Command {
  return new Command("backup")
    .addCommand(backupNowCommand())
    .addCommand(backupListCommand())
    .addCommand(backupVerifyCommand())
    .addCommand(backupPruneCommand())
    .addHelpText("after", EXAMPLES);
}
