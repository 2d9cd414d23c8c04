import { ProblemError } from '../api/problem';

/** What the service found wrong with the field at this JSON Pointer, or below it: `/title`. */
export function fieldFault(error: Error | null, pointer: string): string | undefined {
  if (!(error instanceof ProblemError)) return undefined;
  const faults = error.errors.filter((fault) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`));
  return faults.length === 0 ? undefined : faults.map(({ message }) => message).join(' ');
}
