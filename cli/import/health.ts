import type { Healthcheck } from "../../components/lib/system";
import type { Node } from "./node";
import { showsSecret } from "./secret-values";
import { seconds, words } from "./values";

/** Compose's own defaults: https://docs.docker.com/reference/dockerfile/#healthcheck */
const DEFAULTS = { interval: 30, timeout: 30, start_period: 0 } as const;
const DEFAULT_RETRIES = 3;

/** A service's health check; undefined, and told, where it has none of its own. */
export function healthcheckOf(
  node: Node,
  known: readonly string[],
  secrets: readonly string[] = [],
): Healthcheck | undefined {
  if (!node.isMap) return undefined;
  const isOff = [node.get("test").get(0).value, node.get("test").value].includes("NONE");
  if (isOff || node.get("disable").value === true) {
    node.leave("the image's own check stays, if it has one");
    return undefined;
  }
  node.get("disable").use();
  const test = testOf(node.get("test"), known);
  if (test === undefined) {
    node.leave(
      node.get("test").isThere
        ? "its test cannot be carried over: write one without a secret in it"
        : "only the image knows its test: write it down",
    );
    return undefined;
  }
  const retries = node.get("retries").parsed(wholeNumber, "is not a number");
  return {
    test: withSecretFiles(test, secrets, node.get("test")),
    intervalSeconds: wholeSeconds(node.get("interval"), DEFAULTS.interval, 1),
    timeoutSeconds: wholeSeconds(node.get("timeout"), DEFAULTS.timeout, 1),
    retries: retries === undefined || retries === 0 ? DEFAULT_RETRIES : retries,
    startPeriodSeconds: wholeSeconds(node.get("start_period"), DEFAULTS.start_period, 0),
  };
}

function testOf(node: Node, known: readonly string[]): string[] | undefined {
  const items = node.isList ? node.children().map(([, child]) => child.plain()) : undefined;
  const line = items === undefined ? node.plain() : undefined;
  const test = items ?? (line === undefined ? undefined : ["CMD-SHELL", line]);
  const isWhole = test?.every((part): part is string => part !== undefined) === true;
  if (!isWhole || !["CMD", "CMD-SHELL"].includes(test[0] ?? "")) return undefined;
  return showsSecret(test, known) ? undefined : test;
}

/** A health check runs beside the program, so a secret is not in its environment: its shell reads the file. */
function withSecretFiles(test: readonly string[], secrets: readonly string[], node: Node): readonly string[] {
  if (test[0] !== "CMD-SHELL" && !test.includes("-c")) return test;
  const asked = test.map((part) =>
    part.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (all, braced?: string, bare?: string) => {
      const name = braced ?? bare ?? "";
      return secrets.includes(name) ? `$(cat /run/secrets/${name})` : all;
    }),
  );
  if (asked.join() !== test.join())
    node.change("reads secrets from their files: they are in no environment of its own");
  return asked;
}

/** Seconds as the spec has them; a fraction is rounded up, and told. */
export function wholeSeconds(node: Node, otherwise: number, least: number): number {
  const given = node.parsed(seconds, "is not a duration such as 1m30s");
  if (given === undefined) return otherwise;
  const whole = Math.max(least, Math.ceil(given));
  if (whole !== given) node.change(`is ${whole} s: whole seconds only, at least ${least}`);
  return whole;
}

export function wholeNumber(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** A command line in either of Compose's forms; undefined, and told, where it cannot be carried over. */
export function argvOf(node: Node, known: readonly string[]): string[] | undefined {
  if (node.value === null) node.use();
  if (!node.isList && !node.isScalar) return undefined;
  const line = node.isList ? "" : node.plain();
  if (line === undefined) return undefined;
  const argv = node.isList ? node.children().map(([, child]) => child.plain()) : words(line);
  const reason = reasonAgainst(argv, known);
  if (reason === undefined) return argv as string[];
  node.leave(reason);
  return undefined;
}

function reasonAgainst(
  argv: readonly (string | undefined)[] | undefined,
  known: readonly string[],
): string | undefined {
  if (argv?.every((part): part is string => part !== undefined) !== true)
    return "cannot be read as a whole: write it down";
  if (argv.length === 0) return "is empty: the image's own stays";
  if (!showsSecret(argv, known)) return undefined;
  return "shows a secret, and arguments are for all to see: give it by environment";
}
