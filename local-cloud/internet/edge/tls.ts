import { X509Certificate } from "node:crypto";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import type { Socket } from "node:net";
import { createSecureContext, type SecureContext, type SecureVersion } from "node:tls";
import { type InternetConfig, type InternetZone, zoneOf } from "../config";
import { peekServerName } from "./client-hello";
import { setting } from "./route";
import { CHALLENGES_HOST } from "./turnstile";

const VERSIONS: Readonly<Record<string, SecureVersion>> = {
  "1.0": "TLSv1",
  "1.1": "TLSv1.1",
  "1.2": "TLSv1.2",
  "1.3": "TLSv1.3",
};

/** The certificate that a name is answered with. */
function certificateFor(config: InternetConfig, name: string): InternetZone["certificate"] | undefined {
  return name === CHALLENGES_HOST ? config.turnstile?.certificate : certifiedZone(config, name)?.certificate;
}

/** The zone whose certificate is for `name`: apex and one level. Deeper names have none, as with Universal SSL. */
function certifiedZone(config: InternetConfig, name: string): InternetZone | undefined {
  const zone = zoneOf(config, name);
  if (!zone || zone.certificate.certPem === "") return undefined;
  return new X509Certificate(zone.certificate.certPem).checkHost(name) === undefined ? undefined : zone;
}

/**
 * Takes TLS connections and hands each to a server with the lowest version that its zone allows. Names without a
 * certificate end in a handshake_failure alert.
 */
export class TlsFront {
  private readonly servers = new Map<string, Http2SecureServer>();

  /** `prepare` gives each new server its listeners. */
  constructor(
    private readonly config: () => InternetConfig,
    private readonly prepare: (server: Http2SecureServer) => void,
  ) {}

  async accept(socket: Socket): Promise<void> {
    socket.on("error", () => socket.destroy());
    const name = await peekServerName(socket);
    if (name === undefined) return void socket.destroy();
    const zone = certifiedZone(this.config(), name);
    const lowest = VERSIONS[zone ? setting(zone, "min_tls_version", "1.0") : "1.0"] ?? "TLSv1";
    const highest = zone && setting(zone, "tls_1_3", "on") === "off" ? "TLSv1.2" : "TLSv1.3";
    this.serverFor(lowest, highest).emit("connection", socket);
  }

  private serverFor(minVersion: SecureVersion, maxVersion: SecureVersion): Http2SecureServer {
    const key = `${minVersion} ${maxVersion}`;
    const known = this.servers.get(key);
    if (known) return known;
    const server = createSecureServer({
      allowHTTP1: true,
      minVersion,
      maxVersion,
      ciphers: "DEFAULT@SECLEVEL=0", // OpenSSL 3 has no TLS 1.0 and 1.1 otherwise
      SNICallback: (name, done) => done(null, this.contextFor(name.toLowerCase())),
    });
    this.prepare(server);
    this.servers.set(key, server);
    return server;
  }

  private contextFor(name: string): SecureContext | undefined {
    const certificate = certificateFor(this.config(), name);
    return certificate && createSecureContext({ cert: certificate.certPem, key: certificate.keyPem });
  }
}
