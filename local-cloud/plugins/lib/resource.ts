import type { Change } from "./diff";
import type { CheckFailure, ResourceSchema } from "./schema";
import type { Properties } from "./values";

/** What a call of the engine carries beside values. */
export interface Context {
  readonly urn: string;
  /** The resource's name in the program. */
  readonly name: string;
  /** Aborted when the user cancels, or when the resource's custom timeout is over. */
  readonly signal: AbortSignal;
  /** Shows a line at the resource; an ephemeral one only while the resource is worked on. */
  readonly log: (
    severity: "debug" | "info" | "warning" | "error",
    message: string,
    ephemeral?: boolean,
  ) => void;
}

export interface Created<S> {
  readonly id: string;
  readonly outputs: S;
}

export interface ReadResult<S> {
  readonly id: string;
  readonly outputs: S;
  /** @default the old inputs with what `outputs` says of them, so that drift shows at the next `up` */
  readonly inputs?: Properties;
}

/**
 * One resource type. All values are plain: secret marks are taken off before and put back after
 * (what the schema declares, and what was secret in the input of the same name).
 */
export interface ResourceType<I extends object, S extends object> {
  readonly schema: ResourceSchema;
  /** Names the resource when this input is left out: the program's name and seven random characters. */
  readonly autoname?: string;
  /** Further faults; inputs may hold UNKNOWN in a preview. */
  check?(news: I, olds: Partial<I>): CheckFailure[];
  /** Corrects the changes that the schema yields. */
  diff?(changes: Change[], at: { id: string; state: S; olds: I; news: I }): Change[];
  /** Whether a replacement deletes the old one first. @default false */
  deleteBeforeReplace?(news: I): boolean;
  /** Outputs known in a preview. @default the inputs; others as in the old state, unknown without one */
  preview?(news: I, state: S | undefined): Partial<S>;
  create(inputs: I, context: Context): Promise<Created<S>>;
  /** The resource as it is, undefined when it is gone. @default a refresh keeps the state */
  read?(id: string, state: Partial<S>, context: Context): Promise<ReadResult<S> | undefined>;
  /** @default every change replaces */
  update?(id: string, state: S, news: I, context: Context, olds: I): Promise<S>;
  /** @default nothing to do */
  delete?(id: string, state: S, context: Context): Promise<void>;
}

/** The resource exists, but is not as it should be: state is kept, the next `up` updates it. */
export class PartialFailure extends Error {
  constructor(
    readonly id: string,
    readonly outputs: object,
    reason: string,
  ) {
    super(reason);
  }
}

/** A data source: `getZone`, `getIpRanges`. */
export interface FunctionType<A extends object, R extends object> {
  readonly schema: ResourceSchema;
  invoke(args: A, context: Context): Promise<R>;
}
