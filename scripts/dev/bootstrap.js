// Starts a task of the work tree from nothing but Node and npm: `node scripts/dev/bootstrap.js TASK [argument]...`
//   local, local:NAME   local-cloud/cli.ts local, local-cloud/cli.ts NAME
//   NAME                scripts/dev/NAME.ts
// Plain JavaScript without dependencies, and in words that an old Node understands: it has to say that it is old.
"use strict";
const { spawnSync } = require("child_process");
const crypto = require("crypto");
const fs = require("fs");
const os = require("os");
const path = require("path");

const ROOT = path.join(__dirname, "..", "..");
const NEEDED_NODE = [20, 19];

/** Standard error: what a task prints, such as the exports of `local:env`, is for whoever reads its output. */
function say(line) {
  process.stderr.write(`${line}\n`);
}

function fail(line) {
  say(line);
  process.exit(1);
}

function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(path.join(ROOT, file), "utf8")).packages || {};
  } catch {
    return undefined; // not there, or cut short
  }
}

/** Whether node_modules holds what the lockfile asks for. npm notes last what it installed, so a killed run shows. */
function upToDate() {
  const wanted = readPackages("package-lock.json");
  const found = readPackages(path.join("node_modules", ".package-lock.json"));
  if (!wanted) fail("package-lock.json: must be readable JSON; fix: git checkout package-lock.json");
  if (!found) return false;
  const libraries = (packages) => Object.keys(packages).filter((name) => /(^|\/)node_modules\//.test(name));
  const same = (name) => wanted[name] && found[name] && wanted[name].version === found[name].version;
  const skipped = (name) => !found[name] && (wanted[name].optional || wanted[name].devOptional);
  return libraries(wanted).every((name) => same(name) || skipped(name)) && libraries(found).every(same);
}

/** `npm ci` unless a run beside this one has done it in the meantime. */
function install() {
  if (upToDate()) return;
  say("installing the libraries of package-lock.json: npm ci");
  const started = Date.now();
  const options = { cwd: ROOT, stdio: ["ignore", 2, 2] };
  const { status, error } = spawnSync("npm", ["ci", "--no-fund", "--no-audit", "--loglevel=error"], options);
  if (status !== 0)
    fail(`npm ci: must succeed, ${error ? error.message : `got exit code ${status}`}; fix: npm ci`);
  say(`installed the libraries in ${Math.round((Date.now() - started) / 1000)} s`);
}

/** Runs `install` in a child that holds a lock on this work tree: two runs would empty each other's node_modules. */
function installAlone() {
  const tree = crypto.createHash("sha256").update(ROOT).digest("hex").slice(0, 16);
  const lock = path.join(os.tmpdir(), `homeport-npm-${os.userInfo().uid}-${tree}.lock`);
  const self = [process.execPath, __filename, "--install"];
  const { status, error } = spawnSync("flock", [lock].concat(self), { stdio: ["ignore", 2, 2] });
  if (error) return install(); // no flock(1) on this system
  if (status !== 0) process.exit(status === null ? 1 : status);
}

function entryOf(task) {
  const [group, name] = task.split(":");
  if (group === "local") return { entry: path.join("local-cloud", "cli.ts"), leading: [name || "local"] };
  return { entry: path.join("scripts", "dev", `${task.replace(/:/g, "-")}.ts`), leading: [] };
}

/** Goes on as if `node --import tsx ENTRY` had been started: no second process, so signals and exit code are its own. */
async function start(task, args) {
  const { entry, leading } = entryOf(task);
  const file = path.join(ROOT, entry);
  if (!fs.existsSync(file)) fail(`task: must be one of package.json's scripts, got ${task}; fix: npm run`);
  process.argv = [process.execPath, file].concat(leading, args);
  await import("tsx");
  require("module").runMain();
}

const node = process.versions.node.split(".").map(Number);
if (node[0] < NEEDED_NODE[0] || (node[0] === NEEDED_NODE[0] && node[1] < NEEDED_NODE[1])) {
  fail(
    `node: must be ${NEEDED_NODE.join(".")} or newer, got ${process.version}; fix: install it from https://nodejs.org`,
  );
}
const [task, ...args] = process.argv.slice(2);
if (task === "--install") {
  install();
} else if (!task) {
  fail("usage: node scripts/dev/bootstrap.js TASK [argument]...");
} else {
  if (!upToDate()) installAlone();
  start(task, args).catch((error) => fail(error.stack));
}
