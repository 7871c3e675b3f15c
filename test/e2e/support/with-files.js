// Loaded into every Node process by NODE_OPTIONS=--require: the sample system with a directory and a volume besides, as
// if its own file said so. The spec passes the same rules. Plain JavaScript: it comes before any TypeScript loader.
const Module = require("node:module");

const load = Module._load;
const FILES = {
  "/srv/calendar": { owner: "1000:1000", mode: "2750", exclude: ["cache"], sqlite: ["app.sqlite"] },
};
const VOLUME = "running_calendar_uploads";

function withFiles(spec) {
  const web = { ...spec.services.web, volumes: { [VOLUME]: "/uploads" } };
  return { ...spec, services: { ...spec.services, web }, files: FILES, backupVolumes: [VOLUME] };
}

Module._load = function (request, parent, ...rest) {
  const loaded = load.call(this, request, parent, ...rest);
  if (!request.endsWith("components/lib/system") || !parent?.filename.includes("running-calendar"))
    return loaded;
  return { ...loaded, defineSystem: (spec) => loaded.defineSystem(withFiles(spec)) };
};
