import { type ChildProcess, fork } from 'node:child_process';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from './logging';
import { processInfo } from './process-info';

/** From SIGTERM to SIGKILL. */
const STOP_MILLISECONDS = 10_000;
/** A shutdown that takes longer than its parent would wait hangs. */
const SHUTDOWN_MILLISECONDS = 15_000;
/** A service that ran this long was well: its next restart is immediate again. */
const WELL_MILLISECONDS = 10_000;
/** Between two starts of a service that ends again and again: each lies twice as far from the one before. */
const LONGEST_PAUSE_MILLISECONDS = 5_000;
const ANCESTORS_POLL_MILLISECONDS = 500;

export interface ServiceOptions {
  /** For messages to people: "worker". */
  name: string;
  /** Over our own environment. */
  env: NodeJS.ProcessEnv;
  /** Start it again when it ends without having been asked to. */
  restart: boolean;
  /** Takes each line of its two outputs, which otherwise go where ours go. */
  onLine?: (line: string) => void;
}

/** What a service sends by `process.send` once it serves. */
export interface ReadyMessage {
  ready: true;
  [detail: string]: unknown;
}

export interface Service {
  /** Of the process that runs now; another one after a restart. */
  readonly pid: number;
  /** What it said when it was last ready. */
  readonly ready: ReadyMessage;
  /** Resolves when it has ended for good: it was stopped, or it ended and is not to be restarted. */
  readonly ended: Promise<void>;
  /** SIGTERM, and SIGKILL ten seconds later; resolves when the process is gone. */
  stop(): Promise<void>;
}

/**
 * Runs a Node script as a service: a child that says when it is ready, and ends with us (see `exitWithParent`).
 * Resolves when it is ready for the first time; throws an Error when it ends before that.
 */
export async function spawnService(script: string, options: ServiceOptions): Promise<Service> {
  let child = forkService(script, options);
  let ready = await firstReady(child, options.name);
  let stopping = false;

  const keepRunning = async () => {
    for (let restarts = 0; ; restarts++) {
      const startedAt = Date.now();
      child.on('message', (message) => {
        if (isReady(message)) ready = message;
      });
      const how = await exitOf(child);
      if (stopping || !options.restart) return;
      const livedMilliseconds = Date.now() - startedAt;
      if (livedMilliseconds > WELL_MILLISECONDS) restarts = 0;
      (options.onLine ?? console.error)(`${options.name} ended with ${how}: it is started again.`);
      const apart = restarts === 0 ? 0 : Math.min(50 * 2 ** restarts, LONGEST_PAUSE_MILLISECONDS);
      await sleep(Math.max(0, apart - livedMilliseconds));
      if (stopping) return;
      child = forkService(script, options);
    }
  };
  const ended = keepRunning();

  return {
    get pid() {
      return child.pid ?? 0;
    },
    get ready() {
      return ready;
    },
    ended,
    async stop() {
      stopping = true;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MILLISECONDS);
      await ended;
      clearTimeout(timer);
    },
  };
}

function forkService(script: string, { env, onLine }: ServiceOptions): ChildProcess {
  const output = onLine === undefined ? 'inherit' : 'pipe';
  const child = fork(script, [], {
    env: { ...process.env, ...env },
    // What a request leaves behind dies young: with room for it, the garbage collector runs seldom.
    execArgv: ['--max-semi-space-size=64'],
    // A session of its own: the terminal's Ctrl-C is for us, who stop the services in order.
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null && onLine !== undefined) createInterface({ input: stream }).on('line', onLine);
  }
  return child;
}

function firstReady(child: ChildProcess, name: string): Promise<ReadyMessage> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (isReady(message)) resolve(message);
    });
    void exitOf(child).then((how) => reject(new Error(`${name} ended with ${how} before it was ready.`)));
  });
}

function isReady(message: unknown): message is ReadyMessage {
  return typeof message === 'object' && message !== null && 'ready' in message && message.ready === true;
}

/** How it ended: "SIGKILL", or "code 1". */
function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(error.message);
    });
  });
}

/**
 * Ends this process, after one run of `shutdown`, on SIGTERM and SIGINT; in a service also when its parent is gone; in a
 * process that npm runs also when npm, or the shell between, is gone, which tell nobody when they are killed. To be
 * called first of all: who dies before is not noticed.
 */
export function exitWithParent(shutdown: () => Promise<void>): void {
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    setTimeout(() => leave(1), SHUTDOWN_MILLISECONDS).unref();
    shutdown().then(
      () => leave(),
      (error: unknown) => {
        console.error('The shutdown failed.', describeError(error));
        leave(1);
      },
    );
  };
  // With the parent goes the reader of our output. That must not cut the shutdown short.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', end);
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  if (process.connected === true) process.once('disconnect', end);
  else if (process.connected === false) end();
  else watchAncestors(end);
}

/**
 * Ends this process. One whose parent is gone ends without its exit's handlers: the log's writes out what is left, and where
 * nobody reads any more it tries for ever (sonic-boom takes EPIPE for a busy disk).
 */
export function leave(code = 0): void {
  if (process.connected === false) process.kill(process.pid, 'SIGKILL');
  else process.exit(code);
}

/** A killed process's children are handed to another parent: that is how it shows. */
function watchAncestors(onLoss: () => void): void {
  const ancestors = npmAncestors();
  if (ancestors.length === 0) {
    if (isOrphanOfNpm()) onLoss();
    return;
  }
  setInterval(() => {
    const parents = [process.ppid, ...ancestors.slice(0, -1).map((pid) => processInfo(pid)?.parent)];
    if (parents.some((pid, index) => pid !== ancestors[index])) onLoss();
  }, ANCESTORS_POLL_MILLISECONDS).unref();
}

/** Our parent and on, up to the outermost npm with nothing but shells and npm between; empty when npm does not run us. */
function npmAncestors(): number[] {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return [];
  const ancestors: number[] = [];
  let upToNpm = 0;
  for (
    let pid = process.ppid, info = processInfo(pid);
    info !== undefined;
    pid = info.parent, info = processInfo(pid)
  ) {
    ancestors.push(pid);
    const [program = '', argument = ''] = info.command.split(' ').slice(0, 2);
    const isNpm = [program, argument].some((word) => /^(npm|npx|pnpm|yarn)(-cli)?(\.c?js)?$/.test(basename(word)));
    if (isNpm) upToNpm = ancestors.length;
    else if (!isShell(info.command)) break;
  }
  return ancestors.slice(0, upToNpm);
}

/** A script's shell goes on with its next command, which is us, when npm was killed during the one before. */
function isOrphanOfNpm(): boolean {
  const script = process.env.npm_lifecycle_script;
  const parent = processInfo(process.ppid)?.command ?? '';
  return script !== undefined && isShell(parent) && parent.includes(script);
}

function isShell(command: string): boolean {
  const [program = '', argument = ''] = command.split(' ');
  return /^-?(ba|da|a|k|z)?sh$/.test(basename(program)) && argument.startsWith('-');
}
