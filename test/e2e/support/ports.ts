import { expect } from "vitest";
import { sh, visitor, type Result } from "./cloud";

/** What the services of all systems listen on: none of it is a visitor's, in any of them. */
const INNER_PORTS = [5432, 6379, 3000, 3001, 3002, 8000, 8001, 5051];
/** For admins, and for the edge. */
const GUARDED_PORTS = [22, 80, 443];

type From = (...words: string[]) => Promise<Result>;

/** Which of the ports of an address or name take a connection. */
async function openPorts(host: string, ports: readonly number[], from: From): Promise<string> {
  const ask = `for port in ${ports.join(" ")}; do
      { timeout 3 bash -c "echo >/dev/tcp/${host}/$port" 2>/dev/null && echo $port; } &
    done; wait`;
  return (await from("bash", "-c", ask)).stdout.trim();
}

/**
 * A visitor who goes around the edge finds no port open; the same question does find one that is: at the edge, which
 * has the site `hostname`, and at the server from here, where an admin sits.
 */
export async function expectClosed(serverIp: string, hostname: string): Promise<void> {
  expect(await openPorts(serverIp, [...INNER_PORTS, ...GUARDED_PORTS], visitor)).toBe("");
  expect(await openPorts(hostname, [443], visitor)).toBe("443");
  expect(await openPorts(serverIp, [22], sh)).toBe("22");
}
