import { ROTATE_AFTER_DAYS } from '@payments/core/alarms';
import * as v from 'valibot';
import { readSecret, SECRET_NAMES, type SecretName, secretPutAt } from '../adapters/secrets.ts';
import type { Deployment } from '../deployment/deployment.ts';
import { command, type Report } from '../frame/command.ts';
import { table } from '../frame/table.ts';
import { ageInDays } from './parts.ts';

type Standing = {
  readonly name: SecretName;
  readonly state: 'good' | 'empty' | 'malformed' | 'overdue';
  readonly ageDays: number | null;
  /** Signing secrets that are honoured; 1 of the others. */
  readonly active: number;
};

export const secretsStatusCommand = command({
  name: 'status',
  summary: 'Says which credentials are there, of the right form, and how old',
  detail: `Exit code 1: one is missing, malformed or ${ROTATE_AFTER_DAYS} days old. doctor also tries them.`,
  examples: [['secrets status --stage production', 'Once a month, or when the alarm says that a rotation is overdue.']],
  input: v.object({}),
  run: async (_input, context): Promise<Report> => {
    const deployment = await context.deployment();
    const nowMs = context.io.nowMs();
    const all = await Promise.all(SECRET_NAMES.map((name) => standingOf(deployment, name, nowMs)));
    return {
      data: { stage: deployment.stage, rotateAfterDays: ROTATE_AFTER_DAYS, secrets: all },
      text: (paint) =>
        `${table(
          all.map(({ name, state, ageDays, active }) => [
            paint(state === 'good' ? 'good' : 'bad', state === 'good' ? '✓' : '✗'),
            `${deployment.prefix}/${name}`,
            ageDays === null ? 'empty: secrets set' : `${ageDays} days old`,
            state === 'malformed'
              ? 'not the JSON of docs/deployment.md: secrets set'
              : state === 'overdue'
                ? `${ROTATE_AFTER_DAYS} are the limit: secrets rotate`
                : active > 1
                  ? `${active} are honoured: a roll ends with webhook roll, one of the Dashboard with secrets rotate --finish`
                  : '',
          ]),
        )}\n`,
      wrong: all.some(({ state }) => state !== 'good'),
    };
  },
});

async function standingOf(deployment: Deployment, name: SecretName, nowMs: number): Promise<Standing> {
  const putAt = await secretPutAt(deployment, name);
  if (putAt === null) return { name, state: 'empty', ageDays: null, active: 0 };
  const ageDays = ageInDays(putAt, nowMs);
  const value = await readSecret(deployment, name).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'SECRET_FORMAT') return null;
    throw error;
  });
  if (value === null) return { name, state: 'malformed', ageDays, active: 0 };
  const active = 'secrets' in value ? value.secrets.length : 1;
  return { name, state: ageDays >= ROTATE_AFTER_DAYS ? 'overdue' : 'good', ageDays, active };
}
