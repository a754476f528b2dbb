/** The agent's own settings: read from the environment, checked, and one clear line about what is wrong. */
import * as v from 'valibot';
import { describeIssue, isPcPath, linkClasses, profile } from '#contracts';

const needed = (name: string) => v.pipe(v.string(`${name} is not set`), v.minLength(1, `${name} is not set`));
const number = (name: string, low: number, high: number) =>
  v.pipe(
    v.string(),
    v.transform(Number),
    v.check((value) => value >= low && value <= high, `${name}: a number from ${low} to ${high} is expected`),
  );
const port = v.pipe(number('SABHA_MQTT_PORT', 1, 65_535), v.integer('SABHA_MQTT_PORT: a whole number is expected'));

const environment = v.object({
  SABHA_PC: v.pipe(needed('SABHA_PC'), v.check(isPcPath, 'SABHA_PC: a path state/site/pc of small letters, digits and "-" is expected')),
  SABHA_TOKEN_FILE: needed('SABHA_TOKEN_FILE'),
  /** The agent's own folder. */
  SABHA_DATA: needed('SABHA_DATA'),
  SABHA_MQTT_HOST: v.optional(needed('SABHA_MQTT_HOST'), '127.0.0.1'),
  SABHA_MQTT_PORT: v.optional(port, '1883'),
  SABHA_LINK: v.optional(v.picklist(linkClasses, `SABHA_LINK: one of ${linkClasses.join(', ')} is expected`), 'fibre'),
  /** What to judge against until the centre has sent a configuration. */
  SABHA_PROFILE: v.optional(v.pipe(v.string(), v.parseJson(undefined, 'SABHA_PROFILE: not JSON'), profile)),
  /** Public half of the key that signs releases; absent = this agent is not updated. */
  SABHA_UPDATE_KEY: v.optional(needed('SABHA_UPDATE_KEY')),
  /** Where updates are offered. */
  SABHA_UPDATES: v.optional(needed('SABHA_UPDATES'), 'http://127.0.0.1:1880'),
  /** Factor of the clock, and since when it counts (milliseconds since 1970); absent = since the start. */
  SABHA_SPEED: v.optional(number('SABHA_SPEED', 0.01, 10_000), '1'),
  SABHA_EPOCH: v.optional(number('SABHA_EPOCH', 0, Number.MAX_SAFE_INTEGER)),
});

export type AgentSettings = ReturnType<typeof settingsOf>;

export function readAgentSettings(
  env: Record<string, string | undefined>,
): { ok: true; value: AgentSettings } | { ok: false; line: string } {
  const read = v.safeParse(environment, env);
  return read.success ? { ok: true, value: settingsOf(read.output) } : { ok: false, line: lineOf(read.issues[0]) };
}

function settingsOf(said: v.InferOutput<typeof environment>) {
  return {
    pc: said.SABHA_PC,
    tokenFile: said.SABHA_TOKEN_FILE,
    dataDir: said.SABHA_DATA,
    host: said.SABHA_MQTT_HOST,
    port: said.SABHA_MQTT_PORT,
    profile: said.SABHA_PROFILE ?? { link: said.SABHA_LINK, elevationM: 0, expected: {} },
    ...(said.SABHA_UPDATE_KEY !== undefined && { updates: { keyFile: said.SABHA_UPDATE_KEY, at: said.SABHA_UPDATES } }),
    speed: said.SABHA_SPEED,
    ...(said.SABHA_EPOCH !== undefined && { epochMs: said.SABHA_EPOCH }),
  };
}

function lineOf(issue: v.BaseIssue<unknown>): string {
  return issue.message.startsWith('SABHA_') ? issue.message : describeIssue(issue);
}
