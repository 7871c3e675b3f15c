import type { HetznerKind, HetznerObject } from "../hetzner";
import { resourcesOf, type StackExport, type StateResource } from "../stack-state";

/** Something at Hetzner that carries this stack's labels and that its state does not know. */
export interface Leftover {
  readonly kind: HetznerKind;
  readonly object: HetznerObject;
}

export type Decision =
  | { readonly action: "remove"; readonly why: string }
  | { readonly action: "refuse"; readonly why: string; readonly fix: string };

export type Found = Readonly<Record<HetznerKind, readonly HetznerObject[]>>;

/** Servers first: what is attached to one is free when it is gone. */
const KINDS: readonly (readonly [HetznerKind, string, string])[] = [
  ["servers", "hcloud:index/server:Server", "server"],
  ["firewalls", "hcloud:index/firewall:Firewall", "firewall"],
  ["primary_ips", "hcloud:index/primaryIp:PrimaryIp", "primary-ip"],
  ["ssh_keys", "hcloud:index/sshKey:SshKey", "ssh-key"],
];

/** Types whose leftovers are found. */
const LOOKED_FOR = /^(hcloud:|cloudflare:index\/dnsRecord:)/;

/** What Hetzner has and state has not, in the order in which it can be removed. */
export function findLeftovers(found: Found, state: StackExport): Leftover[] {
  // a resource that waits for its deletion is still known
  const known = new Set((state.deployment.resources ?? []).map(({ type, id }) => `${type} ${id ?? ""}`));
  return KINDS.flatMap(([kind, type]) =>
    found[kind].filter(({ id }) => !known.has(`${type} ${id}`)).map((object) => ({ kind, object })),
  );
}

/**
 * Whether a leftover may go. Only what provably holds nothing may: a server that carries the mark of the state's
 * bootstrap key, while no step has ever run with that key; anything else when nothing uses it.
 */
export function decide(leftover: Leftover, all: readonly Leftover[], state: StackExport): Decision {
  const { kind, object } = leftover;
  if (object.protection?.delete === true) return refuse(leftover, "it is protected");
  switch (kind) {
    case "servers":
      return decideServer(leftover, state);
    case "primary_ips": {
      const isFree = object.assignee_id === null || object.assignee_id === undefined;
      const isFreed = isFree || isRemoved(object.assignee_id, all, state);
      return isFreed
        ? remove("assigned to nothing")
        : refuse(leftover, `server ${object.assignee_id} uses it`);
    }
    case "firewalls":
      return decideFirewall(leftover, all, state);
    case "ssh_keys":
      return remove("a public key, which the next up uploads again");
  }
}

/** The state without the creates that were interrupted: what they left has been looked for and found. */
export function withoutPendingCreates(state: StackExport): StackExport {
  const pending = state.deployment.pending_operations ?? [];
  const kept = pending.filter(({ type, resource }) => type !== "creating" || !LOOKED_FOR.test(resource.type));
  return { ...state, deployment: { ...state.deployment, pending_operations: kept } };
}

function decideServer(leftover: Leftover, state: StackExport): Decision {
  const mark = leftover.object.labels.bootstrap;
  const marks = resourcesOf(state)
    .map(bootstrapMark)
    .filter((each) => each !== undefined);
  if (mark === undefined || !marks.includes(mark)) {
    return refuse(leftover, "it was made by another state, so what it holds is unknown");
  }
  if (resourcesOf(state).some(({ type }) => type.startsWith("command:") || type.startsWith("docker:"))) {
    return refuse(leftover, "steps have run with the same bootstrap key, maybe on this server");
  }
  return remove("made by this state's last up, and no step has run on it");
}

function decideFirewall(leftover: Leftover, all: readonly Leftover[], state: StackExport): Decision {
  const users = leftover.object.applied_to ?? [];
  const servers = users.map(({ server }) => server?.id);
  const isFreed = servers.every((id) => id !== undefined && isRemoved(id, all, state));
  return isFreed
    ? remove("applied to nothing")
    : refuse(leftover, `${users.length} servers or labels use it`);
}

/** The label `bootstrap` that a server made with this key carries: its MD5 fingerprint, hex digits alone. */
function bootstrapMark(resource: StateResource): string | undefined {
  const fingerprint = resource.outputs?.publicKeyFingerprintMd5;
  const isKey = resource.type === "tls:index/privateKey:PrivateKey";
  return isKey && typeof fingerprint === "string" ? fingerprint.replaceAll(":", "") : undefined;
}

function isRemoved(id: number | null | undefined, all: readonly Leftover[], state: StackExport): boolean {
  const server = all.find(({ kind, object }) => kind === "servers" && object.id === id);
  return server !== undefined && decide(server, all, state).action === "remove";
}

function remove(why: string): Decision {
  return { action: "remove", why };
}

function refuse({ kind, object }: Leftover, why: string): Decision {
  const word = KINDS.find(([each]) => each === kind)?.[2] ?? kind;
  return {
    action: "refuse",
    why,
    fix: `look at it (hcloud ${word} describe ${object.id}); when it holds nothing you need: hcloud ${word} delete ${object.id}, then homeport deploy`,
  };
}
