import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CloudSettings } from "../settings";
import type { Service } from "./containers";

/**
 * A place on the internet that is neither the operator's nor the edge's: its resolver is the cloud's, and the
 * cloud's CA is one of those it trusts.
 */
export function visitor(settings: CloudSettings): Service {
  const ca = join(settings.stateDir, "ca", "ca.crt");
  const bundle = "/etc/ssl/certs/ca-certificates.crt";
  const prepare = [
    `echo "nameserver ${settings.dns}" >/etc/resolv.conf`, // not Docker's: dig and nslookup show who answers
    `[ -f ${bundle}.public ] || cp ${bundle} ${bundle}.public`,
    `cat ${bundle}.public /local-ca.crt >${bundle}`,
    "exec sleep infinity",
  ];
  return {
    name: "visitor",
    address: settings.visitor,
    image: "services",
    options: ["--volume", `${ca}:/local-ca.crt:ro`, "--stop-signal", "SIGKILL"],
    command: ["sh", "-c", prepare.join(" && ")],
    contents: [readFileSync(ca, "utf8")],
  };
}

/** The command that runs `argv` where a visitor stands, with this process's input, output and exit code. */
export function visitorCommand(settings: CloudSettings, argv: readonly string[]): string[] {
  const terminal = process.stdin.isTTY && process.stdout.isTTY ? ["--tty"] : [];
  return ["docker", "exec", "--interactive", ...terminal, `${settings.prefix}-visitor`, ...argv];
}
