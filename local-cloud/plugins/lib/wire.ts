import { Metadata, status as Code, type handleUnaryCall, type ServerErrorResponse } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { PartialFailure } from "./resource";
import { decode, encode, type Properties } from "./values";

export function fromStruct(struct: Struct | undefined): Properties {
  return decode(struct?.toJavaScript() ?? {}) as Properties;
}

export function toStruct(properties: object): Struct {
  return Struct.fromJavaScript(encode({ ...properties }) as Record<string, JavaScriptValue>);
}

let underWay = 0;

/** How many calls of this process's methods have not been answered yet. */
export const callsUnderWay = (): number => underWay;

/** A gRPC method from an async function; what it throws becomes the message that the user reads. */
export function unary<Request, Response>(
  handle: (request: Request) => Promise<Response> | Response,
): handleUnaryCall<Request, Response> {
  return (call, done) => {
    underWay++;
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (response) => done(null, response),
        (error: unknown) => done(error instanceof PartialFailure ? partialFailure(error) : failure(error)),
      )
      .finally(() => underWay--);
  };
}

function failure(error: unknown): Partial<ServerErrorResponse> {
  return { code: Code.UNKNOWN, details: errorText(error) };
}

/** The message of an error, of each of its parts if it has none of its own (a refused dial, for example). */
export function errorText(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(errorText).join("; ");
  if (error instanceof Error) return error.message || error.name;
  return String(error);
}

/** gRPC carries details of an error as a serialized google.rpc.Status in this header. */
function partialFailure(error: PartialFailure): Partial<ServerErrorResponse> {
  const detail = new ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(toStruct(error.outputs));
  detail.setReasonsList([error.message]);
  const packed = new Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(Code.UNKNOWN);
  status.setMessage(error.message);
  status.addDetails(packed);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: Code.UNKNOWN, details: error.message, metadata };
}
