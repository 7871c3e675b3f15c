#!/usr/bin/env node
// The Node.js language host: what Pulumi's engine starts to run a TypeScript program. It serves
// pulumirpc.LanguageRuntime with the protocol files of the program's own @pulumi/pulumi, and runs that
// package's `cmd/run` as the published host does. Plain JavaScript: it runs as it is, next to `pulumi`.
"use strict";
const { execFile, spawn } = require("node:child_process");
const { existsSync, readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

const EXITED_AFTER_LOGGED_ERROR = 32; // cmd/run's status when it has told the user already
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024; // as the engine's own limit
const engineAddress = process.argv[process.argv.length - 1];

const requireFrom = (folder) => createRequire(path.join(folder, "package.json"));
const load = requireFrom(process.cwd());
const children = new Set();

/** Splits the `nodeargs` option as a shell would: white space, quotes, backslashes. */
function splitArguments(text) {
  const words = text.match(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g) ?? [];
  return words.map((word) =>
    word.replace(/\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, plain, double, single) =>
      double !== undefined ? double.replace(/\\(["\\])/g, "$1") : (plain ?? single),
    ),
  );
}

function runArguments(request, options, script) {
  const info = request.getInfo();
  const flag = (name, value) => (value ? [`--${name}`, String(value)] : []);
  return [
    ...splitArguments(String(options.nodeargs ?? "")),
    script,
    ...flag("monitor", request.getMonitorAddress()),
    ...flag("engine", engineAddress),
    ...flag("organization", request.getOrganization()),
    ...flag("project", request.getProject()),
    ...flag("root-directory", info?.getRootDirectory()),
    ...flag("stack", request.getStack()),
    ...flag("pwd", request.getPwd()),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    ...flag("parallel", request.getParallel()),
    info?.getEntryPoint() || request.getProgram() || ".",
    ...request.getArgsList(),
  ];
}

function runEnvironment(request, options) {
  const config = Object.fromEntries(request.getConfigMap().toArray());
  return {
    ...process.env,
    PULUMI_NODEJS_TYPESCRIPT: String(options.typescript ?? true),
    ...(options.tsconfig ? { PULUMI_NODEJS_TSCONFIG_PATH: String(options.tsconfig) } : {}),
    PULUMI_CONFIG: JSON.stringify(config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
  };
}

function outcome(code, signal) {
  if (code === 0) return {};
  if (code === EXITED_AFTER_LOGGED_ERROR) return { bail: true };
  return {
    error: signal ? `Program was ended by ${signal}` : `Program exited with non-zero exit code: ${code}`,
  };
}

function run({ request }, done) {
  const { RunResponse } = load("@pulumi/pulumi/proto/language_pb");
  const finish = ({ error, bail }) => {
    const response = new RunResponse();
    if (error) response.setError(error);
    if (bail) response.setBail(true);
    done(null, response);
  };
  const info = request.getInfo();
  const options = info?.getOptions()?.toJavaScript() ?? {};
  let script;
  try {
    const folder = info?.getProgramDirectory() || request.getPwd();
    script = requireFrom(folder).resolve(
      process.env.PULUMI_LANGUAGE_NODEJS_RUN_PATH || "@pulumi/pulumi/cmd/run",
    );
  } catch {
    return finish({ error: "the Pulumi SDK is not installed beside the program; fix: npm ci" });
  }
  const child = spawn(process.execPath, runArguments(request, options, script), {
    cwd: request.getPwd(),
    stdio: ["ignore", "inherit", "inherit"],
    env: runEnvironment(request, options),
  });
  children.add(child);
  child.on("error", (error) => finish({ error: `the program could not be started: ${error.message}` }));
  child.on("exit", (code, signal) => {
    children.delete(child);
    finish(outcome(code, signal));
  });
}

/** package.json of each direct dependency of the program. */
function dependencies(folder) {
  const local = requireFrom(folder);
  const manifest = path.join(folder, "package.json");
  if (!existsSync(manifest)) return [];
  const { dependencies: wanted = {} } = JSON.parse(readFileSync(manifest, "utf8"));
  return Object.keys(wanted).flatMap((name) => {
    const file = (local.resolve.paths(name) ?? [])
      .map((base) => path.join(base, name, "package.json"))
      .find(existsSync);
    return file ? [JSON.parse(readFileSync(file, "utf8"))] : [];
  });
}

const programFolder = (request) => request.getInfo()?.getProgramDirectory() || process.cwd();

function getRequiredPackages({ request }, done) {
  const { GetRequiredPackagesResponse } = load("@pulumi/pulumi/proto/language_pb");
  const { PackageDependency } = load("@pulumi/pulumi/proto/plugin_pb");
  const response = new GetRequiredPackagesResponse();
  for (const { name, version, pulumi } of dependencies(programFolder(request))) {
    if (!pulumi?.resource) continue;
    const found = new PackageDependency();
    found.setName(pulumi.name ?? name.replace(/^@pulumi\//, ""));
    found.setKind("resource");
    found.setVersion(`v${pulumi.version ?? version}`);
    if (pulumi.server) found.setServer(pulumi.server);
    response.addPackages(found);
  }
  done(null, response);
}

function getProgramDependencies({ request }, done) {
  const { DependencyInfo, GetProgramDependenciesResponse } = load("@pulumi/pulumi/proto/language_pb");
  const response = new GetProgramDependenciesResponse();
  for (const { name, version } of dependencies(programFolder(request))) {
    const found = new DependencyInfo();
    found.setName(name);
    found.setVersion(version);
    response.addDependencies(found);
  }
  done(null, response);
}

function about(_, done) {
  const { AboutResponse } = load("@pulumi/pulumi/proto/language_pb");
  const response = new AboutResponse();
  response.setExecutable(process.execPath);
  response.setVersion(process.version);
  done(null, response);
}

function installDependencies(call) {
  const { InstallDependenciesResponse } = load("@pulumi/pulumi/proto/language_pb");
  const cwd = call.request.getInfo()?.getProgramDirectory() || call.request.getDirectory();
  execFile("npm", ["install"], { cwd }, (error, stdout, stderr) => {
    const response = new InstallDependenciesResponse();
    response.setStdout(Buffer.from(stdout));
    response.setStderr(Buffer.from(stderr));
    call.write(response);
    if (error) call.destroy(Object.assign(new Error("npm install failed"), { code: 2 }));
    else call.end();
  });
}

function stop(signal) {
  for (const child of children) child.kill(signal);
}

function serve() {
  const grpc = load("@grpc/grpc-js");
  const { Empty } = load("google-protobuf/google/protobuf/empty_pb");
  const { LanguageRuntimeService } = load("@pulumi/pulumi/proto/language_grpc_pb");
  const { LanguageHandshakeResponse } = load("@pulumi/pulumi/proto/language_pb");
  const { PluginInfo } = load("@pulumi/pulumi/proto/plugin_pb");
  const handlers = {};
  for (const method of Object.keys(LanguageRuntimeService)) {
    handlers[method] = (_, done) =>
      done?.({
        code: grpc.status.UNIMPLEMENTED,
        message: `${method} is not served by Homeport's language host`,
      });
  }
  Object.assign(handlers, {
    handshake: (_, done) => done(null, new LanguageHandshakeResponse()),
    getPluginInfo: (_, done) => done(null, new PluginInfo()),
    cancel: (_, done) => (stop("SIGINT"), done(null, new Empty())),
    ...{ run, about, getRequiredPackages, getProgramDependencies, installDependencies },
  });
  const limits = {
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  };
  const server = new grpc.Server(limits);
  server.addService(LanguageRuntimeService, handlers);
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    console.log(port); // the engine reads the first line of our output
  });
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
]) {
  process.on(signal, () => (stop(signal), process.exit(code)));
}
// The engine holds the other end of our input: when it is gone, killed too, so are we and the program.
process.stdin.on("end", () => (stop("SIGTERM"), process.exit(0))).resume();

if (require.main === module) {
  try {
    serve();
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    console.error(`@pulumi/pulumi is not installed in ${process.cwd()}; fix: npm ci`);
    process.exit(1);
  }
}
