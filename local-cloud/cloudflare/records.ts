import type { FastifyInstance, FastifyRequest } from "fastify";
import type { CloudflareDeps } from "./deps";
import { fault, ok } from "./envelope";
import { matching, ordered, page, param, textTests, type Query, type Test } from "./query";
import { assertFits, makeRecord, type RecordInput } from "./record-rules";
import type { DnsRecord, Zone } from "./state";
import { assertId, changed, findZone, type ZoneRequest } from "./zone-access";

type RecordRequest = ZoneRequest & { Params: { record: string } };

const PAGES = { perPage: 100, min: 1, max: 5_000_000 };
const INPUTS = [
  "name",
  "type",
  "content",
  "priority",
  "data",
  "proxied",
  "ttl",
  "settings",
  "comment",
  "tags",
];

/** `/zones/{zone_id}/dns_records`. */
export function recordRoutes(app: FastifyInstance, deps: CloudflareDeps): void {
  const path = "/zones/:zone/dns_records";
  /** Runs the changes on a copy, so that a fault leaves everything as it was. */
  const change = <T>(request: FastifyRequest, work: (edit: ZoneEdit) => T): T => {
    const zone = findZone(deps, request);
    const edit = new ZoneEdit(zone, deps.settings);
    const result = work(edit);
    zone.records = edit.records;
    changed(deps, zone);
    return result;
  };
  const idOf = (request: FastifyRequest<RecordRequest>): string => {
    assertId(request.params.record, request);
    return request.params.record;
  };
  const bodyOf = (request: FastifyRequest): RecordInput => (request.body ?? {}) as RecordInput;

  app.get<ZoneRequest>(path, async (request) => {
    const { query } = request;
    const found = matching(findZone(deps, request).records, recordTests(query), query);
    return page(
      ordered(found, query, (record, by) => record[by as "name" | "type" | "content" | "ttl" | "proxied"]),
      query,
      PAGES,
    );
  });
  app.get<RecordRequest>(`${path}/:record`, async (request) => {
    return ok(new ZoneEdit(findZone(deps, request), deps.settings).find(idOf(request)));
  });
  app.post<ZoneRequest>(path, async (request) => ok(change(request, (edit) => edit.post(bodyOf(request)))));
  app.put<RecordRequest>(`${path}/:record`, async (request) =>
    ok(change(request, (edit) => edit.put(idOf(request), bodyOf(request)))),
  );
  app.patch<RecordRequest>(`${path}/:record`, async (request) =>
    ok(change(request, (edit) => edit.patch(idOf(request), bodyOf(request)))),
  );
  app.delete<RecordRequest>(`${path}/:record`, async (request) => {
    const { id } = change(request, (edit) => edit.delete(idOf(request)));
    return ok({ id });
  });
  app.post<ZoneRequest>(`${path}/batch`, async (request) =>
    ok(change(request, (edit) => batch(edit, bodyOf(request)))),
  );
}

/** Changes of a zone's records, on a copy of its list. */
class ZoneEdit {
  records: DnsRecord[];

  constructor(
    private readonly zone: Zone,
    private readonly local: { hosts: string; edgeRange: string },
  ) {
    this.records = [...zone.records];
  }

  find(id: string): DnsRecord {
    const record = this.records.find((one) => one.id === id);
    if (!record) throw fault(404, 81044, "Record does not exist.");
    return record;
  }

  post(input: RecordInput): DnsRecord {
    const record = this.make(input);
    this.records = [...this.records, record];
    return record;
  }

  put(id: string, input: RecordInput): DnsRecord {
    const record = this.make(input, this.find(id));
    this.records = this.records.map((one) => (one.id === id ? record : one));
    return record;
  }

  patch(id: string, input: RecordInput): DnsRecord {
    const old = this.find(id) as unknown as RecordInput;
    return this.put(id, { ...Object.fromEntries(INPUTS.map((key) => [key, old[key]])), ...input });
  }

  delete(id: string): DnsRecord {
    const record = this.find(id);
    this.records = this.records.filter((one) => one !== record);
    return record;
  }

  private make(input: RecordInput, old?: DnsRecord): DnsRecord {
    const record = makeRecord(input, { zone: this.zone.name, ...this.local }, old);
    assertFits(record, this.records, this.zone.name);
    return record;
  }
}

// In this order, whatever the order in the request (API description of the batch).
function batch(edit: ZoneEdit, body: RecordInput): object {
  const list = (key: string): RecordInput[] => (Array.isArray(body[key]) ? (body[key] as RecordInput[]) : []);
  const id = (input: RecordInput): string => String(input.id);
  return {
    deletes: list("deletes").map((input) => edit.delete(id(input))),
    patches: list("patches").map((input) => edit.patch(id(input), input)),
    puts: list("puts").map((input) => edit.put(id(input), input)),
    posts: list("posts").map((input) => edit.post(input)),
  };
}

function recordTests(query: Query): Test<DnsRecord>[] {
  const is = (key: string, test: (record: DnsRecord, wanted: string) => boolean): Test<DnsRecord>[] => {
    const wanted = param(query, key);
    return wanted === undefined ? [] : [(record) => test(record, wanted)];
  };
  return [
    ...textTests<DnsRecord>(query, "name", ({ name }) => name),
    ...textTests<DnsRecord>(query, "content", ({ content }) => content),
    ...textTests<DnsRecord>(query, "comment", ({ comment }) => comment ?? ""),
    ...is("comment.present", ({ comment }) => comment !== null),
    ...is("comment.absent", ({ comment }) => comment === null),
    ...is("tag", ({ tags }, wanted) => tags.some((tag) => tag === wanted || tag.startsWith(`${wanted}:`))),
    ...is("type", ({ type }, wanted) => type === wanted.toUpperCase()),
    ...is("proxied", ({ proxied }, wanted) => String(proxied) === wanted),
    ...is("search", ({ name, content, comment, tags }, wanted) =>
      [name, content, comment ?? "", ...tags].join("\n").toLowerCase().includes(wanted.toLowerCase()),
    ),
  ];
}
