import Fastify, { type FastifyInstance } from "fastify";
import { hetzner, type Hetzner } from "../../../local-cloud/hetzner/api";
import { memoryStore, type Store } from "../../../local-cloud/hetzner/store";
import type { HostFirewall } from "../../../local-cloud/hosts/firewall";
import type { Hosts, HostSpec, Power, WantedHost } from "../../../local-cloud/hosts/hosts";
import { settingsFor } from "../../../local-cloud/settings";

export const TOKEN = "t".repeat(64);
export const READ_ONLY = "r".repeat(64);
export const KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFnFZn1bAGJyCyOeCFmy3yRGjdCmxc0zBVmFjv0jfNnr somebody@somewhere";

/** Hosts that only remember what was asked of them. `before` may hold an operation back or fail it. */
export class FakeHosts implements Hosts {
  readonly calls: string[] = [];
  readonly specs = new Map<number, HostSpec>();
  filters: readonly HostFirewall[] = [];
  wanted: readonly WantedHost[] = [];
  snapshots: readonly string[] = [];
  before: (call: string) => Promise<void> = () => Promise.resolve();
  changed: (id: number, power: Power) => void = () => undefined;

  private async note(call: string, id?: number): Promise<void> {
    this.calls.push(id === undefined ? call : `${call} ${id}`);
    await this.before(call);
  }
  async create(spec: HostSpec): Promise<void> {
    this.specs.set(spec.id, spec);
    await this.note("create", spec.id);
  }
  async shutdown(id: number): Promise<void> {
    await this.note("shutdown", id);
    this.changed(id, "off");
  }
  kill = (id: number): Promise<void> => this.note("kill", id);
  reboot = (id: number): Promise<void> => this.note("reboot", id);
  remove = (id: number): Promise<void> => this.note("remove", id);
  setAddress = (id: number, address: string | null): Promise<void> =>
    this.note(`setAddress ${String(address)}`, id);
  resize = (id: number, cores: number, memory: number): Promise<void> =>
    this.note(`resize ${cores} ${memory}`, id);
  setRootPassword = (id: number): Promise<void> => this.note("setRootPassword", id);
  async commit(id: number, image: string): Promise<number> {
    await this.note(`commit ${image}`, id);
    return 1.5e9;
  }
  removeImage = (image: string): Promise<void> => this.note(`removeImage ${image}`);
  applyFirewalls(hosts: readonly HostFirewall[]): Promise<void> {
    this.filters = hosts;
    return this.note("applyFirewalls");
  }
  watch(changed: (id: number, power: Power) => void): () => void {
    this.changed = changed;
    return () => (this.changed = (): void => undefined);
  }
  async reconcile(wanted: readonly WantedHost[], snapshots: readonly string[]): Promise<void> {
    this.wanted = wanted;
    this.snapshots = snapshots;
    await this.note("reconcile");
  }
  down = (): Promise<void> => this.note("down");
}

/** A JSON value, read by paths such as `server.public_net.ipv4.ip` or `actions.0.id`. */
export class Json {
  constructor(readonly value: unknown) {}

  at(path: string): unknown {
    let value = this.value;
    for (const key of path.split(".")) {
      value =
        typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
    }
    return value;
  }

  id(path: string): number {
    const value = this.at(path);
    if (typeof value !== "number") throw new Error(`no id at ${path} of ${JSON.stringify(this.value)}`);
    return value;
  }

  /** One field of every element of the list at `path`. */
  each(path: string, field: string): unknown[] {
    return (this.at(path) as unknown[]).map((one) => new Json(one).at(field));
  }
}

export class Answered extends Json {
  constructor(
    readonly status: number,
    readonly headers: Record<string, unknown>,
    value: unknown,
  ) {
    super(value);
  }
}

/** An account of the API without a network, and one without machines. */
export class Account {
  readonly reverse = new Map<string, string>();
  readonly cloud: Hetzner;
  readonly app: FastifyInstance;
  time = new Date("2026-01-02T03:04:05.000Z");

  constructor(
    readonly store: Store = memoryStore(),
    readonly hosts = new FakeHosts(),
  ) {
    this.cloud = hetzner({
      settings: settingsFor("local", 0),
      store,
      hosts,
      tokens: { readWrite: [TOKEN], readOnly: [READ_ONLY] },
      log: { info: () => undefined, error: () => undefined },
      now: () => this.time,
      actionMs: 0,
      onReverse: (address, name) => {
        if (name === null) this.reverse.delete(address);
        else this.reverse.set(address, name);
      },
    });
    this.app = Fastify();
    void this.app.register(this.cloud.api, { prefix: "/v1" });
    void this.app.register(this.cloud.control, { prefix: "/_control/hetzner" });
  }

  async send(method: string, path: string, body?: unknown, token: string | null = TOKEN): Promise<Answered> {
    const headers = {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const payload =
      body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) };
    const url = path.startsWith("/_") ? path : `/v1${path}`;
    const answer = await this.app.inject({ method: method as "GET", url, headers, ...payload });
    const json = String(answer.headers["content-type"]).startsWith("application/json") && answer.body !== "";
    return new Answered(answer.statusCode, answer.headers, json ? JSON.parse(answer.body) : answer.body);
  }
  get = (path: string): Promise<Answered> => this.send("GET", path);
  post = (path: string, body?: unknown): Promise<Answered> => this.send("POST", path, body);
  put = (path: string, body?: unknown): Promise<Answered> => this.send("PUT", path, body);
  remove = (path: string): Promise<Answered> => this.send("DELETE", path);
  fault = (fault: unknown): Promise<Answered> => this.post("/_control/hetzner/faults", fault);

  /** A server whose creation has ended, as GET shows it. */
  async server(extra: Record<string, unknown> = {}): Promise<Json> {
    const wanted = {
      name: `server-${this.hosts.specs.size + 1}`,
      server_type: "cx23",
      image: "debian-13",
      ...extra,
    };
    const answer = await this.post("/servers", { location: "nbg1", ...wanted });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.value));
    await this.idle();
    return new Json((await this.get(`/servers/${answer.id("server.id")}`)).at("server"));
  }

  async idle(): Promise<void> {
    let before;
    do {
      before = this.running();
      await new Promise((resolve) => setTimeout(resolve, 2));
    } while (this.running() > 0 || before > 0);
  }
  private running(): number {
    return this.store.state.actions.filter((action) => action.status === "running").length;
  }
}

/** Status and code of an error answer, e.g. `404 not_found`. */
export function fault(answer: Answered): string {
  return `${answer.status} ${String(answer.at("error.code"))}`;
}

/** Names of the fields that an `invalid_input` complains about. */
export function fields(answer: Answered): unknown[] {
  return answer.each("error.details.fields", "name");
}
