import { randomBytes } from 'node:crypto';
import { Database } from '../../src/platform/database';
import { AwsKmsKek, Keks, LocalKek, type KekProvider } from '../../src/platform/kek';
import { KeyRing } from '../../src/platform/key-ring';
import { Problem } from '../../src/platform/problem';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { startKmsStub, type KmsStub } from '../setup/kms-stub';

const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/1';
const PROGRAMME = '01a20df4-ab4a-70d4-a81c-b562587f0fdb';

describe('a key-encryption key in AWS KMS', () => {
  let kms: KmsStub;
  let kek: AwsKmsKek;
  const plain = Buffer.from('a key of a programme');

  beforeAll(async () => {
    process.env['AWS_ACCESS_KEY_ID'] = 'a';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'b';
    kms = await startKmsStub(KEY);
    kek = new AwsKmsKek({ keyId: KEY, region: 'eu-central-1', endpoint: kms.url });
  });
  afterAll(() => kms.stop());

  it('wraps and opens there, with what it is about', async () => {
    const wrapped = await kek.wrap(plain, 'programme 1');
    expect(wrapped.includes(plain)).toBe(false);
    expect(await kek.unwrap(wrapped, 'programme 1')).toEqual(plain);
    expect(kms.asked).toEqual(['Encrypt', 'Decrypt']);
    expect(kms.contexts).toEqual([{ gegenwert: 'programme 1' }, { gegenwert: 'programme 1' }]);
  });

  // Fails when the encryption context is left out.
  it('does not open for another thing, which is no outage', async () => {
    const wrapped = await kek.wrap(plain, 'programme 1');
    await expect(kek.unwrap(wrapped, 'programme 2')).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
  });

  it('that is away, or unknown there, is a 503', async () => {
    const wrapped = await kek.wrap(plain, 'x');
    kms.away(true);
    await expect(kek.unwrap(wrapped, 'x')).rejects.toMatchObject({ status: 503, type: 'unavailable' });
    kms.away(false);
    expect(await kek.unwrap(wrapped, 'x')).toEqual(plain);
    const unknown = new AwsKmsKek({ keyId: 'other', region: 'eu-central-1', endpoint: kms.url });
    await expect(unknown.wrap(plain, 'x')).rejects.toMatchObject({ status: 503 });
    const nowhere = new AwsKmsKek({ keyId: KEY, region: 'eu-central-1', endpoint: 'http://127.0.0.1:1' });
    await expect(nowhere.wrap(plain, 'x')).rejects.toMatchObject({ status: 503 });
  });

  // Fails when the time being over is no more than a warning, as the SDK has it unless it is told otherwise.
  it('that takes the question and is silent is a 503', async () => {
    const wrapped = await kek.wrap(plain, 'x');
    kms.silent(true);
    try {
      await expect(kek.unwrap(wrapped, 'x')).rejects.toMatchObject({ status: 503, type: 'unavailable' });
    } finally {
      kms.silent(false);
    }
    expect(await kek.unwrap(wrapped, 'x')).toEqual(plain);
  });

  it('takes over from a local one', async () => {
    const local = new LocalKek(randomBytes(32));
    const wrapped = await new Keks(local).wrap(plain, 'x');
    const keks = new Keks(kek, [local]);
    const anew = await keks.wrap(await keks.unwrap(wrapped, 'x'), 'x');
    expect(await new Keks(kek).unwrap(anew, 'x')).toEqual(plain);
  });
});

describe('keys of programmes in memory', () => {
  let test: TestDatabase;
  let database: Database;
  const local = new LocalKek(randomBytes(32));
  let isAway = false;
  let asked = 0;
  const kek: KekProvider = {
    id: local.id,
    wrap: (plain, about) => local.wrap(plain, about),
    unwrap: (wrapped, about) => {
      asked++;
      return isAway ? Promise.reject(new Problem(503, 'unavailable', 'away')) : local.unwrap(wrapped, about);
    },
  };

  beforeAll(async () => {
    test = await createTestDatabase();
    database = await Database.connect({ url: test.url, connections: 2, entities: [] });
    const ring = new KeyRing(new Keks(kek), database);
    await database.inProgramme(PROGRAMME, async (tx) =>
      tx.query(
        {
          name: 'programme',
          text: `INSERT INTO programmes (id, slug, name, locale, wrapped_key) VALUES ($1, 'kek', 'KEK', 'en', $2)`,
        },
        [PROGRAMME, await ring.newProgrammeKey(PROGRAMME)],
      ),
    );
  });
  afterAll(async () => {
    await database.close();
    await test.drop();
  });
  afterEach(() => jest.restoreAllMocks());

  // Fails when a key that was opened once is kept for good: then nothing notices that the KEK was taken away.
  it('end there after five minutes; then the KEK is asked again, and one that is away closes', async () => {
    const ring = new KeyRing(new Keks(kek), database);
    const [first] = await Promise.all([ring.of(PROGRAMME), ring.of(PROGRAMME)]);
    expect(asked).toBe(1);
    isAway = true;
    expect(await ring.of(PROGRAMME)).toBe(first);
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now + 5 * 60_000 + 1);
    await expect(ring.of(PROGRAMME)).rejects.toMatchObject({ status: 503 });
    isAway = false;
    expect(await ring.of(PROGRAMME)).toEqual(first);
  });

  it('are not needed for what is asked again', async () => {
    isAway = true;
    const ring = await KeyRing.open(new Keks(local), database);
    const other = await KeyRing.open(new Keks(local), database);
    expect(ring.idempotencyOf(PROGRAMME)).toEqual(other.idempotencyOf(PROGRAMME));
    isAway = false;
    expect((await ring.of(PROGRAMME)).idempotency).toEqual(ring.idempotencyOf(PROGRAMME).idempotency);
  });

  it('are opened by no other KEK, which is told so', async () => {
    await KeyRing.open(new Keks(local), database);
    await expect(KeyRing.open(new Keks(new LocalKek(randomBytes(32))), database)).rejects.toThrow(
      'GEGENWERT_KEK is not the key',
    );
    // Fails when whoever has no such setting is told to change it.
    const inKms = new AwsKmsKek({ keyId: KEY, region: 'eu-central-1', endpoint: undefined });
    await expect(KeyRing.open(new Keks(inKms), database)).rejects.toThrow('GEGENWERT_KMS_KEY_ID is not the key');
  });
});
