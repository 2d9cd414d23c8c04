import { once } from 'node:events';
import { ServerEvents } from './server-events';

const follower = { kind: 'customer', callerId: 'anna' };
const endless = {
  first: {},
  look: () => Promise.resolve({}),
  isFinished: () => false,
  stillLetIn: () => Promise.resolve(),
};

// Fails when a stream is counted on whose reader went away, whether they had begun to read or not.
it('counts the streams of a caller that are open', async () => {
  const events = new ServerEvents();
  const follow = (who = follower) => events.of(who, endless).getStream();
  const streams = Array.from({ length: 10 }, () => follow());
  expect(() => follow()).toThrow('Too many requests');
  follow({ kind: 'customer', callerId: 'bert' }).destroy();
  streams[0]!.resume();
  for (const stream of streams) stream.destroy();
  await Promise.all(streams.map((stream) => once(stream, 'close')));
  follow().destroy();
  events.onModuleDestroy();
});
