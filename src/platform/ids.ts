import { TypeID } from 'typeid-js';
import { v7 } from 'uuid';
import { notFound } from './problem';

/** Prefixes of public ids (TypeID over UUIDv7). In SQL an id is a plain uuid. */
export type IdPrefix =
  | 'prg'
  | 'off'
  | 'shr'
  | 'cns'
  | 'awd'
  | 'trf'
  | 'red'
  | 'rev'
  | 'rvs'
  | 'dsc'
  | 'rcp'
  | 'ntc'
  | 'key'
  | 'lot'
  | 'iss'
  | 'pau'
  | 'job'
  | 'mrg'
  | 'whe'
  | 'evt'
  | 'dlv'
  | 'exp'
  | 'chg'
  | 'stf'
  | 'req';

/** A new UUIDv7: ordered by time, so that it goes to the end of an index; random beyond that, so that processes never collide. */
export const newId = (): string => v7();

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';
const PAIRS = Array.from({ length: 1024 }, (_, n) => `${CROCKFORD[n >> 5]}${CROCKFORD[n & 31]}`);

/**
 * The TypeID of a uuid: its 128 bits as 26 characters of five, the first of which are two bits of zero. Every answer has
 * some and a share's receipt several, which is why they are not made by the library that reads them.
 */
export function toPublicId(prefix: IdPrefix, uuid: string): string {
  const hex = uuid.replaceAll('-', '');
  let suffix = PAIRS[parseInt(hex.slice(0, 2), 16)]!;
  for (let at = 2; at < 32; at += 5) {
    const bits = parseInt(hex.slice(at, at + 5), 16);
    suffix += PAIRS[bits >> 10]! + PAIRS[bits & 1023]!;
  }
  return `${prefix}_${suffix}`;
}

/** The uuid of a public id, undefined when it is not one with this prefix. */
export function parsePublicId(prefix: IdPrefix, id: string): string | undefined {
  try {
    return TypeID.fromString(id, prefix).toUUID();
  } catch {
    return undefined;
  }
}

/** The uuid of a public id in a path or body; 404 when it is none, as for one that does not exist. */
export function requireId(prefix: IdPrefix, id: string, what: string): string {
  const uuid = parsePublicId(prefix, id);
  if (!uuid) throw notFound(what);
  return uuid;
}
