import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CLOUD, environment, eventually, execute, onServer, ROOT, serverIp } from "./support/cloud";

/** A change that shuts the operator out, by a script that arms its guard as ours do. */
const MISTAKE = `${readFileSync(join(ROOT, "scripts", "remote", "lib.sh"), "utf8")}
function revert_mistake() { ufw reload; }
guard_arm mistake 10 /etc/ufw/user.rules /etc/ufw/user6.rules
ufw delete allow 22/tcp >&2
ufw deny 22/tcp >&2
exit
`;

describe("a guarded step that shuts the operator out (S1-11)", () => {
  it("fails, says so, and the host lets the operator in again by itself", async () => {
    const env = { ...(await environment()), HOMEPORT_SECONDS_TO_PROVE: "5" };
    const args = [`.homeport/${CLOUD}/ssh_config`, `ops@${await serverIp()}`, "mistake"];
    const step = await execute("bash", ["scripts/guarded-step.sh", ...args], env, MISTAKE);

    expect(step.code).not.toBe(0);
    expect(step.stderr).toMatch(/mistake: no new connection after the change/);
    const rules = await eventually(90, async () => {
      const { code, stdout } = await onServer("sudo ufw status");
      return code === 0 && stdout;
    });
    expect(rules).toMatch(/22\/tcp +ALLOW/);
    expect(rules).not.toMatch(/22\/tcp +DENY/);
  });
});
