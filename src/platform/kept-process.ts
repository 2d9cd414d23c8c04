import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Runs a server as its child and waits beside it on a pipe from us. The pipe closes when we close it and also, whatever
 * the reason, when we are gone: then the server gets its signal, and SIGQUIT when it is still there 20 seconds later.
 * Arguments: the signal, a folder to remove when the server ended well (or nothing), the command.
 */
const KEEPER = `
signal=$1 remove=$2; shift 2
trap '' HUP INT TERM
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{
  read -r _ <&3
  kill -s "$signal" $server
  rounds=0
  while [ $rounds -lt 200 ] && kill -0 $server; do sleep 0.1; rounds=$((rounds + 1)); done
  kill -s QUIT $server
} >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait $server
code=$?
{ kill -s KILL $watcher; wait $watcher; } >/dev/null 2>&1
if [ -n "$remove" ] && [ $code -eq 0 ]; then rm -rf "$remove" >/dev/null 2>&1; fi
exit $code
`;

export interface KeptProcessOptions {
  /** What asks the server to stop. */
  signal: 'INT' | 'TERM';
  /** A folder to be removed when the server has ended well (with code 0), also when nobody of us is left to do it. */
  removeFolder?: string | undefined;
  /** A file descriptor that takes the server's output. */
  output: number | 'ignore';
  env: NodeJS.ProcessEnv;
  uid?: number | undefined;
  gid?: number | undefined;
}

export interface KeptProcess {
  /** Resolves with the exit code when the server has ended, for whatever reason. */
  readonly exited: Promise<number | null>;
  /** Asks the server to stop and resolves when it has ended. */
  stop(): Promise<void>;
}

/** Starts a server that cannot outlive this process, not even when this process is killed with SIGKILL. */
export function keepProcess(command: string, args: string[], options: KeptProcessOptions): KeptProcess {
  const { signal, removeFolder = '', output, env, uid, gid } = options;
  const keeper: ChildProcess = spawn('/bin/sh', ['-c', KEEPER, 'keeper', signal, removeFolder, command, ...args], {
    // A session of its own: the terminal's Ctrl-C is for us, and we stop the server last.
    detached: true,
    cwd: '/',
    stdio: ['pipe', output, output],
    env,
    ...(uid === undefined ? {} : { uid, gid }),
  });
  const pipe = keeper.stdin as Socket;
  const exited = new Promise<number | null>((resolve, reject) => {
    keeper.once('exit', resolve);
    keeper.once('error', reject);
  });
  exited.catch(() => undefined); // Whoever waits for it hears of it; nobody has to.
  // A server that is kept must not keep us.
  keeper.unref();
  pipe.unref();
  pipe.on('error', () => undefined); // The keeper is gone: `exited` tells.
  return {
    exited,
    async stop() {
      keeper.ref();
      pipe.destroy();
      await exited;
    },
  };
}
