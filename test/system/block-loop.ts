/**
 * Preloaded into a part by NODE_OPTIONS. On SIGUSR2 it prints a line and blocks the event loop for SABHA_BLOCK_MS; other threads continue.
 */
process.on('SIGUSR2', () => {
  process.stdout.write('the event loop is blocked\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(process.env['SABHA_BLOCK_MS']));
});
