import type { Store } from "./store";
import { isLocked } from "./errors";
import type { Action, ResourceRef, Server } from "./types";

/** What a fault makes of the actions that one request starts. */
export interface ActionFault {
  readonly delayMs?: number;
  readonly error?: { code: string; message: string };
}

export interface ActionOptions {
  readonly command: string;
  readonly resources: ResourceRef[];
  /** The effect; the action runs until it ends. Rejection ends the action in error. */
  readonly work?: () => Promise<void>;
  /** State changes once the work is done, in the same write as `success`. */
  readonly done?: () => void;
  /** State changes when the action ends in error, in the same write as `error`. */
  readonly failed?: () => void;
  /** The server that takes no other action meanwhile. */
  readonly locks?: Server;
}

const KEPT = 1000;

/** Asynchronous tasks as the API shows them: running, then success or error. */
export class Actions {
  /** Set for the length of one request. */
  fault: ActionFault | undefined;
  private readonly pending = new Set<Promise<void>>();

  constructor(
    private readonly store: Store,
    private readonly now: () => Date,
    private readonly minimumMs: number,
    private readonly onError: (command: string, error: unknown) => void,
  ) {}

  /** Starts an action; throws 423 `locked` when the server it would lock has one running. */
  start(options: ActionOptions): Action {
    if (options.locks?.locked) throw isLocked("server");
    const action: Action = {
      id: this.store.state.next_id++,
      command: options.command,
      status: "running",
      progress: 0,
      started: this.now().toISOString(),
      finished: null,
      resources: options.resources,
      error: null,
    };
    if (options.locks) options.locks.locked = true;
    this.store.state.actions.push(action);
    this.store.state.actions.splice(0, this.store.state.actions.length - KEPT);
    const run = this.run(action, options, this.fault);
    this.pending.add(run);
    void run.finally(() => this.pending.delete(run));
    return { ...action };
  }

  /** Ends what a former process left running; the hosts were brought to the wanted state before. */
  finishAll(): void {
    for (const action of this.store.state.actions) {
      if (action.status === "running") this.end(action, null);
    }
    for (const server of this.store.state.servers) server.locked = false;
    this.store.save();
  }

  /** Resolves when no action runs. */
  async idle(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
  }

  private async run(action: Action, options: ActionOptions, fault: ActionFault | undefined): Promise<void> {
    const pause = new Promise((resolve) => setTimeout(resolve, fault?.delayMs ?? this.minimumMs));
    const failure = fault?.error ?? (await this.work(options));
    await pause;
    const then = failure ? options.failed : options.done;
    then?.();
    if (options.locks) options.locks.locked = false;
    this.end(action, failure);
    this.store.save();
  }

  private async work(options: ActionOptions): Promise<Action["error"]> {
    try {
      await options.work?.();
      return null;
    } catch (error) {
      this.onError(options.command, error);
      return { code: "action_failed", message: "Action failed" };
    }
  }

  private end(action: Action, error: Action["error"]): void {
    action.status = error ? "error" : "success";
    action.error = error;
    action.progress = 100;
    action.finished = this.now().toISOString();
  }
}
