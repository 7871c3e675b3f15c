import { describe, expect, it } from "vitest";
import { renderTriage, triageOf, withoutSecrets, type PartState } from "../../cli/operations/triage";
import type { CheckResult } from "../../cli/verify/run-checks";
import { runningCalendar } from "../../systems/running-calendar";

const well = (service: string): PartState => ({
  ...{ service, name: `calendar-${service}`, state: "running, healthy", restarts: 0, ok: true, log: "" },
});
const RESULT: CheckResult = {
  ...{ id: "S3-20", title: "migrations are at head", seconds: 0 },
  verdict: { ok: false, found: "status 503 for s3cret-value", fix: "homeport logs web" },
};

describe("triage", () => {
  it("is good when everything runs and every check's request is answered", () => {
    const good = { ...RESULT, verdict: { ok: true as const, evidence: "200" } };
    expect(triageOf(runningCalendar, ["db", "web", "proxy"].map(well), [good], [])).toMatchObject({
      ok: true,
      hints: [],
    });
  });

  it("names what is missing, what is not well with its log, and the hints of failed checks", () => {
    const sick = {
      ...well("web"),
      state: "exited (1)",
      restarts: 3,
      ok: false,
      log: "cannot use s3cret-value\n",
    };
    const triage = triageOf(runningCalendar, [well("db"), sick], [RESULT], ["s3cret-value"]);
    expect(triage.ok).toBe(false);
    expect(triage.parts.map(({ service, state }) => `${service} ${state}`)).toEqual([
      "db running, healthy",
      "web exited (1)",
      "proxy missing",
    ]);
    const text = renderTriage(triage);
    expect(text).toMatch(/✖ {2}web +exited \(1\) +3/);
    expect(text).toContain("── web: last lines\ncannot use [secret]");
    expect(text).toContain(
      "✖ S3-20 migrations are at head: status 503 for [secret]\n    fix: homeport logs web",
    );
    expect(text + JSON.stringify(triage)).not.toContain("s3cret");
  });

  it("takes secrets out whole, the longer one first, and each line of a key", () => {
    expect(withoutSecrets("abcdefghij abcdef short", ["abcdef", "abcdefghij", "short"])).toBe(
      "[secret] [secret] short",
    );
    expect(withoutSecrets("log: line-two", ["line-one\nline-two"])).toBe("log: [secret]");
    expect(withoutSecrets("postgres://app:p%40ss-word@db", ["p%40ss-word"])).toBe(
      "postgres://app:[secret]@db",
    );
  });
});
