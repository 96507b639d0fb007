import { createElement } from 'lwc';
import CallsMeter from 'c/callsMeter';
import { countText } from 'c/timeText';
import { problemsOf } from 'accessible';

function show(usage) {
    const element = createElement('c-calls-meter', { is: CallsMeter });
    Object.assign(element, { label: 'Ours, last hour', note: 'Of what we allow ourselves.', usage });
    document.body.appendChild(element);
    const part = (id) => element.shadowRoot.querySelector(`[data-id="${id}"]`);
    return { element, part, meter: element.shadowRoot.querySelector('[role="meter"]') };
}

describe('c-calls-meter', () => {
    afterEach(() => document.body.replaceChildren());

    it('tells the figures in words, and to a screen reader', async () => {
        const { element, part, meter } = show({ used: 202, allowed: 10000 });
        expect(part('text').textContent).toBe(`202 of ${countText(10000)}, 2 %`);
        expect(meter.getAttribute('aria-valuenow')).toBe('2');
        expect(meter.getAttribute('aria-valuetext')).toContain('202');
        expect(part('scarce')).toBeNull();
        expect(await problemsOf(element)).toEqual([]);
    });

    it('says in words that calls are scarce, from 80 % on', () => {
        expect(show({ used: 79, allowed: 100 }).part('scarce')).toBeNull();
        expect(show({ used: 80, allowed: 100 }).part('scarce').textContent).toBe('scarce');
    });

    it('fills the bar no further than its end', () => {
        const { part, meter } = show({ used: 150, allowed: 100 });
        expect(part('text').textContent).toContain('150 %');
        expect(meter.getAttribute('aria-valuenow')).toBe('100');
    });

    it('says what is not known, and makes no bar of it', () => {
        expect(show({ allowed: 100000 }).part('text').textContent).toBe('not told yet');
        const { part, meter } = show({ used: 12 });
        expect(part('text').textContent).toBe('12');
        expect(meter).toBeNull();
    });
});
