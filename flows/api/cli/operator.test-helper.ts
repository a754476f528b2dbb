/** Runs the `sabha` command inside the test process, against a test API. `cli.test.ts` covers the real process. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { smallTree } from '../../sites/sites.test-helper.ts';
import { createSiteTable } from '../../sites/table.ts';
import type { Restored } from '../../storage/backup/restore.ts';
import { startTestApi, type TestApi } from './api.test-helper.ts';
import { CliError, createClient } from './kit/model.ts';
import { dispatch } from './verbs.ts';

/** Returns the command and its test API. Each test starts with a small site table and no files. */
export function operator() {
  let api: TestApi;
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
    /** The state of the test API: received requests and scripted responses. */
    state: () => api.state,
    /** Creates a file that commands can read. `written` returns the text of a file. */
    file,
    written: (name: string): string | undefined => files[name],
    async sabha(args: string[]): Promise<{ code: number; out: string; err: string }> {
      const said: string[] = [];
      const around = {
        api: createClient(() => api),
        by: 'tester',
        language: 'en' as const,
        readText: async (name: string) => files[name] ?? '',
        readTexts: async (path: string) => ({ whole: path.endsWith('/'), texts: [{ name: path, text: files[path] ?? '' }] }),
        writeText: async (name: string, text: string) => void file(name, text),
        copyFile: async (from: string, to: string) => void file(to, `copy of ${from}`),
        restore: async () => ({ about: { at: 0 }, audit: { events: 9, incidents: { raised: 2 } }, aside: ['flows.before'] }) as Restored,
        now: () => 100 * 86_400_000,
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
