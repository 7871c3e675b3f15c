import { readFileSync } from "node:fs";
import { Resolver } from "node:dns/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import type { CloudSettings } from "../settings";

const PATIENCE = 5_000; // ms

/** Posts as somebody in the cloud's internet: its names, and its authority beside the public ones. */
export function internetPost(settings: Pick<CloudSettings, "dns" | "stateDir">) {
  return async (url: string, headers: Readonly<Record<string, string>>, body: string): Promise<number> => {
    const { hostname, protocol } = new URL(url);
    const resolver = new Resolver({ timeout: 2000, tries: 2 });
    resolver.setServers([settings.dns]);
    const [address] = isIP(hostname) === 0 ? await resolver.resolve4(hostname) : [hostname];
    const ca = [...rootCertificates, readFileSync(join(settings.stateDir, "ca", "ca.crt"), "utf8")];
    const isTls = protocol === "https:";
    return new Promise((done, fail) => {
      const options = {
        method: "POST",
        headers: { ...headers, host: new URL(url).host, "content-length": Buffer.byteLength(body) },
        host: address,
        agent: false,
        timeout: PATIENCE,
      };
      const outgoing = isTls
        ? httpsRequest(url, { ...options, ca, servername: hostname })
        : httpRequest(url, options);
      outgoing.on("response", (reply) => {
        reply.resume();
        done(reply.statusCode ?? 0);
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error("no answer")));
      outgoing.on("error", fail).end(body);
    });
  };
}
