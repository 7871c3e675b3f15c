import { CLOUD, ROOT } from "./cloud";
import { spawn } from "node:child_process";
import { once } from "node:events";

/** Brings the tests' own cloud up, system and all, as a user does. */
export async function setup(): Promise<void> {
  await npmRun("local");
}

/** Takes it away again unless E2E_KEEP is set. */
export async function teardown(): Promise<void> {
  if (process.env.E2E_KEEP === undefined) await npmRun("local:down");
}

/** With its output shown: it takes minutes on a fresh machine. */
async function npmRun(script: string): Promise<void> {
  const env = { ...process.env, HOMEPORT_CLOUD: CLOUD };
  const child = spawn("npm", ["run", "-s", script], { cwd: ROOT, env, stdio: ["ignore", 2, 2] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`npm run ${script} ended with ${code ?? "a signal"}`);
}
