import { describe, expect, it } from "vitest";
import { renderComparison } from "../../cli/commands/drift";
import { healthDeviations } from "../../cli/drift/containers";
import { needsReplacement, remedy } from "../../cli/drift/deviation";
import { previewDeviations, type Preview } from "../../cli/drift/preview";
import { recordedSteps, stepDeviations } from "../../cli/drift/steps";
import type { StackExport, StateResource } from "../../cli/stack-state";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const urn = (type: string, name: string): string => `urn:pulumi:prod::homeport::${type}::${name}`;
const STEP = "command:remote:Command";
const RECORD = "cloudflare:index/dnsRecord:DnsRecord";
const CONTAINER = "docker:index/container:Container";

function state(...resources: Partial<StateResource>[]): StackExport {
  return { version: 3, deployment: { resources: resources as StateResource[] } };
}

function step(
  name: string,
  create: string,
  stdin: string,
  triggers: string[] = ["7", "hash", "words"],
): StateResource {
  return { urn: urn(STEP, name), type: STEP, inputs: { create, stdin, triggers } };
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const answer = (stdout: string, code = 0, stderr = "") => ({ stdout, code, stderr });

describe("the steps that are asked", () => {
  it("are those whose script knows check mode, plain and guarded ones, with the words that they last ran with", () => {
    const guarded = "'bash' 'scripts/guarded-step.sh' '.homeport/prod/ssh_config' ops@203.0.113.10 ssh 'ops'";
    const { steps, unasked } = recordedSteps(
      state(
        step("hardening-fail2ban", "sudo -n bash -s --", "#!/bin/bash\n# check mode\n"),
        step("hardening-ssh", guarded, "# check mode: yes\n"),
        step("old", "sudo -n bash -s -- 'a b'", "#!/bin/bash\n"),
        step("hardening-host-key", "sudo -n bash -s --", "#!/bin/bash\n", ["7"]),
        step("server-power", "node scripts/power-on.js 'http://x' 7", "token"),
      ),
    );
    expect(steps.map(({ id, command }) => [id, command])).toEqual([
      ["hardening-fail2ban", "sudo -n env HOMEPORT_CHECK=1 bash -s --"],
      ["hardening-ssh", "sudo -n env HOMEPORT_CHECK=1 bash -s -- 'ops'"],
    ]);
    expect(unasked.map(({ id }) => id)).toEqual(["old"]);
  });

  it("tell of each difference; one that fails is a difference too", () => {
    const [asked] = recordedSteps(state(step("a", "sudo -n bash -s --", "# check mode\n"))).steps;
    const line = `drift ${base64("/etc/x\n")} ${base64("mode 644\n")} ${base64("mode 600\n")}`;
    expect(stepDeviations(asked!, answer(`${line}\nunchanged\n`))).toEqual([
      { id: "a", urn: urn(STEP, "a"), kind: "step", what: "/etc/x", wanted: "mode 644", found: "mode 600" },
    ]);
    expect(stepDeviations(asked!, answer("unchanged\n"))).toEqual([]);
    expect(stepDeviations(asked!, answer("", 1, "homeport: it broke\n"))).toMatchObject([
      { found: "it broke" },
    ]);
  });
});

describe("the refreshing preview", () => {
  const record = {
    urn: urn(RECORD, "dns-apex"),
    type: RECORD,
    inputs: { proxied: true, content: "1.2.3.4" },
  };
  const changed = (found: object, wanted: object, paths: string[]): Preview => ({
    steps: [
      {
        op: "update",
        urn: record.urn,
        oldState: { inputs: { ...found } },
        newState: { inputs: { ...wanted } },
        detailedDiff: Object.fromEntries(paths.map((path) => [path, {}])),
      },
    ],
  });

  it("tells of a property that somebody changed, with both values", () => {
    const preview = changed({ proxied: false }, { proxied: true }, ["proxied"]);
    expect(previewDeviations(preview, state(record))).toMatchObject([
      { id: "dns-apex", kind: "resource", what: "proxied", wanted: "true", found: "false" },
    ]);
  });

  it("tells a change of the program from one by hand", () => {
    const preview = changed({ content: "1.2.3.4" }, { content: "5.6.7.8" }, ["content"]);
    expect(previewDeviations(preview, state(record))).toMatchObject([{ kind: "declared" }]);
  });

  it("tells of a list only what is in one of the two", () => {
    const rules = [{ port: "22" }, { port: "80", __defaults: [] }, { port: "443" }];
    const before = { ...record, inputs: { rules } };
    const preview = changed({ rules: [rules[0], rules[2]] }, { rules }, ["rules[1]", "rules[2]"]);
    expect(previewDeviations(preview, state(before))).toMatchObject([
      { what: "rules", wanted: '{"port":"80"}', found: "nothing" },
    ]);
  });

  it("leaves out what only follows from another: a route to a container that is made anew", () => {
    const web = { urn: urn(CONTAINER, "app-web"), type: CONTAINER, id: "c1" };
    const route = { ...step("proxy-route-web", "", ""), dependencies: [web.urn] };
    const follows = (name: string, paths: string[]): Preview => ({
      steps: [
        { op: "create", urn: web.urn },
        {
          op: "replace",
          urn: route.urn,
          newState: { inputs: { create: name } },
          detailedDiff: Object.fromEntries(paths.map((path) => [path, {}])),
        },
      ],
    });
    const ids = (preview: Preview): string[] =>
      previewDeviations(preview, state(web, route)).map(({ id }) => id);
    expect(ids(follows(UNKNOWN, ["create"]))).toEqual(["app-web"]);
    expect(ids(follows("app-web-2", ["create", "triggers[2]"]))).toEqual(["app-web"]);
    expect(ids(follows("app-web-2", ["create", "triggers[1]"]))).toEqual(["app-web", "proxy-route-web"]);
  });

  it("tells of a step that another program would run otherwise, and of none for what somebody did on the host", () => {
    const limits = step("units-limits", "sudo -n bash -s --", "script\nlimits a e30=\n");
    const whats = (op: string, ...paths: string[]): string[] =>
      previewDeviations(
        {
          steps: [
            {
              ...{ op, urn: limits.urn, newState: { inputs: { stdin: "other", create: "x" } } },
              detailedDiff: Object.fromEntries(paths.map((path) => [path, {}])),
            },
          ],
        },
        state(limits),
      ).map(({ what, kind }) => `${kind}: ${what}`);
    expect(whats("same")).toEqual([]);
    expect(whats("refresh")).toEqual([]);
    expect(whats("update", "stdin")).toEqual(["declared: its input, or a file that it brings"]);
    expect(whats("replace", "create", "triggers[2]")).toEqual(["declared: its arguments"]);
    expect(whats("replace", "stdin", "triggers[1]")).toEqual(["declared: its script"]);
  });

  it("tells of what is gone, and of what nothing declares any more", () => {
    const preview: Preview = {
      steps: [
        { op: "create", urn: record.urn },
        { op: "delete", urn: urn(RECORD, "old") },
      ],
    };
    expect(previewDeviations(preview, state(record))).toMatchObject([
      { id: "dns-apex", kind: "resource", what: "cloudflare DnsRecord", found: "missing" },
      { id: "old", kind: "declared" },
    ]);
    expect(previewDeviations(preview, state())).toMatchObject([{ kind: "declared" }, { kind: "declared" }]);
  });
});

describe("the containers' health", () => {
  const web = { urn: urn(CONTAINER, "app-web"), type: CONTAINER, id: "c1" };

  it("is told when one runs and is not well; one that is gone or stopped is the refresh's", () => {
    expect(healthDeviations(state(web), "c1 running unhealthy\n")).toMatchObject([
      { found: "running unhealthy" },
    ]);
    expect(healthDeviations(state(web), "c1 paused healthy\n")).toMatchObject([{ found: "paused healthy" }]);
    for (const fine of ["c1 running healthy", "c1 exited unhealthy", "other running unhealthy"])
      expect(healthDeviations(state(web), fine)).toEqual([]);
  });
});

describe("what a person reads", () => {
  const found = { urn: "urn", what: "sshd -T", wanted: "permitrootlogin no", found: "permitrootlogin yes" };
  const comparison = { steps: 13, resources: 40, unasked: [] };

  it("is a diff with the command that mends it", () => {
    const deviation = { ...found, id: "hardening-ssh", kind: "step" as const };
    expect(renderComparison({ ...comparison, deviations: [deviation] }, 5)).toBe(
      [
        "✖ hardening-ssh: sshd -T",
        "    - permitrootlogin yes",
        "    + permitrootlogin no",
        "    fix: pulumi up --replace '**::hardening-ssh'",
        "1 deviation: 13 steps on the host, 40 resources, 5.0 s; fix: homeport drift --heal",
      ].join("\n"),
    );
    expect(renderComparison({ ...comparison, deviations: [] }, 5)).toMatch(/^no drift: 13 steps/);
  });

  it("names a refresh where that is enough", () => {
    const kinds = (["step", "container", "resource", "declared"] as const).map((kind) => ({
      ...found,
      id: "x",
      kind,
    }));
    expect(kinds.map(needsReplacement)).toEqual([true, true, false, false]);
    expect(kinds.map(remedy).slice(2)).toEqual(["pulumi up --refresh", "pulumi up"]);
  });
});
