import { createElement } from 'lwc';
import OpenFailures from 'c/openFailures';
import LightningConfirm from 'lightning/confirm';
import overview from '@salesforce/apex/SyncFailureController.overview';
import ofCategory from '@salesforce/apex/SyncFailureController.ofCategory';
import retry from '@salesforce/apex/SyncFailureController.retry';
import retryCategory from '@salesforce/apex/SyncFailureController.retryCategory';
import { problemsOf } from 'accessible';

jest.mock('@salesforce/apex/SyncFailureController.overview', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/SyncFailureController.ofCategory', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/SyncFailureController.retry', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/SyncFailureController.retryCategory', () => ({ default: jest.fn() }), { virtual: true });

const OVERVIEW = {
    total: 17,
    isMore: false,
    mayRetry: true,
    categories: [
        { name: 'Data', open: 13, retrying: 2, oldestAt: '2026-11-29T05:00:00.000Z' },
        { name: 'Network', open: 0, retrying: 1 },
        { open: 1, retrying: 0 }
    ]
};
const FAILURES = [
    {
        id: 'a03000000000001AAA',
        name: 'SF-000003',
        what: 'invoice.paid',
        about: 'in_1',
        reason: 'STRING_TOO_LONG',
        attempts: 2,
        lastFailedAt: '2026-11-29T07:00:00.000Z',
        isRetrying: false
    },
    { id: 'a03000000000002AAA', name: 'SF-000004', what: 'bulk', isRetrying: true, obstacle: 'already' }
];
const settled = async () => {
    for (let i = 0; i < 12; i++) {
        // eslint-disable-next-line no-await-in-loop
        await Promise.resolve();
    }
};

describe('c-open-failures', () => {
    let element;
    const part = (id) => element.shadowRoot.querySelector(`[data-id="${id}"]`);
    const parts = (id) => [...element.shadowRoot.querySelectorAll(`[data-id="${id}"]`)];
    const show = async (answer = OVERVIEW) => {
        overview.mockResolvedValue(answer);
        ofCategory.mockResolvedValue(FAILURES);
        element = createElement('c-open-failures', { is: OpenFailures });
        element.now = '2026-11-29T08:00:00.000Z';
        document.body.appendChild(element);
        const loading = part('loading');
        await settled();
        return loading;
    };
    const press = async (button) => {
        button.click();
        await settled();
    };

    afterEach(() => {
        document.body.replaceChildren();
        jest.resetAllMocks();
    });

    it('counts by category, with what is being tried again apart', async () => {
        expect(await show()).not.toBeNull();
        expect(parts('counts').map((each) => each.textContent)).toEqual([
            '13 open, 2 being tried again; the oldest 3 hours ago',
            '0 open, 1 being tried again',
            '1 open'
        ]);
        expect(element.shadowRoot.querySelector('lightning-card').title).toBe('Open failures (14)');
        expect(part('loading')).toBeNull();
        expect(parts('retry-all')).toHaveLength(2);
        expect(await problemsOf(element)).toEqual([]);
    });

    it('unfolds one category at a time, by buttons that say so', async () => {
        await show();
        const [data, , unnamed] = parts('toggle');
        await press(data);
        expect(ofCategory).toHaveBeenLastCalledWith({ category: 'Data' });
        expect(data.getAttribute('aria-expanded')).toBe('true');
        const [first, second] = parts('failure').map((row) => row.textContent);
        expect(first).toContain('invoice.paid of in_1');
        expect(first).toContain('STRING_TOO_LONG');
        expect(first).toContain('1 hour ago');
        expect(second).toContain('being tried again');
        expect(parts('retry')).toHaveLength(1);
        expect(await problemsOf(element)).toEqual([]);
        await press(unnamed);
        expect(ofCategory).toHaveBeenLastCalledWith({ category: null });
        expect(data.getAttribute('aria-expanded')).toBe('false');
        await press(unnamed);
        expect(parts('failure')).toEqual([]);
    });

    it('tries one again, and looks again then', async () => {
        await show();
        await press(parts('toggle')[0]);
        await press(part('retry'));
        expect(retry).toHaveBeenCalledWith({ failureId: FAILURES[0].id });
        expect(part('said').textContent).toBe('SF-000003 is tried again within a few minutes.');
        expect(overview).toHaveBeenCalledTimes(2);
        expect(ofCategory).toHaveBeenCalledTimes(2);
    });

    it('keeps the focus when the button that was pressed goes', async () => {
        await show();
        await press(parts('toggle')[0]);
        ofCategory.mockResolvedValue([FAILURES[1]]);
        part('retry').focus();
        await press(part('retry'));
        expect(part('retry')).toBeNull();
        expect(element.shadowRoot.activeElement).toBe(parts('toggle')[0]);
    });

    it('tries a category again only when that is confirmed', async () => {
        await show();
        LightningConfirm.open = jest.fn().mockResolvedValue(false);
        await press(parts('retry-all')[0]);
        expect(LightningConfirm.open.mock.calls[0][0].message).toContain('Try 13 open failures again?');
        expect(retryCategory).not.toHaveBeenCalled();
        LightningConfirm.open.mockResolvedValue(true);
        retryCategory.mockResolvedValue(13);
        await press(parts('retry-all')[0]);
        expect(retryCategory).toHaveBeenCalledWith({ category: 'Data' });
        expect(part('said').textContent).toBe('13 are tried again within a few minutes.');
        retryCategory.mockResolvedValue(0);
        await press(parts('retry-all')[1]);
        expect(retryCategory).toHaveBeenLastCalledWith({ category: null });
        expect(part('said').textContent).toContain('correct the cause');
    });

    it('says how many go at once when there are more', async () => {
        await show({ ...OVERVIEW, total: 950, categories: [{ name: 'Network', open: 950, retrying: 0 }] });
        LightningConfirm.open = jest.fn().mockResolvedValue(false);
        await press(part('retry-all'));
        expect(LightningConfirm.open.mock.calls[0][0].message).toContain('Try the oldest 200 of 950 open failures');
    });

    it('offers nothing to who may not', async () => {
        await show({ ...OVERVIEW, mayRetry: false });
        await press(parts('toggle')[0]);
        expect([...parts('retry-all'), ...parts('retry')]).toEqual([]);
    });

    it('says that there is none, or too many to count', async () => {
        await show({ total: 0, isMore: false, mayRetry: true, categories: [] });
        expect(part('empty')).not.toBeNull();
        document.body.replaceChildren();
        await show({ total: 10000, isMore: true, mayRetry: true, categories: [] });
        expect(part('too-many')).not.toBeNull();
        expect(element.shadowRoot.querySelector('lightning-card').title).toContain('more than');
    });

    it('says why it was refused, and lets one try again', async () => {
        await show();
        await press(parts('toggle')[0]);
        retry.mockRejectedValue({ body: { message: 'This failure is settled already.' } });
        await press(part('retry'));
        expect(part('error').text).toBe('This failure is settled already.');
        expect(part('retry').disabled).toBe(false);
    });

    it('folds a category that is empty by now', async () => {
        await show();
        await press(parts('toggle')[1]);
        overview.mockResolvedValue({ ...OVERVIEW, categories: [OVERVIEW.categories[0]] });
        await element.refresh();
        await settled();
        expect(parts('failure')).toEqual([]);
    });
});
