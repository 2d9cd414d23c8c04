import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProcessInfo {
  parent: number;
  /** The command line, its arguments joined by blanks. */
  command: string;
}

/** What the operating system knows of a process; undefined when it is gone, or dead and only not yet collected. */
export function processInfo(pid: number): ProcessInfo | undefined {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

export function isAlive(pid: number): boolean {
  return processInfo(pid) !== undefined;
}

function fromProc(pid: number): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may itself hold blanks and parentheses.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { parent: Number(parent), command };
  } catch (error) {
    // ESRCH: it went while its entry was being read.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function fromPs(pid: number): ProcessInfo | undefined {
  let line: string;
  try {
    const columns = ['-o', 'ppid=', '-o', 'stat=', '-o', 'command='];
    line = execFileSync('ps', [...columns, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    // ps ends with 1 when there is no such process.
    if ((error as { status?: number }).status === 1) return undefined;
    throw error;
  }
  const [, parent, state, command] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line.trimEnd()) ?? [];
  return parent === undefined || state?.startsWith('Z')
    ? undefined
    : { parent: Number(parent), command: command ?? '' };
}
