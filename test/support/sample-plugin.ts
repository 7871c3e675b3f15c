import { PartialFailure, servePlugin, type ResourceType } from "../../local-cloud/plugins/lib";

interface Inputs {
  readonly fail?: string;
  readonly password?: string;
}

const thing: ResourceType<Inputs, Inputs> = {
  schema: {
    inputs: { fail: { type: "string", replaces: true }, password: { type: "string", secret: true } },
  },
  deleteBeforeReplace: () => true,
  async create(inputs, { name, signal }) {
    if (inputs.fail === "wholly") throw new Error("it went wrong");
    if (inputs.fail === "partly") throw new PartialFailure("id-half", inputs, "half done");
    if (inputs.fail === "never") {
      await new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason as Error);
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    }
    return { id: `id-${name}`, outputs: inputs };
  },
};

servePlugin({ name: "sample", version: "1.2.3", resources: { "test:index:Thing": thing } });
