import { ApiExtension } from '@nestjs/swagger';

/** Problem types by status, each with when it is answered: `{ 409: { 'key-taken': 'another purpose has this key' } }`. */
export type Problems = Partial<Record<number, Record<string, string>>>;

/** When `customer-merged` is answered. */
export const MERGED = 'the customer has been merged into the one that mergedInto names';

/** Where a route says, for openApiDocument, which problems it answers. */
export const PROBLEMS = 'x-problems';

/** The problems of a route beyond those that every call of its kind can meet. */
export const ApiProblems = (problems: Problems) => ApiExtension(PROBLEMS, problems);
