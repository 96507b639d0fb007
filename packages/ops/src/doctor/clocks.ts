import { bad, type Finding, good, unknown } from './finding.ts';

/** A signature is refused when it is more than 300 s off (ingress/verify.ts); a minute is early enough to hear of it. */
const MOST_MS = 60_000;

const UNTOLD = 'a proxy on the way may take the header Date out of answers: run doctor from another network';

export type Clock = { readonly whose: string; readonly atMs: number | null; readonly askedMs: number };

/** Each server's clock against this machine's at the moment of asking. Pure. */
export function clockFindings(clocks: readonly Clock[]): readonly Finding[] {
  const off = clocks.flatMap(({ whose, atMs, askedMs }): Finding[] => {
    if (atMs === null) return [unknown('clocks', `${whose} does not tell its time`, UNTOLD)];
    const seconds = Math.round((atMs - askedMs) / 1_000);
    if (Math.abs(atMs - askedMs) <= MOST_MS) return [];
    const way = seconds > 0 ? 'ahead of' : 'behind';
    return [
      bad(
        'clocks',
        `${whose} is ${Math.abs(seconds)} s ${way} this machine`,
        'when only one differs it is that one; when all do, set the clock of this machine (timedatectl set-ntp true)',
      ),
    ];
  });
  return off.length > 0
    ? off
    : [good('clocks', `${clocks.map(({ whose }) => whose).join(', ')} and this machine agree`)];
}
