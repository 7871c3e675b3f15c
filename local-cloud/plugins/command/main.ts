import { version } from "@pulumi/command/package.json";
import { servePlugin } from "../lib";
import { copyFile, copyToRemote } from "./copy-to-remote";
import { localCommand, localRun } from "./local-command";
import { remoteCommand } from "./remote-command";

servePlugin({
  name: "command",
  version,
  resources: {
    "command:local:Command": localCommand,
    "command:remote:Command": remoteCommand,
    "command:remote:CopyToRemote": copyToRemote,
    "command:remote:CopyFile": copyFile,
  },
  functions: { "command:local:run": localRun },
});
