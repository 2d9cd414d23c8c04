import { Injectable } from '@nestjs/common';
import { keyedHash, open, seal } from '../platform/crypto';
import { type Commit, Database, type EntityTx, type Statement, type Tx } from '../platform/database';
import { KeyRing, ProgrammeKeys } from '../platform/key-ring';
import { conflict, Problem } from '../platform/problem';
import type { Call } from './call.decorator';

/** What a key and its request are remembered by: keyed hashes (32 hex digits), so that neither can be found by trying values. */
export interface Fingerprint {
  key: string;
  request: string;
}

export interface Remembered {
  request: string;
  status: number;
  answer: unknown;
}

const CLAIM: Statement = {
  name: 'claim_idempotency_key',
  text: `SELECT pg_try_advisory_xact_lock(('x' || left($1, 16))::bit(64)::bigint) AS claimed`,
};
/** A uuid column as the digits alone. */
const digits = (column: string): string => `replace(${column}::text, '-', '') AS ${column}`;

const RECALL: Statement = {
  name: 'recall_idempotency_key',
  text: `SELECT ${digits('request')}, status, answer FROM idempotency_keys WHERE programme_id = $1 AND key = $2`,
};
const REMEMBER: Statement = {
  name: 'remember_idempotency_key',
  text: 'INSERT INTO idempotency_keys (programme_id, key, request, status, answer) VALUES ($1, $2, $3, $4, $5)',
};

/** Only the one key is needed: what is asked again, or taken back, does not wait for a KEK that is away. */
export type IdempotencyKeys = Pick<ProgrammeKeys, 'idempotency'>;

/** Whose keys they are: of an access key that was rotated, those of the first, so that a retry may come with either. */
const ownerOf = (principal: Call['principal']): string =>
  (principal.kind === 'customer' ? undefined : principal.firstKeyId) ?? principal.callerId;

export function fingerprint(keys: IdempotencyKeys, call: Call, key: string): Fingerprint {
  return {
    key: shortHash(keys.idempotency, `key ${ownerOf(call.principal)} ${key}`),
    request: shortHash(keys.idempotency, `request ${call.route} ${JSON.stringify(call.body ?? null)}`),
  };
}

const shortHash = (key: Buffer, text: string): string => keyedHash(key, text).toString('hex', 0, 16);

export interface SealedAnswer {
  /** base64 */
  sealed: string;
}

const about = ({ key }: Fingerprint): string => `answer ${key}`;

/** An answer as it is remembered: to the letter, and legible to nobody without the key. */
export function sealAnswer(keys: IdempotencyKeys, print: Fingerprint, answer: object): SealedAnswer {
  const sealed = seal(keys.idempotency, Buffer.from(JSON.stringify(answer)), about(print));
  return { sealed: sealed.toString('base64') };
}

export function openAnswer<T>(keys: IdempotencyKeys, print: Fingerprint, { sealed }: SealedAnswer): T {
  return JSON.parse(open(keys.idempotency, Buffer.from(sealed, 'base64'), about(print)).toString()) as T;
}

export const keyReused = (): Problem =>
  new Problem(
    422,
    'idempotency-key-reused',
    'This Idempotency-Key was used for another request',
    'Send a new key for a new request, and the same body with the same key.',
  );

export function markReplayed(call: Call, status: number): void {
  void call.reply.status(status).header('Idempotency-Replayed', 'true');
}

/**
 * One key, one effect (Idempotency-Key, IETF draft of the HTTP API working group): the key is stored in the same
 * transaction as what it did, so a retry finds either both or neither. Only what was done is remembered: a refusal left
 * nothing behind, and asking again asks anew. Answers are sealed, since some hold a secret that is shown once.
 */
@Injectable()
export class Idempotency {
  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
  ) {}

  /**
   * Runs work at most once for the call's key, in one transaction, and answers with status (of the answer, where it
   * depends on it). reserved: on connections that nothing else uses. ahead: work is sent along with the question whether the
   * key was used, and undone where it was; for what must be done soon.
   * @throws 422 `idempotency-key-reused`, 409 `idempotency-in-progress`, and whatever work throws.
   */
  async once<T extends object>(
    call: Call,
    status: Status<T>,
    work: (tx: Tx) => Promise<T>,
    { reserved = false, ahead = false } = {},
  ): Promise<T> {
    const run = await this.prepare(call, status, work, ahead);
    const { principal } = call;
    try {
      return await (reserved
        ? this.database.inProgrammeReserved(principal, run)
        : this.database.inProgramme(principal, run));
    } catch (error) {
      if (error instanceof Recalled) return error.answer as T;
      throw error;
    }
  }

  /** The same for work that maps configuration. */
  async onceWithEntities<T extends object>(
    call: Call,
    status: Status<T>,
    work: (tx: EntityTx) => Promise<T>,
  ): Promise<T> {
    return this.database.withEntities(call.principal, await this.prepare(call, status, work));
  }

  private async prepare<T extends object, Kind extends Tx>(
    call: Call,
    status: Status<T>,
    work: (tx: Kind) => Promise<T>,
    ahead = false,
  ): Promise<(tx: Kind, commit?: Commit) => Promise<T>> {
    const { key } = call;
    if (key === undefined) {
      return async (tx) => {
        const answer = await work(tx);
        void call.reply.status(statusOf(status, answer));
        return answer;
      };
    }
    const keys = this.keyRing.idempotencyOf(call.principal.programmeId);
    return (tx, commit) => this.claimed(tx, commit, keys, fingerprint(keys, call, key), call, status, work, ahead);
  }

  private async claimed<T extends object, Kind extends Tx>(
    tx: Kind,
    commit: Commit | undefined,
    keys: IdempotencyKeys,
    print: Fingerprint,
    call: Call,
    status: Status<T>,
    work: (tx: Kind) => Promise<T>,
    ahead: boolean,
  ): Promise<T> {
    // Read in a statement after the claim. Whoever holds it may only be reading the first answer too: then it is there for both.
    const asked = Promise.all([
      tx.query<{ claimed: boolean }>(CLAIM, [print.key]),
      tx.query<Remembered & { answer: SealedAnswer }>(RECALL, [tx.programmeId, print.key]),
    ]);
    const begun = ahead ? work(tx) : undefined;
    begun?.catch(() => undefined); // Asked for below, unless the key was used: then it does not matter.
    const [[claim], [before]] = await asked;
    if (before) {
      if (before.request !== print.request) throw keyReused();
      markReplayed(call, before.status);
      const answer = openAnswer<T>(keys, print, before.answer);
      if (begun) throw new Recalled(answer);
      return answer;
    }
    if (!claim?.claimed) {
      throw conflict(
        'idempotency-in-progress',
        'The first request with this key is still running',
        'Try again shortly.',
      );
    }
    const answer = await (begun ?? work(tx));
    const kept = sealAnswer(keys, print, answer);
    const remembered = tx.query(REMEMBER, [tx.programmeId, print.key, print.request, statusOf(status, answer), kept]);
    commit?.();
    await remembered;
    void call.reply.status(statusOf(status, answer));
    return answer;
  }
}

/** The first answer is there: whatever this transaction did is undone. */
class Recalled extends Error {
  constructor(readonly answer: object) {
    super('The answer is the first one');
  }
}

type Status<T> = number | ((answer: T) => number);

const statusOf = <T>(status: Status<T>, answer: T): number => (typeof status === 'number' ? status : status(answer));

const RECALL_ALL: Statement = {
  name: 'recall_idempotency_keys',
  text: `SELECT ${digits('key')}, ${digits('request')}, status, answer FROM idempotency_keys WHERE programme_id = $1 AND key = ANY ($2)`,
};
const REMEMBER_ALL: Statement = {
  name: 'remember_idempotency_keys',
  // Arrays, not one JSON: half the time, as measured at 256 keys a batch.
  text: `INSERT INTO idempotency_keys (programme_id, key, request, status, answer)
           SELECT $1, unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::smallint[]), unnest($5::json[])`,
};

/** For a batch of calls: what was done under their keys before, by key. */
export async function findRemembered(tx: Tx, prints: Fingerprint[]): Promise<Map<string, Remembered>> {
  if (prints.length === 0) return new Map();
  const keys = `{${prints.map(({ key }) => key).join(',')}}`;
  const rows = await tx.query<Remembered & { key: string }>(RECALL_ALL, [tx.programmeId, keys]);
  return new Map(rows.map((row) => [row.key, row]));
}

/**
 * For a batch of calls: remembers what was done. Answers must hold no secret and no shared value, or be sealed. A key that another
 * process used meanwhile violates `idempotency_keys_pk`, which undoes the batch: tried again, it finds that one's row.
 */
export async function rememberAll(tx: Tx, done: (Fingerprint & { status: number; answer: object })[]): Promise<void> {
  if (done.length === 0) return;
  const column = (of: (one: (typeof done)[number]) => string | number): string => `{${done.map(of).join(',')}}`;
  await tx.query(REMEMBER_ALL, [
    tx.programmeId,
    column(({ key }) => key),
    column(({ request }) => request),
    column(({ status }) => status),
    // Twice: as JSON, and quoted the way that an array's text is as well.
    column(({ answer }) => JSON.stringify(JSON.stringify(answer))),
  ]);
}
