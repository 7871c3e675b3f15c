import { ENVIRONMENT_SHELL, type BadConfig } from "./mistakes";

export const WORLDS: readonly BadConfig[] = [
  {
    mistake: "a misspelt key",
    raw: { "homeport:domian": "mxcorre.com" },
    message:
      "homeport:domian: must be a known key (did you mean homeport:domain?), got a value; fix: pulumi config rm homeport:domian --stack prod",
  },
  {
    mistake: "another key of a provider",
    raw: { "cloudflare:apiKey": "abc" },
    message:
      "cloudflare:apiKey: must be one of cloudflare's keys that Homeport uses, got a value; fix: pulumi config rm cloudflare:apiKey --stack prod",
  },
  {
    mistake: "a local cloud's endpoint in the environment of a real stack",
    env: { HCLOUD_ENDPOINT: "http://127.0.0.1:4680/v1" },
    message: `HCLOUD_ENDPOINT: must not be in the environment of real stack prod, got http://127.0.0.1:4680/v1; fix: ${ENVIRONMENT_SHELL}`,
  },
  {
    mistake: "a real stack in a local cloud's state",
    env: { PULUMI_BACKEND_URL: "file:///root/.local/state/homeport/local/backend" },
    message: `PULUMI_BACKEND_URL: must not keep real stack prod in a local cloud's state, got file:///root/.local/state/homeport/local/backend; fix: ${ENVIRONMENT_SHELL}`,
  },
  {
    mistake: "one local cloud and one real",
    raw: { "hcloud:endpoint": "http://127.0.0.1:4680/v1" },
    message:
      "cloudflare:baseUrl: must be set where hcloud:endpoint is: both clouds are real or both are local, got nothing; fix: npm run local",
  },
  {
    mistake: "an endpoint without TLS",
    raw: {
      "hcloud:endpoint": "http://evil.com/v1",
      "cloudflare:baseUrl": "https://api.cloudflare.com/client/v4",
    },
    message:
      "hcloud:endpoint: must be an https URL, or http on 127.0.0.1, got http://evil.com/v1; fix: pulumi config rm hcloud:endpoint --stack prod",
  },
];
