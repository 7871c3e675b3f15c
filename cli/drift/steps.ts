import { lastLine, type RunResult } from "../run";
import { nameOf, resourcesOf, unwrap, type StackExport, type StateResource } from "../stack-state";
import type { Deviation } from "./deviation";

/** A step as it was last run, and the command that asks it what differs. */
export interface RecordedStep {
  readonly id: string;
  readonly urn: string;
  /** Runs as root on the host. */
  readonly command: string;
  /** Script and input; may hold secrets. */
  readonly stdin: string;
}

const REMOTE = /^sudo -n bash -s --(.*)$/s;
/** What `GuardedStep` writes: the tool, its SSH file, whom to call, the guard's name, then the script's words. */
const GUARDED = /^'bash' '[^']*scripts\/guarded-step\.sh' '[^']+' \S+ [a-z-]+(.*)$/s;
/** What `CodeStep` writes: the tool, its SSH file, the folder, whom to call, the script's words. */
const CODE = /^'bash' '[^']*scripts\/sync-code\.sh' '[^']+' '[^']+' \S+(.*)$/s;
/** A script without this line does not know check mode, and would change the host. */
const KNOWS_CHECK_MODE = /^# check mode/m;

/** The steps on the host that the state records, and those that can't be asked. */
export function recordedSteps(state: StackExport): {
  readonly steps: readonly RecordedStep[];
  readonly unasked: readonly { readonly id: string; readonly reason: string }[];
} {
  const steps: RecordedStep[] = [];
  const unasked: { id: string; reason: string }[] = [];
  for (const resource of resourcesOf(state).filter(({ type }) => type.startsWith("command:"))) {
    const words = wordsOf(resource);
    if (words === undefined) continue; // runs here, not on the host
    const id = nameOf(resource.urn);
    const stdin = textOf(resource, "stdin");
    // what it brought is the host key, which this very connection is pinned to
    if (isOncePerServer(resource) && !KNOWS_CHECK_MODE.test(stdin)) continue;
    if (KNOWS_CHECK_MODE.test(stdin)) {
      steps.push({
        id,
        urn: resource.urn,
        stdin,
        command: `sudo -n env HOMEPORT_CHECK=1 bash -s --${words}`,
      });
    } else {
      unasked.push({ id, reason: "its script has no check mode" });
    }
  }
  return { steps, unasked };
}

/** What the step's script said; one that failed is a finding too. */
export function stepDeviations({ id, urn }: RecordedStep, result: RunResult): Deviation[] {
  const found = result.stdout.split("\n").flatMap((line) => {
    const [mark, ...words] = line.split(" ");
    if (mark !== "drift" || words.length !== 3) return [];
    const [what, wanted, is] = words.map((word) => Buffer.from(word, "base64").toString("utf8").trim());
    return [{ id, urn, kind: "step" as const, what: what ?? "", wanted: wanted ?? "", found: is ?? "" }];
  });
  if (result.code === 0) return found;
  const said = lastLine(result.stderr).replace(/^homeport: /, "");
  return [...found, { id, urn, kind: "step", what: "the step's own look", wanted: "an answer", found: said }];
}

/** The server's id is its only trigger: see `RemoteStep`. */
function isOncePerServer(resource: StateResource): boolean {
  const triggers = unwrap(resource.inputs?.triggers);
  return Array.isArray(triggers) && triggers.length === 1;
}

function wordsOf(resource: StateResource): string | undefined {
  const create = textOf(resource, "create");
  return (REMOTE.exec(create) ?? GUARDED.exec(create) ?? CODE.exec(create))?.[1];
}

function textOf(resource: StateResource, input: string): string {
  const value = unwrap(resource.inputs?.[input]);
  return typeof value === "string" ? value : "";
}
