/** A child process that plays the history of each received seed and returns the broken guarantees. */
import { judgeSeed } from './histories.ts';

process.on('message', (seed) => {
  judgeSeed(Number(seed)).then(
    () => process.send?.(''),
    (error: Error) => process.send?.(error.stack ?? error.message),
  );
});
process.once('disconnect', () => process.exit());
