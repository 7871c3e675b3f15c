import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Context } from "./resource";

const SEVERITIES = {
  debug: LogSeverity.DEBUG,
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
  error: LogSeverity.ERROR,
} as const;

/** The engine that started this plugin: where log lines go. */
export class Engine {
  private readonly client: EngineClient | undefined;
  private pending: Promise<void> = Promise.resolve();

  constructor(address: string | undefined) {
    if (address) this.client = new EngineClient(address, credentials.createInsecure());
  }

  /** Sends a line; lines arrive in order. A line that cannot be delivered is no reason to fail. */
  log(urn: string, ...[severity, message, ephemeral]: Parameters<Context["log"]>): void {
    const { client } = this;
    if (!client) return;
    const request = new LogRequest();
    request.setUrn(urn);
    request.setSeverity(SEVERITIES[severity]);
    request.setMessage(message);
    request.setEphemeral(ephemeral ?? false);
    this.pending = this.pending.then(() => new Promise((done) => client.log(request, () => done())));
  }

  /** Resolves when every line so far has arrived. */
  flushed(): Promise<void> {
    return this.pending;
  }
}
