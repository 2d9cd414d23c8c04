import { randomUUID } from 'node:crypto';
import { Database, isAway, isOnesFault } from './database';
import { freePort } from './free-port';
import { describeError } from './logging';

const coded = (code: string): Error => Object.assign(new Error('It failed'), { code });

describe('a database', () => {
  // Fails when only what a server says that refuses counts: one whose network is gone refuses nothing.
  it.each([
    'ECONNREFUSED',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EHOSTDOWN',
    'EAI_AGAIN',
    '08006',
    '57P01',
    '53300',
  ])('is away by %s', (code) => {
    expect(isAway(coded(code))).toBe(true);
    expect(isAway(Object.assign(new Error('Query failed'), { driverError: coded(code) }))).toBe(true);
  });

  it.each(['23505', '22001', '40P01', '42501', 'EACCES'])('is there by %s', (code) => {
    expect(isAway(coded(code))).toBe(false);
  });

  it('throws out a row that is one request’s fault', () => {
    expect(['23505', '22001', '40001', '42P01'].map((code) => isOnesFault(coded(code)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('that is away is told of with why, in the log', async () => {
    const url = `postgres://nobody@127.0.0.1:${await freePort()}/none`;
    const database = await Database.connect({ url, connections: 1, entities: [] });
    const nothing = { name: 'nothing', text: 'SELECT' };
    const failed = [
      database.query(nothing),
      database.inProgramme(randomUUID(), (tx) => tx.query(nothing, [])),
      database.inProgrammeReserved(randomUUID(), (tx) => tx.query(nothing, [])),
    ].map((work) => work.catch(describeError));
    for (const error of await Promise.all(failed))
      expect(error).toMatchObject({ name: 'Problem', type: 'unavailable', cause: { code: 'ECONNREFUSED' } });
    await database.close();
  });
});
