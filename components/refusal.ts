import * as pulumi from "@pulumi/pulumi";

/**
 * Ends the program with a message for its user, which the engine shows without a stack trace. The SDK has the trace
 * coloured all the same, on which Node 20 spends a quarter of a minute: it is caught in the SDK's scoped paths,
 * shortened by its source maps. An error that says itself how it is written is spared that.
 */
export class RefusalError extends pulumi.RunError {
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.message;
  }
}
