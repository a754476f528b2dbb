/** Output of `run` at a terminal: text in the language of the call. Services and pipes get JSON lines and do not load this file. */
import { type Clock, fillIn, type Language, languageFor, vocabulary, type Words } from '@sabha/contracts';
import type { Agent } from './agent.ts';
import { lineFor } from './identity/lines.ts';
import { type RoomFacts, statementOf } from './session/card/statement.ts';
import type { Env } from './uplink/store/data-folder.ts';

export type Output = ReturnType<typeof createTerminalOutput>;
export type FollowedAgent = Pick<RoomFacts, 'pc' | 'profile'> &
  Pick<Agent, 'table' | 'isBirthAcknowledged'> & { centre: { host: string; port: number } };
export type TerminalOptions = { args: readonly string[]; env: Env; clock: Clock; out: Pick<Console, 'log' | 'error'> };

const lookEveryMs = 1_500;
/** Until the server has sent the expected equipment, a verdict means little. Without a server, the verdict is printed after this time. */
const aloneAfterMs = 30_000;

const phrases = {
  ready: { en: '{pc}: the agent {version} runs; Ctrl+C ends it', hi: '{pc}: एजेंट {version} चल रहा है; बंद करने के लिए Ctrl+C' },
  connected: { en: 'connected to {centre}', hi: '{centre} से जुड़ गया' },
  again: { en: '; next try in {seconds} s', hi: '; {seconds} सेकंड में फिर कोशिश होगी' },
} as const satisfies Record<string, Words>;

/** Guarantee: a verdict is printed only when it has changed and is equal in two consecutive readings of the state. */
export function createTerminalOutput({ args, env, clock, out }: TerminalOptions) {
  const language = languageFor(args, env);
  let at = '';
  const say = (text: string) => out.log(`${new Date(clock.now()).toTimeString().slice(0, 8)}  ${text}`);
  const printLogLine = (fields: object, line: string) => say(textOfLogLine(line, { centre: at, ...fields }));

  function textOfLogLine(line: string, fields: Record<string, string | number>): string {
    if (line === 'ready' || line === 'connected') return fillIn(phrases[line][language], fields);
    const seconds = Math.ceil(Number(fields['waitMs'] ?? 0) / 1_000);
    const again = seconds === 0 ? '' : fillIn(phrases.again[language], { seconds });
    return `${lineFor(line, args, env)}${again}`;
  }

  return {
    log: { info: printLogLine, warn: printLogLine },
    fatal: (line: string): void => out.error(lineFor(line, args, env)),
    /** Prints the verdict of the room while the agent runs. Called before the agent starts. */
    follow({ centre: { host, port }, pc, profile, table, isBirthAcknowledged }: FollowedAgent): void {
      at = `${host}:${port}`;
      const since = clock.up();
      let [told, seen] = ['', ''];
      const look = () => {
        clock.after(lookEveryMs, look);
        if (told === '' && !isBirthAcknowledged() && clock.up() - since < aloneAfterMs) return;
        const text = verdictOf({ pc, profile, checks: table.checks(), place: undefined }, language);
        if (text === seen && text !== told) {
          say(text);
          told = text;
        }
        seen = text;
      };
      look();
    },
  };
}

/** Returns the verdict, for example "Not ready: Camera not found". */
function verdictOf(known: RoomFacts, language: Language): string {
  const { readiness, mainIssue } = statementOf(known);
  const verdict = vocabulary[language].readiness[readiness];
  const about = [mainIssue?.title[language], readiness === 'unknown' && mainIssue?.about[language]].filter(Boolean);
  return about.length === 0 ? verdict : `${verdict}: ${about.join(', ')}`;
}
