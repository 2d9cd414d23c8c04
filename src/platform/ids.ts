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
  | 'dsc'
  | 'rcp'
  | 'ntc'
  | 'key'
  | 'iss'
  | 'pau'
  | 'job'
  | 'req';

/** A new UUIDv7: ordered by time, so that it goes to the end of an index; random beyond that, so that processes never collide. */
export const newId = (): string => v7();

export const toPublicId = (prefix: IdPrefix, uuid: string): string => TypeID.fromUUID(prefix, uuid).toString();

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
