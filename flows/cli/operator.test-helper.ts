/** The operator's command in this process, before an API for tests; `cli.test.ts` proves the same of the program. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { smallTree } from '../sites/sites.test-helper.ts';
import { createSiteTable } from '../sites/table.ts';
import { type Api, startTestApi } from './api.test-helper.ts';
import { createClient } from './client.ts';
import { dispatch } from './dispatch.ts';
import { CliError } from './verbs/model.ts';

export type Operator = {
  /** Of the API behind it: what it was asked, and what it is to answer. */
  state(): Api['state'];
  /** A file that commands may read, and what they wrote. */
  file(name: string, content: string): string;
  written(name: string): string | undefined;
  sabha(args: string[]): Promise<{ code: number; out: string; err: string }>;
};

/** Each test finds a small table of sites and nothing else. */
export function operator(): Operator {
  let api: Api;
  let files: Record<string, string> = {};
  beforeAll(async () => {
    api = await startTestApi();
  });
  beforeEach(() => {
    Object.assign(api.state, { table: createSiteTable(smallTree()), who: [], staged: [], rollout: null, asked: [], scripted: {} });
    files = {};
  });
  afterAll(() => api.close());

  function file(name: string, content: string): string {
    files[name] = content;
    return name;
  }
  return {
    state: () => api.state,
    file,
    written: (name) => files[name],
    async sabha(args) {
      const said: string[] = [];
      const around = {
        api: createClient(api.address),
        by: 'tester',
        readText: async (name: string) => files[name] ?? '',
        writeText: async (name: string, text: string) => void file(name, text),
        pause: async () => {},
        say: (line: string) => said.push(`${line}\n`),
      };
      try {
        const { ok, out } = await dispatch(args, around);
        return { code: ok ? 0 : 1, out: `${out}\n`, err: said.join('') };
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        return { code: error.code, out: '', err: `${error.message}\n` };
      }
    },
  };
}
