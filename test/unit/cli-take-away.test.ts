import { describe, expect, it } from "vitest";
import type { PulumiStack } from "../../cli/pulumi";
import { takeAddressAway, takeServerAway } from "../../cli/recovery/take-away";
import type { StateResource } from "../../cli/stack-state";

const [SERVER, ADDRESS] = ["hcloud:index/server:Server", "hcloud:index/primaryIp:PrimaryIp"];

function resource(type: string, name: string, protect: boolean): StateResource {
  return { urn: `urn:pulumi:prod::homeport::${type}::${name}`, type, id: "1", protect };
}

/** What a protected stack's state holds, and what is done to it, in order, by names. */
function stackWith(isProtected: boolean): { stack: PulumiStack; done: string[] } {
  const done: string[] = [];
  const resources = [
    resource("tls:index/privateKey:PrivateKey", "identity-bootstrap", false),
    resource(ADDRESS, "server-ipv4", isProtected),
    resource(SERVER, "server-host", isProtected),
    resource("random:index/randomId:RandomId", "protection-whole", isProtected),
  ];
  const tell = (what: string, urn: string): void => void done.push(`${what} ${urn.split("::").at(-1)}`);
  const stack = {
    export: () => Promise.resolve({ version: 3, deployment: { resources } }),
    unprotect: (urn: string) => Promise.resolve(tell("unprotect", urn)),
    destroyWithDependents: (urn: string) => {
      tell("destroy", urn);
      return Promise.resolve(0);
    },
  };
  return { stack: stack as unknown as PulumiStack, done };
}

describe("taking a protected server away", () => {
  it.each([
    ["server", takeServerAway, "server-host", "identity-bootstrap"],
    ["address", takeAddressAway, "server-ipv4", "server-ipv4"],
  ] as const)(
    "lifts what protects the %s and the whole, tells both, and nothing else's",
    async (_, take, own, root) => {
      const { stack, done } = stackWith(true);
      const notes: string[] = [];
      await take(stack, new Map(), (note) => notes.push(note));
      expect(done).toEqual([`unprotect ${own}`, "unprotect protection-whole", `destroy ${root}`]);
      expect(notes).toEqual([`lifted the protection of ${own}, protection-whole`]);
    },
  );

  it("lifts nothing and says nothing where nothing is protected", async () => {
    const { stack, done } = stackWith(false);
    const notes: string[] = [];
    await takeServerAway(stack, new Map(), (note) => notes.push(note));
    expect([done, notes]).toEqual([["destroy identity-bootstrap"], []]);
  });
});
