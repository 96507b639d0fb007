import { createElement } from 'lwc';
import CreateCheckout from 'c/createCheckout';
import plans from '@salesforce/apex/CheckoutController.plans';
import quote from '@salesforce/apex/CheckoutController.quote';
import start from '@salesforce/apex/CheckoutController.start';
import open from '@salesforce/apex/CheckoutController.open';

jest.mock(
    '@salesforce/apex/CheckoutController.plans',
    () => ({ default: require('@salesforce/sfdx-lwc-jest').createApexTestWireAdapter(jest.fn()) }),
    { virtual: true }
);
jest.mock(
    '@salesforce/apex/CheckoutController.quote',
    () => ({ default: require('@salesforce/sfdx-lwc-jest').createApexTestWireAdapter(jest.fn()) }),
    { virtual: true }
);
jest.mock('@salesforce/apex/CheckoutController.start', () => ({ default: jest.fn() }), { virtual: true });
jest.mock('@salesforce/apex/CheckoutController.open', () => ({ default: jest.fn() }), { virtual: true });

const PLANS = [{ priceId: 'price_1', name: 'Starter', recurrency: 'Monthly', isoCode: 'EUR' }];
const settled = async () => {
    for (let i = 0; i < 5; i++) {
        // Each await of the component is one turn.
        // eslint-disable-next-line no-await-in-loop
        await Promise.resolve();
    }
};

describe('c-create-checkout', () => {
    let element;
    const part = (id) => element.shadowRoot.querySelector(`[data-id="${id}"]`);
    const choose = async (priceId, quantity) => {
        part('plan').dispatchEvent(new CustomEvent('change', { detail: { value: priceId } }));
        part('quantity').dispatchEvent(new CustomEvent('change', { detail: { value: quantity } }));
        await settled();
    };

    beforeEach(async () => {
        element = createElement('c-create-checkout', { is: CreateCheckout });
        element.recordId = '003000000000001AAA';
        document.body.appendChild(element);
        plans.emit(PLANS);
        await settled();
    });

    afterEach(() => {
        document.body.replaceChildren();
        jest.resetAllMocks();
    });

    it('offers the plans and cannot be sent without one', () => {
        expect(part('plan').options).toEqual([{ label: 'Starter (Monthly, EUR)', value: 'price_1' }]);
        expect(part('create').disabled).toBe(true);
    });

    it('shows what the quantity costs, tier by tier', async () => {
        await choose('price_1', '6');
        quote.emit({
            total: 41.5,
            lines: [
                { units: 5, unitPrice: 7, flatAmount: 0, total: 35 },
                { units: 1, unitPrice: 6.5, flatAmount: 0, total: 6.5 }
            ]
        });
        await settled();
        expect(part('total').value).toBe(41.5);
        expect(element.shadowRoot.querySelectorAll('[data-id="tier"]')).toHaveLength(2);
    });

    it.each(['0', '-1', '1.5', ''])('does not accept the quantity "%s"', async (quantity) => {
        await choose('price_1', quantity);
        expect(part('create').disabled).toBe(true);
    });

    it('makes the link in two steps', async () => {
        start.mockResolvedValue('a00000000000001AAA');
        open.mockResolvedValue('https://checkout.example/1');
        await choose('price_1', '2');
        part('create').click();
        await settled();
        expect(start).toHaveBeenCalledWith({ contactId: '003000000000001AAA', priceId: 'price_1', quantity: 2 });
        expect(open).toHaveBeenCalledWith({ subscriptionId: 'a00000000000001AAA' });
        expect(part('link').value).toBe('https://checkout.example/1');
    });

    it('continues the same signup after a failure', async () => {
        start.mockResolvedValue('a00000000000001AAA');
        open.mockRejectedValueOnce({ body: { message: 'Stripe could not be reached.' } });
        open.mockResolvedValueOnce('https://checkout.example/1');
        await choose('price_1', '1');
        part('create').click();
        await settled();
        expect(part('error').textContent).toBe('Stripe could not be reached.');
        part('create').click();
        await settled();
        expect(start).toHaveBeenCalledTimes(1);
        expect(part('link').value).toBe('https://checkout.example/1');
    });

    it('says so when nothing is offered or plans cannot be read', async () => {
        plans.emit([]);
        await settled();
        expect(part('no-plans')).not.toBeNull();
        plans.error({ message: 'No access.' });
        await settled();
        expect(part('error').textContent).toBe('No access.');
    });

    it('copies the link, or says how when the browser refuses', async () => {
        start.mockResolvedValue('a00000000000001AAA');
        open.mockResolvedValue('https://checkout.example/1');
        await choose('price_1', '1');
        part('create').click();
        await settled();
        const writeText = jest.fn().mockResolvedValueOnce().mockRejectedValueOnce(new Error('denied'));
        Object.assign(navigator, { clipboard: { writeText } });
        part('copy').click();
        await settled();
        expect(writeText).toHaveBeenCalledWith('https://checkout.example/1');
        expect(part('copied').textContent).toBe('Copied.');
        part('copy').click();
        await settled();
        expect(part('copied').textContent).toContain('Select the link');
    });
});
