/** One resource as `pulumi stack export` lists it; only what is read here. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly custom?: boolean;
  readonly delete?: boolean;
  readonly protect?: boolean;
  readonly parent?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>>;
  readonly deletedWith?: string;
  readonly provider?: string;
}

export interface PendingOperation {
  readonly type: string;
  readonly resource: StateResource;
}

export interface StackExport {
  readonly version: number;
  readonly deployment: {
    readonly resources?: readonly StateResource[];
    readonly pending_operations?: readonly PendingOperation[];
    readonly [key: string]: unknown;
  };
}

export const STACK_TYPE = "pulumi:pulumi:Stack";

/** The engine's mark on a secret in the state. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

export function resourcesOf(state: StackExport): readonly StateResource[] {
  return (state.deployment.resources ?? []).filter((resource) => resource.delete !== true);
}

/** The stack's outputs; secrets come as their value when the export was made with `--show-secrets`. */
export function stackOutputs(state: StackExport): Readonly<Record<string, unknown>> {
  const stack = resourcesOf(state).find((resource) => resource.type === STACK_TYPE);
  return Object.fromEntries(
    Object.entries(stack?.outputs ?? {}).map(([name, value]) => [name, unwrap(value)]),
  );
}

/** What a resource is called in the program: the last part of its URN. */
export function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}

/** A value without the secret mark; an encrypted one becomes `undefined`. */
export function unwrap(value: unknown): unknown {
  if (!isSecret(value)) return value;
  return typeof value.plaintext === "string" ? (JSON.parse(value.plaintext) as unknown) : undefined;
}

/**
 * The values that nobody but the program may see: the results of `random.*` and the keys of `tls.PrivateKey`,
 * from an export with `--show-secrets`.
 */
export function generatedSecrets(state: StackExport): string[] {
  return resourcesOf(state)
    .filter((resource) => /^(random|tls):/.test(resource.type))
    .flatMap((resource) => Object.values(resource.outputs ?? {}))
    .filter(isSecret)
    .map(unwrap)
    .filter((value): value is string => typeof value === "string" && value.length >= 8);
}

function isSecret(value: unknown): value is { readonly plaintext?: unknown } {
  return typeof value === "object" && value !== null && Reflect.get(value, SIGNATURE) === SECRET;
}
