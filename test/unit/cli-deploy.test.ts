import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { secretFilesIn } from "../../cli/deploy/context";
import { buildImage, digestOf, pushRepositoryOf } from "../../cli/deploy/image";
import {
  afterFailedUpdate,
  applicationService,
  contextOf,
  pushTargetOf,
  repositoryOf,
} from "../../cli/deploy/plan";
import type { ConfigValue } from "../../cli/pulumi";
import { connectionProblem } from "../../cli/ssh";
import { generatedSecrets, stackOutputs, type StackExport } from "../../cli/stack-state";
import { runningCalendar } from "../../systems/running-calendar";

const value = (text: string, object?: unknown): ConfigValue => ({ value: text, object, isSecret: false });
const LOGIN = [
  ["homeport:registryUsername", value("Me")],
  ["homeport:registryPassword", value("pw")],
] as const;
const DIGEST = `sha256:${"a".repeat(64)}`;

describe("what an image is built from", () => {
  const context = mkdtempSync(join(tmpdir(), "homeport-context-"));
  const write = (path: string, text = ""): void => {
    mkdirSync(dirname(join(context, path)), { recursive: true });
    writeFileSync(join(context, path), text);
  };
  afterAll(() => rmSync(context, { recursive: true }));

  it("may have folders that vanish or cannot be read: the build says so where it needs them", () => {
    expect(secretFilesIn(join(context, "gone"))).toEqual([]);
  });

  it("holds no secrets that .dockerignore lets through (S2-5)", async () => {
    for (const path of [".env", "api/.env", "api/.secrets.json", "api/.env.example", "api/env", "Dockerfile"])
      write(path);
    expect(secretFilesIn(context)).toEqual([".env", "api/.env", "api/.secrets.json"]);
    write(".dockerignore", "# ours\n.env\n**/.secrets.json\n");
    expect(secretFilesIn(context)).toEqual(["api/.env"]);
    await expect(buildImage(context, join(context, "work"))).rejects.toThrow(
      /^--context: must keep secrets out of the image, got api\/\.env; fix: put \*\*\/\.env into .*\.dockerignore$/,
    );
    write(".dockerignore", "**/.env\n**/.secrets.json\n!api/.env\n");
    expect(secretFilesIn(context)).toEqual(["api/.env"]);
    write("Dockerfile.dockerignore", "api\n.env\n");
    expect(secretFilesIn(context)).toEqual([]);
  });
});

describe("where an image comes from and goes to", () => {
  it("is the service without an image of its own", () => {
    expect(applicationService(runningCalendar)).toBe("web");
  });

  it("is the given folder, the sample of a local cloud, or ./app", () => {
    const local = new Map([["hcloud:endpoint", value("http://127.0.0.1:4680/v1")]]);

    expect(contextOf("/src/app", new Map(), runningCalendar)).toBe("/src/app");
    expect(contextOf(undefined, local, runningCalendar)).toMatch(/local-cloud\/apps\/running-calendar$/);
    expect(contextOf(undefined, new Map(), runningCalendar)).toBe(join(process.cwd(), "app"));
  });

  it("is the repository that config names, else one of the user's, pushed through the address of this machine", () => {
    const images = ["homeport:images", value("", { web: `ghcr.io/acme/app@${DIGEST}` })] as const;
    const named = pushTargetOf("prod", new Map([...LOGIN, images]), runningCalendar, "web", {
      HOMEPORT_REGISTRY_PUSH: "127.0.0.1:5001",
    });
    const first = pushTargetOf("prod", new Map(LOGIN), runningCalendar, "web", {});

    expect(named.repository).toBe("ghcr.io/acme/app");
    expect(pushRepositoryOf(named)).toBe("127.0.0.1:5001/acme/app");
    expect(first.repository).toBe("ghcr.io/me/running-calendar");
    expect(pushRepositoryOf(first)).toBe(first.repository);
  });

  it("needs the registry's login, and says so for both halves at once", () => {
    expect(() => pushTargetOf("prod", new Map(), runningCalendar, "web", {})).toThrow(
      /registryUsername[^]*registryPassword/,
    );
  });

  it("keeps a registry's port out of the tag", () => {
    expect(repositoryOf("127.0.0.1:5001/a/b:1.2")).toBe("127.0.0.1:5001/a/b");
  });

  it("reads the digest that docker push ends with, and refuses to go on without one", () => {
    expect(digestOf(`content-1: digest: ${DIGEST} size: 1234\n`)).toBe(DIGEST);
    expect(() => digestOf("denied")).toThrow(/no digest/);
  });
});

describe("messages", () => {
  it("after a failed update name the way back when there is one", () => {
    expect(afterFailedUpdate("prod", "app@old", "app@new")).toContain("--image app@old");
    expect(afterFailedUpdate("prod", undefined, "app@new")).not.toContain("--image");
  });

  it.each([
    ["Host key verification failed.", /another host key/],
    ["ops@203.0.113.10: Permission denied (publickey).", /does not accept the operator's key/],
    ["connect to host 203.0.113.10 port 22: Connection timed out", /homeport:adminCidrs/],
    ["something else", /something else/],
  ])("%s", (stderr, expected) => {
    expect(connectionProblem("203.0.113.10", stderr)).toMatch(expected);
  });
});

describe("state", () => {
  const secret = (text: string) => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    plaintext: JSON.stringify(text),
  });
  const state: StackExport = {
    version: 3,
    deployment: {
      resources: [
        {
          urn: "s",
          type: "pulumi:pulumi:Stack",
          outputs: { serverIp: "203.0.113.10", token: secret("hidden-value") },
        },
        {
          urn: "p",
          type: "random:index/randomPassword:RandomPassword",
          outputs: { result: secret("generated-value"), length: 64 },
        },
        { urn: "c", type: "command:remote:Command", outputs: { stdin: secret("not collected") } },
      ],
    },
  };

  it("gives outputs with and without the secret mark", () => {
    expect(stackOutputs(state)).toEqual({ serverIp: "203.0.113.10", token: "hidden-value" });
  });

  it("gives the generated secrets, and no others", () => {
    expect(generatedSecrets(state)).toEqual(["generated-value"]);
  });
});
