import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Change } from "./diff";
import {
  checkResource,
  createResource,
  diffResource,
  previewOutputs,
  readResource,
  updateResource,
  type AnyResource,
  type Autonaming,
} from "./lifecycle";
import type { CheckFailure } from "./schema";
import type { Context } from "./resource";
import { plain, type Properties } from "./values";
import { fromStruct, toStruct, unary } from "./wire";

const KINDS = {
  add: [pb.PropertyDiff.Kind.ADD, pb.PropertyDiff.Kind.ADD_REPLACE],
  delete: [pb.PropertyDiff.Kind.DELETE, pb.PropertyDiff.Kind.DELETE_REPLACE],
  update: [pb.PropertyDiff.Kind.UPDATE, pb.PropertyDiff.Kind.UPDATE_REPLACE],
} as const;

const MODES = ["propose", "enforce", "disable"] as const;

/** The path goes into the text: the engine prints the value of a property named beside it, secrets too. */
export function toFailures(failures: readonly CheckFailure[]): pb.CheckFailure[] {
  return failures.map(({ property, reason }) => {
    const failure = new pb.CheckFailure();
    failure.setReason(`${property}: ${reason}`);
    return failure;
  });
}

export function toDiff(changes: readonly Change[], deleteBeforeReplace: boolean): pb.DiffResponse {
  const { DIFF_SOME, DIFF_NONE } = pb.DiffResponse.DiffChanges;
  const response = new pb.DiffResponse();
  response.setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setHasdetaileddiff(true);
  for (const { path, kind, replaces } of changes) {
    const detail = new pb.PropertyDiff();
    detail.setKind(KINDS[kind][replaces ? 1 : 0]);
    detail.setInputdiff(true);
    response.getDetaileddiffMap().set(path, detail);
  }
  const names = (some: readonly Change[]): string[] => [
    ...new Set(some.map(({ path }) => topLevelName(path))),
  ];
  response.setDiffsList(names(changes));
  response.setReplacesList(names(changes.filter(({ replaces }) => replaces)));
  response.setDeletebeforereplace(deleteBeforeReplace);
  return response;
}

const topLevelName = (path: string): string => path.split(/[.[]/)[0] ?? path;

/** The calls of the engine about single resources. `settled` is awaited before a call that logs answers. */
export function resourceHandlers(
  types: Readonly<Record<string, AnyResource>>,
  makeContext: (call: { urn: string; name?: string; timeout?: number }) => Context,
  settled: () => Promise<void>,
): UntypedServiceImplementation {
  const typeOf = (urn: string): AnyResource => {
    const token = urn.split("::")[2]?.split("$").pop() ?? "";
    const type = types[token];
    if (!type)
      throw new Error(`this stand-in has no resource type ${token}; it has ${Object.keys(types).join(", ")}`);
    return type;
  };
  const contextOf = (
    request: pb.CreateRequest | pb.UpdateRequest | pb.DeleteRequest | pb.ReadRequest,
  ): Context =>
    makeContext({ urn: request.getUrn(), name: request.getName(), timeout: request.getTimeout() });
  const logged = async <T>(work: () => Promise<T>): Promise<T> => work().finally(settled);

  return {
    check: unary((request: pb.CheckRequest) => check(typeOf(request.getUrn()), request)),
    diff: unary((request: pb.DiffRequest) => diff(typeOf(request.getUrn()), request)),
    create: unary((request: pb.CreateRequest) =>
      logged(() => create(typeOf(request.getUrn()), request, contextOf(request))),
    ),
    read: unary((request: pb.ReadRequest) =>
      logged(() => read(typeOf(request.getUrn()), request, contextOf(request))),
    ),
    update: unary((request: pb.UpdateRequest) =>
      logged(() => update(typeOf(request.getUrn()), request, contextOf(request))),
    ),
    delete: unary((request: pb.DeleteRequest) =>
      logged(async () => {
        const state = plain(fromStruct(request.getProperties())) as Properties;
        await typeOf(request.getUrn()).delete?.(request.getId(), state, contextOf(request));
        return new Empty();
      }),
    ),
  };
}

function check(type: AnyResource, request: pb.CheckRequest): pb.CheckResponse {
  const asked = request.getAutonaming();
  const autonaming: Autonaming | undefined = asked && {
    proposed: asked.getProposedName(),
    mode: MODES[asked.getMode()],
  };
  const { inputs, failures } = checkResource(
    type,
    fromStruct(request.getOlds()),
    fromStruct(request.getNews()),
    request.getName() || (request.getUrn().split("::").pop() ?? ""),
    autonaming,
  );
  const response = new pb.CheckResponse();
  response.setInputs(toStruct(inputs));
  response.setFailuresList(toFailures(failures));
  return response;
}

function diff(type: AnyResource, request: pb.DiffRequest): pb.DiffResponse {
  const state = fromStruct(request.getOlds());
  const news = fromStruct(request.getNews());
  const olds = request.getOldInputs() ? fromStruct(request.getOldInputs()) : state;
  const changes = diffResource(type, request.getId(), state, olds, news, request.getIgnorechangesList());
  return toDiff(changes, type.deleteBeforeReplace?.(plain(news) as object) ?? false);
}

async function create(
  type: AnyResource,
  request: pb.CreateRequest,
  context: Context,
): Promise<pb.CreateResponse> {
  const inputs = fromStruct(request.getProperties());
  const response = new pb.CreateResponse();
  if (request.getPreview()) {
    response.setProperties(toStruct(previewOutputs(type, inputs)));
    return response;
  }
  const { id, outputs } = await createResource(type, inputs, context);
  response.setId(id);
  response.setProperties(toStruct(outputs));
  return response;
}

async function update(
  type: AnyResource,
  request: pb.UpdateRequest,
  context: Context,
): Promise<pb.UpdateResponse> {
  const state = fromStruct(request.getOlds());
  const news = fromStruct(request.getNews());
  const olds = request.getOldInputs() ? fromStruct(request.getOldInputs()) : state;
  const outputs = request.getPreview()
    ? previewOutputs(type, news, state)
    : await updateResource(type, request.getId(), state, olds, news, context);
  const response = new pb.UpdateResponse();
  response.setProperties(toStruct(outputs));
  return response;
}

async function read(type: AnyResource, request: pb.ReadRequest, context: Context): Promise<pb.ReadResponse> {
  const inputs = fromStruct(request.getInputs());
  const state = fromStruct(request.getProperties());
  const found = await readResource(type, request.getId(), inputs, state, context);
  const response = new pb.ReadResponse();
  if (!found) return response;
  response.setId(found.id);
  response.setProperties(toStruct(found.outputs));
  response.setInputs(toStruct(found.inputs));
  return response;
}
