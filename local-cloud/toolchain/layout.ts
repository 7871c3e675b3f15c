import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../settings";
import { contentHash } from "./content-hash";
import { pluginVersions, pulumiVersion, ROOT, type PluginVersion } from "./versions";

const SOURCE = join(ROOT, "local-cloud", "toolchain");

/** Where the parts of the toolchain are built from, where they go, and what decides that one is out of date. */
export interface Layout {
  readonly home: string;
  readonly pulumiVersion: string;
  readonly bin: string;
  readonly plugins: readonly PluginVersion[];
  /** Plugins that are built from Go modules; the other ones are bundled from TypeScript. */
  readonly goPlugins: readonly PluginVersion[];
  readonly scriptPlugins: readonly (PluginVersion & { readonly entry: string })[];
  readonly sources: { readonly engine: string; readonly plugins: string; readonly host: string };
  /** Hash of sources and versions of each part. */
  readonly keys: Readonly<Record<"engine" | "plugins" | "host", string>>;
}

/** The toolchain that this work tree and its npm packages ask for. */
export function layout(): Layout {
  const home = join(cacheDir(), "pulumi-home");
  const version = pulumiVersion();
  const plugins = pluginVersions();
  const sources = {
    engine: join(SOURCE, "engine"),
    plugins: join(SOURCE, "plugins"),
    host: join(SOURCE, "pulumi-language-nodejs.js"),
  };
  const isGo = ({ name }: PluginVersion): boolean =>
    existsSync(join(sources.plugins, "cmd", `pulumi-resource-${name}`));
  const goPlugins = plugins.filter(isGo);
  return {
    ...{ home, plugins, goPlugins, sources },
    pulumiVersion: version,
    bin: join(home, "versions", version, "bin"),
    scriptPlugins: plugins
      .filter((plugin) => !isGo(plugin))
      .map((plugin) => ({ ...plugin, entry: join(ROOT, "local-cloud", "plugins", plugin.name, "main.ts") })),
    keys: {
      engine: contentHash([sources.engine], [version]),
      plugins: contentHash(
        [sources.plugins],
        goPlugins.map(({ name, version }) => `${name} ${version}`),
      ),
      host: contentHash([sources.host], [version]),
    },
  };
}

/** Where the engine looks for a plugin of this version. */
export function pluginFile(home: string, { name, version }: PluginVersion): string {
  return join(home, "plugins", `resource-${name}-v${version}`, `pulumi-resource-${name}`);
}
