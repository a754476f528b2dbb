/** A process that plays each seed which it is told, and says what is wrong with its history. */
import { judgeSeed } from './histories.ts';

process.on('message', (seed) => {
  judgeSeed(Number(seed)).then(
    () => process.send?.(''),
    (error: Error) => process.send?.(error.stack ?? error.message),
  );
});
process.once('disconnect', () => process.exit());
