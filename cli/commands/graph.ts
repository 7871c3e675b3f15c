import { writeFileSync } from "node:fs";
import { extname } from "node:path";
import { Command } from "commander";
import { failed, usage } from "../cli-error";
import { graphOf, type Graph } from "../graph/model";
import { renderDot, renderMermaid } from "../graph/render";
import { printJson, printResult, say } from "../output";
import { userPath } from "../project";
import { PulumiStack } from "../pulumi";
import { lastLine, run } from "../run";

const EXAMPLES = `
Reads the stack's state: frames are components, an arrow goes from what is there first to what waits for it.

Examples:
  homeport graph                                 # Mermaid, for a Markdown page
  homeport graph --output docs/graph.svg         # by graphviz (dot), also .png
  homeport graph --stack prod --output graph.dot

Exit codes: 0 drawn, 1 failed, 2 a wrong option`;

interface GraphOptions {
  readonly stack?: string;
  readonly output?: string;
  readonly json?: boolean;
}

export function graphCommand(): Command {
  return new Command("graph")
    .option("--stack <name>", "stack to draw (default: the selected one)")
    .option("--output <file>", ".svg, .png, .dot or .mmd (default: Mermaid on stdout)")
    .option("--json", "print nodes and edges as JSON")
    .addHelpText("after", EXAMPLES)
    .action(runGraph);
}

async function runGraph(options: GraphOptions): Promise<void> {
  const stack = await PulumiStack.select(options.stack);
  const graph = graphOf(await stack.export());
  if (graph.groups.length === 0) {
    throw failed(`stack ${stack.name} has no resources; fix: homeport deploy --stack ${stack.name}`);
  }
  if (options.output !== undefined) await draw(graph, userPath(options.output));
  if (options.json === true) printJson(graph);
  else if (options.output === undefined) printResult(renderMermaid(graph));
  else say(`${options.output}: ${graph.groups.flatMap(({ nodes }) => nodes).length} resources`);
}

async function draw(graph: Graph, file: string): Promise<void> {
  const kind = extname(file);
  switch (kind) {
    case ".mmd":
      return writeFileSync(file, renderMermaid(graph));
    case ".dot":
      return writeFileSync(file, renderDot(graph));
    case ".svg":
    case ".png": {
      const result = await run("dot", [`-T${kind.slice(1)}`, "-o", file], { stdin: renderDot(graph) });
      if (result.code === 127)
        throw failed("graphviz is not installed; fix: apt-get install graphviz, or --output FILE.mmd");
      if (result.code !== 0)
        throw failed(`dot: ${lastLine(result.stderr)}; fix: --output FILE.dot, then look`);
      return;
    }
    default:
      throw usage(
        `--output: must end with .svg, .png, .dot or .mmd, got ${kind === "" ? "no ending" : kind}; fix: --output graph.svg`,
      );
  }
}
