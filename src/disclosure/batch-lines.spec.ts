import { type Line, linesOf, type Recorded } from './batch-lines';

const lineOf = (n: number, value = 'x'): Line => ({
  customerRef: `customer-${n}`,
  id: `dsc_${n}`,
  values: { value },
  withheld: [],
  useUntil: '2026-11-24T00:00:00.000Z',
});

describe('the lines of a batch', () => {
  it('are made when it is their turn, and recorded when those before are taken', async () => {
    const steps: string[] = [];
    async function* chunks(): AsyncGenerator<Recorded> {
      for (const chunk of [0, 1]) {
        steps.push(`recorded ${chunk}`);
        const lines = [0, 1].map((n) => () => {
          steps.push(`opened ${chunk}.${n}`);
          return lineOf(n, 'x'.repeat(17_000));
        });
        yield { at: performance.now(), lines };
      }
    }
    for await (const piece of linesOf(chunks())) steps.push(`sent ${piece.split('\n').length - 1}`);
    expect(steps).toEqual(
      [0, 1].flatMap((chunk) => [
        `recorded ${chunk}`,
        ...[0, 1].flatMap((line) => [`opened ${chunk}.${line}`, 'sent 1']),
      ]),
    );
  });

  it('are not opened long after they were recorded', async () => {
    let opened = 0;
    async function* chunks(): AsyncGenerator<Recorded> {
      const line = () => {
        opened += 1;
        return lineOf(opened, 'x'.repeat(17_000));
      };
      yield { at: performance.now() - 29_000, lines: [line] };
      yield { at: performance.now() - 31_000, lines: [line, line] };
    }
    const pieces: string[] = [];
    const read = async () => {
      for await (const piece of linesOf(chunks())) pieces.push(piece);
    };
    await expect(read()).rejects.toThrow('too slow');
    expect([pieces.length, opened]).toEqual([1, 1]);
  });
});
