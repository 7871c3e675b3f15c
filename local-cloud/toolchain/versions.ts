import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The work tree's root. */
export const ROOT = join(__dirname, "..", "..");

/** A Pulumi resource plugin, as the npm package of its SDK asks for it. */
export interface PluginVersion {
  readonly name: string;
  readonly version: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly pulumi?: { readonly resource?: boolean; readonly name?: string; readonly version?: string };
}

function manifest(...path: string[]): Manifest {
  return JSON.parse(readFileSync(join(ROOT, ...path, "package.json"), "utf8")) as Manifest;
}

/** Version of the `pulumi` CLI: npm's package of that name runs exactly this one. */
export function pulumiVersion(): string {
  return manifest("node_modules", "pulumi").version;
}

/** The plugins that the program's SDKs ask for, by name. The one source of their versions is npm's packages. */
export function pluginVersions(): PluginVersion[] {
  return Object.keys(manifest().dependencies ?? {})
    .filter((name) => name.startsWith("@pulumi/"))
    .map((name) => manifest("node_modules", name))
    .filter(({ pulumi }) => pulumi?.resource)
    .map(({ name, version, pulumi }) => ({
      name: pulumi?.name ?? name.replace("@pulumi/", ""),
      version: pulumi?.version ?? version,
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
