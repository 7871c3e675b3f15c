import { randomBytes } from "node:crypto";
import { diffInputs, type Change } from "./diff";
import { PartialFailure, type Context, type ResourceType } from "./resource";
import { checkInputs, DEFAULTS_KEY, withDefaults, withSecrets, type CheckFailure } from "./schema";
import { hasUnknown, isObject, plain, secretLike, UNKNOWN, type Properties } from "./values";

/** A resource type whatever its values are. */
export type AnyResource = ResourceType<object, object>;

/** How the engine wants names to be made up; without it, name and random characters. */
export interface Autonaming {
  readonly proposed: string;
  readonly mode: "propose" | "enforce" | "disable";
}

const plainly = (values: Properties): Properties => plain(values) as Properties;

/** Checks and completes inputs: defaults, a name, secret marks; all faults at once. */
export function checkResource(
  type: AnyResource,
  olds: Properties,
  news: Properties,
  name: string,
  autonaming?: Autonaming,
): { inputs: Properties; failures: CheckFailure[] } {
  const named = withName(type, olds, withDefaults(type.schema.inputs, news), name, autonaming);
  const failures = checkInputs(type.schema.inputs, named);
  if (failures.length === 0) failures.push(...(type.check?.(plainly(named), plainly(olds)) ?? []));
  return { inputs: withSecrets(type.schema.inputs, named), failures };
}

function withName(
  type: AnyResource,
  olds: Properties,
  news: Properties,
  name: string,
  autonaming?: Autonaming,
): Properties {
  const key = type.autoname;
  if (key === undefined || news[key] !== undefined || autonaming?.mode === "disable") return news;
  const wasMadeUp = Array.isArray(olds[DEFAULTS_KEY]) && olds[DEFAULTS_KEY].includes(key);
  const fresh = autonaming?.proposed || `${name}-${randomBytes(4).toString("hex").slice(0, 7)}`;
  return { ...news, [key]: wasMadeUp ? olds[key] : fresh, [DEFAULTS_KEY]: [key] };
}

export function diffResource(
  type: AnyResource,
  id: string,
  state: Properties,
  olds: Properties,
  news: Properties,
  ignored: readonly string[],
): Change[] {
  const [oldInputs, newInputs] = [plainly(olds), plainly(news)];
  const changes = diffInputs(type.schema.inputs, oldInputs, newInputs).filter(
    ({ path }) => !ignored.some((prefix) => isBelow(path, prefix)),
  );
  const at = { id, state: plainly(state), olds: oldInputs, news: newInputs };
  const corrected = type.diff?.(changes, at) ?? changes;
  return type.update ? corrected : corrected.map((change) => ({ ...change, replaces: true }));
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`);
}

/** Outputs with their secret marks: the schema's, and those of the inputs of the same name. */
export function markOutputs(
  type: AnyResource,
  outputs: object,
  inputs: Properties,
  state?: Properties,
): Properties {
  const { [DEFAULTS_KEY]: _, ...values } = { ...outputs } as Properties;
  const table = { ...type.schema.inputs, ...type.schema.outputs };
  return withSecrets(table, secretLike(secretLike(values, inputs), state) as Properties);
}

/** What a preview can say of the outputs. */
export function previewOutputs(type: AnyResource, inputs: Properties, state?: Properties): Properties {
  const news = plainly(inputs);
  const old = state && plainly(state);
  const derived = Object.keys(type.schema.outputs ?? {}).map((key): [string, unknown] => [
    key,
    old ? old[key] : UNKNOWN,
  ]);
  const known = { ...Object.fromEntries(derived), ...news, ...type.preview?.(news, old) };
  return markOutputs(type, known, inputs);
}

export async function createResource(
  type: AnyResource,
  inputs: Properties,
  context: Context,
): Promise<{ id: string; outputs: Properties }> {
  if (hasUnknown(inputs)) throw new Error("an input is still unknown at creation");
  const { id, outputs } = await marked(type, inputs, undefined, () => type.create(plainly(inputs), context));
  return { id, outputs: markOutputs(type, outputs, inputs) };
}

export async function updateResource(
  type: AnyResource,
  id: string,
  state: Properties,
  olds: Properties,
  news: Properties,
  context: Context,
): Promise<Properties> {
  const update = type.update?.bind(type);
  if (!update) throw new Error("this resource cannot be updated, only replaced");
  const outputs = await marked(type, news, undefined, () =>
    update(id, plainly(state), plainly(news), context, plainly(olds)),
  );
  return markOutputs(type, outputs, news);
}

export async function readResource(
  type: AnyResource,
  id: string,
  inputs: Properties,
  state: Properties,
  context: Context,
): Promise<{ id: string; inputs: Properties; outputs: Properties } | undefined> {
  if (!type.read) return { id, inputs, outputs: state };
  const found = await marked(type, inputs, state, () => type.read?.(id, plainly(state), context));
  if (!found) return undefined;
  const outputs = markOutputs(type, found.outputs, inputs, state);
  return {
    id: found.id,
    outputs,
    inputs: found.inputs ? markInputs(type, found.inputs, inputs) : inputsFrom(type, inputs, outputs),
  };
}

function markInputs(type: AnyResource, found: Properties, olds: Properties): Properties {
  return withSecrets(type.schema.inputs, secretLike(found, olds) as Properties);
}

/** Inputs after a read: what the outputs say of each old input; for an import, of each input there is. */
function inputsFrom(type: AnyResource, olds: Properties, outputs: Properties): Properties {
  const [old, now] = [plainly(olds), plainly(outputs)];
  const isImport = Object.keys(old).length === 0;
  const keys = isImport ? Object.keys(type.schema.inputs) : Object.keys(old);
  const values = keys.map((key): [string, unknown] => [
    key,
    key in now ? projected(old[key], now[key]) : old[key],
  ]);
  return markInputs(type, Object.fromEntries(values), olds);
}

/** What exists, reduced to the members that the inputs had. */
function projected(old: unknown, now: unknown): unknown {
  if (isObject(old) && isObject(now)) {
    return Object.fromEntries(Object.keys(old).map((key) => [key, projected(old[key], now[key])]));
  }
  if (Array.isArray(old) && Array.isArray(now) && old.length === now.length) {
    return now.map((value, i) => projected(old[i], value));
  }
  return now;
}

/** Puts secret marks on the outputs that a partial failure carries, too. */
async function marked<T>(
  type: AnyResource,
  inputs: Properties,
  state: Properties | undefined,
  work: () => Promise<T> | T,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PartialFailure)) throw error;
    throw new PartialFailure(error.id, markOutputs(type, error.outputs, inputs, state), error.message);
  }
}
