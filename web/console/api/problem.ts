/** What is wrong with one field: a JSON Pointer into the body that was sent, and words. */
export interface FieldFault {
  pointer: string;
  message: string;
}

/** The service has refused a call: RFC 9457. `name` of the problem is what comes after `urn:gegenwert:problem:`. */
export class ProblemError extends Error {
  constructor(
    readonly status: number,
    readonly problem: string,
    readonly title: string,
    readonly detail: string | undefined,
    readonly errors: FieldFault[],
    /** The id of the request: what support asks for. */
    readonly instance: string | undefined,
    readonly retryAfterSeconds: number | undefined,
  ) {
    super(detail ?? title);
    this.name = 'ProblemError';
  }
}

/** The service could not be reached. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super('unreachable', { cause });
    this.name = 'UnreachableError';
  }
}

interface ProblemBody {
  type?: string;
  title?: string;
  detail?: string;
  instance?: string;
  errors?: FieldFault[];
}

/** Also of an answer that is no problem document, as of a proxy in between. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const body = await readBody(response);
  const retryAfter = Number(response.headers.get('retry-after'));
  return new ProblemError(
    response.status,
    body.type?.replace('urn:gegenwert:problem:', '') ?? 'unknown',
    body.title ?? `HTTP ${response.status}`,
    body.detail,
    body.errors ?? [],
    body.instance,
    retryAfter > 0 ? retryAfter : undefined,
  );
}

async function readBody(response: Response): Promise<ProblemBody> {
  if (!response.headers.get('content-type')?.includes('json')) return {};
  try {
    return (await response.json()) as ProblemBody;
  } catch {
    return {}; // Broken off on its way: the status says what there is to say.
  }
}
