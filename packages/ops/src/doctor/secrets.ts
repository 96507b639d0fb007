import { ROTATE_AFTER_DAYS } from '@payments/core/alarms';
import type { SecretName } from '../adapters/secrets.ts';
import { ageInDays } from '../secrets/parts.ts';
import { bad, type Finding, good, unknown } from './finding.ts';

export type StoredSecret = {
  readonly name: SecretName;
  /** Its whole name in Secrets Manager. */
  readonly at: string;
  /** `null`: it is empty. */
  readonly putAt: () => Promise<number | null>;
  /** Rejects with the code SECRET_FORMAT when it is of another form, and with other codes when it cannot be read. */
  readonly read: () => Promise<unknown>;
};

/** Is a secret there, of the right form and young? Its text is in no finding. */
export async function secretFindings(
  { name, at, putAt, read }: StoredSecret,
  nowMs: number,
): Promise<readonly Finding[]> {
  try {
    const put = await putAt();
    if (put === null) return [bad('secrets', `${at} is empty`, `secrets set ${name}`)];
    await read();
    const days = ageInDays(put, nowMs);
    if (days < ROTATE_AFTER_DAYS) return [good('secrets', `${at}, ${days} days old`)];
    const what = `${at} is ${days} days old, ${ROTATE_AFTER_DAYS} are the limit`;
    return [bad('secrets', what, `secrets rotate ${name}`)];
  } catch (error) {
    const code = codeOf(error);
    if (code === 'SECRET_FORMAT') {
      return [bad('secrets', `${at} is not the JSON of docs/deployment.md`, `secrets set ${name}`)];
    }
    if (code === 'ResourceNotFoundException') {
      return [bad('secrets', `${at} is not there`, `npx sst deploy makes it empty; then secrets set ${name}`)];
    }
    const rights = 'secretsmanager:ListSecretVersionIds and secretsmanager:GetSecretValue';
    const mend = `whoever runs this needs ${rights} (docs/deployment.md, "The operator")`;
    return [unknown('secrets', `${at} cannot be read (${code}): its form and age are not known`, mend)];
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
