/** The verbs of configurations that go out in stages. */
import type { RolloutView } from '#contracts';
import type { Answer, Call, Verb } from '../kit/model.ts';
import { timeText } from '../kit/text.ts';
import { importFile } from './sites.ts';

/** By their words. */
export const config: Record<string, Verb> = {
  'config stage': {
    usage: 'FILE [--dry-run]',
    words: [1, 1],
    options: { 'dry-run': { type: 'boolean' } },
    run: (call) => importFile(call, true),
  },
  'config show': { usage: '', words: [0, 0], run: show },
  'config release': { usage: '', words: [0, 0], run: release },
};

/** The answer is no where it stopped by itself. */
async function show({ api }: Call): Promise<Answer> {
  const { rollout } = await api.get<{ rollout: RolloutView | null }>('/api/rollout');
  if (rollout === null) return { ok: true, json: { rollout }, text: 'no configuration is on its way in stages' };
  const { by, stage, stageAt, pcs, released, stopped } = rollout;
  const head = `stage ${stage} of 3 since ${timeText(stageAt)}, by ${by}: ${released} of ${pcs} PCs have got it`;
  return { ok: stopped === null, json: { rollout }, text: stopped === null ? head : `${head}\nstopped: ${stopped}` };
}

async function release({ api, by }: Call): Promise<Answer> {
  await api.post('/api/rollout/release', { by });
  return { ok: true, json: { released: true }, text: 'it goes out to every PC' };
}
