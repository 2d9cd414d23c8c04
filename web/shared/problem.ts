/** One thing that is wrong with what was sent: where (JSON Pointer) and what. */
export interface Fault {
  pointer: string;
  message: string;
}

interface ProblemBody {
  type?: string;
  title?: string;
  detail?: string;
  instance?: string;
  errors?: Fault[];
}

/** What the service refused, as it says it (RFC 9457). */
export class ProblemError extends Error {
  /** Without `urn:gegenwert:problem:`, for example `notice-outdated`. */
  readonly type: string;
  readonly faults: Fault[];
  /** Id of the request, to be told to who looks into it. */
  readonly instance: string;

  constructor(
    readonly status: number,
    body: ProblemBody,
  ) {
    super(body.detail ?? body.title ?? String(status));
    this.name = 'ProblemError';
    this.type = body.type?.replace('urn:gegenwert:problem:', '') ?? 'other';
    this.faults = body.errors ?? [];
    this.instance = body.instance ?? '';
  }

  static async of(answer: Response): Promise<ProblemError> {
    const isProblem = answer.headers.get('content-type')?.includes('json') === true;
    return new ProblemError(answer.status, isProblem ? ((await answer.json()) as ProblemBody) : {});
  }
}
