/** A faulty release: the agent runs with a wrong token, so the broker never admits it. */
process.env['SABHA_TOKEN_FILE'] = process.env['SABHA_WRONG_TOKEN_FILE'] ?? '';
await import('../../agent/cli.ts');
