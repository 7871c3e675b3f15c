import type { System } from "../../components/lib/system";
import { refused } from "../cli-error";
import { messageOf } from "../output";
import type { Server } from "../ssh";
import { backupNow } from "./copies";
import { databasesOf } from "./databases";

/** A backup of each database, so that nothing is lost with the server. @throws CliError (refused) when one fails. */
export async function takeLastBackup(server: Server, system: System, goOn: string): Promise<void> {
  for (const each of databasesOf(system)) {
    await backupNow(server, each).catch((error: unknown) => {
      throw refused(
        `no last backup of ${each.database}: ${messageOf(error)}; fix: ${goOn}, which loses what came after the newest copy`,
      );
    });
  }
}
