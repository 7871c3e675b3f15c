import http from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Call {
  readonly method: string;
  /** Path and query, without the API's version. */
  readonly url: string;
  readonly body: unknown;
  readonly headers: http.IncomingHttpHeaders;
}

interface Answer {
  readonly status?: number;
  readonly body?: unknown;
}

type Respond = (call: Call, match: RegExpMatchArray) => Answer;

/** A Docker API on a unix socket that says what a test tells it to and remembers what it was asked. */
export class FakeDocker {
  readonly calls: Call[] = [];
  readonly #routes: { method: string; path: RegExp; respond: Respond }[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), "fake-docker-"));
  readonly #server = http.createServer((request, response) => void this.#serve(request, response));

  get host(): string {
    return `unix://${join(this.#folder, "docker.sock")}`;
  }

  async listen(): Promise<this> {
    this.on("GET", /^\/version/, () => ({ body: { ApiVersion: "1.41" } }));
    this.on("GET", /^\/_ping/, () => ({ body: "OK" }));
    await new Promise<void>((resolve) => this.#server.listen(join(this.#folder, "docker.sock"), resolve));
    return this;
  }

  /** Later routes go before earlier ones. */
  on(method: string, path: RegExp, respond: Respond): this {
    this.#routes.unshift({ method, path, respond });
    return this;
  }

  asked(method: string, path: RegExp): Call[] {
    return this.calls.filter((call) => call.method === method && path.test(call.url));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const isJson = request.headers["content-type"] === "application/json";
    const body: unknown = isJson ? JSON.parse(raw.toString()) : raw;
    const call = { method: request.method ?? "", url: request.url ?? "", body, headers: request.headers };
    this.calls.push(call);
    const { status = 200, body: answer } = this.#answer(call);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(answer === undefined ? undefined : JSON.stringify(answer));
  }

  #answer(call: Call): Answer {
    for (const { method, path, respond } of this.#routes) {
      const match = method === call.method ? path.exec(call.url) : null;
      if (match) return respond(call, match);
    }
    const kind = /^\/(\w+?)s\//.exec(call.url)?.[1] ?? "object";
    return { status: 404, body: { message: `No such ${kind}: ${call.method} ${call.url}` } };
  }
}

/** A container as the daemon describes it (API 1.41), with the defaults that a plain one gets. */
export function containerInfo(over: {
  config?: object;
  host?: object;
  state?: object;
  network?: object;
}): object {
  return {
    Id: "c1",
    Name: "/web-1234567",
    Image: "sha256:abc",
    Platform: "linux",
    State: { Running: true, ExitCode: 0, ...over.state },
    Config: {
      Image: "app:1",
      Hostname: "c1",
      Cmd: ["serve"],
      Entrypoint: null,
      WorkingDir: "/srv",
      User: "app",
      StopSignal: "SIGQUIT",
      ...over.config,
    },
    HostConfig: {
      NetworkMode: "bridge",
      RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
      LogConfig: { Type: "json-file", Config: {} },
      IpcMode: "private",
      ShmSize: 67_108_864,
      Runtime: "runc",
      Init: false,
      SecurityOpt: null,
      ...over.host,
    },
    NetworkSettings: { Bridge: "", Ports: {}, Networks: {}, ...over.network },
  };
}
