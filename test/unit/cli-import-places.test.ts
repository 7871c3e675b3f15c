import { describe, expect, it } from "vitest";
import type { Imported } from "../../cli/import/compose";
import { systemFaults } from "../../components/lib/system-rules";
import { imported, told } from "../support/compose";

const HEALTHY = { test: ["CMD", "true"] };

describe("directories of the host", () => {
  const mount = (volumes: unknown[], more: object = {}, others: object = {}): Imported =>
    imported({ web: { image: "shop:1", user: "7:7", healthcheck: HEALTHY, volumes, ...more }, ...others });

  it("lie below /opt/<system>, belong to who writes them, and are told with what to do", () => {
    const result = mount(
      ["./data:/data", "../up/x:/x", "/srv/y:/y:ro"],
      {},
      {
        job: { image: "shop:1", volumes: ["./data/in:/in"], healthcheck: HEALTHY },
      },
    );
    expect(result.spec.services.web?.mounts).toEqual({
      ...{ "/opt/shop/data": "/data", "/opt/shop/up/x": "/x", "/srv/y": "/y:ro" },
    });
    expect(result.spec.services.job?.mounts).toEqual({ "/opt/shop/data/in": "/in" });
    expect(result.spec.files).toEqual({
      "/opt/shop/data": { owner: "7:7", mode: "0755" },
      "/opt/shop/up/x": { owner: "7:7" },
      "/srv/y": { owner: "7:7" },
    });
    expect(told(result, "services.web.volumes[0]")).toContain(
      "changed: ./data is /opt/shop/data on the server",
    );
    expect(told(result, "services.job.volumes[0]")).toContain("the directory belongs to 7:7");
    expect(systemFaults(result.spec)).toEqual([]);
  });

  it.each([
    ["/var/run/docker.sock:/var/run/docker.sock", "the whole server"],
    ["./app.conf:/app/app.conf", "is one file"],
    ["./conf:/etc/app", "is configuration"],
    [".:/app", "is source code"],
    ["./web:/app", "is source code"],
    ["./templates:/templates:ro", "nothing writes it"],
    ["/usr/share/x:/x", "no directory of the system's own"],
    ["/opt/backups/postgres:/b:ro", "must mount a directory that files declares"],
  ])("%s is left out", (volume, reason) => {
    const result = mount([volume], {}, { other: { build: "./web", healthcheck: HEALTHY } });
    expect(told(result, "services.web.volumes[0]")).toContain(`left out: `);
    expect(told(result, "services.web.volumes[0]")).toContain(reason);
    expect([result.spec.services.web?.mounts, result.spec.files]).toEqual([undefined, undefined]);
  });

  it("of a store become a volume", () => {
    const result = imported({ db: { image: "postgres:17", volumes: ["./pg:/var/lib/postgresql/data"] } });
    expect(result.spec.services.db?.volumes).toEqual({ "db-pg": "/var/lib/postgresql/data" });
    expect(told(result, "services.db.volumes[0]")).toContain("is the volume db-pg");
  });

  it("of a store become a volume of its own, whatever others are called", () => {
    const db = { image: "postgres:17", volumes: ["./a/data:/var/lib/postgresql/data", "./b/data:/spare"] };
    const dumps = { image: "postgres:17", command: "sleep infinity", volumes: ["db-data:/dumps"] };
    const { spec } = imported({ db, dumps }, {}, { volumes: { "db-data": {} } });
    expect(spec.services.db?.volumes).toEqual({
      "db-data-2": "/var/lib/postgresql/data",
      "db-data-3": "/spare",
    });
    expect(spec.services.dumps?.volumes).toEqual({ "db-data": "/dumps" });
  });
});

describe("SQLite in what a service mounts", () => {
  it("is backed up by its own means (H10)", () => {
    const environment = {
      DATABASE_URL: "sqlite+aiosqlite:////data/app.db?x=1",
      DB: "/files/in/b.sqlite3",
      C: "sqlite:///./c.db",
    };
    const volumes = ["data:/data", "./files:/files"];
    const { spec } = imported({ web: { image: "shop:1", environment, volumes } });
    expect(spec.backupVolumes).toEqual([{ name: "data", sqlite: ["app.db"] }]);
    expect(spec.files).toEqual({ "/opt/shop/files": { mode: "0755", sqlite: ["in/b.sqlite3"] } });
    expect(systemFaults(spec)).toEqual([]);
  });
});

describe("what a service waits for", () => {
  it("is named where all of it has a health, and otherwise is what comes before it", () => {
    const web = { image: "shop:1", healthcheck: HEALTHY };
    const result = imported({
      web: { ...web, depends_on: ["api", "cache"] },
      api: { ...web, depends_on: { cache: { condition: "service_healthy" } } },
      job: { ...web, depends_on: { api: { condition: "service_healthy" } } },
      cache: { image: "redis:7" },
    });
    expect(Object.keys(result.spec.services)).toEqual(["cache", "api", "web", "job"]);
    const named = Object.values(result.spec.services).map(({ dependsOn }) => dependsOn);
    expect(named).toEqual([undefined, undefined, undefined, ["api"]]);
    expect(told(result, "services.api.depends_on.cache")).toContain("and not waited for");
    expect(told(result, "services.web.depends_on[0]")).toContain("waits until services.api is healthy");
  });
});

describe("an environment file of the server's", () => {
  it("is left out where its services are told different things", () => {
    const service = (MODE: string): object => ({
      ...{ image: "shop:1", healthcheck: HEALTHY, env_file: "/etc/shop/shop.env", environment: { MODE } },
    });
    const same = imported({ a: service("x"), b: service("x") });
    expect(Object.values(same.spec.services).map((each) => each.environmentFile)).toEqual([
      "/etc/shop/shop.env",
      "/etc/shop/shop.env",
    ]);
    const other = imported({ a: service("x"), b: service("y") });
    expect(Object.values(other.spec.services).map((each) => each.environmentFile)).toEqual([
      undefined,
      undefined,
    ]);
    expect(told(other, "services.b.env_file")).toContain("/etc/shop/shop.env is not on the server");
    expect(systemFaults(other.spec)).toEqual([]);
  });
});
