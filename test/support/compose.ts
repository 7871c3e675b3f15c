import { stringify } from "yaml";
import { importCompose, type Imported } from "../../cli/import/compose";

/** The system of a compose file with these services, in a folder that is not there. */
export function imported(
  services: object,
  variables: Record<string, string> = {},
  beside: object = {},
): Imported {
  const text = stringify({ services, ...beside });
  return importCompose({ text, folder: "/srv/nowhere/shop", variables, profiles: [] });
}

/** What an import says of one place of the file. */
export function told(result: Imported, path: string): string {
  return result.remarks
    .flatMap((each) => (each.path === path ? [`${each.kind}: ${each.reason}`] : []))
    .join("; ");
}
