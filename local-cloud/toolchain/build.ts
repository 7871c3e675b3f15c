import { copyFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execute, go } from "./go";
import { step, type Report } from "./progress";
import type { PluginVersion } from "./versions";

const ENGINE_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const ENGINE_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const binary = (name: string): string => `pulumi-resource-${name}`;

/** Tells from the lines of `go build -v` how far it is: it does not know how much is left. */
function counter(doing: (what: string) => void): (line: string) => void {
  let downloaded = 0;
  let compiled = 0;
  return (line) => {
    if (line.startsWith("go: downloading ")) downloaded++;
    else if (!line.startsWith("go: ") && !line.startsWith("#")) compiled++;
    doing(`${downloaded} modules downloaded, ${compiled} packages compiled`);
  };
}

/** Builds the CLI, with the engine in it, from the module in `source` to `file`. */
export function buildEngine(source: string, version: string, file: string, report: Report): Promise<void> {
  const linker = `-s -w -X ${ENGINE_VERSION}=${version}`;
  return step(report, `building pulumi ${version} from Go modules`, (doing) =>
    go(source, ["build", "-v", "-trimpath", "-ldflags", linker, "-o", file, ENGINE_PACKAGE], counter(doing)),
  );
}

/** Downloads what the plugins are built from, so that it need not be waited for while the engine compiles. */
export function fetchPluginModules(source: string): Promise<void> {
  return go(source, ["list", "-e", "-deps", "-f", "", "./cmd/..."]);
}

/**
 * Builds the bridged plugins into `folder`. A plugin embeds its own schema, which it can only print once it is
 * built: so it is linked twice, first with an empty one.
 * @param path PATH on which the schema's generator finds `pulumi`.
 */
export async function buildPlugins(
  source: string,
  plugins: readonly PluginVersion[],
  folder: string,
  path: string,
  report: Report,
): Promise<void> {
  const module = join(folder, "module");
  const drafts = join(folder, "drafts");
  cpSync(source, module, { recursive: true });
  for (const { name } of plugins) {
    for (const file of ["schema.json", "metadata.json"])
      writeFileSync(join(module, "cmd", binary(name), file), "{}\n");
  }
  const names = plugins.map(({ name, version }) => `${name} ${version}`).join(" and ");
  await step(report, `building the plugins ${names} from Go modules`, async (doing) => {
    await link(module, plugins, drafts, counter(doing));
    doing("printing their schemas");
    await Promise.all(plugins.map(({ name }) => generateSchema(module, drafts, name, path)));
    doing("linking them with their schemas");
    await link(module, plugins, folder, () => {});
  });
}

function link(
  module: string,
  plugins: readonly PluginVersion[],
  folder: string,
  line: (text: string) => void,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  // One `go build` for all: two at once would compile the packages that they share twice.
  const linkers = plugins.map(
    ({ name, version }) => `-ldflags=./cmd/${binary(name)}=-s -w -X main.version=${version}`,
  );
  const packages = plugins.map(({ name }) => `./cmd/${binary(name)}`);
  return go(module, ["build", "-v", "-trimpath", ...linkers, "-o", `${folder}/`, ...packages], line);
}

async function generateSchema(module: string, drafts: string, name: string, path: string): Promise<void> {
  const out = join(drafts, `${name}-schema`);
  const env = {
    PATH: path,
    PULUMI_HOME: join(drafts, `${name}-home`),
    PULUMI_SKIP_MISSING_MAPPING_ERROR: "1",
    PULUMI_SKIP_EXTRA_MAPPING_ERROR: "1",
  };
  await execute(join(drafts, binary(name)), ["schema", "--out", out, "--skip-docs", "--skip-examples"], {
    cwd: module,
    env,
  });
  copyFileSync(join(out, "schema.json"), join(module, "cmd", binary(name), "schema.json"));
  copyFileSync(join(out, "bridge-metadata.json"), join(module, "cmd", binary(name), "metadata.json"));
}
