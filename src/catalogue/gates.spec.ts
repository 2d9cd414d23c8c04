import { setImmediate as aTurn } from 'node:timers/promises';
import { Gates } from './gates';

/** Work that goes on until it is told how it ends. */
function work() {
  let [end, fail] = [() => {}, () => {}];
  const done = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = () => reject(new Error('away'));
  });
  return { end, fail, run: () => done };
}

/** Whether it has come to pass by now. */
async function isThrough(waiting: Promise<void>): Promise<boolean> {
  let through = false;
  void waiting.then(() => (through = true));
  for (let turn = 0; turn < 5; turn++) await aTurn();
  return through;
}

it('gives way to those who shut the gate of the same programme, and to nobody else', async () => {
  const gates = new Gates();
  const [first, second, later] = [work(), work(), work()];
  const shut = [gates.shut('a', first.run), gates.shut('a', second.run)];
  const waiting = gates.giveWay('a');
  expect(await isThrough(gates.giveWay('b'))).toBe(true);
  first.end();
  expect(await isThrough(waiting)).toBe(false);
  const following = gates.shut('a', later.run);
  second.end();
  expect(await isThrough(waiting)).toBe(true);
  later.end();
  await Promise.all([...shut, following]);
  expect(await isThrough(gates.giveWay('a'))).toBe(true);
});

it('is passed when shutting it has failed, of which whoever tried hears', async () => {
  const gates = new Gates();
  const failing = work();
  const shut = gates.shut('a', failing.run);
  const waiting = gates.giveWay('a');
  failing.fail();
  await expect(shut).rejects.toThrow('away');
  expect(await isThrough(waiting)).toBe(true);
  expect(await gates.shut('a', () => Promise.resolve('again'))).toBe('again');
});
