import { createElement } from 'lwc';
import ChangePlan from 'c/changePlan';
import plans from '@salesforce/apex/PlanChangeController.plans';
import preview from '@salesforce/apex/PlanChangeController.preview';
import change from '@salesforce/apex/PlanChangeController.change';

jest.mock(
    '@salesforce/apex/PlanChangeController.plans',
    () => ({ default: require('@salesforce/sfdx-lwc-jest').createApexTestWireAdapter(jest.fn()) }),
    { virtual: true }
);
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
        element = createElement('c-change-plan', { is: ChangePlan });
        element.recordId = 'a00000000000001AAA';
        document.body.appendChild(element);
        plans.emit([{ priceId: 'price_2', name: 'Team', recurrency: 'Monthly', isoCode: 'EUR' }]);
        await settled();
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
        expect(part('due').value).toBe(25);
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
        expect(part('error').textContent).toBe('Stripe refused: resource_missing');
        expect(part('preview').disabled).toBe(false);
    });
});
