// What `require("homeport")` loads: Pulumi's own TypeScript loader leaves node_modules alone, so this brings one along.
"use strict";
require("tsx/cjs/api").register();
module.exports = require("./index.ts");
