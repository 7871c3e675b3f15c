import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "../../local-cloud/toolchain/bundle";
import { layout, pluginFile } from "../../local-cloud/toolchain/layout";

const home = mkdtempSync(join(tmpdir(), "homeport-plugins-"));
const plugins = layout().scriptPlugins;

beforeAll(() => Promise.all(plugins.map((plugin) => bundle(plugin.entry, pluginFile(home, plugin)))), 60_000);

afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Asks a plugin as the engine does: the first line that it prints is its port. */
async function versionOf(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("the plugin has no output");
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const client = new ResourceProviderClient(
    `127.0.0.1:${line.toString().trim()}`,
    credentials.createInsecure(),
  );
  try {
    const ask = (done: (error: Error | null, info: PluginInfo) => void): unknown =>
      client.getPluginInfo(new Empty(), done);
    return await new Promise((resolve, reject) => {
      ask((error, info) => (error ? reject(error) : resolve(info.getVersion())));
    });
  } finally {
    client.close();
  }
}

describe("a stand-in plugin", () => {
  it.each(plugins)(
    "$name runs by itself, away from the work tree, and answers npm's version",
    async (plugin) => {
      const file = pluginFile(home, plugin);
      expect(existsSync(file)).toBe(true);
      const child = spawn(file, ["127.0.0.1:1"], {
        cwd: home,
        stdio: ["pipe", "pipe", "inherit"],
      });
      try {
        expect(await versionOf(child)).toBe(plugin.version);
        child.kill("SIGINT"); // how the engine ends a plugin; after five seconds it would be killed
        const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
        expect(signal ?? code).not.toBe("SIGKILL");
      } finally {
        child.kill("SIGKILL");
      }
    },
  );
});
