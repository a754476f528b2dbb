/** The ledger's thread: opens the file, then answers one request after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { answerTo, openForThread, type Request } from './thread.ts';

const port = parentPort;
if (port) {
  const { store, answer } = openForThread(workerData);
  port.postMessage(answer);
  if (store)
    port.on('message', (request: Request) => {
      port.postMessage(answerTo(store, request));
      if (request.call === 'close') port.close();
    });
}
