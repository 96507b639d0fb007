import { createElement } from 'lwc';
import ChangePlan from 'c/changePlan';
import plans from '@salesforce/apex/PlanChangeController.plans';
import current from '@salesforce/apex/PlanChangeController.current';
import preview from '@salesforce/apex/PlanChangeController.preview';
import change from '@salesforce/apex/PlanChangeController.change';

jest.mock(
    '@salesforce/apex/PlanChangeController.plans',
    () => ({ default: require('@salesforce/sfdx-lwc-jest').createApexTestWireAdapter(jest.fn()) }),
    { virtual: true }
);
jest.mock('@salesforce/apex/PlanChangeController.current', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/PlanChangeController.preview', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/PlanChangeController.change', () => ({ default: jest.fn() }), { virtual: true });

const PREVIEW = {
    isoCode: 'EUR',
    amountDue: 25,
    prorationDate: 1800000000,
    lines: [
        { description: 'Unused time', amount: -5, isProration: true },
        { description: 'Team', amount: 30, isProration: false }
    ]
};
const NOW = { priceId: 'price_1', quantity: 10, items: 1, status: 'active' };
const settled = async () => {
    for (let i = 0; i < 5; i++) {
        // eslint-disable-next-line no-await-in-loop
        await Promise.resolve();
    }
};

describe('c-change-plan', () => {
    let element;
    const part = (id) => element.shadowRoot.querySelector(`[data-id="${id}"]`);
    const choose = async (id, value) => {
        part(id).dispatchEvent(new CustomEvent('change', { detail: { value } }));
        await settled();
    };

    beforeEach(async () => {
        await show(NOW);
    });

    async function show(state) {
        document.body.replaceChildren();
        current.mockResolvedValue(state);
        element = createElement('c-change-plan', { is: ChangePlan });
        document.body.appendChild(element);
        element.recordId = 'a00000000000001AAA';
        plans.emit([
            { priceId: 'price_1', name: 'Starter', recurrency: 'Monthly', isoCode: 'EUR', amount: 19 },
            { priceId: 'price_2', name: 'Team', recurrency: 'Monthly', isoCode: 'EUR', amount: 49 },
            { priceId: 'price_m', name: 'Calls', recurrency: 'Monthly', isoCode: 'EUR', isMetered: true }
        ]);
        await settled();
    }

    it('begins with what Stripe bills now, so that another plan keeps the quantity', async () => {
        expect(current).toHaveBeenCalledWith({ recordId: 'a00000000000001AAA' });
        expect(part('now').textContent).toBe('Now: 10 × Starter · €19.00 a month');
        expect(part('quantity').value).toBe(10);
        expect(part('preview').disabled).toBe(true);
        preview.mockResolvedValue(PREVIEW);
        await choose('plan', 'price_2');
        part('preview').click();
        await settled();
        expect(preview).toHaveBeenCalledWith(expect.objectContaining({ priceId: 'price_2', quantity: 10 }));
    });

    it('sends no quantity of a plan that is billed by usage', async () => {
        preview.mockResolvedValue(PREVIEW);
        await choose('plan', 'price_m');
        expect(part('quantity')).toBeNull();
        part('preview').click();
        await settled();
        expect(preview).toHaveBeenCalledWith(expect.objectContaining({ priceId: 'price_m', quantity: null }));
    });

    it('leaves several plans on one subscription to the dashboard', async () => {
        await show({ ...NOW, items: 2 });
        expect(part('several')).not.toBeNull();
        expect(part('plan')).toBeNull();
        expect(part('preview').disabled).toBe(true);
    });

    it('says so when Stripe cannot be asked', async () => {
        document.body.replaceChildren();
        current.mockRejectedValue({ body: { message: 'This subscription does not exist in Stripe yet.' } });
        element = createElement('c-change-plan', { is: ChangePlan });
        element.recordId = 'a00000000000001AAA';
        document.body.appendChild(element);
        await settled();
        expect(part('error').text).toBe('This subscription does not exist in Stripe yet.');
        expect(part('change').disabled).toBe(true);
    });

    afterEach(() => {
        document.body.replaceChildren();
        jest.resetAllMocks();
    });

    it('allows the change only after its preview', async () => {
        expect(part('change').disabled).toBe(true);
        preview.mockResolvedValue(PREVIEW);
        await choose('plan', 'price_2');
        part('preview').click();
        await settled();
        expect(part('due').textContent).toBe('€25.00');
        expect(element.shadowRoot.querySelectorAll('[data-id="line"]')).toHaveLength(2);
        expect(part('change').disabled).toBe(false);
    });

    it('asks for a new preview when a choice changes', async () => {
        preview.mockResolvedValue(PREVIEW);
        await choose('plan', 'price_2');
        part('preview').click();
        await settled();
        await choose('quantity', '5');
        expect(part('change').disabled).toBe(true);
        expect(part('due')).toBeNull();
    });

    it('changes at the instant of the preview', async () => {
        preview.mockResolvedValue(PREVIEW);
        change.mockResolvedValue();
        await choose('plan', 'price_2');
        await choose('quantity', '3');
        await choose('proration', 'always_invoice');
        part('preview').click();
        await settled();
        part('change').click();
        await settled();
        expect(change).toHaveBeenCalledWith({
            recordId: 'a00000000000001AAA',
            priceId: 'price_2',
            quantity: 3,
            proration: 'always_invoice',
            prorationDate: 1800000000
        });
        expect(part('done')).not.toBeNull();
    });

    it('shows why Stripe refused and lets one try again', async () => {
        preview.mockRejectedValue({ body: { message: 'Stripe refused: resource_missing' } });
        await choose('plan', 'price_2');
        part('preview').click();
        await settled();
        expect(part('error').text).toBe('Stripe refused: resource_missing');
        expect(part('preview').disabled).toBe(false);
    });
});
