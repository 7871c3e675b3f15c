import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { graphOf, reduce } from "../../cli/graph/model";
import { renderDot, renderMermaid } from "../../cli/graph/render";
import type { StackExport, StateResource } from "../../cli/stack-state";

const urn = (type: string, name: string): string => `urn:pulumi:prod::homeport::${type}::${name}`;
const STACK = urn("pulumi:pulumi:Stack", "homeport-prod");
const WEB = urn("homeport:server:Server", "web");
const ADDRESS = urn("homeport:server:Server$hcloud:index/primaryIp:PrimaryIp", "web-ipv4");
const HOST = urn("homeport:server:Server$hcloud:index/server:Server", "web-host");
const HARDENING = urn("homeport:hardening:Hardening", "hardening");
const STEP = urn("homeport:hardening:Hardening$command:remote:Command", "hardening-packages");

const STATE: StackExport = {
  version: 3,
  deployment: {
    resources: [
      { urn: STACK, type: "pulumi:pulumi:Stack" },
      {
        urn: urn("pulumi:providers:hcloud", "default_1_41_0"),
        type: "pulumi:providers:hcloud",
        custom: true,
        id: "p",
      },
      { urn: WEB, type: "homeport:server:Server", parent: STACK },
      resource(ADDRESS, "hcloud:index/primaryIp:PrimaryIp", WEB, []),
      resource(HOST, "hcloud:index/server:Server", WEB, [ADDRESS]),
      { urn: HARDENING, type: "homeport:hardening:Hardening", parent: STACK },
      resource(STEP, "command:remote:Command", HARDENING, [WEB, ADDRESS]),
    ],
  },
};

function resource(id: string, type: string, parent: string, dependencies: readonly string[]): StateResource {
  return {
    urn: id,
    type,
    parent,
    custom: true,
    id: "1",
    dependencies,
    provider: `${urn("pulumi:providers:hcloud", "default_1_41_0")}::p`,
  };
}

describe("graphOf", () => {
  it("is the same for the same resources, in whatever order they were ready", () => {
    const { resources = [] } = STATE.deployment;
    const shuffled = fc.shuffledSubarray([...resources], { minLength: resources.length });
    fc.assert(
      fc.property(shuffled, (other) => {
        expect(graphOf({ ...STATE, deployment: { resources: other } })).toEqual(graphOf(STATE));
      }),
    );
  });

  it("frames resources by component, names them by role, and draws only what does not follow", () => {
    const graph = graphOf(STATE);

    expect(
      graph.groups.map(({ title, nodes }) => [
        title,
        nodes.map(({ role, kind, family }) => `${role}/${kind}/${family}`),
      ]),
    ).toEqual([
      ["server", ["IPv4/primary IP/hetzner", "host/server/hetzner"]],
      ["hardening", ["packages/step over SSH/step"]],
    ]);
    expect(graph.edges).toEqual([
      { from: "n0", to: "n1" },
      { from: "n1", to: "n2" },
    ]);
  });

  it("renders every node and edge in both languages, and no markup from a name", () => {
    const graph = graphOf(STATE);
    const evil = {
      ...graph,
      groups: [
        {
          id: "g",
          title: '<b>"]',
          nodes: [{ id: "n0", role: 'a"]<script>', kind: "x", family: "step" as const }],
        },
      ],
    };

    expect(renderMermaid(graph)).toContain("n1 --> n2");
    expect(renderDot(graph)).toContain("n1 -> n2");
    expect(renderMermaid(evil) + renderDot(evil)).not.toMatch(/<script>|"\]<|<b>"/);
  });
});

describe("renderDot", () => {
  it("hangs a node without arrows below a sibling, so that its frame stays small", () => {
    const node = (id: string) => ({ id, role: id, kind: "x", family: "step" as const });
    const groups = [{ id: "g", title: "g", nodes: [node("loose"), node("a"), node("b")] }];

    const dot = renderDot({ groups, edges: [{ from: "a", to: "b" }] });

    expect(dot.match(/->.*invis/g)).toEqual(["-> loose [style=invis"]);
  });
});

describe("reduce", () => {
  /** Node i needs some of the nodes before it: acyclic. */
  const acyclic = fc
    .integer({ min: 1, max: 9 })
    .chain((size) =>
      fc.tuple(
        ...Array.from({ length: size }, (_, i) =>
          fc.uniqueArray(fc.nat(Math.max(0, i - 1)), { maxLength: i }),
        ),
      ),
    )
    .map((lists) => new Map(lists.map((list, i) => [`${i}`, new Set(i === 0 ? [] : list.map(String))])));

  it("keeps what reaches what, and leaves no edge that could go", () => {
    fc.assert(
      fc.property(acyclic, (needs) => {
        const reduced = reduce(needs);
        expect(closure(reduced)).toEqual(closure(needs));
        for (const [node, targets] of reduced) {
          for (const target of targets) {
            const fewer = new Map(reduced).set(node, new Set([...targets].filter((each) => each !== target)));
            expect(closure(fewer)).not.toEqual(closure(needs));
          }
        }
      }),
    );
  });
});

function closure(needs: ReadonlyMap<string, ReadonlySet<string>>): Map<string, string[]> {
  const reach = (node: string): Set<string> => {
    const direct = [...(needs.get(node) ?? [])];
    return new Set(direct.flatMap((next) => [next, ...reach(next)]));
  };
  return new Map([...needs.keys()].map((node) => [node, [...reach(node)].sort()]));
}
