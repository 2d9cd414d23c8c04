import { randomBytes } from 'node:crypto';
import { seal } from '../crypto';
import { Keks } from './keks';
import { LocalKek } from './local';

const [one, other, third] = [randomBytes(32), randomBytes(32), randomBytes(32)] as const;
const plain = Buffer.from('a key of a programme');

describe('key-encryption keys', () => {
  it('open what they wrapped, and only for what it was wrapped', async () => {
    const keks = new Keks(new LocalKek(one));
    const wrapped = await keks.wrap(plain, 'programme 1');
    expect(await keks.unwrap(wrapped, 'programme 1')).toEqual(plain);
    await expect(keks.unwrap(wrapped, 'programme 2')).rejects.toThrow('unable to authenticate data');
  });

  it('say which one it was: the one of before opens, and a third one says what is missing', async () => {
    const wrapped = await new Keks(new LocalKek(one)).wrap(plain, 'x');
    expect(wrapped.includes(new LocalKek(one).id)).toBe(true);
    expect(await new Keks(new LocalKek(other), [new LocalKek(one)]).unwrap(wrapped, 'x')).toEqual(plain);
    await expect(new Keks(new LocalKek(other), [new LocalKek(third)]).unwrap(wrapped, 'x')).rejects.toThrow(
      new LocalKek(one).id,
    );
  });

  it('open what was wrapped before they said so', async () => {
    const wrapped = seal(one, plain, 'x');
    expect(await new Keks(new LocalKek(other), [new LocalKek(one)]).unwrap(wrapped, 'x')).toEqual(plain);
    await expect(new Keks(new LocalKek(other)).unwrap(wrapped, 'x')).rejects.toThrow('unable to authenticate data');
  });

  it('do not give themselves away by their ids', () => {
    expect(new LocalKek(one).id).toMatch(/^local:[0-9a-f]{16}$/);
    expect(new LocalKek(one).id).not.toBe(new LocalKek(other).id);
  });
});
