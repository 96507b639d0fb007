import { createElement } from 'lwc';
import ManageSubscription from 'c/manageSubscription';
import act from '@salesforce/apex/ManageSubscriptionController.act';
import current from '@salesforce/apex/ManageSubscriptionController.current';

jest.mock('@salesforce/apex/ManageSubscriptionController.act', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/ManageSubscriptionController.current', () => ({ default: jest.fn() }), { virtual: true });

const ACTIVE = {
    status: 'active',
    endsAtPeriodEnd: false,
    isCollectionPaused: false,
    periodEnd: '2026-12-01T00:00:00.000Z'
};
const settled = async () => {
    for (let i = 0; i < 5; i++) {
        // eslint-disable-next-line no-await-in-loop
        await Promise.resolve();
    }
};

describe('c-manage-subscription', () => {
    let element;
    const part = (id) => element.shadowRoot.querySelector(`[data-id="${id}"]`);
    const choose = async (id, value) => {
        part(id).dispatchEvent(new CustomEvent('change', { detail: { value } }));
        await settled();
    };
    const show = async (state) => {
        current.mockResolvedValue(state);
        act.mockResolvedValue();
        element = createElement('c-manage-subscription', { is: ManageSubscription });
        document.body.appendChild(element);
        element.recordId = 'a00000000000001AAA';
        await settled();
    };
    const offered = () => part('action').options.map(({ value }) => value);

    afterEach(() => {
        document.body.replaceChildren();
        jest.resetAllMocks();
    });

    it.each([
        ['a running subscription', ACTIVE, ['end_later', 'end_now', 'pause']],
        ['one that is to end', { ...ACTIVE, endsAtPeriodEnd: true }, ['keep', 'end_now', 'pause']],
        ['one without payments', { ...ACTIVE, isCollectionPaused: true }, ['end_later', 'end_now', 'unpause']],
        ['a paused one', { ...ACTIVE, status: 'paused' }, ['end_now', 'resume']]
    ])('offers what makes sense for %s', async (_name, state, expected) => {
        await show(state);
        expect(offered()).toEqual(expected);
    });

    it('offers nothing for one that is over', async () => {
        await show({ ...ACTIVE, status: 'canceled' });
        expect(part('now').textContent).toContain('nothing to end or pause');
        expect(part('action')).toBeNull();
        expect(part('act')).toBeNull();
    });

    it('does nothing before something is chosen', async () => {
        await show(ACTIVE);
        expect(part('act').disabled).toBe(true);
        await choose('action', 'end_later');
        expect(part('act').label).toBe('Schedule the end');
        part('act').click();
        await settled();
        expect(act).toHaveBeenCalledWith({ recordId: 'a00000000000001AAA', choice: { action: 'end_later' } });
        expect(part('done')).not.toBeNull();
        expect(part('close').label).toBe('Close');
    });

    it('warns before an end that cannot be taken back', async () => {
        await show(ACTIVE);
        await choose('action', 'end_now');
        expect(part('warning')).not.toBeNull();
        expect(part('act').variant).toBe('destructive');
        part('prorate').checked = false;
        part('prorate').dispatchEvent(new CustomEvent('change'));
        await settled();
        part('act').click();
        await settled();
        expect(act).toHaveBeenCalledWith({
            recordId: 'a00000000000001AAA',
            choice: { action: 'end_now', prorate: false, invoiceNow: false }
        });
    });

    it('pauses only when it is said what becomes of invoices', async () => {
        await show(ACTIVE);
        await choose('action', 'pause');
        expect(part('act').disabled).toBe(true);
        await choose('behavior', 'void');
        await choose('resumesAt', '2026-12-24T00:00:00.000Z');
        part('act').click();
        await settled();
        expect(act).toHaveBeenCalledWith({
            recordId: 'a00000000000001AAA',
            choice: { action: 'pause', behavior: 'void', resumesAt: '2026-12-24T00:00:00.000Z' }
        });
    });

    it('says why Stripe refused and lets one try again', async () => {
        await show(ACTIVE);
        act.mockRejectedValue({ body: { message: 'Stripe refused: resource_missing' } });
        await choose('action', 'end_later');
        part('act').click();
        await settled();
        expect(part('error').text).toBe('Stripe refused: resource_missing');
        expect(part('act').disabled).toBe(false);
    });
});
