import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, processInfo } from '../../src/platform/process-info';

/** A process and all that descend from it; Linux only. */
export function processTree(root: number): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const children = all.filter((pid) => processInfo(pid)?.parent === root);
  return [root, ...children.flatMap(processTree)];
}

/** Waits until none of the processes is left; throws, naming those that are, after the time given. */
export async function untilGone(pids: number[], timeoutMilliseconds = 15_000): Promise<void> {
  const deadline = Date.now() + timeoutMilliseconds;
  for (;;) {
    const left = pids.filter(isAlive);
    if (left.length === 0) return;
    if (Date.now() > deadline) {
      throw new Error(`Still there: ${left.map((pid) => `${pid} ${processInfo(pid)?.command}`).join(', ')}`);
    }
    await sleep(20);
  }
}

/** Resolves with the first line the command writes, read as JSON, and rejects with what it wrote when it ends before. */
export function startAndRead<T>(
  command: string,
  args: string[],
  options: object,
): Promise<{ child: ChildProcess; said: T }> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      const line = /^(\{.*\})$/m.exec(output)?.[1];
      if (line !== undefined) resolve({ child, said: JSON.parse(line) as T });
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`Ended with ${signal ?? code}: ${output}${errors}`)));
  });
}
