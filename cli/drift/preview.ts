import { nameOf, resourcesOf, unwrap, type StackExport, type StateResource } from "../stack-state";
import type { Deviation } from "./deviation";

/** What `pulumi preview --refresh --diff --json` prints; only what is read here. */
export interface Preview {
  readonly steps?: readonly PreviewStep[];
  readonly diagnostics?: readonly { readonly severity?: string; readonly message?: string }[];
}

interface PreviewStep {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: Partial<StateResource>;
  readonly newState?: Partial<StateResource>;
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

/** A step of the preview with what it is about. */
interface Subject {
  readonly step: PreviewStep;
  /** As the state recorded it before the refresh. */
  readonly before: StateResource | undefined;
  /** A resource that it depends on is made anew: what it was told of that one changes by itself. */
  readonly isFollower: boolean;
}

/** The engine's word for a value that it will know only during the update. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const MISSING = "nothing";
/** The trigger that is the hash of a step's script. */
const SCRIPT = "triggers[1]";

/**
 * What a refresh and the program differ in. A resource that changes only because another one does (a route to a
 * container that is made anew) is a consequence, and no deviation.
 */
export function previewDeviations(preview: Preview, state: StackExport): Deviation[] {
  const steps = preview.steps ?? [];
  const recorded = new Map(resourcesOf(state).map((resource) => [resource.urn, resource]));
  const anew = new Set(steps.filter(({ op }) => op === "create" || op === "replace").map(({ urn }) => urn));
  return steps.flatMap((step) => {
    const before = recorded.get(step.urn);
    const isFollower = (before?.dependencies ?? []).some((urn) => anew.has(urn));
    return deviationsOf({ step, before, isFollower });
  });
}

/** Resources that the preview looked at. */
export function refreshedCount(preview: Preview): number {
  const steps = preview.steps ?? [];
  return steps.filter(({ op, newState }) => op === "refresh" && newState?.custom === true).length;
}

function deviationsOf(subject: Subject): Deviation[] {
  const { step, before } = subject;
  const common = { id: nameOf(step.urn), urn: step.urn, what: kindOf(step.urn) };
  switch (step.op) {
    case "create":
      return [{ ...common, kind: kindFor(before !== undefined), wanted: "there", found: "missing" }];
    case "delete":
      return [{ ...common, kind: "declared", wanted: "gone", found: "there" }];
    case "update":
    case "replace":
      return step.urn.includes("command:") ? stepChange(subject) : propertyChanges(subject);
    default:
      return [];
  }
}

/** A step has nothing to be read with: a refresh never changes it, so the program or its config did. */
function stepChange({ step, isFollower }: Subject): Deviation[] {
  const paths = Object.keys(step.detailedDiff ?? {});
  const isUnknown = paths.every((path) => text(at(step.newState?.inputs, path)).includes(UNKNOWN));
  if (isUnknown || (isFollower && !paths.includes(SCRIPT))) return [];
  const what = whatOf(paths);
  const common = { id: nameOf(step.urn), urn: step.urn, kind: "declared" as const };
  return [{ ...common, what, wanted: "as the program has it now", found: "as it last ran" }];
}

/** Of an input that is secret, only that it is another: a value, or a file of this machine that it brings to the host. */
function whatOf(paths: readonly string[]): string {
  if (paths.includes(SCRIPT)) return "its script";
  return paths.every((path) => path === "stdin") ? "its input, or a file that it brings" : "its arguments";
}

function propertyChanges({ step, before, isFollower }: Subject): Deviation[] {
  // of a list the whole one: what is missing in the middle would show as every later one changed
  const paths = new Set(Object.keys(step.detailedDiff ?? {}).map((path) => path.replace(/\[\d+\].*$/, "")));
  return [...paths].flatMap((path) => {
    const wanted = at(step.newState?.inputs, path);
    if (text(wanted).includes(UNKNOWN)) return [];
    const found = at(step.oldState?.inputs, path) ?? at(step.oldState?.outputs, path);
    const isRecorded = text(at(before?.inputs, path)) === text(wanted);
    if (!isRecorded && isFollower) return [];
    const common = { id: nameOf(step.urn), urn: step.urn, kind: kindFor(isRecorded) };
    return [{ ...common, what: path, ...onlyDifferent(wanted, found) }];
  });
}

/** Of two lists what only one of them has, an item a line; of anything else both. */
function onlyDifferent(wanted: unknown, found: unknown): { readonly wanted: string; readonly found: string } {
  if (!Array.isArray(wanted) || !Array.isArray(found)) return { wanted: text(wanted), found: text(found) };
  const [left, right] = [wanted.map(text), found.map(text)];
  const only = (these: readonly string[], those: readonly string[]): string =>
    these.filter((item) => !those.includes(item)).join("\n");
  return { wanted: only(left, right) || "nothing more", found: only(right, left) || MISSING };
}

function kindFor(isDrift: boolean): Deviation["kind"] {
  return isDrift ? "resource" : "declared";
}

/** `cloudflare DnsRecord` of a URN. */
function kindOf(urn: string): string {
  const type = urn.split("::").at(-2)?.split("$").at(-1) ?? "";
  const [provider = "", , name = ""] = type.split(":");
  return `${provider} ${name}`.trim();
}

/** The value at a path as the engine writes it: `rules[2].port`, `["a.b"]`. */
function at(root: unknown, path: string): unknown {
  const parts = path.matchAll(/\["([^"]+)"\]|\[(\d+)\]|([^.[\]]+)/g);
  let value = unwrap(root);
  for (const [, quoted, index, name] of parts) {
    if (typeof value !== "object" || value === null) return undefined;
    value = unwrap(Reflect.get(value, quoted ?? index ?? name ?? ""));
  }
  return value;
}

function text(value: unknown): string {
  if (value === undefined || value === null || value === "") return MISSING;
  if (typeof value === "string") return value;
  // the engine's own note on which properties are defaults
  return JSON.stringify(value, (key, inner: unknown) => (key === "__defaults" ? undefined : inner));
}
