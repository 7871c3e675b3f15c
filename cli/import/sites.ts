import type { SiteSpec } from "../../components/lib/system-sites";
import { isStore } from "./images";
import type { Node } from "./node";
import { namesOf, type Draft } from "./service";

/** A service that people ask, and the port where it answers. */
interface Candidate {
  readonly draft: Draft;
  readonly port: number;
  readonly node: Node;
}

const MAIN = /^(web|www|front|frontend|app|site|ui|client|nginx|caddy)$/;

/**
 * A site for each service that publishes a port, or that the compose file's own proxy waits for. The compose file does
 * not say more of what a visitor asks: its proxy's own configuration is not read.
 */
export function sitesOf(drafts: readonly Draft[], proxies: readonly Node[]): SiteSpec[] {
  const candidates = drafts.flatMap(publishedOf);
  const others = proxies.flatMap((proxy) => upstreamsOf(proxy, drafts));
  const all = [...candidates, ...others].filter(
    (each, at, list) => list.findIndex(({ draft }) => draft.name === each.draft.name) === at,
  );
  const main = all.find(({ draft }) => MAIN.test(draft.name)) ?? all[0];
  const ordered = all.filter((each) => each === main).concat(all.filter((each) => each !== main));
  return ordered.map((each, index) => siteOf(each, index));
}

function siteOf({ draft, port, node }: Candidate, index: number): SiteSpec {
  const hostname = index === 0 ? "@" : draft.name;
  const host = index === 0 ? "the domain itself" : `${hostname}.<domain>`;
  const place = `answers under ${host}, through Homeport's proxy: see sites[${index}]`;
  node.change(node === draft.node ? `port ${port} ${place}` : `port ${port} is not published, and ${place}`);
  const path = healthPathOf(draft);
  if (path === undefined)
    draft.node.change(`sites[${index}].healthPath is "/": name the path that says that it is well`);
  return { hostname, routes: { "/": `${draft.name}:${port}` }, healthPath: path ?? "/" };
}

/** The first published port: a service has one route. */
function publishedOf(draft: Draft): Candidate[] {
  const [first, ...more] = draft.published;
  if (first === undefined) return [];
  for (const { node } of more.filter((each) => each.port !== first.port)) {
    node.leave(`is not published: sites route to one port of a service, ${first.port} here`);
  }
  return [{ draft, ...first }];
}

function upstreamsOf(proxy: Node, drafts: readonly Draft[]): Candidate[] {
  return namesOf(proxy.get("depends_on")).flatMap((name) => {
    const draft = drafts.find((each) => each.name === name);
    if (draft === undefined || isStore(draft.image) || draft.published.length > 0) return [];
    const port = portOf(draft);
    if (port !== undefined) return [{ draft, port, node: draft.node }];
    draft.node.change("the compose file's proxy waits for it, and no expose names its port: give it a site");
    return [];
  });
}

/** Where it listens, as far as the file tells. */
function portOf({ node, spec }: Draft): number | undefined {
  const exposed = node
    .get("expose")
    .children()
    .map(([, child]) => Number.parseInt(String(child.value), 10));
  const said = [exposed[0], Number(spec.environment?.PORT), Number(healthUrl(spec)?.port)];
  return said.find((port) => port !== undefined && Number.isInteger(port) && port > 0 && port < 65536);
}

function healthPathOf({ spec }: Draft): string | undefined {
  const path = healthUrl(spec)?.path;
  return path !== undefined && /^\/([A-Za-z0-9._~-]+\/?)*$/.test(path) ? path : undefined;
}

/** What a health check asks of its own container. */
function healthUrl({
  healthcheck,
}: Draft["spec"]): { readonly port: string; readonly path: string } | undefined {
  const text = healthcheck?.test.join(" ") ?? "";
  const [, port, path = "/"] =
    /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d+)(\/[^\s"'?)]*)?/.exec(text) ?? [];
  return port === undefined ? undefined : { port, path };
}
