import { createElement } from 'lwc';
import HealthVerdict from 'c/healthVerdict';
import { problemsOf } from 'accessible';

const HEALTH = {
    lookedAt: '2026-11-29T08:00:00.000Z',
    told: 'Healthy',
    toldAt: '2026-11-29T07:59:20.000Z',
    isOld: false,
    lastEventAt: '2026-11-29T07:57:00.000Z',
    settledUntil: '2026-11-29T07:59:00.000Z',
    lagSeconds: 0
};

function show(health, isUnread = false) {
    const element = createElement('c-health-verdict', { is: HealthVerdict });
    Object.assign(element, { health: { ...HEALTH, ...health }, isUnread });
    document.body.appendChild(element);
    const part = (id) => element.shadowRoot.querySelector(`[data-id="${id}"]`);
    const icon = element.shadowRoot.querySelector('lightning-icon').iconName;
    return { element, part, word: part('word').textContent, why: part('why').textContent, icon };
}

describe('c-health-verdict', () => {
    afterEach(() => document.body.replaceChildren());

    it('tells each state by its word and by a shape of its own', () => {
        const seen = ['Healthy', 'Degraded', 'Down', undefined].map((told) => show({ told }));
        expect(seen.map(({ word }) => word)).toEqual(['Healthy', 'Degraded', 'Down', 'Unknown']);
        expect(new Set(seen.map(({ icon }) => icon)).size).toBe(4);
        expect(new Set(seen.map(({ part }) => part('verdict').className)).size).toBe(4);
    });

    it('tells why', () => {
        expect(show({ told: 'Degraded', reason: 'changes have waited for 7 minutes' }).why).toBe(
            'Changes have waited for 7 minutes.'
        );
        expect(show({}).why).toContain('nothing waits for long');
    });

    it('does not believe a row that is old, and says what it said', () => {
        const { word, why } = show({
            told: 'Degraded',
            reason: 'Salesforce fails (503)',
            toldAt: '2026-11-29T07:37:00.000Z',
            isOld: true
        });
        expect(word).toBe('Unknown');
        expect(why).toContain('Nothing was told for 23 minutes');
        expect(why).toContain('It said before: Degraded, Salesforce fails (503).');
    });

    it('says that nothing was told yet, and shows no figures then', () => {
        const { word, why, part } = show({ told: undefined, toldAt: undefined });
        expect(word).toBe('Unknown');
        expect(why).toContain('has not told anything yet');
        expect(part('lag')).toBeNull();
    });

    it('knows nothing when the page could not look', () => {
        expect(show({}, true)).toMatchObject({ word: 'Unknown', why: expect.stringContaining('an earlier look') });
    });

    it('tells when something was told, what came last, and the lag', () => {
        const { part } = show({ lagSeconds: 420 });
        expect(part('told').textContent).toContain('40 seconds ago');
        expect(part('event').textContent).toContain('3 minutes ago');
        expect(part('lag').textContent).toContain('7 minutes');
        expect(part('settled').textContent).toContain('1 minute ago');
        expect(show({ lastEventAt: undefined }).part('event').textContent).toContain('none yet');
        expect(show({}).part('lag').textContent).toContain('nothing waits');
    });

    it('is accessible in every state', async () => {
        for (const told of ['Healthy', 'Degraded', 'Down', undefined]) {
            const { element } = show({ told });
            // eslint-disable-next-line no-await-in-loop
            expect(await problemsOf(element)).toEqual([]);
        }
    });
});
