import { defineSystem } from "homeport/system";
import { checks } from "./checks";

const CODE = "../../local-cloud/apps/hms";

/** What two Rails applications share: gems are Debian packages, and SQLite is in `storage`. */
const RAILS = {
  runtime: "bundle",
  packages: ["puma", "ruby-rails", "ruby-sqlite3"],
  beforeStart: ["bin/rails", "db:migrate"],
  command: ["bundle", "exec", "puma", "-C", "config/puma.rb"],
  hostsVariable: "APP_HOSTS",
  writable: { storage: { sqlite: ["production.sqlite3"] }, tmp: { backup: false } },
} as const;
const RUBY = { BUNDLE_FROZEN: "true", BUNDLE_USER_HOME: "/tmp/bundle", RUBYOPT: "-W:no-deprecated" };

/** The token is in the path. */
const INVENTORY = ["/api/inventory"];

/** Certificates of Let's Encrypt, by certbot on the server. */
const TLS = { tls: "acme-http" } as const;

/** A hosting manager (FastAPI) and the two Rails applications that it looks after, as services of systemd. */
export const system = defineSystem({
  name: "hms",
  services: {},
  units: {
    "hms-api": {
      source: `${CODE}/hosting-api`,
      folder: "/opt/hosting-api",
      runtime: "python-venv",
      command: [
        ".venv/bin/uvicorn",
        "--factory",
        "hms.main:application",
        "--host",
        "127.0.0.1",
        "--port",
        "5051",
      ],
      environment: {
        HMS_ADMIN_USER: "admin",
        HMS_JWT_ACCESS_EXPIRATION_MINUTES: "15",
        HMS_JWT_REFRESH_EXPIRATION_DAYS: "7",
      },
      secrets: ["HMS_ADMIN_PASSWORD", "HMS_JWT_SECRET", "HMS_API_TOKEN"],
      port: 5051,
      healthPath: "/health",
      writable: { data: { sqlite: ["hms.sqlite3"] } },
      limits: { responseMs: 500, memoryMb: 100, cpuPercent: 25, freeDiskMb: 1024 },
    },
    "cigar-management-system": {
      ...RAILS,
      source: `${CODE}/cigar-management-system`,
      user: "cigars",
      uid: 801,
      environment: { ...RUBY, PORT: "3001", CIGAR_ADMIN_USER: "admin" },
      secrets: ["CIGAR_API_TOKEN", "CIGAR_ADMIN_PASSWORD", "CIGAR_SECRET_KEY_BASE"],
      secretsAs: { CIGAR_SECRET_KEY_BASE: "SECRET_KEY_BASE" },
      port: 3001,
    },
    "tobacco-management-system": {
      ...RAILS,
      source: `${CODE}/tobacco-management-system`,
      user: "tobacco",
      uid: 802,
      environment: { ...RUBY, PORT: "3002", TOBACCO_ADMIN_USER: "admin" },
      secrets: ["TOBACCO_API_TOKEN", "TOBACCO_ADMIN_PASSWORD", "TOBACCO_SECRET_KEY_BASE"],
      secretsAs: { TOBACCO_SECRET_KEY_BASE: "SECRET_KEY_BASE" },
      port: 3002,
    },
  },
  proxy: "nginx",
  sites: [
    {
      ...TLS,
      hostname: "hosting",
      aliases: [{ hostname: "asterra", redirect: true }],
      routes: { "/": "hms-api:5051" },
      healthPath: "/health",
    },
    { ...TLS, hostname: "cigars", routes: { "/": "cigar-management-system:3001" }, unlogged: INVENTORY },
    { ...TLS, hostname: "tobacco", routes: { "/": "tobacco-management-system:3002" }, unlogged: INVENTORY },
  ],
  checks,
  secrets: {
    HMS_ADMIN_PASSWORD: { kind: "kept", minLength: 16, make: "base64url:24" },
    CIGAR_ADMIN_PASSWORD: { kind: "kept", minLength: 16, make: "base64url:24" },
    TOBACCO_ADMIN_PASSWORD: { kind: "kept", minLength: 16, make: "base64url:24" },
    CIGAR_SECRET_KEY_BASE: { kind: "kept", minLength: 64, make: "hex:64" },
    TOBACCO_SECRET_KEY_BASE: { kind: "kept", minLength: 64, make: "hex:64" },
    HMS_JWT_SECRET: { kind: "generated", length: 32, alphabet: "alphanumeric" },
    HMS_API_TOKEN: { kind: "generated", length: 48, alphabet: "alphanumeric" },
    CIGAR_API_TOKEN: { kind: "generated", length: 48, alphabet: "alphanumeric" },
    TOBACCO_API_TOKEN: { kind: "generated", length: 48, alphabet: "alphanumeric" },
  },
});
