import { InternetFile } from "../config";
import { renameSync, writeFileSync } from "node:fs";
import { HealthChecks } from "./health";
import { startEdge } from "./server";

// Runs in a container: one file made of this and everything it imports, the configuration in a folder beside it.
const file = new InternetFile(process.argv[2] ?? "/internet/config.json");

const REPORT = "/reports/health.json";

startEdge({ config: () => file.current(), address: "0.0.0.0", ports: { http: 80, https: 443 } }).then(
  () => {
    console.log("edge: answering on ports 80 and 443");
    new HealthChecks(
      () => file.current(),
      (health) => {
        writeFileSync(`${REPORT}.new`, JSON.stringify(health));
        renameSync(`${REPORT}.new`, REPORT);
      },
    );
  },
  (error: unknown) => {
    console.error(`edge: ${String(error)}`);
    process.exitCode = 1;
  },
);
process.on("SIGTERM", () => process.exit(0));
