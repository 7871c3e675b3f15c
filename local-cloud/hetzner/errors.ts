/** An answer of the API other than 2xx; the body is `{error: {code, message, details}}`. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: unknown = null,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  body(): unknown {
    return { error: { code: this.code, message: this.message, details: this.details } };
  }
}

export interface FieldFault {
  name: string;
  messages: string[];
}

/** 422 with every faulty field, as the API documents it under "Errors". */
export function invalidInput(fields: FieldFault[], message?: string): ApiError {
  const names = fields.map((field) => `'${field.name}'`).join(", ");
  const text =
    fields.length === 1
      ? `invalid input in field ${names}: ${fields[0]?.messages[0] ?? "is invalid"}`
      : `invalid input in fields ${names}`;
  return new ApiError(422, "invalid_input", message ?? text, { fields });
}

export function invalidField(name: string, message: string): ApiError {
  return invalidInput([{ name, messages: [message] }]);
}

export function notFound(noun: string): ApiError {
  return new ApiError(404, "not_found", `${noun} not found`);
}

export function notUnique(field: string, message: string): ApiError {
  return new ApiError(409, "uniqueness_error", message, { fields: [{ name: field }] });
}

export function isProtected(noun: string): ApiError {
  return new ApiError(423, "protected", `${noun} deletion is protected`);
}

export function isLocked(noun: string): ApiError {
  return new ApiError(423, "locked", `${noun} is locked`);
}

/** 422 with an error code of one operation, such as `server_not_stopped`. */
export function refused(code: string, message: string): ApiError {
  return new ApiError(422, code, message);
}

/** What the real API can do and this stand-in can't. */
export function unsupported(what: string): ApiError {
  return refused("unsupported_error", `the local cloud does not support ${what}`);
}

export function limitExceeded(limit: string, message: string): ApiError {
  return new ApiError(403, "resource_limit_exceeded", message, { limits: [{ name: limit }] });
}
