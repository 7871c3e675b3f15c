import { archiveFolders } from "../../components/lib/names";
import type { System } from "../../components/lib/system";
import { refused } from "../cli-error";
import { messageOf } from "../output";
import { runScriptAsRoot, type Server } from "../ssh";
import { backupNow } from "./copies";
import { backedUpOf } from "./databases";

const FLUSH_SECONDS = 120;

/** The archive has what was written until now, where there is one. A backup of each database exists: no reason to stop. */
async function sendTheLog(server: Server, system: System): Promise<void> {
  const folders = [...new Set(Object.values(archiveFolders(system.databases)))];
  const flush = folders.map(
    (folder) => `[ ! -x /opt/backups/${folder}/wal.sh ] || /opt/backups/${folder}/wal.sh flush`,
  );
  await runScriptAsRoot(server, `${flush.join("; ")}; exit\n`, [], FLUSH_SECONDS);
}

/** A backup of each database, so that nothing is lost with the server. @throws CliError (refused) when one fails. */
export async function takeLastBackup(server: Server, system: System, goOn: string): Promise<void> {
  for (const each of backedUpOf(system)) {
    await backupNow(server, each).catch((error: unknown) => {
      throw refused(
        `no last backup of ${each.database}: ${messageOf(error)}; fix: ${goOn}, which loses what came after the newest copy`,
      );
    });
  }
  await sendTheLog(server, system);
}
