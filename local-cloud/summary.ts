import type { CloudSettings } from "./settings";

interface SummaryFlags {
  readonly cloudOnly?: boolean;
  readonly json?: boolean;
}

/** What a user can do now. */
export function summary(settings: CloudSettings, seconds: number, flags: SummaryFlags): string {
  const cloud = settings.name === "local" ? "" : `HOMEPORT_CLOUD=${settings.name} `;
  const facts = {
    cloud: settings.name,
    seconds: Math.round(seconds * 10) / 10,
    site: flags.cloudOnly === true ? undefined : "https://mxcorre.com",
    edge: settings.edge,
  };
  if (flags.json === true) return `${JSON.stringify(facts)}\n`;
  return `
Ready after ${facts.seconds} s${facts.site === undefined ? "" : `: ${facts.site}, at the edge ${settings.edge}`}

  visit       ${cloud}npm run -s local:visitor -- curl -i https://mxcorre.com/
  clients     eval "$(${cloud}npm run -s local:env)"     then, for example:
  server      npx homeport ssh
  site        curl --resolve mxcorre.com:443:$HOMEPORT_EDGE --cacert $HOMEPORT_CA https://mxcorre.com/up
  outputs     pulumi stack output
  no-op       pulumi up
  stop        ${cloud}npm run local:down
`;
}
