/** One thing that is wrong with a request: where (JSON Pointer, RFC 6901) and what, never with the value itself. */
export interface Fault {
  pointer: string;
  message: string;
}

/**
 * An error that a caller is meant to see: RFC 9457 `application/problem+json`, type `urn:gegenwert:problem:<name>`.
 * Neither detail nor faults may ever hold a shared value.
 */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    readonly title: string,
    readonly detail?: string,
    readonly errors: Fault[] = [],
    readonly retryAfterSeconds?: number,
    /** What a program needs to go on, beside the members that every problem has. */
    readonly members: Record<string, string> = {},
  ) {
    super(title);
    this.name = 'Problem';
  }
}

export const invalidRequest = (errors: Fault[], detail = 'See errors for each field.'): Problem =>
  new Problem(422, 'invalid-request', 'The request does not hold what it must', detail, errors);

export const invalidField = (pointer: string, message: string): Problem => invalidRequest([{ pointer, message }]);

/** Also for what exists in another programme: whoever asks must not learn that it does. */
export const notFound = (what: string): Problem => new Problem(404, 'not-found', `No such ${what}`);

export const forbidden = (detail: string): Problem =>
  new Problem(403, 'forbidden', 'This caller may not do that', detail);

export const unauthorized = (detail: string): Problem =>
  new Problem(401, 'unauthorized', 'The caller is not known', detail);

export const conflict = (type: string, title: string, detail?: string): Problem =>
  new Problem(409, type, title, detail);

/** Of a reference whose customer has been merged into another one, which is named. */
export const customerMerged = (mergedInto: string): Problem =>
  new Problem(
    409,
    'customer-merged',
    'The customer has been merged into another one',
    'mergedInto is the reference to call with.',
    [],
    undefined,
    { mergedInto },
  );

export const programmeEnded = (): Problem =>
  conflict(
    'programme-ended',
    'The programme has ended',
    'Nothing new begins in it; points are spent until their dates.',
  );

export const unavailable = (detail: string): Problem =>
  new Problem(503, 'unavailable', 'A store that this needs is away', detail, [], 1);
