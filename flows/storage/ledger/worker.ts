/** The ledger's thread: opens the file, then answers one request after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { answerTo, type CopyRequest, copyFrom, openForThread, type Request } from './thread.ts';

const port = parentPort;
if (port) {
  const { store, answer } = openForThread(workerData);
  port.postMessage(answer);
  if (store)
    port.on('message', (request: Request | CopyRequest) => {
      if ('copyTo' in request) return void copyFrom(store, request).then((answer) => port.postMessage(answer));
      port.postMessage(answerTo(store, request));
      if (request.call === 'close') port.close();
    });
}
