import type { Count } from '@payments/core/metrics';

export type SecretAgesWorld = {
  readonly secrets: Readonly<Record<string, string>>;
  /** When the value in use was put, by the secret's ARN; `null` while it is empty. */
  readonly changedAt: (arn: string) => Promise<number | null>;
  readonly count: Count;
  readonly nowMs: () => number;
};

const DAY_MS = 24 * 60 * 60_000;

/** The story of `SecretAges`, each hour: how many days ago each secret got the value that is in use. No value is read. */
export async function secretAges({ secrets, changedAt, count, nowMs }: SecretAgesWorld): Promise<void> {
  for (const [Secret, arn] of Object.entries(secrets)) {
    const at = await changedAt(arn);
    if (at !== null) count('SecretAge', Math.floor((nowMs() - at) / DAY_MS), { Secret });
  }
}
