import { Badge } from '@mantine/core';

/** What a state means for who looks at it; each with a sign of its own, as colour alone says nothing to many. */
const KINDS = {
  good: { sign: '✓', color: 'moss' },
  waiting: { sign: '…', color: 'gray' },
  bad: { sign: '!', color: 'red' },
  over: { sign: '–', color: 'gray' },
} as const;

export function Status({ kind, children }: { kind: keyof typeof KINDS; children: string }) {
  const { sign, color } = KINDS[kind];
  return (
    <Badge variant="outline" color={color} tt="none" className={`status-${kind}`} leftSection={<span aria-hidden>{sign}</span>}>
      {children}
    </Badge>
  );
}
