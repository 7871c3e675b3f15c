import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const SCRIPT = join(__dirname, "..", "..", "scripts", "power-on.js");
const TOKEN = "t".repeat(64);

interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly requests: readonly string[];
  readonly argv: string;
}

/** Runs the script against an API that answers each question for the status with the next of `statuses`. */
async function run(statuses: readonly (string | number)[], patienceMs = 5000): Promise<Outcome> {
  const requests: string[] = [];
  let asked = 0;
  const api = createServer((request: IncomingMessage, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.authorization === `Bearer ${TOKEN}`}`);
    const answer = request.method === "GET" ? statuses[Math.min(asked++, statuses.length - 1)] : "ok";
    response.writeHead(typeof answer === "number" ? answer : 200, { "content-type": "application/json" });
    response.end(JSON.stringify({ server: { status: answer } }));
  }).listen(0, "127.0.0.1");
  await once(api, "listening");
  const argv = [SCRIPT, `http://127.0.0.1:${(api.address() as AddressInfo).port}`, "42"];
  const env = { ...process.env, HOMEPORT_POWER_PATIENCE_MS: String(patienceMs) };
  const child = spawn(process.execPath, argv, { env });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.end(TOKEN);
  const [code] = (await once(child, "close")) as [number];
  api.close();
  return { code, output, requests, argv: argv.join(" ") };
}

describe("power-on.js", () => {
  it("leaves a running server alone", async () => {
    const { code, output, requests } = await run(["running"]);
    expect({ code, output, requests }).toEqual({
      code: 0,
      output: "unchanged\n",
      requests: ["GET /servers/42 true"],
    });
  });

  it("starts a server that is off, and waits until it runs", async () => {
    const { code, output, requests } = await run(["off", "starting", "running"]);
    expect({ code, output }).toEqual({ code: 0, output: "changed server 42: was off, is running\n" });
    expect(requests).toContain("POST /servers/42/actions/poweron true");
  });

  it("only waits for one that still initialises", async () => {
    const { code, requests } = await run(["initializing", "running"]);
    expect(code).toBe(0);
    expect(requests.every((request) => request.startsWith("GET"))).toBe(true);
  });

  it("asks again after a rate limit and a bad gateway", async () => {
    expect((await run([429, 502, "running"])).code).toBe(0);
  });

  it("says in one line what is wrong, and never the token", async () => {
    for (const answers of [[404], ["deleting"]] as const) {
      const { code, output, argv } = await run(answers, 100);
      expect(code).toBe(1);
      expect(output).toMatch(/^homeport: .*\n$/);
      expect(output + argv).not.toContain(TOKEN);
    }
  });
});
