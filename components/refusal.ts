import * as pulumi from "@pulumi/pulumi";

/**
 * Ends the program with a message for its user, which the engine shows without a stack trace. An error that leaves an
 * `apply` has the promise on it, and so the whole graph: the SDK writes both into its trace, some 15 s of CPU for
 * nothing, unless the error says itself how it is written.
 */
export class RefusalError extends pulumi.RunError {
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.message;
  }
}
