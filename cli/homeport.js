#!/usr/bin/env node
// Plain JavaScript: registers the TypeScript loader, then hands over to main.ts.
require("tsx/cjs/api").register();
const { main } = require("./main.ts");

main(process.argv).then((code) => {
  process.exitCode = code;
});
