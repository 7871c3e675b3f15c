import type { Node } from "./node";

/** Keys of a service that say what Homeport does for every service: told as not needed, not as left out. */
export function doneAnyway(service: Node, hasUser: boolean): void {
  const deploy = service.get("deploy");
  const one = "Homeport runs one container of each service";
  for (const count of [deploy.get("replicas"), service.get("scale")]) spareIf(count, count.value === 1, one);
  const mode = deploy.get("mode");
  spareIf(mode, mode.value === "replicated", one);
  const restart = service.get("restart");
  const isAlways = restart.value === "always" || restart.value === "unless-stopped";
  spareIf(restart, isAlways, "Homeport restarts every container that ends, unless it was stopped");
  logging(service.get("logging"));
  rights(service, hasUser);
  const swap = service.get("memswap_limit");
  spareIf(swap, swap.value === service.get("mem_limit").value, "a container with a limit never swaps");
  const hostname = service.get("hostname");
  spareIf(hostname, hostname.value === service.path[1], "a service is known by its name");
  service.get("pull_policy").spare("images are pinned, and pulled where they are not there yet");
  const { isThere, value } = service.get("profiles");
  if (isThere && Array.isArray(value)) service.get("profiles").spare("a service of the system always runs");
  for (const key of ["privileged", "read_only", "tty", "stdin_open", "init", "oom_kill_disable"]) {
    const node = service.get(key);
    spareIf(node, node.value === false, "is Docker's default");
  }
}

function spareIf(node: Node, condition: boolean, reason: string): void {
  if (condition) node.spare(reason);
}

function logging(node: Node): void {
  const driver = node.get("driver").value ?? "json-file";
  const isDockers = driver === "json-file" || driver === "local";
  const options = node.get("options");
  for (const each of [node.get("driver"), options.get("max-size"), options.get("max-file")])
    spareIf(each, isDockers, "Docker rotates the logs on the server: five files of 10 MB for each container");
}

function rights(service: Node, hasUser: boolean): void {
  spareIf(service.get("cap_drop"), hasUser, "a service with a user has no capabilities at all");
  for (const [, option] of service.get("security_opt").children()) {
    const isSet = /^no-new-privileges([:=]true)?$/.test(String(option.value));
    spareIf(option, isSet, "Docker on the server gives no container new privileges");
  }
}
