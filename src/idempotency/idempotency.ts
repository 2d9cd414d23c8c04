import { Injectable } from '@nestjs/common';
import { keyedHash, open, seal } from '../platform/crypto';
import { Database, Statement, Tx } from '../platform/database';
import { KeyRing, ProgrammeKeys } from '../platform/key-ring';
import { conflict, Problem } from '../platform/problem';
import type { Call } from './call.decorator';

/** What a key and its request are remembered by: keyed hashes, so that neither can be found by trying values. */
export interface Fingerprint {
  key: Buffer;
  request: Buffer;
}

export interface Remembered {
  request: Buffer;
  status: number;
  answer: unknown;
}

const CLAIM: Statement = {
  name: 'claim_idempotency_key',
  text: `SELECT pg_try_advisory_xact_lock(('x' || encode(substr($1::bytea, 1, 8), 'hex'))::bit(64)::bigint) AS claimed`,
};
const RECALL: Statement = {
  name: 'recall_idempotency_key',
  text: 'SELECT request, status, answer FROM idempotency_keys WHERE programme_id = $1 AND key = $2',
};
const REMEMBER: Statement = {
  name: 'remember_idempotency_key',
  text: 'INSERT INTO idempotency_keys (programme_id, key, request, status, answer) VALUES ($1, $2, $3, $4, $5)',
};

export function fingerprint(keys: ProgrammeKeys, call: Call, key: string): Fingerprint {
  return {
    key: keyedHash(keys.idempotency, `key ${call.principal.callerId} ${key}`),
    request: keyedHash(keys.idempotency, `request ${call.route} ${JSON.stringify(call.body ?? null)}`),
  };
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
   * Runs work at most once for the call's key, in one transaction.
   * @throws 422 `idempotency-key-reused`, 409 `idempotency-in-progress`, and whatever work throws.
   */
  async once<T extends object>(call: Call, status: number, work: (tx: Tx) => Promise<T>): Promise<T> {
    const { programmeId } = call.principal;
    if (call.key === undefined) {
      void call.reply.status(status);
      return this.database.inProgramme(programmeId, work);
    }
    const keys = await this.keyRing.of(programmeId);
    const print = fingerprint(keys, call, call.key);
    return this.database.inProgramme(programmeId, (tx) => this.claimed(tx, keys, print, call, status, work));
  }

  private async claimed<T extends object>(
    tx: Tx,
    keys: ProgrammeKeys,
    print: Fingerprint,
    call: Call,
    status: number,
    work: (tx: Tx) => Promise<T>,
  ): Promise<T> {
    const [claim] = await tx.query<{ claimed: boolean }>(CLAIM, [print.key]);
    if (!claim?.claimed) {
      throw conflict(
        'idempotency-in-progress',
        'The first request with this key is still running',
        'Try again shortly.',
      );
    }
    const [before] = await tx.query<Remembered & { answer: { sealed: string } }>(RECALL, [tx.programmeId, print.key]);
    const about = `answer ${print.key.toString('hex')}`;
    if (before) {
      if (!before.request.equals(print.request)) throw keyReused();
      markReplayed(call, before.status);
      return JSON.parse(open(keys.idempotency, Buffer.from(before.answer.sealed, 'base64'), about).toString()) as T;
    }
    const answer = await work(tx);
    const sealed = seal(keys.idempotency, Buffer.from(JSON.stringify(answer)), about).toString('base64');
    await tx.query(REMEMBER, [tx.programmeId, print.key, print.request, status, { sealed }]);
    void call.reply.status(status);
    return answer;
  }
}
