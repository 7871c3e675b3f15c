import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import type { Agent, Dispatcher } from "undici";
import type { ImageParts, RegistryLogin } from "./registry-auth";

/** Where Go programs look for trusted roots on Linux; Node looks only into its own. */
const SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt";
const MANIFESTS = [
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
].join(", ");
/** Registries that take the password as a token at once. */
const TOKEN_REGISTRY = /^(ghcr\.io|gcr\.io|.*\.azurecr\.io)$/;

type Answer = Dispatcher.ResponseData;

/** A registry as this machine (not the host) reaches it. */
export class Registry {
  #agent: Agent | undefined;

  constructor(
    private readonly host: string,
    private readonly login: RegistryLogin | undefined,
    private readonly insecureSkipVerify: boolean,
  ) {}

  /** The digest that a tag stands for now. */
  async digest({ repository, tag }: ImageParts): Promise<string> {
    const answer = await this.#manifest("HEAD", repository, tag, "push,pull");
    const digest = answer.headers["docker-content-digest"];
    if (answer.statusCode === 200 && typeof digest === "string") return digest;
    if (answer.statusCode !== 200) throw new Error(`got bad response from registry: ${answer.statusCode}`);
    const body = await (await this.#manifest("GET", repository, tag, "push,pull")).body.arrayBuffer();
    return `sha256:${createHash("sha256").update(Buffer.from(body)).digest("hex")}`;
  }

  async delete({ repository }: ImageParts, digest: string): Promise<void> {
    const { statusCode } = await this.#manifest("DELETE", repository, digest, "*");
    if (![200, 202, 404].includes(statusCode))
      throw new Error(`got bad response from registry: ${statusCode}`);
  }

  async #manifest(
    method: "HEAD" | "GET" | "DELETE",
    repository: string,
    tag: string,
    actions: string,
  ): Promise<Answer> {
    const url = `${this.login?.serveraddress ?? `https://${this.host}`}/v2/${repository}/manifests/${tag}`;
    const headers = { accept: MANIFESTS };
    const first = await this.#ask(method, url, { ...headers, ...this.#firstAuthorization() });
    if (first.statusCode !== 401) return first;
    const token = await this.#token(
      String(first.headers["www-authenticate"] ?? ""),
      `repository:${repository}:${actions}`,
    );
    return this.#ask(method, url, { ...headers, authorization: `Bearer ${token}` });
  }

  #firstAuthorization(): Record<string, string> {
    if (!this.login?.username) return {};
    if (!TOKEN_REGISTRY.test(this.host)) return { authorization: this.#basic() };
    return { authorization: `Bearer ${Buffer.from(this.login.password).toString("base64")}` };
  }

  #trust(): { ca: string[]; rejectUnauthorized: boolean } {
    const system = existsSync(SYSTEM_ROOTS) ? [readFileSync(SYSTEM_ROOTS, "utf8")] : [];
    return { ca: [...rootCertificates, ...system], rejectUnauthorized: !this.insecureSkipVerify };
  }

  #basic(): string {
    return `Basic ${Buffer.from(`${this.login?.username}:${this.login?.password}`).toString("base64")}`;
  }

  async #token(challenge: string, scope: string): Promise<string> {
    if (!challenge.startsWith("Bearer ")) throw new Error("bad credentials: 401 Unauthorized");
    const fields = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]),
    );
    const url = new URL(fields.get("realm") ?? "");
    url.searchParams.set("service", fields.get("service") ?? "");
    url.searchParams.set("scope", fields.get("scope") || scope);
    const answer = await this.#askForToken(url.href);
    if (answer.statusCode !== 200) throw new Error(`got bad response from registry: ${answer.statusCode}`);
    const { token, access_token } = (await answer.body.json()) as { token?: string; access_token?: string };
    const found = token || access_token;
    if (!found) throw new Error("Error unsupported OAuth response");
    return found;
  }

  /** With the login first; a registry that refuses it may still give everybody a token. */
  async #askForToken(url: string): Promise<Answer> {
    if (!this.login?.username) return this.#ask("GET", url, {});
    const answer = await this.#ask("GET", url, { authorization: this.#basic() });
    return [401, 403].includes(answer.statusCode) ? this.#ask("GET", url, {}) : answer;
  }

  async #ask(method: Dispatcher.HttpMethod, url: string, headers: Record<string, string>): Promise<Answer> {
    const { Agent, request } = await import("undici"); // slow to load, and seldom needed
    this.#agent ??= new Agent({ connect: this.#trust() });
    const answer = await request(url, { method, headers, dispatcher: this.#agent }).catch(
      (error: unknown) => {
        throw new Error(
          `Error during registry request: ${error instanceof Error ? error.message : String(error)}`,
        );
      },
    );
    if (method === "HEAD" || answer.statusCode === 401) await answer.body.dump();
    return answer;
  }
}
