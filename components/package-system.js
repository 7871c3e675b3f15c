// What `require("homeport/system")` loads: the spec alone, without a provider, so that `homeport ps` stays quick.
"use strict";
require("tsx/cjs/api").register();
module.exports = require("./lib/system.ts");
