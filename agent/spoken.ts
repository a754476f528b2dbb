/** What `run` says to a person before a terminal: words, in the language of the call. Loaded only there: services and pipes read JSON lines. */
import { type Clock, filled, type Language, languageFor, vocabulary, type Words } from '@sabha/contracts';
import type { Agent } from './agent.ts';
import { lineFor } from './identity/lines.ts';
import { type Known, statementOf } from './session/card/statement.ts';
import type { Env } from './uplink/store/data-folder.ts';

/** How a running agent is heard by whoever started it. */
export type Voice = ReturnType<typeof speak>;
/** A running agent as its terminal sees it. */
export type Followed = Pick<Known, 'pc' | 'profile'> & Pick<Agent, 'table' | 'isHeard'> & { centre: { host: string; port: number } };
/** `args`: the words of the call. */
export type Listener = { args: readonly string[]; env: Env; clock: Clock; out: Pick<Console, 'log' | 'error'> };

const lookEveryMs = 1_500;
/** Until the centre has said what the room should have a verdict means little; where it is not reached there is none but this. */
const aloneAfterMs = 30_000;

const phrases = {
  ready: { en: '{pc}: the agent {version} runs; Ctrl+C ends it', hi: '{pc}: एजेंट {version} चल रहा है; बंद करने के लिए Ctrl+C' },
  connected: { en: 'connected to {centre}', hi: '{centre} से जुड़ गया' },
  again: { en: '; next try in {seconds} s', hi: '; {seconds} सेकंड में फिर कोशिश होगी' },
} as const satisfies Record<string, Words>;

/** Guarantee: a verdict is told when it is another one than the last that was told, and stood for two looks. */
export function speak({ args, env, clock, out }: Listener) {
  const language = languageFor(args, env);
  let at = '';
  const say = (text: string) => out.log(`${new Date(clock.now()).toTimeString().slice(0, 8)}  ${text}`);
  const tell = (fields: object, line: string) => say(toldOf(line, { centre: at, ...fields }));

  function toldOf(line: string, fields: Record<string, string | number>): string {
    if (line === 'ready' || line === 'connected') return filled(phrases[line][language], fields);
    const seconds = Math.ceil(Number(fields['waitMs'] ?? 0) / 1_000);
    const again = seconds === 0 ? '' : filled(phrases.again[language], { seconds });
    return `${lineFor(line, args, env)}${again}`;
  }

  return {
    log: { info: tell, warn: tell },
    /** The one line with which it ends. */
    fatal: (line: string): void => out.error(lineFor(line, args, env)),
    /** To be called before the agent starts: what is known of the room is looked at as long as it runs. */
    follow({ centre: { host, port }, pc, profile, table, isHeard }: Followed): void {
      at = `${host}:${port}`;
      const since = clock.up();
      let [told, seen] = ['', ''];
      const look = () => {
        clock.after(lookEveryMs, look);
        if (told === '' && !isHeard() && clock.up() - since < aloneAfterMs) return;
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

/** "Not ready: Camera not found". */
function verdictOf(known: Known, language: Language): string {
  const { readiness, thing } = statementOf(known);
  const verdict = vocabulary[language].readiness[readiness];
  const about = [thing?.title[language], readiness === 'unknown' && thing?.about[language]].filter(Boolean);
  return about.length === 0 ? verdict : `${verdict}: ${about.join(', ')}`;
}
