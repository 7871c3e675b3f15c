import { mkdirSync, readFileSync, unwatchFile, watchFile } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { edgeReports } from "../internet/config";
import type { CloudflareDeps } from "./deps";
import { applyHealth, type Found } from "./notifications";

const LOOK = 500; // ms

/** Takes over what the edge reports of health checks, until the server closes. */
export function watchHealth(
  deps: CloudflareDeps,
  { stateDir }: { readonly stateDir: string },
  app: FastifyInstance,
): void {
  const folder = edgeReports(stateDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "health.json");
  let work = Promise.resolve();
  watchFile(file, { interval: LOOK, persistent: false }, () => {
    work = work.then(() => applyHealth(deps, read(file))).catch((error: unknown) => app.log.error(error));
  });
  app.addHook("onClose", async () => unwatchFile(file));
}

function read(file: string): Found[] {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Found[];
  } catch {
    return []; // there is none yet
  }
}
