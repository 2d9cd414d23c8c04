import { useRef } from 'react';

interface Once {
  /** What to send with this body: the same as long as it has not succeeded, however often it is tried. */
  headerFor: (body: unknown) => { 'Idempotency-Key': string };
  done: () => void;
}

/** So that what was sent twice, because its answer was lost on the way, is done once. */
export function useOnce(): Once {
  const act = useRef<{ body: string; key: string }>(undefined);
  return {
    headerFor(body) {
      const text = JSON.stringify(body);
      if (act.current?.body !== text) act.current = { body: text, key: newKey() };
      return { 'Idempotency-Key': act.current.key };
    },
    done() {
      act.current = undefined;
    },
  };
}

const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
