/** A port that cannot be opened, in words and with what to do; any other error as it is. */
export function asPortFault(error: unknown, port: number, setting: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return error;
  const why = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be opened (${code})`;
  return new Error(`Port ${port} ${why}. Stop that program, or choose another port: ${setting}=${port + 10}`);
}
