import http from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { CommandStream } from "../../local-cloud/plugins/docker/ssh-stream";

/** An HTTP server on stdin and stdout, as `docker system dial-stdio` is one; ends by itself after `requests`. */
const server = (requests: number): string => `
  const { Duplex } = require("node:stream");
  let left = ${requests};
  const http = require("node:http").createServer((request, response) => {
    request.resume().on("end", () => {
      response.end(String(process.pid));
      if (--left === 0) response.on("finish", () => setTimeout(() => process.exit(0), 50));
    });
  });
  const stdio = Duplex.from({ readable: process.stdin, writable: process.stdout });
  stdio.setTimeout = stdio.setKeepAlive = stdio.setNoDelay = () => stdio;
  http.emit("connection", stdio);
`;

let agent: http.Agent | undefined;
afterEach(() => agent?.destroy());

function agentFor(code: string): http.Agent {
  agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  return Object.assign(agent, { createConnection: () => new CommandStream(process.execPath, ["-e", code]) });
}

function get(through: http.Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: "docker", agent: through }, (response) => {
        let text = "";
        response.on("data", (chunk) => (text += String(chunk))).on("end", () => resolve(text));
      })
      .on("error", reject);
  });
}

const freed = (through: http.Agent): Promise<void> =>
  new Promise((resolve) => {
    const look = (): unknown =>
      Object.keys(through.freeSockets).length === 0 ? resolve() : setTimeout(look, 20);
    look();
  });

describe("a connection through a program", () => {
  it("is kept for the next call", async () => {
    const through = agentFor(server(0));
    expect(await get(through)).toBe(await get(through));
  });

  it("is left when its program ended in between: the next call starts another", async () => {
    const through = agentFor(server(1));
    const first = await get(through);
    await freed(through);
    expect(await get(through)).not.toBe(first);
  });

  it("fails with what the program said when it ends badly", async () => {
    const through = agentFor(`process.stderr.write("Permission denied (publickey)."); process.exit(255)`);
    await expect(get(through)).rejects.toThrow(
      /exited with exit status 255.*Docker 18.09 or later.*stderr=Permission denied \(publickey\)\.$/,
    );
  });

  it("fails when there is no such program", async () => {
    const through = new http.Agent();
    Object.assign(through, { createConnection: () => new CommandStream("no-such-program", []) });
    await expect(get(through)).rejects.toThrow("ENOENT");
  });
});
