import type { Database, Statement } from './database';
import type { Keks } from './kek';

/** Programmes looked for at a time. */
const BATCH = 100;

const PROGRAMMES: Statement = {
  name: 'programmes_to_rewrap',
  text: 'SELECT programme_id AS id FROM programmes_to_rewrap($1, $2)',
};
const PROGRAMME_KEY: Statement = {
  name: 'programme_key_to_rewrap',
  text: 'SELECT wrapped_key AS wrapped FROM programmes WHERE id = $1',
};
// Whoever was faster has wrapped the same key: theirs stays.
const REWRAP_PROGRAMME: Statement = {
  name: 'rewrap_programme_key',
  text: 'UPDATE programmes SET wrapped_key = $2 WHERE id = $1 AND wrapped_key = $3',
};
const SIGNING_KEYS: Statement = {
  name: 'signing_keys_to_rewrap',
  text: 'SELECT kid AS id, wrapped_private AS wrapped FROM signing_keys',
};
const REWRAP_SIGNING_KEY: Statement = {
  name: 'rewrap_signing_key',
  text: 'UPDATE signing_keys SET wrapped_private = $2 WHERE kid = $1 AND wrapped_private = $3',
};
const SECRET: Statement = {
  name: 'service_secret_to_rewrap',
  text: `SELECT 'service secret' AS id, wrapped FROM service_secret`,
};
const REWRAP_SECRET: Statement = {
  name: 'rewrap_service_secret',
  text: 'UPDATE service_secret SET wrapped = $1 WHERE wrapped = $2',
};

interface Wrapped {
  id: string;
  wrapped: Buffer;
}

/**
 * Wraps anew, with the current KEK, everything that another one has wrapped: keys of programmes, of signatures, and the service's
 * own. One after the other, each in a transaction of its own, while the service runs: old and new open until all are done.
 * Broken off, it goes on where it was. Answers how many there were.
 */
export async function rewrap(database: Database, keks: Keks, onProgress: (done: number) => void): Promise<number> {
  let done = 0;
  const renewed = async ({ wrapped }: Wrapped, about: string): Promise<Buffer> => {
    const plain = await keks.unwrap(wrapped, about);
    const anew = await keks.wrap(plain, about);
    plain.fill(0);
    onProgress(++done);
    return anew;
  };
  const isOld = ({ wrapped }: Wrapped): boolean => !wrapped.subarray(0, keks.prefix.length).equals(keks.prefix);
  for (const secret of (await database.query<Wrapped>(SECRET)).filter(isOld))
    await database.query(REWRAP_SECRET, [await renewed(secret, 'service secret'), secret.wrapped]);
  for (const key of (await database.query<Wrapped>(SIGNING_KEYS)).filter(isOld))
    await database.query(REWRAP_SIGNING_KEY, [key.id, await renewed(key, `signing key ${key.id}`), key.wrapped]);
  for (;;) {
    const programmes = await database.query<{ id: string }>(PROGRAMMES, [keks.prefix, BATCH]);
    for (const { id } of programmes) {
      const find = () => database.inProgramme(id, (tx) => tx.query<Wrapped>(PROGRAMME_KEY, [id]));
      const [key] = await find();
      if (!key || !isOld(key)) continue;
      // Asked of the KEK outside a transaction: KMS may take its time.
      const anew = await renewed(key, `programme ${id}`);
      await database.inProgramme(id, (tx) => tx.query(REWRAP_PROGRAMME, [id, anew, key.wrapped]));
    }
    if (programmes.length < BATCH) return done;
  }
}
