import type { Family, Graph, GraphNode } from "./model";

interface Colors {
  readonly fill: string;
  readonly line: string;
}

/** Pale fills with dark text: readable on GitHub's light and dark page. */
const COLORS: Readonly<Record<Family, Colors>> = {
  hetzner: { fill: "#fde2e1", line: "#d50c2d" },
  cloudflare: { fill: "#ffe8cc", line: "#e8720c" },
  docker: { fill: "#dbeafe", line: "#1d63ed" },
  step: { fill: "#e8e8ed", line: "#6b7280" },
  secret: { fill: "#dcf5e3", line: "#15803d" },
  other: { fill: "#ffffff", line: "#6b7280" },
};

const TEXT = "#1f2328";
const FONT = "Helvetica,Arial,sans-serif";

/** Mermaid's flowchart, which GitHub draws by itself in a Markdown page. */
export function renderMermaid(graph: Graph): string {
  const lines = ["flowchart TB"];
  for (const group of graph.groups) {
    const nodes = group.nodes.map(
      (node) => `${node.id}["${clean(node.role)}<br/><small>${clean(node.kind)}</small>"]:::${node.family}`,
    );
    if (group.title === "") lines.push(...nodes.map((node) => `  ${node}`));
    else
      lines.push(
        `  subgraph ${group.id}["${clean(group.title)}"]`,
        ...nodes.map((node) => `    ${node}`),
        "  end",
      );
  }
  lines.push(...graph.edges.map(({ from, to }) => `  ${from} --> ${to}`));
  for (const [family, { fill, line }] of Object.entries(COLORS)) {
    lines.push(`  classDef ${family} fill:${fill},stroke:${line},color:${TEXT}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Graphviz: for SVG and PNG. Big letters in small frames: a README page shows the picture at half its size. */
export function renderDot(graph: Graph): string {
  const lines = [
    "digraph homeport {",
    `  graph [rankdir=TB, bgcolor=white, pad=0.1, nodesep=0.12, ranksep=0.28, newrank=true, fontname="${FONT}"]`,
    `  node [shape=box, style="rounded,filled", margin="0.07,0.03", height=0.3, width=0.5, fontname="${FONT}", fontsize=14]`,
    '  edge [color="#8b949e", arrowsize=0.6]',
  ];
  for (const group of graph.groups) {
    const nodes = group.nodes.map((node) => dotNode(node));
    if (group.title === "") lines.push(...nodes.map((node) => `  ${node}`));
    else {
      const frame = `label="${clean(group.title)}"; labeljust=l; style="rounded,filled"; color="#d0d7de"; fillcolor="#f6f8fa"; fontsize=15; margin=6; fontcolor="#57606a"`;
      lines.push(
        `  subgraph cluster_${group.id} {`,
        `    ${frame}`,
        ...nodes.map((node) => `    ${node}`),
        "  }",
      );
    }
  }
  lines.push(...graph.edges.map(({ from, to }) => `  ${from} -> ${to}`), ...anchors(graph), "}");
  return `${lines.join("\n")}\n`;
}

/** A node without arrows would be drawn at the top, and stretch its frame: hang it below a sibling, unseen. */
function anchors(graph: Graph): string[] {
  const tied = new Set(graph.edges.flatMap(({ from, to }) => [from, to]));
  return graph.groups.flatMap(({ nodes }) => {
    const sibling = nodes.find(({ id }) => tied.has(id));
    const loose = nodes.filter(({ id }) => !tied.has(id));
    return sibling === undefined ? [] : loose.map(({ id }) => `  ${sibling.id} -> ${id} [style=invis]`);
  });
}

function dotNode({ id, role, kind, family }: GraphNode): string {
  const { fill, line } = COLORS[family];
  const label = `<<b>${clean(role)}</b><br/><font point-size="12" color="#57606a">${clean(kind)}</font>>`;
  return `${id} [label=${label}, fillcolor="${fill}", color="${line}", fontcolor="${TEXT}"]`;
}

/** Names come from state: nothing in them may be markup. */
function clean(text: string): string {
  return text.replace(/[^\w .:@/-]/g, " ");
}
