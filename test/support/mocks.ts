import * as pulumi from "@pulumi/pulumi";
import { ANSWERS, INVOKES } from "./provider-answers";

/** A resource as the program asked the engine for it: names stand for URNs. */
export interface Recorded {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** `false`: a component. */
  readonly isCustom: boolean;
  /** `""`: none, which under an engine would be the stack. */
  readonly parent: string;
  /** What it waits for: `dependsOn` and every resource whose output it takes. */
  readonly dependencies: readonly string[];
  readonly deletedWith: string;
  readonly provider: string;
  readonly protect: boolean;
  readonly ignoreChanges: readonly string[];
  /** `undefined`: left to the plugin. */
  readonly deleteBeforeReplace: boolean | undefined;
  readonly retainOnDelete: boolean;
  /** Names that it had before. */
  readonly aliases: readonly string[];
  readonly secretOutputs: readonly string[];
  readonly timeouts: { readonly create: string; readonly update: string; readonly delete: string };
}

/** Everything that was asked for, in order. */
export interface Graph {
  readonly resources: Recorded[];
  /** Tokens of the provider functions that were called. */
  readonly calls: string[];
  /** Component -> what it handed to `registerOutputs`; one that forgot to call it is missing. */
  readonly outputs: Map<string, Readonly<Record<string, unknown>>>;
  /** @throws Error that names what was made instead */
  get(name: string): Recorded;
  /** `type name` of each child, sorted. */
  children(parent: string): string[];
  /** Everything that is there before a resource is made. */
  before(name: string): ReadonlySet<string>;
}

export interface World {
  readonly project?: string;
  readonly stack?: string;
  /** Answers of provider functions by token, instead of the usual ones. */
  readonly invokes?: Readonly<Record<string, Record<string, unknown>>>;
}

/** The parts of the engine's requests that count here; the SDK declares none of them. */
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getParent(): string;
  getDependenciesList(): string[];
  getDeletedwith(): string;
  getProvider(): string;
  getProtect(): boolean;
  getIgnorechangesList(): string[];
  getDeletebeforereplace(): boolean;
  getDeletebeforereplacedefined(): boolean;
  getRetainondelete(): boolean;
  getAliasurnsList(): string[];
  getAliasesList(): { getSpec(): { getName(): string } | undefined; getUrn(): string }[];
  getAdditionalsecretoutputsList(): string[];
  getCustomtimeouts(): { getCreate(): string; getUpdate(): string; getDelete(): string } | undefined;
}

interface Monitor {
  registerResource(request: RegisterRequest, done: unknown): Promise<void>;
  /** The SDK's mocks claim to know hooks, and lack these. */
  registerErrorHook?(request: unknown, done: (error: null, response: object) => void): void;
  registerResourceHook?(request: unknown, done: (error: null, response: object) => void): void;
}

interface Internals {
  getMonitor(): Monitor;
  waitForRPCs(): Promise<void>;
}

const INTERNALS = pulumi.runtime as unknown as Internals;
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Records what is made from now on. Call before the subject is imported. */
export function recordGraph(world: World = {}): Graph {
  const requests = new Map<string, RegisterRequest>();
  const graph = emptyGraph();
  void pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        const request = requests.get(`${type} ${name}`);
        graph.resources.push({
          ...{ type, name, inputs: inputs as Record<string, unknown> },
          ...optionsOf(request),
        });
        const id = type.startsWith("hcloud:") ? String(40 + graph.resources.length) : `${name}-id`;
        const state = { ...(inputs as Record<string, unknown>), ...ANSWERS[type]?.(name) };
        return { id, state: withSecrets(state, request?.getAdditionalsecretoutputsList() ?? []) };
      },
      call: ({ token, inputs }) => {
        graph.calls.push(token);
        return { ...(inputs as Record<string, unknown>), ...{ ...INVOKES, ...world.invokes }[token] };
      },
    },
    world.project ?? "homeport",
    world.stack ?? "test",
  );
  // The mocks hand on neither parent nor options: they are read from the request on its way.
  const monitor = INTERNALS.getMonitor();
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, done) => {
    requests.set(`${request.getType()} ${request.getName()}`, request);
    return register(request, done);
  };
  monitor.registerErrorHook = (_, done) => done(null, {});
  monitor.registerResourceHook = (_, done) => done(null, {});
  recordOutputs(graph);
  return graph;
}

/** A secret arrives wrapped. */
export function isSecret(value: unknown): value is { readonly value: unknown } {
  return typeof value === "object" && value !== null && SIGNATURE in value;
}

/** The plain value of an input, secret or not. */
export function plain(value: unknown): unknown {
  return isSecret(value) ? value.value : value;
}

/** Every text, keys included, that lies outside of secrets: what anybody who reads the state sees. */
export function openTexts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null || isSecret(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...openTexts(inner)]);
}

/** Whether what an output will hold is a secret. */
export function isSecretOutput(output: pulumi.Output<unknown>): Promise<boolean> {
  return (output as unknown as { readonly isSecret: Promise<boolean> }).isSecret;
}

/** What an output will hold. Only ever await it: an `expect` inside an `apply` is lost. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<pulumi.Unwrap<T>> {
  const later = pulumi.output(output) as unknown as { promise(): Promise<pulumi.Unwrap<T>> };
  return later.promise();
}

/** Resolves when every resource that was asked for is recorded. */
export async function settled(): Promise<void> {
  await INTERNALS.waitForRPCs();
}

function emptyGraph(): Graph {
  const resources: Recorded[] = [];
  const get = (name: string): Recorded => {
    const found = resources.find((resource) => resource.name === name);
    if (found !== undefined) return found;
    throw new Error(`${name} was not made: ${resources.map((resource) => resource.name).join(", ")}`);
  };
  const before = (name: string, seen = new Set<string>()): Set<string> => {
    for (const earlier of resources.find((resource) => resource.name === name)?.dependencies ?? []) {
      if (!seen.has(earlier)) before(earlier, seen.add(earlier));
    }
    return seen;
  };
  const children = (parent: string): string[] =>
    resources.filter((resource) => resource.parent === parent).map(({ type, name }) => `${type} ${name}`);
  return {
    ...{ resources, get, calls: [], outputs: new Map() },
    children: (parent) => children(parent).sort(),
    before: (name) => before(name),
  };
}

function optionsOf(request: RegisterRequest | undefined): Omit<Recorded, "type" | "name" | "inputs"> {
  if (request === undefined) throw new Error("unreachable: a resource without a request");
  const timeouts = request.getCustomtimeouts();
  return {
    isCustom: request.getCustom(),
    parent: nameOf(request.getParent()),
    dependencies: request.getDependenciesList().map(nameOf),
    deletedWith: nameOf(request.getDeletedwith()),
    // `urn::id`
    provider: nameOf(request.getProvider().split("::").slice(0, -1).join("::")),
    protect: request.getProtect(),
    ignoreChanges: request.getIgnorechangesList(),
    deleteBeforeReplace: request.getDeletebeforereplacedefined()
      ? request.getDeletebeforereplace()
      : undefined,
    retainOnDelete: request.getRetainondelete(),
    aliases: [
      ...request.getAliasurnsList().map(nameOf),
      ...request.getAliasesList().map((alias) => alias.getSpec()?.getName() ?? nameOf(alias.getUrn())),
    ],
    secretOutputs: request.getAdditionalsecretoutputsList(),
    timeouts: {
      create: timeouts?.getCreate() ?? "",
      update: timeouts?.getUpdate() ?? "",
      delete: timeouts?.getDelete() ?? "",
    },
  };
}

/** `urn:pulumi:stack::project::type::name` -> `name`. */
function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? "";
}

/** As the engine does with the outputs that a resource calls secret. */
function withSecrets(state: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const wrap = (value: unknown): unknown => (isSecret(value) ? value : { [SIGNATURE]: SECRET, value });
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => [name, names.includes(name) ? wrap(value) : value]),
  );
}

/** The SDK calls it itself, without an argument, for a component that does not. */
function recordOutputs(graph: Graph): void {
  const { prototype } = pulumi.ComponentResource as unknown as {
    prototype: {
      registerOutputs: (this: pulumi.ComponentResource, outputs?: Record<string, unknown>) => void;
    };
  };
  const original = prototype.registerOutputs;
  prototype.registerOutputs = function (outputs) {
    const { __name: name } = this as unknown as { __name: string };
    if (outputs !== undefined) graph.outputs.set(name, outputs);
    return original.call(this, outputs);
  };
}
