import { createElement } from 'lwc';
import IntegrationHealth from 'c/integrationHealth';
import look from '@salesforce/apex/IntegrationHealthController.look';
import overview from '@salesforce/apex/SyncFailureController.overview';
import latest from '@salesforce/apex/SyncBatchController.latest';
import { problemsOf } from 'accessible';

jest.mock('@salesforce/apex/IntegrationHealthController.look', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/SyncBatchController.latest', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/SyncFailureController.overview', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/SyncFailureController.ofCategory', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/SyncFailureController.retry', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/SyncFailureController.retryCategory', () => ({ default: jest.fn() }), { virtual: true });

const HEALTH = {
    lookedAt: '2026-11-29T08:00:00.000Z',
    told: 'Healthy',
    toldAt: '2026-11-29T07:59:20.000Z',
    isOld: false,
    hour: { used: 202, allowed: 10000 },
    day: { used: 1202, allowed: 80000 },
    org: {},
    seesFailures: true,
    seesBatches: true
};
const MINUTE = 60000;

describe('c-integration-health', () => {
    let element;
    const part = (id) => element.shadowRoot.querySelector(`[data-id="${id}"]`);
    const settled = async () => {
        for (let i = 0; i < 12; i++) {
            // eslint-disable-next-line no-await-in-loop
            await Promise.resolve();
        }
    };
    const show = async () => {
        element = createElement('c-integration-health', { is: IntegrationHealth });
        document.body.appendChild(element);
        const loading = part('loading');
        await settled();
        return loading;
    };
    const hide = (hidden) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    };

    beforeEach(() => {
        jest.useFakeTimers();
        look.mockResolvedValue(HEALTH);
        overview.mockResolvedValue({ total: 0, categories: [] });
        latest.mockResolvedValue([]);
    });

    afterEach(() => {
        document.body.replaceChildren();
        hide(false);
        jest.useRealTimers();
        jest.resetAllMocks();
    });

    it('shows health, calls, failures and batches', async () => {
        expect(await show()).not.toBeNull();
        expect(part('loading')).toBeNull();
        expect(part('verdict').health).toEqual(HEALTH);
        const meters = [...element.shadowRoot.querySelectorAll('c-calls-meter')];
        expect(meters.map(({ usage }) => usage)).toEqual([HEALTH.hour, HEALTH.day, HEALTH.org]);
        expect(element.shadowRoot.querySelector('c-open-failures').now).toBe(HEALTH.lookedAt);
        expect(element.shadowRoot.querySelector('c-latest-batches')).not.toBeNull();
        jest.useRealTimers();
        expect(await problemsOf(element)).toEqual([]);
    });

    it('shows a seller how it is, and neither failures nor batches', async () => {
        look.mockResolvedValue({ ...HEALTH, seesFailures: false, seesBatches: false });
        await show();
        expect(element.shadowRoot.querySelector('c-open-failures')).toBeNull();
        expect(element.shadowRoot.querySelector('c-latest-batches')).toBeNull();
        expect(overview).not.toHaveBeenCalled();
    });

    it('shows no meters before anything was told', async () => {
        look.mockResolvedValue({ lookedAt: HEALTH.lookedAt, isOld: false, seesFailures: false, seesBatches: false });
        await show();
        expect(part('calls')).toBeNull();
        expect(part('verdict')).not.toBeNull();
    });

    it('looks again at everything each minute, and when told to', async () => {
        await show();
        jest.advanceTimersByTime(MINUTE);
        await settled();
        expect(look).toHaveBeenCalledTimes(2);
        expect(overview).toHaveBeenCalledTimes(2);
        expect(latest).toHaveBeenCalledTimes(2);
        part('refresh').click();
        await settled();
        expect(look).toHaveBeenCalledTimes(3);
        jest.advanceTimersByTime(MINUTE - 1);
        await settled();
        expect(look).toHaveBeenCalledTimes(3);
    });

    it('rests while nobody sees it, and looks when somebody does', async () => {
        await show();
        hide(true);
        jest.advanceTimersByTime(10 * MINUTE);
        await settled();
        expect(look).toHaveBeenCalledTimes(1);
        hide(false);
        await settled();
        expect(look).toHaveBeenCalledTimes(2);
    });

    it('rests after a look that ends when nobody sees it any more', async () => {
        await show();
        let answer;
        look.mockReturnValue(new Promise((resolve) => (answer = resolve)));
        part('refresh').click();
        hide(true);
        answer(HEALTH);
        await settled();
        jest.advanceTimersByTime(10 * MINUTE);
        await settled();
        expect(look).toHaveBeenCalledTimes(2);
    });

    it('rests when the page is left, also in the middle of a look', async () => {
        await show();
        look.mockReturnValue(new Promise(() => {}));
        part('refresh').click();
        element.remove();
        hide(true);
        hide(false);
        jest.advanceTimersByTime(10 * MINUTE);
        await settled();
        expect(look).toHaveBeenCalledTimes(2);
    });

    it('believes nothing while it cannot look, and goes on trying', async () => {
        await show();
        look.mockRejectedValue({ body: { message: 'No access.' } });
        part('refresh').click();
        await settled();
        expect(part('error').text).toBe('No access.');
        expect(part('verdict').isUnread).toBe(true);
        look.mockResolvedValue(HEALTH);
        jest.advanceTimersByTime(MINUTE);
        await settled();
        expect(part('error')).toBeNull();
        expect(part('verdict').isUnread).toBe(false);
    });
});
