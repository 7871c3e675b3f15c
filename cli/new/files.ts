import { stringify } from "yaml";

/** A project that is to be written. */
export interface NewProject {
  /** The system's and the project's name. */
  readonly name: string;
  /** Apex of its zone. @default asked for by `homeport init` */
  readonly domain?: string;
  /** Where npm finds the package homeport: `file:../homeport`. */
  readonly homeport: string;
  /** Exact versions of what a Pulumi program has of its own, by package. */
  readonly versions: Readonly<Record<string, string>>;
}

/** The domain of a project on a local cloud as long as it has none. */
const LOCAL_DOMAIN = "acme.com";

/** What a project of one's own consists of: path -> text. It type-checks and deploys as it is. */
export function projectFiles(project: NewProject): Record<string, string> {
  return {
    "Pulumi.yaml": pulumiYaml(project),
    "Pulumi.prod.yaml": prodYaml(project),
    "local.yaml": localYaml(project),
    "index.ts": INDEX,
    "system.ts": systemTs(project.name),
    "package.json": packageJson(project),
    "tsconfig.json": TSCONFIG,
    ".gitignore": GITIGNORE,
  };
}

function pulumiYaml({ name }: NewProject): string {
  return stringify({
    name,
    description: `${name} on one Hetzner server behind Cloudflare`,
    runtime: { name: "nodejs", options: { packagemanager: "npm" } },
    main: ".",
  });
}

function prodYaml({ domain }: NewProject): string {
  const own = domain === undefined ? "" : `  homeport:domain: ${domain}\n`;
  return `# Production. \`npx homeport init --stack prod\` adds keys and secrets, encrypted, and asks for what only you can say.
config:
${own}  homeport:serverType: cx23
  homeport:location: nbg1
  homeport:serverImage: ubuntu-24.04
  homeport:images:
    db: postgres:16
    web: caddy:2.10.2
    proxy: caddy:2.10.2
`;
}

function localYaml({ domain = LOCAL_DOMAIN }: NewProject): string {
  return `# What differs from Pulumi.prod.yaml on a local cloud: \`npm run local -- FOLDER\`, called in Homeport's own folder, copies
# it to Pulumi.<cloud>.yaml with the values in braces filled in; \`homeport init\` adds secrets.
config:
  hcloud:endpoint: "{{HCLOUD_ENDPOINT}}"
  hcloud:pollInterval: 50ms
  hcloud:pollFunction: constant
  cloudflare:baseUrl: "{{CLOUDFLARE_BASE_URL}}"
  homeport:domain: ${domain}
  homeport:serverType: cx23
  homeport:location: nbg1
  homeport:serverImage: debian-13
  homeport:adminCidrs:
    - "{{ADMIN_CIDR}}"
  homeport:edgeCidrs:
    - "{{EDGE_CIDR}}"
    - 2001:db8:cf::/48
  homeport:images:
    db: postgres:17
    web: caddy:2
    proxy: caddy:2
  homeport:registryServer: ghcr.io
  homeport:backupRepository: "{{BACKUP_REPOSITORY}}"
  homeport:backupAccessKeyId: "{{BACKUP_ACCESS_KEY_ID}}"
  homeport:protect: false
# What this machine builds and pushes first: one of Homeport's images, or a folder with a Dockerfile. With
# WEB_IMAGE: { build: ./app, push: ghcr.io/me/app:local } the image above is "{{WEB_IMAGE}}".
images:
  DB_IMAGE:
    build: postgres
    push: docker.io/library/postgres:17
  PROXY_IMAGE:
    build: caddy
    push: docker.io/library/caddy:2
`;
}

const INDEX = `import { deploySystem } from "homeport";
import { system } from "./system";

const deployed = deploySystem(system);

export const { url, serverIp, serverId, serverName, zoneId, ssh } = deployed;
export const { secretValues, originCertificate, originPrivateKey } = deployed;
`;

/** The system that a new project starts from: a database, and a page in place of an application. */
export function systemTs(name: string): string {
  const database = name.replaceAll("-", "_");
  const user = /^pg_|^(postgres|root|user)$/.test(database) ? "app" : database;
  return `import { defineSystem } from "homeport/system";

/** What runs: a database, and a page where your application comes. */
export const system = defineSystem({
  name: "${name}",
  services: {
    db: {
      image: "postgres:16",
      containerName: "${name}-db",
      console: ["psql", "-U", "${user}", "${database}"],
      environment: { POSTGRES_DB: "${database}", POSTGRES_USER: "${user}" },
      secrets: ["POSTGRES_PASSWORD"],
      secretFiles: true,
      volumes: { pg_data: "/var/lib/postgresql/data" },
      user: "999:999",
      healthcheck: {
        test: ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "${user}", "-d", "${database}"],
        intervalSeconds: 2,
        timeoutSeconds: 5,
        retries: 5,
        startPeriodSeconds: 60,
      },
      stopGracePeriodSeconds: 60,
    },
    web: {
      image: "caddy:2.10.2",
      entrypoint: ["caddy", "respond", "--listen", ":3000"],
      healthcheck: {
        test: ["CMD", "caddy", "version"],
        intervalSeconds: 2,
        timeoutSeconds: 5,
        retries: 5,
        startPeriodSeconds: 60,
      },
      stopGracePeriodSeconds: 30,
    },
  },
  sites: [{ hostname: "@", aliases: [{ hostname: "www", redirect: true }], routes: { "/": "web:3000" } }],
  secrets: { POSTGRES_PASSWORD: { kind: "generated", length: 64, alphabet: "hex" } },
  databases: [{ service: "db", name: "${database}", user: "${user}" }],
});
`;
}

function packageJson({ name, homeport, versions }: NewProject): string {
  const manifest = {
    name,
    private: true,
    scripts: { check: "tsc --noCheck false" },
    dependencies: { homeport, ...versions },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

const TSCONFIG = `{
  "extends": "homeport/tsconfig.json",
  "compilerOptions": { "module": "node16", "moduleResolution": "node16" },
  "files": ["index.ts"]
}
`;

const GITIGNORE = `node_modules/
.homeport/
Pulumi.local.yaml
Pulumi.local-*.yaml
`;
