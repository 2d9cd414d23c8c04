import { validateSync } from 'class-validator';
import { IsTime } from './is-time';

class Timed {
  @IsTime()
  at: unknown;
}

const isTaken = (at: unknown): boolean => validateSync(Object.assign(new Timed(), { at })).length === 0;

describe('a time', () => {
  it.each([
    '2099-01-01T10:00:00Z',
    '2099-01-01T10:00:00.123456789Z',
    '2096-02-29T23:59:59-12:00',
    '9999-12-31T23:59:59Z',
  ])('may be %s, which a Date can be made of', (text) => {
    expect(isTaken(text)).toBe(true);
    expect(new Date(text).getTime()).not.toBeNaN();
  });

  it.each([
    '2099-W05-1T10:00:00Z',
    '2099-120T10:00:00Z',
    '2099-01-01T10Z',
    '2099-01-01T10.5Z',
    '20990101T100000Z',
    '2099-01-01T10:00:00,5Z',
    '2099-01-01T10:00:00',
    '2099-01-01 10:00:00Z',
    '2099-02-29T10:00:00Z',
    '2099-01-01T10:00:60Z',
    '2099-01-01T24:00:00Z',
    '2099-01-01T10:00:00+25:00',
    '2099-01-01',
    4_070_908_800_000,
    null,
  ])('is not %j', (value) => {
    expect(isTaken(value)).toBe(false);
  });
});
