import { InternetFile } from "./config";
import { startDns } from "./dns/server";

// Runs in a container: one file made of this and everything it imports, the configuration in a folder beside it.
const file = new InternetFile(process.argv[2] ?? "/internet/config.json");

startDns({ config: () => file.current(), address: "0.0.0.0", port: 53 }).then(
  () => console.log("dns: answering on port 53"),
  (error: unknown) => {
    console.error(`dns: ${String(error)}`);
    process.exitCode = 1;
  },
);
process.on("SIGTERM", () => process.exit(0));
