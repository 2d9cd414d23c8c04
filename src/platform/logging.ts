import { isNativeError } from 'node:util/types';
import { pino, type DestinationStream, type LevelWithSilent } from 'pino';

/** All that a log line may say. What is not named here does not come out, whoever passes it. */
export interface LogFields {
  requestId?: string | undefined;
  method?: string | undefined;
  /** The route's pattern, never the URL: its values are a customer's. */
  route?: string | undefined;
  status?: number | undefined;
  ms?: number | undefined;
  /** The programme's id. */
  programme?: string | undefined;
  /** The kind of caller: storefront, recipient, customer, staff, operator. */
  caller?: string | undefined;
  /** The public id of the key, never the key. */
  keyId?: string | undefined;
  /** How many rows, bells, attempts… the message speaks of. */
  count?: number | undefined;
  port?: number | undefined;
  /** Described by `describeError` on its way out. */
  error?: unknown;
}

/** What a module gets to log with: fields first, then a message written by us, without values put into it. */
export interface Logger {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
  fatal: LogMethod;
}

interface LogMethod {
  (fields: LogFields, message: string): void;
  (message: string): void;
}

export type LogLevel = LevelWithSilent;

const scalarFields: ReadonlySet<string> = new Set<Exclude<keyof LogFields, 'error'>>([
  'requestId',
  'method',
  'route',
  'status',
  'ms',
  'programme',
  'caller',
  'keyId',
  'count',
  'port',
]);

/**
 * JSON lines on stdout. Fields outside the allow-list of `LogFields` are left out and counted as `dropped`; an error is reduced by
 * `describeError` wherever it stands; values to be put into the message (`%s`) are ignored.
 */
export function createLogger(
  level: LogLevel,
  name: string,
  destination: DestinationStream = pino.destination(1),
): Logger {
  return pino(
    {
      level,
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: allowed },
      hooks: {
        // Without this pino would take an error's own message for the line's, and format further arguments into it.
        logMethod(args: unknown[], method) {
          const [first, second] = args;
          if (typeof first === 'string') return method.call(this, first);
          const message = typeof second === 'string' ? second : '';
          return method.call(this, isError(first) ? { error: first } : first, message);
        },
      },
    },
    destination,
  );
}

function allowed(fields: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  let dropped = 0;
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (key === 'error') kept[key] = describeError(value);
    else if (scalarFields.has(key) && ['string', 'number', 'boolean'].includes(typeof value)) kept[key] = value;
    else dropped += 1;
  }
  if (dropped > 0) kept['dropped'] = dropped;
  return kept;
}

const word = /^[A-Za-z_][\w.$]{0,62}$/;
/** A SQLSTATE (`23505`) or a system's error code (`ECONNREFUSED`). */
const errorCode = /^([0-9A-Z]{5}|E[A-Z_0-9]{2,30})$/;
const problemType = /^(urn:gegenwert:problem:)?[a-z][a-z0-9-]{0,60}$/;
const frame = /^ {4}at [^\n]{1,300}:\d+:\d+\)?$/;
const deepestCause = 3;

/**
 * What may be said about an error: its name, our problem type, the SQLSTATE or system code, the constraint, table and schema it
 * names, and for an error that is not one of ours the frames of its stack. Never its message, detail, parameters or query: in
 * PostgreSQL's errors, and in TypeORM's around them, these repeat the row.
 */
export function describeError(error: unknown): Record<string, unknown> {
  return describe(error, 1);
}

function describe(error: unknown, depth: number): Record<string, unknown> {
  if (!isError(error)) return { name: `thrown ${typeof error}` };
  const own = error as Error & Record<string, unknown>;
  const driver = isError(own['driverError']) ? (own['driverError'] as Error & Record<string, unknown>) : own;
  const type = matching(own['type'], problemType);
  const description: Record<string, unknown> = {
    name: matching(own.name, word) ?? 'Error',
    type,
    code: matching(driver['code'], errorCode),
    constraint: matching(driver['constraint'], word),
    table: matching(driver['table'], word),
    schema: matching(driver['schema'], word),
    frames: type === undefined ? framesOf(own) : undefined,
    cause: own.cause !== undefined && depth < deepestCause ? describe(own.cause, depth + 1) : undefined,
  };
  return Object.fromEntries(Object.entries(description).filter(([, value]) => value !== undefined));
}

/** Also for an error of another realm, such as Node's own under Jest, which is no instance of our Error. */
function isError(value: unknown): value is Error {
  return isNativeError(value) || value instanceof Error;
}

function matching(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined;
}

/**
 * The stack begins with the message, which may have lines that look like frames: what stands before the message's end is cut off,
 * and a stack in which the message cannot be found is not shown at all.
 */
function framesOf(error: Error): string[] | undefined {
  const stack = typeof error.stack === 'string' ? error.stack : '';
  const at = stack.indexOf(error.message);
  if (at < 0) return undefined;
  return stack
    .slice(at + error.message.length)
    .split('\n')
    .filter((line) => frame.test(line))
    .map((line) => line.trim().slice(3));
}
