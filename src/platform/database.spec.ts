import { isAway, isOnesFault } from './database';

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
});
