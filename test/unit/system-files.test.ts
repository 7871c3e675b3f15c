import { describe, expect, it } from "vitest";
import { FaultsError, formatFault } from "../../components/lib/faults";
import { defineSystem, type SystemSpec } from "../../components/lib/system";
import { backupTrees, hasSqlite, type FilesSpec } from "../../components/lib/system-files";

const SERVICE = { image: "x:1", stopGracePeriodSeconds: 10 };

function spec(changes: Partial<SystemSpec>): SystemSpec {
  return {
    name: "shop",
    services: {
      web: { ...SERVICE, volumes: { uploads: "/uploads" } },
      db: { ...SERVICE, containerName: "shop-db", volumes: { rows: "/var/lib/postgresql/data" } },
    },
    databases: [{ service: "db", name: "shop", user: "postgres" }],
    sites: [{ hostname: "@", routes: { "/": "web:80" } }],
    ...changes,
  };
}

function faultsOf(changes: Partial<SystemSpec>): string[] {
  try {
    defineSystem(spec(changes));
    return [];
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    return error.faults.map(formatFault);
  }
}

const directory = (each: FilesSpec) => ({ files: { "/srv/app": each } });

describe("the directories and volumes of a system", () => {
  it("fill in their defaults: root's, 0750, backed up whole", () => {
    const system = defineSystem(spec({ files: { "/srv/app": {} }, backupVolumes: ["uploads"] }));
    expect(system.files).toEqual([
      { path: "/srv/app", owner: "0:0", mode: "0750", backup: true, exclude: [], sqlite: [] },
    ]);
    expect(backupTrees(system)).toEqual([
      { kind: "directory", name: "/srv/app", exclude: [], sqlite: [] },
      { kind: "volume", name: "uploads", exclude: [], sqlite: [] },
    ]);
    expect(hasSqlite(system)).toBe(false);
  });

  it("are made and not backed up where the spec says so; SQLite counts in volumes as well", () => {
    const backupVolumes = [{ name: "uploads", sqlite: ["db/app.sqlite"], exclude: ["cache"] }];
    const system = defineSystem(spec({ files: { "/srv/tmp": { backup: false } }, backupVolumes }));
    expect(backupTrees(system).map(({ name }) => name)).toEqual(["uploads"]);
    expect(hasSqlite(system)).toBe(true);
  });

  it.each(["/srv/app", "/var/www", "/var/lib/app", "/home/app/data", "/opt/app", "/data", "/srv/a.b_c-d/e"])(
    "may be %s",
    (path) => expect(faultsOf({ files: { [path]: {} } })).toEqual([]),
  );

  it.each([
    "srv/app",
    "/",
    "/srv/../etc",
    "/srv/app/",
    "/srv//app",
    "/srv/a b",
    "/srv/$(id)",
    "/srv/.hidden",
    "",
  ])("must be absolute paths of plain characters: %j", (path) =>
    expect(faultsOf({ files: { [path]: {} } })).toEqual([
      expect.stringMatching(/^files\[".*"\]: must be an absolute path of plain characters, got/),
    ]),
  );

  it.each([
    ...["/etc", "/etc/app", "/srv", "/var/lib", "/root", "/opt/backups/files", "/var/lib/docker/volumes/x"],
    ...["/tmp/app", "/home", "/usr/local/app", "/var/lib/homeport", "/proc/1"],
  ])("must be places of their own: not %s", (path) =>
    expect(faultsOf({ files: { [path]: {} } })).toEqual([
      expect.stringContaining(`files["${path}"]: must be a place of its own, got ${path}`),
    ]),
  );

  it("do not lie in each other; neighbours with one beginning are two", () => {
    expect(faultsOf({ files: { "/srv/app": {}, "/srv/app/uploads": {} } })).toEqual([
      expect.stringContaining('files["/srv/app/uploads"]: must not lie in /srv/app, which is declared too'),
    ]);
    expect(faultsOf({ files: { "/srv/app": {}, "/srv/app-uploads": {} } })).toEqual([]);
  });

  it.each<[string, Partial<SystemSpec>, string]>([
    [
      "an owner by name",
      directory({ owner: "www-data" }),
      'files["/srv/app"].owner: must be numeric "uid:gid"',
    ],
    [
      "a mode of three digits",
      directory({ mode: "750" }),
      'files["/srv/app"].mode: must be four octal digits',
    ],
    ["a mode that all may write", directory({ mode: "0777" }), "no writing for all, got 0777"],
    ["a mode that the owner may not enter", directory({ mode: "0650" }), "7 for the owner"],
    [
      "what is excluded from no backup",
      directory({ backup: false, exclude: ["cache"] }),
      'files["/srv/app"]: must have no exclude and no sqlite without a backup',
    ],
    [
      "a pattern",
      directory({ exclude: ["cache/*"] }),
      "must be paths below the directory, of plain characters",
    ],
    ["a way out", directory({ sqlite: ["../app.sqlite"] }), 'files["/srv/app"].sqlite: must be paths below'],
    [
      "an absolute database",
      directory({ sqlite: ["/srv/app/x.sqlite"] }),
      'files["/srv/app"].sqlite: must be',
    ],
    [
      "a database that is left out",
      directory({ exclude: ["db"], sqlite: ["db/app.sqlite"] }),
      'files["/srv/app"].sqlite: must not be excluded, got db/app.sqlite',
    ],
    [
      "a volume of nobody's",
      { backupVolumes: ["upload"] },
      "backupVolumes[0]: must be a volume of a service, got upload; fix: use one of: uploads, rows",
    ],
    [
      "a volume twice",
      { backupVolumes: ["uploads", { name: "uploads" }] },
      "backupVolumes[1]: must be named once",
    ],
    [
      "a database's volume",
      { backupVolumes: ["rows"] },
      "backupVolumes[0]: must not be a database's: a copy of its live files is none",
    ],
    [
      "a way out of a volume",
      { backupVolumes: [{ name: "uploads", exclude: [".."] }] },
      "backupVolumes[0].exclude: must be paths below",
    ],
  ])("refuses %s", (_what, changes, said) => {
    expect(faultsOf(changes)).toEqual([expect.stringContaining(said)]);
  });

  it("tells every fault at once", () => {
    const files = { "/etc/app": { owner: "root", mode: "777" }, "/srv/app": { exclude: ["/x"] } };
    expect(faultsOf({ files, backupVolumes: ["rows"] })).toHaveLength(5);
  });
});
