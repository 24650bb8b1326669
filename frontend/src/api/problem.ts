/** What the server says when it refuses: problem+json (RFC 9457) as an error of the browser. */

export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  request_id?: string;
  errors?: Record<string, string[]>;
  [extra: string]: unknown;
}

export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly status: number;
  /** Stable word to decide by: "version_conflict", "guard_distance", "bad_coordinates". Texts come from `errors.json`. */
  readonly code: string;
  readonly requestId: string | undefined;
  readonly fieldErrors: Readonly<Record<string, readonly string[]>>;
  /** The whole body: the extra members of a 409 (`theirs`, `distance_m`) are read from here. */
  readonly body: ProblemBody;

  constructor(status: number, body: ProblemBody) {
    super(body.detail || body.title || `HTTP ${status}`);
    this.status = status;
    this.body = body;
    this.code = body.code ?? `http_${status}`;
    this.requestId = body.request_id;
    this.fieldErrors = body.errors ?? {};
  }
}

/** The request never got an answer: no network, or the server is away. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
  readonly code = "unreachable";
}

export function isProblem(error: unknown, code?: string): error is ApiProblem {
  return error instanceof ApiProblem && (code === undefined || error.code === code);
}
