import { existsSync, readFileSync } from "node:fs";

const FILES = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
/** Docker's own, in every container of ours: it knows this machine's resolvers that listen on loopback. */
const DOCKERS = "127.0.0.11";

/** The machine's resolver, as containers can reach it: never one on loopback, which is another in a container. */
export function upstreamResolver(texts = FILES.filter((file) => existsSync(file)).map(readText)): string {
  const servers = texts.flatMap((text) =>
    [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1]),
  );
  return servers.find((server) => server !== undefined && !/^(127\.|::1$|fe80:)/.test(server)) ?? DOCKERS;
}

function readText(file: string): string {
  return readFileSync(file, "utf8");
}
