import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** All the ways in which a text could lie somewhere: as it is, in hex, in base64 whatever stands before it. */
export function formsOf(canary: string): Buffer[] {
  const hex = Buffer.from(canary).toString('hex');
  const base64 = [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(canary)]).toString('base64');
    // The first and last characters also hold bits of the neighbours.
    const inner = encoded.slice(offset === 0 ? 0 : 4, -4);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [canary, hex, hex.toUpperCase(), ...base64].map((form) => Buffer.from(form));
}

export const holds = (haystack: Buffer | string, canary: string): boolean => {
  const buffer = Buffer.from(haystack);
  return formsOf(canary).some((form) => buffer.includes(form));
};

/** The files below the folder that hold one of the canaries in any form. */
export function filesWith(folder: string, canaries: string[]): string[] {
  const forms = canaries.flatMap(formsOf);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => {
      const content = readFileSync(file);
      return forms.some((form) => content.includes(form));
    });
}
