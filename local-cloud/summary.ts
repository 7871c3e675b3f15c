import { relative } from "node:path";
import type { LocalProject } from "./projects";
import type { CloudSettings } from "./settings";
import { ROOT } from "./toolchain/versions";

interface SummaryFlags {
  readonly cloudOnly?: boolean;
  readonly json?: boolean;
}

/** What a user can do now. */
export function summary(
  settings: CloudSettings,
  project: LocalProject,
  seconds: number,
  flags: SummaryFlags,
): string {
  const { domain } = project;
  const cloud = settings.name === "local" ? "" : `HOMEPORT_CLOUD=${settings.name} `;
  const folder =
    project.folder === ROOT
      ? ""
      : `  project     cd ${relative(ROOT, project.folder)}     for the commands below\n`;
  const facts = {
    cloud: settings.name,
    seconds: Math.round(seconds * 10) / 10,
    site: flags.cloudOnly === true ? undefined : `https://${domain}`,
    edge: settings.edge,
  };
  if (flags.json === true) return `${JSON.stringify(facts)}\n`;
  return `
Ready after ${facts.seconds} s${facts.site === undefined ? "" : `: ${facts.site}, at the edge ${settings.edge}`}

  visit       ${cloud}npm run -s local:visitor -- curl -i https://${domain}/
${folder}  clients     eval "$(${cloud}npm run -s local:env)"     then, for example:
  server      npx homeport ssh
  site        curl --resolve ${domain}:443:$HOMEPORT_EDGE --cacert $HOMEPORT_CA https://${domain}/up
  outputs     pulumi stack output
  no-op       pulumi up
  stop        ${cloud}npm run local:down
`;
}
