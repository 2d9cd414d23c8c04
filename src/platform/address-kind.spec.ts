import { kindOfAddress } from './address-kind';

describe('kindOfAddress', () => {
  it('tells what a name resolved to, for whoever connects', () => {
    expect(kindOfAddress('93.184.215.14')).toBe('public');
    expect(kindOfAddress('::ffff:93.184.215.14')).toBe('public');
    expect(kindOfAddress('127.8.8.8')).toBe('loopback');
    expect(kindOfAddress('::ffff:192.168.0.1')).toBe('closed');
  });
});
