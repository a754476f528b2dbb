/** Read into a part by NODE_OPTIONS: at SIGUSR2 it says so, and its event loop stands still for SABHA_BLOCK_MS, while its other threads go on. */
process.on('SIGUSR2', () => {
  process.stdout.write('the event loop is blocked\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(process.env['SABHA_BLOCK_MS']));
});
