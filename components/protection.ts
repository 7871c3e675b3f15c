import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

const TYPE = "homeport:server:Protection";

export interface ProtectionArgs {
  /** Everything that stands or falls together. */
  readonly parts: readonly pulumi.Resource[];
  readonly isEnabled: boolean;
}

/** Everything that the program makes from here on: nobody has to think of a new part. */
export function collectResources(): readonly pulumi.Resource[] {
  const made: pulumi.Resource[] = [];
  pulumi.runtime.registerStackTransformation(({ resource }) => {
    made.push(resource);
    return undefined;
  });
  return made;
}

/**
 * Makes `pulumi destroy` a matter of all or nothing. Pulumi destroys whatever no protected resource stands on before it
 * reports a refusal: with only the server protected, records, containers and the step that changed the host key would be
 * gone, and the next `up` could not log in. So one thing that does nothing stands on everything, and comes first.
 * It is there in any case: left out of the program while it is protected, it could not be taken away.
 */
export class Protection extends pulumi.ComponentResource {
  constructor(name: string, args: ProtectionArgs, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, name, { isEnabled: args.isEnabled }, opts);
    new random.RandomId(
      `${name}-whole`,
      { byteLength: 1 },
      { parent: this, dependsOn: [...args.parts], protect: args.isEnabled },
    );
    this.registerOutputs({});
  }
}
