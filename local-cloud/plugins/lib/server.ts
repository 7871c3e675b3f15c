import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { fstatSync } from "node:fs";
import { diffInputs } from "./diff";
import { Engine } from "./engine";
import type { AnyResource } from "./lifecycle";
import { packageSchema } from "./published-schema";
import type { Context, FunctionType } from "./resource";
import { resourceHandlers, toDiff, toFailures } from "./resource-handlers";
import {
  checkInputs,
  parseConfig,
  withDefaults,
  withSecrets,
  type CheckFailure,
  type PropertyTable,
} from "./schema";
import { plain, type Properties } from "./values";
import { callsUnderWay, fromStruct, toStruct, unary } from "./wire";

export type AnyFunction = FunctionType<object, object>;

export interface Plugin<C extends object> {
  readonly name: string;
  /** Must equal the version of the npm package, or the engine does not find the plugin. */
  readonly version: string;
  /** @default no configuration */
  readonly config?: PropertyTable;
  /** Further faults; values may be UNKNOWN in a preview. What is refused here never reaches the stack's state. */
  checkConfig?(config: Partial<C>): CheckFailure[];
  /** Takes the checked configuration before any resource is worked on; throws to refuse it. */
  configure?(config: C): Promise<void> | void;
  /** By type token: `command:remote:Command`. */
  readonly resources: Readonly<Record<string, AnyResource>>;
  /** By function token: `cloudflare:index/getZone:getZone`. */
  readonly functions?: Readonly<Record<string, AnyFunction>>;
}

export type AnyPlugin = Plugin<object>;

const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

/** What the engine adds to every provider's configuration. */
const ENGINE_KEYS: ReadonlySet<string> = new Set([
  "version",
  "pluginDownloadURL",
  "__internal",
  "__defaults",
]);

/** Makes a `Context`; aborted by `Cancel` or when the timeout (seconds, 0 = none) is over. */
export type MakeContext = (call: { urn: string; name?: string; timeout?: number }) => Context;

/** Serves a plugin to the engine that started this process, and ends with it. */
export function servePlugin(plugin: AnyPlugin): void {
  const cancel = new AbortController();
  const engine = new Engine(process.argv[2]);
  const makeContext: MakeContext = ({ urn, name, timeout }) => ({
    urn,
    name: name || (urn.split("::").pop() ?? ""),
    signal: timeout ? AbortSignal.any([cancel.signal, AbortSignal.timeout(timeout * 1000)]) : cancel.signal,
    log: (...line) => engine.log(urn, ...line),
  });
  const server = new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  });
  server.addService(ResourceProviderService, {
    ...providerHandlers(plugin, makeContext),
    ...resourceHandlers(plugin.resources, makeContext, () => engine.flushed()),
    cancel: unary(() => {
      cancel.abort(new Error("cancelled"));
      return new Empty();
    }),
  });
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    console.log(port);
  });
  endWithEngine(cancel);
}

/** The engine holds this process's standard input open; a terminal or /dev/null says nothing. */
function endWithEngine(cancel: AbortController): void {
  const end = (): void => {
    cancel.abort(new Error("cancelled"));
    // The engine stops one plugin after the other. The pause lets what is aborted end its children.
    setTimeout(() => process.exit(0), callsUnderWay() > 0 ? 100 : 0);
  };
  process.on("SIGINT", end).on("SIGTERM", end);
  const stdin = fstatSync(0);
  if (stdin.isFIFO() || stdin.isSocket()) process.stdin.on("end", end).on("error", end).resume();
}

function providerHandlers(plugin: AnyPlugin, makeContext: MakeContext): UntypedServiceImplementation {
  const table = plugin.config ?? {};
  const readConfig = (properties: Properties): Properties => {
    const own = Object.entries(properties).filter(([key]) => !ENGINE_KEYS.has(key));
    return parseConfig(table, Object.fromEntries(own));
  };
  return {
    handshake: unary(() => {
      const response = new pb.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    getPluginInfo: unary(() => {
      const info = new PluginInfo();
      info.setVersion(plugin.version);
      return info;
    }),
    attach: unary(() => new Empty()),
    getSchema: unary(() => {
      const response = new pb.GetSchemaResponse();
      response.setSchema(JSON.stringify(packageSchema(plugin)));
      return response;
    }),
    checkConfig: unary((request: pb.CheckRequest) => {
      const config = readConfig(fromStruct(request.getNews()));
      const failures = checkInputs(table, config);
      if (failures.length === 0) failures.push(...(plugin.checkConfig?.(plain(config) as object) ?? []));
      const response = new pb.CheckResponse();
      response.setFailuresList(toFailures(failures));
      response.setInputs(toStruct(withSecrets(table, fromStruct(request.getNews()))));
      return response;
    }),
    diffConfig: unary((request: pb.DiffRequest) => {
      const olds = readConfig(fromStruct(request.getOldInputs() ?? request.getOlds()));
      const news = readConfig(fromStruct(request.getNews()));
      return toDiff(diffInputs(table, plain(olds) as Properties, plain(news) as Properties), false);
    }),
    configure: unary(async (request: pb.ConfigureRequest) => {
      const config = readConfig(fromStruct(request.getArgs()));
      await plugin.configure?.(plain(withDefaults(table, config)) as object);
      const response = new pb.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    invoke: unary((request: pb.InvokeRequest) => invoke(plugin, request, makeContext)),
  };
}

async function invoke(
  plugin: AnyPlugin,
  request: pb.InvokeRequest,
  makeContext: MakeContext,
): Promise<pb.InvokeResponse> {
  const found = plugin.functions?.[request.getTok()];
  if (!found) throw new Error(`the ${plugin.name} stand-in has no function ${request.getTok()}`);
  const response = new pb.InvokeResponse();
  const args = withDefaults(found.schema.inputs, fromStruct(request.getArgs()));
  const failures = checkInputs(found.schema.inputs, args);
  response.setFailuresList(toFailures(failures));
  if (failures.length > 0) return response;
  const result = await found.invoke(plain(args) as object, makeContext({ urn: "" }));
  response.setReturn(
    toStruct(withSecrets({ ...found.schema.inputs, ...found.schema.outputs }, { ...result })),
  );
  return response;
}
