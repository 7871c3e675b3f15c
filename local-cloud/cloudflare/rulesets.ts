import type { FastifyInstance, FastifyRequest } from "fastify";
import type { CloudflareDeps } from "./deps";
import { fault, ok } from "./envelope";
import { newRuleset, type Rule, type Ruleset } from "./ruleset";
import type { RuleInput } from "./ruleset-rules";
import {
  described,
  invalid,
  knownPhase,
  named,
  placed,
  withoutPast,
  write,
  type RulesetBody,
} from "./ruleset-write";
import type { Zone } from "./state";
import { changed, findZone } from "./zone-access";

const ROOT = "/zones/:zone/rulesets";
const ENTRY = `${ROOT}/phases/:phase/entrypoint`;
const ONE = `${ROOT}/:ruleset`;

type Params = {
  readonly phase?: string;
  readonly ruleset?: string;
  readonly rule?: string;
  readonly version?: string;
};

/** `/zones/{zone_id}/rulesets`: entry points of the phases that the edge knows. */
export function rulesetRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  collectionRoutes(app, deps);
  entryRoutes(app, deps);
  oneRoutes(app, deps);
  ruleRoutes(app, deps);
}

function collectionRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  app.get(ROOT, async (request) => ok(rulesetsOf(findZone(deps, request)).map(withoutRules)));

  app.post(ROOT, async (request) => {
    const zone = findZone(deps, request);
    const body = bodyOf(request);
    if (body.kind !== "zone")
      throw invalid(body.kind, "kind", "a zone has rulesets of kind zone only", "/kind");
    const phase = knownPhase(body.phase);
    if (rulesetsOf(zone).some((one) => one.phase === phase)) {
      throw invalid(
        "zone",
        "kind",
        `exceeded maximum number of zone rulesets for phase ${phase}`,
        "/kind",
        20_217,
      );
    }
    const name = named(body.name);
    return ok(write(deps, zone, newRuleset(phase, name, described(body.description)), body));
  });
}

function entryRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  app.get(ENTRY, async (request) => ok(withoutPast(entryOf(findZone(deps, request), paramsOf(request)))));

  app.put(ENTRY, async (request) => {
    const zone = findZone(deps, request);
    const phase = knownPhase(paramsOf(request).phase);
    const before = rulesetsOf(zone).find((one) => one.phase === phase) ?? newRuleset(phase, "default", "");
    return ok(write(deps, zone, before, bodyOf(request)));
  });

  app.get(`${ENTRY}/versions`, async (request) =>
    ok(versionsOf(entryOf(findZone(deps, request), paramsOf(request))).map(withoutRules)),
  );
  app.get(`${ENTRY}/versions/:version`, async (request) =>
    ok(versionOf(entryOf(findZone(deps, request), paramsOf(request)), paramsOf(request))),
  );
}

function oneRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  app.get(ONE, async (request) => ok(withoutPast(rulesetOf(findZone(deps, request), paramsOf(request)))));

  app.put(ONE, async (request) => {
    const zone = findZone(deps, request);
    const before = rulesetOf(zone, paramsOf(request));
    const body = bodyOf(request);
    for (const field of ["kind", "phase"] as const) {
      if (body[field] !== undefined && body[field] !== before[field]) {
        throw invalid(body[field], field, "it cannot be changed", `/${field}`);
      }
    }
    return ok(write(deps, zone, before, body));
  });

  app.delete(ONE, async (request, reply) => {
    const zone = findZone(deps, request);
    const { id } = rulesetOf(zone, paramsOf(request));
    zone.rulesets = rulesetsOf(zone).filter((one) => one.id !== id);
    changed(deps, zone);
    return reply.status(204).send();
  });

  app.get(`${ONE}/versions`, async (request) =>
    ok(versionsOf(rulesetOf(findZone(deps, request), paramsOf(request))).map(withoutRules)),
  );
  app.get(`${ONE}/versions/:version`, async (request) =>
    ok(versionOf(rulesetOf(findZone(deps, request), paramsOf(request)), paramsOf(request))),
  );
}

function ruleRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  app.post(`${ONE}/rules`, async (request) => {
    const zone = findZone(deps, request);
    const ruleset = rulesetOf(zone, paramsOf(request));
    const { position, ...rule } = bodyOf(request) as RulesetBody & { position?: unknown };
    const given = placed([...ruleset.rules], rule as RuleInput, position);
    return ok(write(deps, zone, ruleset, { rules: given }));
  });

  app.patch(`${ONE}/rules/:rule`, async (request) => {
    const zone = findZone(deps, request);
    const ruleset = rulesetOf(zone, paramsOf(request));
    const found = ruleOf(ruleset, paramsOf(request));
    const { position, ...change } = bodyOf(request) as RulesetBody & { position?: unknown };
    const merged = { ...found, ...change, id: found.id } as RuleInput;
    const given =
      position === undefined
        ? ruleset.rules.map((one) => (one === found ? merged : one))
        : placed(
            ruleset.rules.filter((one) => one !== found),
            merged,
            position,
          );
    return ok(write(deps, zone, ruleset, { rules: given }));
  });

  app.delete(`${ONE}/rules/:rule`, async (request) => {
    const zone = findZone(deps, request);
    const ruleset = rulesetOf(zone, paramsOf(request));
    const found = ruleOf(ruleset, paramsOf(request));
    return ok(write(deps, zone, ruleset, { rules: ruleset.rules.filter((one) => one !== found) }));
  });
}

function rulesetsOf(zone: Zone): Ruleset[] {
  return zone.rulesets ?? [];
}

function rulesetOf(zone: Zone, { ruleset: id }: Params): Ruleset {
  const found = rulesetsOf(zone).find((one) => one.id === id);
  if (!found) throw fault(404, 10_003, "could not find ruleset");
  return found;
}

function entryOf(zone: Zone, { phase }: Params): Ruleset {
  const known = knownPhase(phase);
  const found = rulesetsOf(zone).find((one) => one.phase === known);
  if (!found) throw fault(404, 10_003, `could not find entrypoint ruleset in the "${known}" phase`);
  return found;
}

function ruleOf(ruleset: Ruleset, { rule: id }: Params): Rule {
  const found = ruleset.rules.find((one) => one.id === id);
  if (!found) throw fault(404, 10_003, "could not find rule");
  return found;
}

function versionsOf(ruleset: Ruleset): Omit<Ruleset, "past">[] {
  return [...ruleset.past, withoutPast(ruleset)];
}

function versionOf(ruleset: Ruleset, { version }: Params): object {
  const found = versionsOf(ruleset).find((one) => one.version === version);
  if (!found) throw fault(404, 10_003, "could not find ruleset version");
  return found;
}

function withoutRules({ rules: _, ...ruleset }: Omit<Ruleset, "past"> & { past?: unknown }): object {
  return { ...ruleset, past: undefined };
}

function bodyOf(request: FastifyRequest): RulesetBody {
  return request.body ?? {};
}

function paramsOf(request: FastifyRequest): Params {
  return request.params as Params;
}
