/** A bad release: it starts, runs, and is never admitted by the broker. */
process.env['SABHA_TOKEN_FILE'] = process.env['SABHA_WRONG_TOKEN_FILE'] ?? '';
await import('../../agent/cli.ts');
