import { describe, expect, it } from "vitest";
import type { Verdict } from "../../cli/verify/check";
import {
  dockerUserVerdict,
  dropInVerdict,
  jailVerdict,
  journalVerdict,
  registryVerdict,
  sshdVerdict,
  ufwVerdict,
  upgradesVerdict,
} from "../../cli/verify/checks-host";
import { parseHostFacts } from "../../cli/verify/facts";
import { said } from "../support/verify";

const UFW = `Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), deny (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW IN    Anywhere
80/tcp                     ALLOW IN    Anywhere
443/tcp                    ALLOW IN    Anywhere
22/tcp (v6)                ALLOW IN    Anywhere (v6)
80/tcp (v6)                ALLOW IN    Anywhere (v6)
443/tcp (v6)               ALLOW IN    Anywhere (v6)
`;

const SSHD = `port 22
permitrootlogin no
pubkeyauthentication yes
passwordauthentication no
kbdinteractiveauthentication no
`;

const JAIL = `Status for the jail: sshd
|- Filter
|  |- Currently failed: 0
\`- Actions
   |- Currently banned: 2
`;

const DOCKER_USER = `-N DOCKER-USER
-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A DOCKER-USER -d 169.254.169.254/32 -j DROP
-A DOCKER-USER -i docker0 -j RETURN
-A DOCKER-USER -i br-+ -j RETURN
-A DOCKER-USER -p tcp -m conntrack --ctorigdstport 80 --ctdir ORIGINAL -j RETURN
-A DOCKER-USER -p tcp -m conntrack --ctorigdstport 443 --ctdir ORIGINAL -j RETURN
-A DOCKER-USER -j DROP
-A DOCKER-USER -j RETURN
`;

const FORWARD = "-P FORWARD DROP\n-A FORWARD -j DOCKER-USER\n-A FORWARD -j ufw-before-logging-forward\n";

const chain = (docker_user = DOCKER_USER, docker_user6 = DOCKER_USER, forward = FORWARD): Verdict =>
  dockerUserVerdict({
    forward: said(forward),
    docker_user: said(docker_user),
    docker_user6: said(docker_user6),
  });

describe("checks of the host pass", () => {
  it.each<[string, Verdict]>([
    [
      "S1-7 upgrades",
      upgradesVerdict(said("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n")),
    ],
    ["S1-8 ufw", ufwVerdict(said(UFW))],
    ["S1-9 jail", jailVerdict(said(JAIL))],
    ["S1-10 sshd", sshdVerdict(said(SSHD))],
    [
      "H3 drop-ins",
      dropInVerdict(
        said(
          "/etc/ssh/sshd_config.d/00-homeport.conf:PasswordAuthentication no\n/etc/ssh/sshd_config.d/50-cloud-init.conf:PasswordAuthentication yes\n",
        ),
      ),
    ],
    ["H4 journal", journalVerdict(said("Current match filter:\n_SYSTEMD_UNIT=ssh.service + _COMM=sshd\n"))],
    ["H5 DOCKER-USER", chain()],
  ])("%s", (_name, verdict) => {
    expect(verdict).toMatchObject({ ok: true });
  });
});

describe("checks of the host fail and say what to do", () => {
  it.each<[string, Verdict, RegExp]>([
    [
      "packages wait",
      upgradesVerdict(said("Inst openssl [3.0] (3.1 Debian-Security:13)\n1 upgraded, 0 newly installed\n")),
      /1 packages to upgrade, 1 of them security/,
    ],
    [
      "apt does not answer",
      upgradesVerdict(said("", 100, "E: dpkg was interrupted")),
      /dpkg was interrupted/,
    ],
    ["ufw is off", ufwVerdict(said("Status: inactive\n")), /inactive/],
    [
      "ufw allows by default",
      ufwVerdict(said(UFW.replace("deny (incoming)", "allow (incoming)"))),
      /default is allow/,
    ],
    ["one port more", ufwVerdict(said(`${UFW}8080/tcp                   ALLOW IN    Anywhere\n`)), /8080/],
    ["one port less in v6", ufwVerdict(said(UFW.replace(/^443\/tcp \(v6\).*\n/m, ""))), /v6 lets in/],
    [
      "a rule for one address",
      ufwVerdict(said(`${UFW}22/tcp                     ALLOW IN    203.0.113.7\n`)),
      /unexpected rule/,
    ],
    [
      "a limit",
      ufwVerdict(said(UFW.replace("22/tcp                     ALLOW", "22/tcp                     LIMIT"))),
      /unexpected rule/,
    ],
    ["fail2ban is dead", jailVerdict(said("", 255, "ERROR  Failed to access socket path")), /socket/],
    [
      "no sshd jail",
      jailVerdict(said("", 255, "Sorry but the jail 'sshd' does not exist")),
      /does not exist/,
    ],
    [
      "passwords are taken",
      sshdVerdict(said(SSHD.replace("passwordauthentication no", "passwordauthentication yes"))),
      /passwordauthentication yes/,
    ],
    [
      "root may log in",
      sshdVerdict(said(SSHD.replace("permitrootlogin no", "permitrootlogin without-password"))),
      /permitrootlogin/,
    ],
    ["sshd -T fails", sshdVerdict(said("", 255, "bad configuration option")), /bad configuration/],
    [
      "cloud-init comes first",
      dropInVerdict(
        said(
          "/etc/ssh/sshd_config.d/50-cloud-init.conf:PasswordAuthentication yes\n/etc/ssh/sshd_config.d/99-homeport.conf:PasswordAuthentication no\n",
        ),
      ),
      /50-cloud-init.conf comes first/,
    ],
    ["no drop-in", dropInVerdict(said("")), /no drop-in/],
    ["a log file is read", journalVerdict(said("No journal match filter set\n")), /no journal match/],
    [
      "Docker's own chain comes later",
      chain(undefined, undefined, "-A FORWARD -j DOCKER-FORWARD\n-A FORWARD -j DOCKER-USER\n"),
      /first rule of FORWARD/,
    ],
    ["nothing is dropped", chain("-N DOCKER-USER\n-A DOCKER-USER -j RETURN\n"), /v4: nothing is dropped/],
    ["v6 is missing", chain(undefined, ""), /v6: nothing is dropped/],
    [
      "a return for all comes first",
      chain(DOCKER_USER.replace("-N DOCKER-USER\n", "-N DOCKER-USER\n-A DOCKER-USER -j RETURN\n")),
      /lets more through: -A DOCKER-USER -j RETURN/,
    ],
    [
      "another port is let through",
      chain(DOCKER_USER.replace("--ctorigdstport 80 ", "--ctorigdstport 8080 ")),
      /8080/,
    ],
    [
      "private ranges are let through",
      chain(DOCKER_USER.replace("-i docker0", "-s 10.0.0.0/8")),
      /10\.0\.0\.0/,
    ],
  ])("%s", (_name, verdict, found) => {
    expect(verdict).toMatchObject({
      ok: false,
      found: expect.stringMatching(found) as string,
      fix: expect.stringMatching(/./) as string,
    });
  });
});

describe("parseHostFacts", () => {
  it("decodes probes, and takes a missing one for a failed command", () => {
    const out = Buffer.from("ü\n").toString("base64");
    const facts = parseHostFacts(JSON.stringify({ sshd: { code: 3, out, err: "" } }));

    expect(facts.sshd).toEqual({ code: 3, out: "ü\n", err: "" });
    expect(facts.ufw.code).toBe(127);
  });
});

describe("the registry's login", () => {
  const verdict = (out: string, code = 0): Verdict => registryVerdict(said(out, code), "ghcr.io");
  const succeeded = "Authenticating with existing credentials...\nLogin Succeeded\n";

  it("is root's own file, and one that the registry takes (S1-6)", () => {
    expect(verdict(`600 root\n${succeeded}`)).toMatchObject({ ok: true });
  });

  it.each([
    ["no file", "", 1, "no /root/.docker/config.json"],
    ["a file that others read", `644 root\n${succeeded}`, 0, "644 root"],
    [
      "a token that is refused",
      "600 root\nError: Cannot perform an interactive login\n",
      1,
      "does not take the token",
    ],
    ["a registry that does not answer", "600 root\n", 124, "no answer"],
  ])("fails for %s, with what to do", (_what, out, code, found) => {
    const result = verdict(out, code);
    expect(result).toMatchObject({ ok: false, found: expect.stringContaining(found) as string });
    expect(result).toHaveProperty("fix", expect.stringContaining("pulumi"));
  });
});

describe("a daemon that started again", () => {
  it("may put its isolation of networks before DOCKER-USER (H5)", () => {
    const forward = FORWARD.replace("-A FORWARD", "-A FORWARD -j DOCKER-ISOLATION-STAGE-1\n-A FORWARD");
    expect(chain(undefined, undefined, forward)).toMatchObject({ ok: true });
  });
});
