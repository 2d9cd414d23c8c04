import { createHash, createPublicKey, verify } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { PublicJwk } from '../platform/signing-keys';
import { type End, type Head, type Line, type Sealed, SEAL_TYPE } from './lines';

/** Where a journal begins and ends; all of it is as it was written. */
export interface Checked {
  from: bigint;
  to: bigint;
  lines: number;
  /** Until when it tells. */
  at: string;
  /** Jobs that are cancelled in one of the sections, whatever those before it say. */
  cancelled: ReadonlySet<string>;
}

const decoded = (part: string | undefined): unknown =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as unknown;

function sealOf(seal: string, jwks: PublicJwk[]): Sealed {
  const [head, body, signature = ''] = seal.split('.');
  const { kid, typ, alg } = decoded(head) as Record<string, unknown>;
  const key = jwks.find((one) => one.kid === kid);
  if (!key) throw new Error(`it is signed by the key ${String(kid)}, which this database does not know`);
  const signed = Buffer.from(`${head}.${body}`);
  const isGood =
    typ === SEAL_TYPE &&
    alg === 'EdDSA' &&
    verify(null, signed, createPublicKey({ key: { ...key }, format: 'jwk' }), Buffer.from(signature, 'base64url'));
  if (!isGood) throw new Error('its signature is wrong');
  return decoded(body) as Sealed;
}

/** Lines of a journal, in their order, without heads and ends. */
export async function* journalLines(file: string): AsyncGenerator<Line> {
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const line = JSON.parse(text) as Line | Head | End;
    if (!('journal' in line) && !('end' in line)) yield line;
  }
}

/**
 * Reads a whole journal and holds it against its seals: one or several sections, each of which begins where the one before
 * ended, or earlier. @throws an Error that says what is wrong with it, and where.
 */
export async function checkJournal(file: string, jwks: PublicJwk[]): Promise<Checked> {
  let section: { head: Head; hash: ReturnType<typeof createHash>; lines: number } | undefined;
  let checked: Checked | undefined;
  const cancelled = new Set<string>();
  let number = 0;
  const wrong = (why: string): Error => new Error(`The journal cannot be used: line ${number}: ${why}.`);
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number++;
    const line = parsed(text, wrong);
    if ('journal' in line) {
      if (section) throw wrong('a section begins before the one before has ended: it was cut off');
      if (!['gegenwert/erasures/1', 'gegenwert/erasures/2'].includes(line.journal))
        throw wrong('it is no journal of erasures of this version');
      if (checked && BigInt(line.from) > checked.to)
        throw wrong(`what was erased from ${checked.to} to here is missing`);
      section = { head: line, hash: createHash('sha256').update(`${text}\n`), lines: 0 };
    } else if (!section) {
      throw wrong('no section has begun');
    } else if ('end' in line) {
      const sealed = sealIn(line, jwks, wrong);
      const isWhole =
        sealed.sha256 === section.hash.digest('hex') &&
        sealed.lines === section.lines &&
        sealed.from === section.head.from &&
        sealed.to === line.end.to;
      if (!isWhole) throw wrong('the section that ends here is not as it was written');
      const from = BigInt(sealed.from);
      checked = {
        from: checked && checked.from < from ? checked.from : from,
        to: checked && checked.to > BigInt(sealed.to) ? checked.to : BigInt(sealed.to),
        lines: (checked?.lines ?? 0) + section.lines,
        at: checked && checked.at > sealed.at ? checked.at : sealed.at,
        cancelled,
      };
      section = undefined;
    } else {
      section.hash.update(`${text}\n`);
      section.lines++;
      const job = cancelledIn(line);
      if (job) cancelled.add(job);
    }
  }
  if (section) throw wrong('its end is missing: it was cut off');
  if (!checked) throw wrong('it is empty');
  return checked;
}

function cancelledIn(line: Line): string | null | undefined {
  const said = 'left' in line ? line.left : 'withdrawn' in line ? line.withdrawn : undefined;
  return said?.cancelled ? said.job : undefined;
}

function parsed(text: string, wrong: (why: string) => Error): Line | Head | End {
  try {
    return JSON.parse(text) as Line | Head | End;
  } catch {
    throw wrong('it is not JSON: it was cut off');
  }
}

function sealIn({ end }: End, jwks: PublicJwk[], wrong: (why: string) => Error): Sealed {
  try {
    return sealOf(end.seal, jwks);
  } catch (error) {
    throw wrong(error instanceof SyntaxError ? 'its seal cannot be read' : (error as Error).message);
  }
}
