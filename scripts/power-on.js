// node power-on.js ENDPOINT SERVER_ID <TOKEN: the server is running before anybody dials it. An order whose action
// ended in error leaves a server that is off, and the provider takes it for made: nothing else would start it.
"use strict";
const { readFileSync } = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");

const PATIENCE_MS = Number(process.env.HOMEPORT_POWER_PATIENCE_MS ?? 180_000);
const POLL_MS = 500;
const RETRIES = 5;

/** One call of the API; again after a 429, 5xx or a broken connection. */
async function call(url, token, method = "GET") {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url, { method, headers: { authorization: `Bearer ${token}` } }).catch(
      (error) => error,
    );
    if (response.ok) return response.json();
    const isPassing = response instanceof Error || response.status === 429 || response.status >= 500;
    if (!isPassing || attempt > RETRIES) {
      const why =
        response instanceof Error ? response.message : `${response.status} ${await response.text()}`;
      throw new Error(`${method} ${url}: ${why}`);
    }
    await sleep(attempt * 500);
  }
}

async function main() {
  const [endpoint, id] = process.argv.slice(2);
  const token = readFileSync(0, "utf8").trim();
  const url = `${endpoint}/servers/${id}`;
  const status = async () => (await call(url, token)).server.status;
  const first = await status();
  if (first === "running") return "unchanged";
  const deadline = Date.now() + PATIENCE_MS;
  for (let now = first; now !== "running"; now = await status()) {
    if (Date.now() > deadline) throw new Error(`server ${id}: must be running, got ${now}`);
    if (now === "off") await call(`${url}/actions/poweron`, token, "POST");
    await sleep(POLL_MS);
  }
  return `changed server ${id}: was ${first}, is running`;
}

main().then(
  (line) => console.log(line),
  (error) => {
    console.error(`homeport: ${error.message}`);
    process.exitCode = 1;
  },
);
