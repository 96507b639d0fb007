import { describe, expect, it } from 'vitest';
import {
  faultsOf,
  isSilent,
  NOTES,
  QUIET_EVENT,
  rollOf,
  type Seen,
  secretsWithout,
  WANTED_EVENTS,
} from './standing.ts';

const seen = (id: string, more: Partial<Seen> = {}): Seen => ({
  id,
  url: 'https://example.com/webhook/stripe',
  status: 'enabled',
  enabled_events: WANTED_EVENTS,
  api_version: '2026-10-28.endive',
  created: 1,
  metadata: {},
  ...more,
});

describe('faultsOf', () => {
  it('finds none in an endpoint that is as it should be, whoever made it', () => {
    expect(faultsOf(seen('we_1'), new Set())).toEqual([]);
    expect(faultsOf(seen('we_1', { metadata: { [NOTES.secret]: 'aa' } }), new Set(['aa']))).toEqual([]);
  });

  it('calls every event too many, but none missing', () => {
    const found = faultsOf(seen('we_1', { enabled_events: ['*'] }), new Set());
    expect(found.map(({ what }) => what)).toEqual([expect.stringContaining('what no lane takes: *')]);
  });

  it('does not ask for the events of an endpoint that a roll keeps silent, and asks for them once it delivers', () => {
    const notes = { [NOTES.replaces]: 'we_1', [NOTES.secret]: 'aa' };
    const silent = seen('we_2', { enabled_events: [QUIET_EVENT], metadata: notes });
    expect([isSilent(silent), faultsOf(silent, new Set(['aa']))]).toEqual([true, []]);
    const awake = seen('we_2', { enabled_events: [QUIET_EVENT], metadata: { ...notes, [NOTES.since]: '1' } });
    expect([isSilent(awake), faultsOf(awake, new Set(['aa'])).length]).toEqual([false, 2]);
  });

  it('finds that nobody here has the secret', () => {
    const found = faultsOf(seen('we_1', { metadata: { [NOTES.secret]: 'aa' } }), new Set(['bb']));
    expect(found).toEqual([expect.objectContaining({ mend: 'webhook roll' })]);
  });
});

describe('rollOf', () => {
  it('begins with the only enabled endpoint, and with nothing else', () => {
    expect(rollOf([])).toEqual({ kind: 'none' });
    expect(rollOf([seen('we_1'), seen('we_2', { status: 'disabled' })])).toMatchObject({
      kind: 'ready',
      old: { id: 'we_1' },
    });
    expect(rollOf([seen('we_1'), seen('we_2')])).toEqual({ kind: 'several' });
  });

  it('goes on with two of which one replaces the other, and ends when that one is gone', () => {
    const next = seen('we_2', { metadata: { [NOTES.replaces]: 'we_1' } });
    expect(rollOf([seen('we_1'), next])).toMatchObject({ kind: 'rolling', old: { id: 'we_1' }, next: { id: 'we_2' } });
    expect(rollOf([next])).toMatchObject({ kind: 'ending', next: { id: 'we_2' } });
  });

  it('does not count an endpoint whose secret was never stored', () => {
    const lost = seen('we_2', { metadata: { [NOTES.replaces]: 'we_1', [NOTES.unfinished]: 'yes' } });
    expect(rollOf([seen('we_1'), lost])).toMatchObject({ kind: 'ready', old: { id: 'we_1' } });
  });
});

describe('secretsWithout', () => {
  const secrets = [
    { secret: 'new', print: 'aa' },
    { secret: 'old', print: 'bb' },
    { secret: 'other', print: 'cc' },
  ];
  const next = seen('we_2', { metadata: { [NOTES.secret]: 'aa' } });

  it('drops the one that went, and no other', () => {
    expect(secretsWithout(secrets, 'bb', [next])).toEqual(['new', 'other']);
  });

  it('drops all that belong to no endpoint when nobody knows which one went', () => {
    expect(secretsWithout(secrets, 'unknown', [next])).toEqual(['new']);
  });

  it('keeps a secret that a remaining endpoint still signs with', () => {
    expect(secretsWithout(secrets, 'aa', [next])).toEqual(['new', 'old', 'other']);
  });
});
