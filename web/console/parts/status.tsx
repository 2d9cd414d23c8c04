/** What a state means for who looks at it; each with a sign of its own, as colour alone says nothing to many. */
const SIGNS = { good: '✓', waiting: '…', bad: '!', over: '–' };

/** A state as a sign and a word, on one line with it. */
export function Status({ kind, children }: { kind: keyof typeof SIGNS; children: string }) {
  return (
    <span className={`status status-${kind}`}>
      <span aria-hidden>{SIGNS[kind]}</span>
      {'\u00a0'}
      {children}
    </span>
  );
}
