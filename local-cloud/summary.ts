import { relative } from "node:path";
import type { LocalProject } from "./projects";
import type { CloudSettings } from "./settings";
import { ROOT } from "./toolchain/versions";

/** What a user can do now; `url` is the first site's, of a stack that is deployed. */
export function summary(
  settings: CloudSettings,
  project: Pick<LocalProject, "folder">,
  seconds: number,
  url: string | undefined,
  isJson = false,
): string {
  const cloud = settings.name === "local" ? "" : `HOMEPORT_CLOUD=${settings.name} `;
  const took = Math.round(seconds * 10) / 10;
  const facts = { cloud: settings.name, seconds: took, site: url, edge: settings.edge };
  if (isJson) return `${JSON.stringify(facts)}\n`;
  const line = (name: string, text: string): string => `  ${name.padEnd(12)}${text}\n`;
  const isRoot = project.folder === ROOT;
  return [
    `\nReady after ${took} s${url === undefined ? "" : `: ${url}, at the edge ${settings.edge}`}\n\n`,
    url === undefined ? "" : line("visit", `${cloud}npm run -s local:visitor -- curl -i ${url}/`),
    isRoot ? "" : line("project", `cd ${relative(ROOT, project.folder)}     for the commands below`),
    line("clients", `eval "$(${cloud}npm run -s local:env)"     then, for example:`),
    ...(url === undefined ? [line("deploy", "pulumi up")] : deployed(url).map((each) => line(...each))),
    line("stop", `${cloud}npm run local:down`),
  ].join("");
}

function deployed(url: string): [string, string][] {
  const { hostname } = new URL(url);
  const site = `curl --resolve ${hostname}:443:$HOMEPORT_EDGE --cacert $HOMEPORT_CA ${url}/`;
  return [
    ["server", "npx homeport ssh"],
    ["site", site],
    ["outputs", "pulumi stack output"],
    ["no-op", "pulumi up"],
  ];
}
