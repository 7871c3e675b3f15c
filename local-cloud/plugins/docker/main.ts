import { servePlugin } from "../lib";
import { dockerPlugin } from "./plugin";

servePlugin(dockerPlugin());
