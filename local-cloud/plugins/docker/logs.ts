import type { FunctionType } from "../lib";
import { reason } from "./daemon";
import type { Session } from "./session";

export interface LogsArgs {
  readonly name: string;
  readonly details?: boolean;
  readonly discardHeaders?: boolean;
  readonly follow?: boolean;
  readonly logsListStringEnabled?: boolean;
  readonly showStderr?: boolean;
  readonly showStdout?: boolean;
  readonly since?: string;
  readonly tail?: string;
  readonly timestamps?: boolean;
  readonly until?: string;
}

/** `getLogs`: what a container printed, by lines; each loses its first eight bytes as Docker's stream header. */
export function getLogs(session: Session): FunctionType<LogsArgs, object> {
  return {
    schema: {
      inputs: {
        name: { type: "string", required: true },
        details: { type: "boolean", default: false },
        discardHeaders: { type: "boolean", default: true },
        follow: { type: "boolean", default: false },
        logsListStringEnabled: { type: "boolean", default: true },
        showStderr: { type: "boolean", default: true },
        showStdout: { type: "boolean", default: true },
        since: { type: "string" },
        tail: { type: "string" },
        timestamps: { type: "boolean", default: false },
        until: { type: "string" },
      },
      outputs: { id: { type: "string" }, logsListStrings: { type: { list: "string" } } },
    },
    invoke: async (args) => {
      if (args.follow) throw new Error("follow: this stand-in reads what is there and does not follow");
      const lines = await read(session, args);
      return { ...args, id: args.name, logsListStrings: args.logsListStringEnabled ? lines : [] };
    },
  };
}

async function read(session: Session, args: LogsArgs): Promise<string[]> {
  const container = (await session.daemon()).docker.getContainer(args.name);
  const options = {
    stdout: args.showStdout,
    stderr: args.showStderr,
    timestamps: args.timestamps,
    details: args.details,
    follow: false as const,
    ...(args.since && { since: args.since }),
    ...(args.until && { until: args.until }),
    ...(args.tail && { tail: Number(args.tail) }),
  };
  const printed = await container.logs(options).catch((error: unknown) => {
    throw new Error(`dataSourceDockerLogsRead: error while asking for logs ${reason(error)}`);
  });
  const lines = Buffer.from(printed).toString("latin1").split("\n").slice(0, -1);
  const cut = args.discardHeaders ? lines.map((line) => line.slice(8)) : lines;
  return cut.map((line) => Buffer.from(line, "latin1").toString("utf8"));
}
