import { transformFileSync } from '@swc/core';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { temporaryFolder } from './temporary-folder';

const ROOT = join(__dirname, '../..');

/** What a process of plain Node needs to find our packages from a folder elsewhere. */
export const nodePath = { NODE_PATH: join(ROOT, 'node_modules') };

/**
 * Compiles modules of src/platform into a new folder, beside each other, for tests that start processes of plain Node.
 *
 * @param modules without extension, with all they import of ours
 * @param scripts file name → JavaScript that may require them as './<module>'
 */
export function compile(modules: string[], scripts: Record<string, string>): string {
  const folder = join(temporaryFolder(), 'compiled');
  mkdirSync(folder);
  for (const name of modules) {
    const { code } = transformFileSync(join(ROOT, 'src/platform', `${name}.ts`), {
      swcrc: false,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
      module: { type: 'commonjs' },
    });
    writeFileSync(join(folder, `${basename(name)}.js`), code);
  }
  for (const [name, code] of Object.entries(scripts)) writeFileSync(join(folder, name), code);
  return folder;
}
